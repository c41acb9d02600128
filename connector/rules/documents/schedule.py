"""The ``schedule`` document: which work is done for a portal at which times, in the portal's time zone.

Not here: which slots are due (``connector/rules/timetable.py``) and what each kind of work does. What webhooks set off
needs no schedule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from connector.rules.documents.base import Document, Part, Problem

# ``subscriptions`` is asked for by the clock itself, once a day for the whole app; a document need not name it.
ScheduledKind = Literal["cycle", "verify", "retention", "erase", "subscriptions"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
_ONE_OF = "Give either `every:` (minutes) or `at:` (times of day)."


class Entry(Part):
    """One kind of work: ``every`` so many minutes, or ``at`` times of day (``HH:MM``), on all ``weekdays`` or some."""

    kind: ScheduledKind
    every: Annotated[int, Field(ge=1, le=1440)] | None = None
    at: Annotated[tuple[TimeOfDay, ...], Field(max_length=48)] = ()
    weekdays: tuple[Weekday, ...] = WEEKDAYS
    enabled: bool = True

    def problems(self) -> Iterable[Problem]:
        if self.every is None and not self.at:
            yield Problem((), f"{self.kind} has no time.", _ONE_OF)
        if self.every is not None and self.at:
            yield Problem(("at",), f"{self.kind} has both an interval and times of day.", _ONE_OF)
        if self.every is not None and self.weekdays != WEEKDAYS:
            yield Problem(("weekdays",), "Weekdays go with times of day alone.", "Use `at:`, or leave `weekdays:` out.")
        if not self.weekdays:
            yield Problem(("weekdays",), "No weekday is left.", "To switch it off, say `enabled: false`.")


class ScheduleDocument(Document):
    """All scheduled work of a portal. A kind that is not named is not done."""

    version_label: Annotated[str, Field(max_length=80)] = ""
    entries: Annotated[tuple[Entry, ...], Field(max_length=20)] = ()

    def problems(self) -> Iterable[Problem]:
        for kind, times in Counter(entry.kind for entry in self.entries).items():
            if times > 1:
                yield Problem(("entries",), f"{kind} stands there {times} times.", "Each kind of work once.")
