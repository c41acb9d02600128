"""What a report is made of: a span of time, figures that know whom they count, sections. Values only.

A figure that cannot be told is None with a reason; it is never 0 for want of knowledge. What it counts is in
``who``, so that each number opens its contacts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from statistics import median
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.rules.bands import wilson

DAY_MS = 86_400_000
DEFAULT_DAYS = 90
Unit = Literal["count", "share", "days", "seconds", "money", "ratio", "text"]
Sentence = tuple[str, dict[str, object]]
Basis = Literal["cohort", "period", "snapshot", "all_time"]


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant up to but without another; ``first`` and ``last`` are its days in the portal's time zone."""

    from_ms: int
    to_ms: int
    first: date
    last: date
    zone: str

    def __contains__(self, at_ms: int | None) -> bool:
        return at_ms is not None and self.from_ms <= at_ms < self.to_ms

    def months(self) -> tuple[str, ...]:
        """The calendar months it touches, as ``2026-11``."""
        found, at = [], self.first.replace(day=1)
        while at <= self.last:
            found.append(f"{at:%Y-%m}")
            at = (at + timedelta(days=32)).replace(day=1)
        return tuple(found)


def part_of_month(month: str, this: Span) -> float:
    """Which part of a month (``2026-11``) falls into the span: one that is only touched counts by its days."""
    first = date.fromisoformat(f"{month}-01")
    following = (first + timedelta(days=32)).replace(day=1)
    begin, end = max(first, this.first), min(following, this.last + timedelta(days=1))
    return max(0, (end - begin).days) / (following - first).days


def zone_of(name: str) -> tzinfo:
    """The portal's time zone; UTC where it tells none that is known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def midnight_ms(day: date, zone: str) -> int:
    """The first instant of a day in that time zone."""
    return round(datetime(day.year, day.month, day.day, tzinfo=zone_of(zone)).timestamp() * 1000)


def span(zone: str, now_ms: int, first: date | None = None, last: date | None = None) -> Span:
    """Whole days in the portal's time zone, both ends included; by default the 90 days up to and with today."""
    today = datetime.fromtimestamp(now_ms / 1000, zone_of(zone)).date()
    end = last or today
    begin = first or end - timedelta(days=DEFAULT_DAYS - 1)
    return Span(midnight_ms(begin, zone), min(midnight_ms(end + timedelta(days=1), zone), now_ms + 1), begin, end, zone)


def before(this: Span) -> Span:
    """The span of as many days just before."""
    days = (this.last - this.first).days + 1
    first = this.first - timedelta(days=days)
    last = this.first - timedelta(days=1)
    return Span(midnight_ms(first, this.zone), this.from_ms, first, last, this.zone)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. ``key`` names it within its section, ``label`` is its word, ``values`` are put into the word.

    ``of`` is what a share is a share of; ``low`` and ``high`` its band. ``why`` says why there is no value.
    """

    key: str
    value: float | None
    unit: Unit = "count"
    who: tuple[int, ...] = ()
    label: str = ""
    values: dict[str, object] = field(default_factory=dict)
    of: int | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""
    was: float | None = None
    note: str = ""
    target: str = ""
    met: bool | None = None

    def named(self, label: str, **values: object) -> Figure:
        """The same number under another word."""
        return replace(self, label=label, values=values)


@dataclass(frozen=True, slots=True)
class Section:
    """A group of figures with one definition. ``text`` is the answer in a sentence (key, values).

    ``goal`` is what it is watched for, where that is not the same for every portal.
    """

    key: str
    basis: Basis
    figures: tuple[Figure, ...]
    text: Sentence | None = None
    row: str = ""
    goal: str = ""


def count(key: str, who: Iterable[int], label: str = "", **values: object) -> Figure:
    """How many contacts, and which."""
    ids = tuple(sorted(set(who)))
    return Figure(key, len(ids), "count", ids, label, dict(values))


def share(key: str, hits: Iterable[int], of: Iterable[int], label: str = "", **values: object) -> Figure:
    """Which share of some contacts, with its band; opens those that were hit."""
    ids, base = tuple(sorted(set(hits))), set(of)
    return ratio(key, len(ids), len(base), label, who=ids, **values)


def ratio(key: str, hits: int, of: int, label: str = "", who: Iterable[int] = (), **values: object) -> Figure:
    """A share of things that are not contacts (mails, visits)."""
    band = wilson(hits, of)
    ids = tuple(sorted(set(who)))
    if band is None:
        return Figure(key, None, "share", ids, label, dict(values), of=of, why="nothing_to_share")
    return Figure(key, hits / of, "share", ids, label, dict(values), of, band[0], band[1])


def typical(
    key: str, times: Sequence[tuple[int, float]], unit: Unit = "days", label: str = "", **values: object
) -> Figure:
    """The median of (contact, value); opens those it was taken of."""
    if not times:
        return Figure(key, None, unit, (), label, dict(values), of=0, why="nobody")
    ids = tuple(sorted({who for who, _ in times}))
    return Figure(key, round(median(value for _, value in times), 3), unit, ids, label, dict(values), of=len(times))


def none(key: str, why: str, unit: Unit = "count", label: str = "", **values: object) -> Figure:
    """A figure that cannot be told, with the reason."""
    return Figure(key, None, unit, (), label, dict(values), why=why)


def days(from_ms: int, to_ms: int) -> float:
    """Days between two instants, to a hundredth."""
    return round((to_ms - from_ms) / DAY_MS, 2)
