"""The process tree of ``leadwright serve``: one child for the web, one or more that work and keep the clock.

Processes of their own, so that a first mirror never delays the receiver. This process has no threads and keeps no
database open; it starts its children, starts again what died, and ends them all. Children are copies of this process,
so that what is slow to load is loaded once (``forked``). A child holds a pipe to this process and ends by itself when
it breaks, so that nothing is left behind however this process ends.
"""

from __future__ import annotations

import http.client
import os
import select
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Protocol

from connector.clock import Clock, SystemClock
from connector.errors import ConfigError, ConnectorError

WEB, WORKER, CLOCK = "web", "worker", "clock"
ROLES = (WEB, CLOCK, WORKER)
LOOK_SECONDS = 0.1
# A child gets this long to end; it gives running jobs 5 s of it. All are out within ten.
GRACE_SECONDS = 9.0
MOST_RESTARTS, WINDOW_SECONDS = 3, 60.0
BACKOFF_SECONDS = (0.2, 1.0, 3.0)
WRONG_USAGE = 2


class Process(Protocol):
    """A child as the tree sees it: what ``forked.Forked`` is."""

    def poll(self) -> int | None: ...
    def wait(self) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...
    def let_go(self) -> None: ...


Start = Callable[[str], Process]


def children_of(roles: Sequence[str], workers: int) -> tuple[str, ...]:
    """The roles of each child, comma-separated: the clock with the first worker, the web alone.

    The web is last, since most has to be loaded for it: the workers begin meanwhile.
    """
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise ConfigError(
            f"There is no role {', '.join(unknown)}." if unknown else "No role is named.",
            remedy=f"Roles: {', '.join(ROLES)}.",
        )
    first = ",".join(role for role in (WORKER, CLOCK) if role in roles)
    more = (WORKER,) * (workers - 1) if WORKER in roles else ()
    return ((first,) if first else ()) + more + ((WEB,) if WEB in roles else ())


@dataclass
class Child:
    """One place in the tree, and the process that fills it at present."""

    roles: str
    process: Process | None = None
    ends: deque[float] = field(default_factory=deque)
    due: float = 0.0


class Tree:
    """Starts the children, keeps them, ends them. ``start`` gives the process for a child's roles."""

    def __init__(self, children: Sequence[str], start: Start, clock: Clock | None = None) -> None:
        self._children = [Child(roles) for roles in children]
        self._start = start
        self._clock = clock or SystemClock()
        self._stopping = False

    def run(self, ready: Callable[[], bool], over: Callable[[], bool] = lambda: False) -> None:
        """Until SIGTERM, SIGINT or ``over``. ``ready`` is asked until it says yes.

        ConnectorError when a child cannot be kept.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        told = False
        try:
            while not (self._stopping or over()):
                for child in self._children:
                    self._keep(child)
                told = told or ready()
                self._clock.sleep(LOOK_SECONDS)
        finally:
            self._end()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _keep(self, child: Child) -> None:
        if child.process is None:
            if self._clock.monotonic() >= child.due:
                child.process = self._start(child.roles)
        elif (code := child.process.poll()) is not None and not self._stopping:
            self._died(child, code)

    def _died(self, child: Child, code: int) -> None:
        """Start it again, a little later each time. Four errors of its own within a minute end the whole; one that is
        killed from outside as often waits until a minute holds no more than three."""
        _let_go(child)
        if code == WRONG_USAGE:
            raise ConfigError(f"The {child.roles} process could not start.", remedy="Its reason stands above.")
        now = self._clock.monotonic()
        child.ends.append(now)
        while child.ends[0] < now - WINDOW_SECONDS:
            child.ends.popleft()
        if len(child.ends) > MOST_RESTARTS and code < 0:  # killed from outside: the others must not suffer for it
            child.due = child.ends[0] + WINDOW_SECONDS
            print(
                f"The {child.roles} process was killed {len(child.ends)} times within a minute ({_how(code)}).",
                file=sys.stderr,
            )
            return
        if len(child.ends) > MOST_RESTARTS:
            raise ConnectorError(
                f"The {child.roles} process died {len(child.ends)} times within a minute (last: {_how(code)}).",
                remedy="The log above says why.",
                reason="child_died",
            )
        child.due = now + BACKOFF_SECONDS[len(child.ends) - 1]

    def _end(self) -> None:
        living = [child.process for child in self._children if child.process and child.process.poll() is None]
        for process in living:
            process.terminate()
        deadline = self._clock.monotonic() + GRACE_SECONDS
        while any(process.poll() is None for process in living) and self._clock.monotonic() < deadline:
            self._clock.sleep(0.05)
        for process in living:
            if process.poll() is None:
                process.kill()
        for child in self._children:
            _let_go(child)


def _let_go(child: Child) -> None:
    process, child.process = child.process, None
    if process is not None:
        process.wait()
        process.let_go()


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def answers(host: str, port: int, path: str = "/livez") -> bool:
    """Whether the web process says yes at that path: ``/livez`` that it answers, ``/readyz`` that all roles live."""
    ask = http.client.HTTPConnection(host, port, timeout=1.0)
    try:
        ask.request("GET", path)
        return ask.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        ask.close()


def hold_lifeline() -> None:
    """In a child: end in good order when the parent is no more, which closes the pipe this process reads from."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1):  # not through a buffer: its lock would outlive the interpreter
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def lifeline_broken() -> bool:
    """In the parent, which may have no thread that waits for it: whether whoever holds its standard input is gone."""
    readable, _, _ = select.select([sys.stdin.fileno()], [], [], 0)
    return bool(readable) and not os.read(sys.stdin.fileno(), 4096)


def on_signals(act: Callable[[], Any]) -> None:
    """In a child: SIGTERM and SIGINT call ``act``."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: act())
