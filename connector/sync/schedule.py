"""The clock: what the ``schedule`` documents say becomes jobs at their times. It only enqueues, it never works.

Every slot is served by whoever comes first: the job's id names it, so any number of clocks do no harm. The last slot
served stands in the cursor ``schedule/<kind>``; what lies between it and now is caught up by one job, however much it
is. Which slots there are says ``connector.rules.timetable``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from connector.clock import Clock
from connector.engine.port import Engine, Job, JobKind
from connector.errors import ConfigError, ConnectorError
from connector.presets import preset_text
from connector.rules.documents.schedule import Entry, ScheduleDocument
from connector.rules.timetable import latest, upcoming
from connector.store import Store, Unit, cursors, documents, portals
from connector.store.front import Front
from connector.store.portals import PortalRow
from connector.sync.rulebook import SHIPPED, parse_text
from connector.sync.waking import request

KIND = "schedule"
STREAM = "schedule/"
REFRESH_SECONDS = 30
# An app's subscriptions serve all portals; one comparison a day tells of what was lost or is newly read (P22).
DAILY = Entry(kind="subscriptions", at=("04:40",))
# A slot served further ahead than this was served by a clock that went wrong; waiting for it would stop the schedule.
ASTRAY_MS = 3_600_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Appointment:
    """One entry of one portal's schedule, in its time zone."""

    portal_id: int
    zone: tzinfo
    entry: Entry

    @property
    def key(self) -> str:
        return f"{self.portal_id}:{self.entry.kind}"


def document_of(u: Unit, portal_id: int, config_dir: Path | None) -> ScheduleDocument:
    """The portal's published schedule; the shipped one where none was ever published."""
    row = documents.current(u, portal_id, KIND)
    body = row.body if row is not None else preset_text(*SHIPPED[KIND], config_dir)
    document: ScheduleDocument = parse_text(KIND, body, f"{KIND} (version {row.version})" if row else KIND)
    return document


def zone_of(row: PortalRow) -> tzinfo:
    """The portal's time zone; UTC where HubSpot names one that this machine does not know."""
    try:
        return ZoneInfo(row.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def appointments(u: Unit, config_dir: Path | None) -> Iterator[Appointment]:
    """Everything scheduled for portals that are not paused, and what belongs to all of them, with the oldest."""
    awake = [row for row in portals.every(u) if row.paused_ms is None]
    eldest = min((row.id for row in awake), default=0)
    for row in awake:
        zone, entries = zone_of(row), [entry for entry in _entries(u, row.id, config_dir) if entry.enabled]
        if row.id == eldest and all(entry.kind != DAILY.kind for entry in entries):
            entries.append(DAILY)
        yield from (Appointment(row.id, zone, entry) for entry in entries)


def _entries(u: Unit, portal_id: int, config_dir: Path | None) -> tuple[Entry, ...]:
    """A schedule that can no longer be read (an older Leadwright published it) stops its own portal's work alone."""
    try:
        return document_of(u, portal_id, config_dir).entries
    except ConfigError as fault:
        log.error("schedule_not_read", portal=portal_id, reason=fault.reason)  # noqa: TRY400
        return ()


def run_now(engine: Engine, portal_id: int, kind: JobKind) -> None:
    """A person asks for it: whatever was scheduled or waits."""
    engine.enqueue(Job(portal_id, kind))


class Slots(BaseTrigger):  # type: ignore[misc]
    """One appointment as APScheduler wants it."""

    def __init__(self, appointment: Appointment) -> None:
        self._appointment = appointment

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The first slot after the previous one and after now: what was missed is caught up at once, not one by one."""
        after = max(now, previous) if previous else now
        slot = upcoming(self._appointment.entry, self._appointment.zone, int(after.timestamp() * 1000))
        return None if slot is None else datetime.fromtimestamp(slot / 1000, UTC)


class Timekeeper:
    """Keeps the appointments of all portals. One for each clock process; several are as good as one."""

    def __init__(self, store: Store, front: Front, engine: Engine, clock: Clock, config_dir: Path | None) -> None:
        self._store = store
        self._front = front
        self._engine = engine
        self._clock = clock
        self._config_dir = config_dir
        self._kept: dict[str, Appointment] = {}
        self._refreshing = threading.Lock()
        self._scheduler: Any = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def start(self) -> None:
        """Begin, and catch up what came due while no clock ran."""
        self._scheduler.start()
        self._scheduler.add_job(self.refresh, "interval", seconds=REFRESH_SECONDS, next_run_time=datetime.now(UTC))

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def refresh(self) -> None:
        """Follow what was published, connected, paused, resumed or removed since."""
        try:
            with self._store.view() as u:
                wanted = {one.key: one for one in appointments(u, self._config_dir)}
        except ConnectorError as fault:
            log.warning("schedules_not_read", reason=fault.reason)
            return
        with self._refreshing:
            self._follow(wanted)

    def _follow(self, wanted: Mapping[str, Appointment]) -> None:
        for key in self._kept.keys() - wanted.keys():
            self._scheduler.remove_job(key)
            del self._kept[key]
        for key, one in wanted.items():
            if self._kept.get(key) != one:
                self._scheduler.add_job(self.serve, Slots(one), args=(one,), id=key, replace_existing=True)
                self._kept[key] = one
                self.serve(one)

    def serve(self, one: Appointment) -> bool:
        """Enqueue the latest slot that is due, if it was not served; whether a job was enqueued."""
        try:
            return self._serve(one)
        except ConnectorError as fault:
            # The next slot, or the next refresh after a restart, catches it up.
            log.warning("slot_not_served", portal=one.portal_id, kind=one.entry.kind, reason=fault.reason)
            return False

    def _serve(self, one: Appointment) -> bool:
        now, stream = self._clock.now_ms(), f"{STREAM}{one.entry.kind}"
        with self._store.view() as u:
            row = portals.by_id(u, one.portal_id)
            kept = cursors.get(u, one.portal_id, stream)
        if row.paused_ms is not None:
            return False
        after = int(kept["slot"]) if kept else _before_first(one.entry, now)
        if after > now + ASTRAY_MS:
            kept, after = None, now
        slot = latest(one.entry, one.zone, after, now)
        if slot is None and kept:
            return False
        with self._front.unit() as u:
            asked = slot is not None and request(u, self._engine, Job(one.portal_id, one.entry.kind, str(slot)), now)
        with self._store.unit() as u:
            portals.by_id(u, one.portal_id)  # removed in between: nothing of it may come back
            cursors.save(u, one.portal_id, stream, {"slot": now if slot is None else slot}, now)
        return asked


def _before_first(entry: Entry, now_ms: int) -> int:
    """A portal just connected: what comes every few minutes begins at once, what has its time of day waits for it."""
    return 0 if entry.every is not None else now_ms
