"""What a web process does beside its requests, every ten seconds: say that it lives, keep its counts, book gaps.

When no web process was heard of for two minutes, HubSpot's callbacks found nobody: whoever notices first (the first
one that starts again, or one that slept with its machine) books the gap for every connected portal.
"""

from __future__ import annotations

import os
import platform
import threading

import structlog

from connector.clock import Clock
from connector.errors import ConnectorError
from connector.serving.counting import Counting
from connector.store import Store, beats, tallies
from connector.store.front import Front
from connector.sync.receive import Receiver, book_silence

ROLE = "web"
KEPT_MS = 86_400_000

log = structlog.get_logger(__name__)


def process_id() -> str:
    """This process among all that share the database."""
    return f"{platform.node()}-{os.getpid()}"


class Heart:
    """Beats in a thread of its own until it is stopped."""

    def __init__(self, store: Store, front: Front, receiver: Receiver, counting: Counting, clock: Clock) -> None:
        self._store = store
        self._front = front
        self._receiver = receiver
        self._counting = counting
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The last beat keeps the last counts."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)
        self._safely()

    def _run(self) -> None:
        self._safely()
        while not self._stop.wait(beats.EVERY_S):
            self._safely()

    def _safely(self) -> None:
        try:
            self.beat()
        except ConnectorError as fault:
            log.warning("beat_missed", reason=fault.reason)

    def beat(self) -> None:
        """One turn. A silence is booked before the beat that ends it, so that it cannot be forgotten between."""
        now = self._clock.now_ms()
        with self._front.view() as u:
            last = beats.last(u, ROLE)
        if last is not None and now - last > beats.SILENT_MS:
            portals = book_silence(self._store, last, now)
            log.warning("nobody_received", seconds=(now - last) // 1000, portals=portals)
        self._keep(now)
        self._receiver.tend()

    def _keep(self, now: int) -> None:
        counted = self._counting.take()
        try:
            with self._front.unit() as u:
                beats.beat(u, ROLE, process_id(), now)
                beats.forget(u, now - KEPT_MS)
                tallies.add(u, counted)
        except ConnectorError:
            self._counting.put_back(counted)
            raise
