"""Which slots of a schedule's entry lie between two instants: pure, right across both nights of daylight saving.

A slot is the scheduled time itself, as epoch milliseconds; it names the run, so that two clocks start it once. An
interval counts from the epoch; a time of day is the portal's wall clock: one that is skipped is the first instant
after the gap, one that comes twice is its first coming.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from connector.rules.documents.schedule import WEEKDAYS, Entry

MINUTE_MS = 60_000
# The rarest entry comes once a week; a day that a zone skips altogether moves its slots into the next one.
_LOOK_DAYS = 9


def slots(entry: Entry, zone: tzinfo, after_ms: int, until_ms: int) -> tuple[int, ...]:
    """All slots after the one instant and up to the other, in order."""
    if not entry.enabled or until_ms <= after_ms:
        return ()
    if entry.every is not None:
        step = entry.every * MINUTE_MS
        return tuple(range((after_ms // step + 1) * step, until_ms + 1, step))
    first, last = _local(after_ms, zone).date(), _local(until_ms, zone).date()
    days = (first + timedelta(days=n) for n in range(-1, (last - first).days + 2))
    return tuple(sorted({slot for slot in _of(entry, zone, days) if after_ms < slot <= until_ms}))


def latest(entry: Entry, zone: tzinfo, after_ms: int, until_ms: int) -> int | None:
    """The last of ``slots``, however long ago ``after_ms`` is: what is caught up, once."""
    if entry.every is not None:
        after_ms = max(after_ms, until_ms - entry.every * MINUTE_MS - 1)
    after_ms = max(after_ms, until_ms - _days(_LOOK_DAYS))
    found = slots(entry, zone, after_ms, until_ms)
    return found[-1] if found else None


def upcoming(entry: Entry, zone: tzinfo, after_ms: int) -> int | None:
    """The first slot after that instant; None for an entry that is switched off."""
    ahead = entry.every * MINUTE_MS if entry.every is not None else _days(_LOOK_DAYS)
    found = slots(entry, zone, after_ms, after_ms + ahead)
    return found[0] if found else None


def _days(count: int) -> int:
    return count * 24 * 60 * MINUTE_MS


def _local(at_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, zone)


def _of(entry: Entry, zone: tzinfo, days: Iterable[date]) -> Iterator[int]:
    for day in days:
        if WEEKDAYS[day.weekday()] in entry.weekdays:
            for told in entry.at:
                yield instant_of(datetime.combine(day, time.fromisoformat(told)), zone)


def instant_of(wall: datetime, zone: tzinfo) -> int:
    """When a wall clock shows that time: the first such instant, or the first after the gap that skips it."""
    there = wall.replace(tzinfo=zone)
    instant = there.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != wall:
        # With fold=1 the offset is the one after the gap: that reading lies before it, the other one behind it.
        instant = _change(there.replace(fold=1).astimezone(UTC), instant, zone)
    return int(instant.timestamp()) * 1000


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The second at which the zone's offset changes between two instants."""
    low, high = int(before.timestamp()), int(after.timestamp())
    offset = before.astimezone(zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
