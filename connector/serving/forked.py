"""A child process that is a copy of this one: what was loaded once need not be loaded by each child again.

Loading is most of what a start costs. Only a process without threads and without open databases may be copied; the
parent of the tree is one. The child's standard input is a pipe to the parent, which breaks when the parent is no more.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import ClassVar, NoReturn

FAILED = 1
LOOK_SECONDS = 0.02


class Forked:
    """A child that runs ``act`` and ends with the exit code it gives. Speaks as ``subprocess.Popen`` does."""

    _pipes: ClassVar[set[int]] = set()

    def __init__(self, act: Callable[[], int]) -> None:
        if threading.active_count() > 1:
            raise RuntimeError("A process with threads must not be copied.")
        reading, self._lifeline = os.pipe()
        Forked._pipes.add(self._lifeline)
        sys.stdout.flush()
        sys.stderr.flush()
        gc.freeze()  # what is shared stays shared: the collector of a child would touch every page
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _live(act, reading)
        os.close(reading)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it lives."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self) -> int:
        while (code := self.poll()) is None:
            time.sleep(LOOK_SECONDS)
        return code

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def let_go(self) -> None:
        """Close the pipe; a child that still lives ends by itself then."""
        if self._lifeline in Forked._pipes:
            Forked._pipes.discard(self._lifeline)
            os.close(self._lifeline)

    @classmethod
    def in_child(cls, reading: int) -> None:
        """Of all pipes the child keeps its own end alone: one of a sister would keep her alive without the parent."""
        for pipe in cls._pipes:
            os.close(pipe)
        cls._pipes.clear()
        os.dup2(reading, 0)
        os.close(reading)


def _live(act: Callable[[], int], reading: int) -> NoReturn:
    """The child's whole life. Nothing of the parent's may run on its way out."""
    code = FAILED
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        Forked.in_child(reading)
        sys.stdin = os.fdopen(0, closefd=False)
        code = act()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else FAILED if end.code else 0
    except BaseException:
        traceback.print_exc()
        raise  # no further than to the end of the process, just below
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)
