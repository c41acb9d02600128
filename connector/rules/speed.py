"""The speed-to-lead clock: working hours from the hand-over on, in the portal's own time zone. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta, tzinfo

from connector.rules.documents.routing import Speed
from connector.rules.documents.schedule import WEEKDAYS
from connector.rules.timetable import instant_of

HOUR_MS = 3_600_000
# A working week has at least an hour or so: the longest allowance is over within these days.
_LOOK_DAYS = 7 * 1100


def due_ms(speed: Speed, handed_ms: int, zone: tzinfo) -> int:
    """When an answer is overdue."""
    left = speed.alert_after_hours * HOUR_MS
    for opens, closes in _working_days(speed, handed_ms, zone):
        start = max(opens, handed_ms)
        if closes - start >= left:
            return start + left
        left -= max(0, closes - start)
    raise AssertionError("a working week has no hours")  # the document refuses such a one


def worked_ms(speed: Speed, handed_ms: int, until_ms: int, zone: tzinfo) -> int:
    """How much working time passed between the hand-over and another instant: what speed to lead is measured in."""
    passed = 0
    for opens, closes in _working_days(speed, handed_ms, zone):
        if opens >= until_ms:
            break
        passed += max(0, min(closes, until_ms) - max(opens, handed_ms))
    return passed


def _working_days(speed: Speed, from_ms: int, zone: tzinfo) -> Iterator[tuple[int, int]]:
    """Opening and closing instants, day by day, from that day on."""
    first = datetime.fromtimestamp(from_ms // 1000, zone).date()
    opens, closes = time.fromisoformat(speed.opens), time.fromisoformat(speed.closes)
    for ahead in range(_LOOK_DAYS):
        day = first + timedelta(days=ahead)
        if WEEKDAYS[day.weekday()] in speed.days:
            yield instant_of(datetime.combine(day, opens), zone), instant_of(datetime.combine(day, closes), zone)
