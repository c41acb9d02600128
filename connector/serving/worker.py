"""The roles ``worker`` and ``clock``: the parts of one process, opened, beaten for, and closed.

The web process has parts of its own (``connector.serving.web``); the tree of processes is in ``tree``.
"""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager

import structlog

from connector.clock import SystemClock
from connector.engine.opening import open_engine, open_worker
from connector.engine.port import Engine
from connector.errors import ConnectorError
from connector.service import Service
from connector.serving.acts import Acts
from connector.settings import Settings
from connector.store import beats
from connector.store.front import Front, front_url
from connector.sync.schedule import Timekeeper
from connector.sync.waking import Turnstile, mend

WORKER, CLOCK = "worker", "clock"
MEND_EVERY = 3  # beats

log = structlog.get_logger(__name__)


def run(settings: Settings, roles: Collection[str], stop: threading.Event) -> None:
    """Work, keep the clock, or both, until ``stop``. StoreError when this worker may no longer work."""
    clock = SystemClock()
    host = platform.node()
    with ExitStack() as parts:
        service = parts.enter_context(Service.open(settings, lasting=True))
        engine = open_engine(front_url(settings.database_url))
        parts.callback(engine.close)
        if CLOCK in roles:
            keeper = Timekeeper(service.store, service.front, engine, clock, settings.config_dir)
            keeper.start()
            parts.callback(keeper.stop)
        if WORKER not in roles:
            with pulse(service.front, engine, {CLOCK: f"{host}-{os.getpid()}"}, mends=False):
                stop.wait()
            return
        worker = open_worker(engine, host)
        turnstile = Turnstile(service.front, clock, worker.full, stop.is_set)
        service.give_way(turnstile)
        Acts(service, clock, turnstile.enter).register(worker)
        with pulse(service.front, engine, dict.fromkeys(roles, worker.name), mends=True):
            worker.run(stop)


@contextmanager
def pulse(front: Front, engine: Engine, names: dict[str, str], *, mends: bool) -> Iterator[None]:
    """Say every ten seconds that these roles live, and (``mends``) look for lost work, in a thread of its own."""
    ended, clock = threading.Event(), SystemClock()

    def once(turn: int) -> None:
        now = clock.now_ms()
        with front.unit() as u:
            for role, name in sorted(names.items()):
                beats.beat(u, role, name, now)
        if mends and turn % MEND_EVERY == 0 and (found := mend(front, engine, now)):
            log.warning("lost work found", jobs=found)

    def beat() -> None:
        turn = 0
        while True:
            try:
                once(turn)
            except ConnectorError as fault:
                log.warning("beat missed", reason=fault.reason)
            turn += 1
            if ended.wait(beats.EVERY_S):
                return

    thread = threading.Thread(target=beat, name="pulse", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(5)
