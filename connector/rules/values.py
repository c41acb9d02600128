"""Reading one value as a number, a day or a comparable word. ``None`` means: it cannot be read so, hence unknown."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime

from connector.model.judgement import FieldValue
from connector.rules.view import DAY, EPOCH_DAY

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,3})?")


def number(value: FieldValue) -> float | None:
    """A number, or a text that HubSpot would accept as one (no thousands separators)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e300 else None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    return None


def boolean(value: FieldValue) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().casefold()) if isinstance(value, str) else None


def word(value: str | float | bool) -> str:
    """One value for comparison: case does not matter, ``5`` and ``5.0`` and ``"5"`` are the same."""
    if isinstance(value, str):
        return value.strip().casefold()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def words(value: FieldValue) -> tuple[str, ...]:
    """Several values for comparison; a single one is a list of one."""
    return tuple(word(one) for one in value) if isinstance(value, tuple) else (word(value),)


def day(value: FieldValue) -> int | None:
    """Days since 1970-01-01 (UTC) of a date, a date-time with zone, or epoch milliseconds."""
    if isinstance(value, bool | tuple):
        return None
    if isinstance(value, int | float):
        return int(value // DAY) if abs(value) < 1e15 else None
    text = value.strip()
    if re.fullmatch(r"-?\d{9,15}", text):
        return int(text) // DAY
    return _iso_day(text)


def _iso_day(text: str) -> int | None:
    try:
        if len(text) == 10:
            return date.fromisoformat(text).toordinal() - EPOCH_DAY
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.date().toordinal() - EPOCH_DAY


def plus_months(days: int, months: int) -> int:
    """The same day of the month some months on; the month's last day where it has no such day."""
    start = date.fromordinal(days + EPOCH_DAY)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return days + months * 30
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])).toordinal() - EPOCH_DAY


def first_day_within(target: int, months: int) -> int:
    """The first day from which ``target`` lies no more than that many months ahead."""
    start = plus_months(target, -months) - 4
    while plus_months(start, months) < target:
        start += 1
    return start


def plain(value: str | float | bool) -> str:
    """One value as a reader wants to see it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
