"""What the worker does for each kind of job, and what becomes of a portal that cannot be served just now.

RetryableError, StoreError    the job comes back later; it is not held
FatalError                    the portal is paused, with the error's sentence as its reason
ConfigError, blast radius     logged: a person has to decide, the next slot looks again
anything else                 the engine holds the job
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from connector.clock import Clock
from connector.engine.port import KINDS, Job, JobKind, Worker
from connector.engine.yielding import Later, Yielded
from connector.errors import BlastRadiusExceeded, ConfigError, DailyLimitReached, FatalError, RetryableError, StoreError
from connector.rules.documents.schedule import Entry
from connector.rules.timetable import upcoming
from connector.service import Service
from connector.store import portals, wakes
from connector.store.portals import PortalRow
from connector.sync.schedule import zone_of

METHODS: dict[JobKind, str] = {
    "drain": "drain",
    "cycle": "cycle",
    "verify": "verify",
    "retention": "retention",
    "erase": "erase_pending",
    "subscriptions": "subscriptions_watched",
    "errand": "errands",
}
AGAIN_SECONDS = 30.0
STORE_SECONDS = 10.0
# How long another job of the portal waits before live work lets it pass, and how often it does.
PATIENCE_MS, TURN_MS, ASIDE_SECONDS = 5_000, 15_000, 0.5
MIDNIGHT = Entry(kind="cycle", at=("00:00",))

log = structlog.get_logger(__name__)


class Acts:
    """All kinds of jobs, done by one service for all portals."""

    def __init__(self, service: Service, clock: Clock, enter: Callable[[int], None]) -> None:
        self._service = service
        self._clock = clock
        self._enter = enter
        self._stood_aside: dict[int, int] = {}

    def register(self, worker: Worker) -> None:
        """Every kind that this service can do."""
        for kind in KINDS:
            if callable(getattr(self._service, METHODS[kind], None)):
                worker.register(kind, self.act)

    def act(self, job: Job) -> None:
        """The flag is lowered before anything is read: what comes from now on asks for another job."""
        row = self._portal(job.portal_id)
        with self._service.front.unit() as u:
            if row is None:
                wakes.forget(u, job.portal_id)
            else:
                wakes.lower(u, job.portal_id, job.kind)
        if row is None or row.paused_ms is not None:
            return
        if job.kind in wakes.LIVE and self._others_turn(row.id):
            self._back(job, Later(ASIDE_SECONDS))
            return
        self._enter(row.id)
        method: Callable[[str], Any] = getattr(self._service, METHODS[job.kind])
        try:
            done = method(row.name)
        except Yielded as aside:
            self._back(job, aside)
        except (RetryableError, StoreError) as fault:
            seconds = self._wait(fault, row)
            log.warning("job comes back", portal=row.id, kind=job.kind, reason=fault.reason, seconds=round(seconds))
            self._back(job, Later(seconds))
        except (ConfigError, BlastRadiusExceeded) as fault:
            log.warning("job ended", portal=row.id, kind=job.kind, reason=fault.reason)
        except FatalError as fault:
            self._rest(row, fault)
        else:
            if isinstance(done, dict) and done.get("more"):
                self._back(job, Yielded())

    def _others_turn(self, portal_id: int) -> bool:
        """Live work goes first, but not for ever: now and then it lets one waiting job of its portal pass."""
        now = self._clock.now_ms()
        if now - self._stood_aside.get(portal_id, 0) < TURN_MS:
            return False
        with self._service.front.view() as u:
            waiting = any(
                w.portal_id == portal_id and w.kind not in wakes.LIVE
                for w in wakes.raised(u)
                if now - w.raised_ms > PATIENCE_MS
            )
        if waiting:
            self._stood_aside[portal_id] = now
        return waiting

    def _portal(self, portal_id: int) -> PortalRow | None:
        with self._service.store.view() as u:
            return next((row for row in portals.every(u) if row.id == portal_id), None)

    def _back(self, job: Job, how: Yielded | Later) -> None:
        """Unless another such job waits already: that one does it."""
        with self._service.front.unit() as u:
            first = wakes.raise_flag(u, job.portal_id, job.kind, self._clock.now_ms())
        if first:
            raise how

    def _wait(self, fault: RetryableError | StoreError, row: PortalRow) -> float:
        if isinstance(fault, StoreError):
            return STORE_SECONDS
        if fault.retry_after is not None:
            return max(1.0, fault.retry_after)
        if isinstance(fault, DailyLimitReached):
            now = self._clock.now_ms()
            return ((upcoming(MIDNIGHT, zone_of(row), now) or now) - now) / 1000 + 1
        return AGAIN_SECONDS

    def _rest(self, row: PortalRow, fault: FatalError) -> None:
        log.error("portal paused", portal=row.id, reason=fault.reason)
        with self._service.store.unit() as u:
            portals.pause(u, row.id, str(fault), self._clock.now_ms())
