"""When a mail may go out and when a delay is over, by the wall clock of the portal's time zone.

A day is a day on the calendar: three days after Friday 9:00 it is Monday 9:00, also when the clocks change between.
Not here: which delays a document asks for (``steps.py``).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

from connector.rules.documents.nurture import Pace, weekday_numbers
from connector.rules.timetable import instant_of

MIDNIGHT = time(0, 0)
_ONE = timedelta(days=1)
# A pace with one weekday and holidays on it for years would search for ever.
_LOOK_DAYS = 800


class Calendar:
    """A pace in a time zone."""

    def __init__(self, pace: Pace, zone: tzinfo) -> None:
        self.zone = zone
        self._opens = time.fromisoformat(pace.send_from)
        self._closes = time.fromisoformat(pace.send_until)
        self._weekdays = weekday_numbers(pace.weekdays)
        self._holidays = frozenset(date.fromisoformat(day) for day in pace.holidays)

    def local(self, at_ms: int) -> datetime:
        return datetime.fromtimestamp(at_ms / 1000, self.zone)

    def instant(self, day: date, at: time) -> int:
        """The instant of a wall time; one that the clocks skip is the first after the gap."""
        return instant_of(datetime.combine(day, at), self.zone)

    def works(self, day: date) -> bool:
        """Whether mails go out on that day."""
        return day.weekday() in self._weekdays and day not in self._holidays

    def next_open(self, at_ms: int) -> int:
        """That instant if mails may go out then, else the next at which they may."""
        local = self.local(at_ms)
        day, clock = local.date(), local.time()
        if self.works(day) and clock < self._closes:
            return max(at_ms, self.instant(day, self._opens))
        return self.instant(self._next_day(day), self._opens)

    def plus(self, at_ms: int, days: int, hours: int = 0, *, working: bool = False, at: str | None = None) -> int:
        """So many days and hours later; ``working`` counts days on which mails go out, ``at`` sets the time of day."""
        local = self.local(at_ms)
        day = self._plus_working(local.date(), days) if working else local.date() + timedelta(days=days)
        clock = local.time() if at is None else time.fromisoformat(at)
        if days == 0 and at is None:
            return at_ms + hours * 3_600_000
        found = self.instant(day, clock)
        if at is not None and found < at_ms and not hours:
            found = self.instant(day + _ONE, clock)  # the hour has passed today: tomorrow's
        return found + hours * 3_600_000

    def _plus_working(self, day: date, days: int) -> date:
        for _ in range(days):
            day = self._next_day(day)
        return day

    def _next_day(self, day: date) -> date:
        for _ in range(_LOOK_DAYS):
            day += _ONE
            if self.works(day):
                return day
        return day
