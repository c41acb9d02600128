"""Values as HubSpot sends and wants them, without any locale (HubSpot docs: property values). Light: no library."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from connector.rules.transforms.base import Invalid, Nothing, Outcome

MACHINE = re.compile(r"[-+]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][-+]?\d{1,3})?\Z", re.ASCII)
_HUGE = 30
_MILLIS = re.compile(r"-?\d{11,14}\Z", re.ASCII)
_DAY_LENGTH = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLI = timedelta(milliseconds=1)


def machine_number(text: str) -> Outcome:
    """A number as HubSpot sends it: decimal text; exponents have been seen."""
    bare = text.strip()
    if not bare:
        return Nothing()
    return plain(Decimal(bare)) if MACHINE.match(bare) else Invalid("is no number, although the property is one")


def plain(read: Decimal) -> int | float | Invalid:
    """An int where the number is whole, a float otherwise."""
    if read and abs(read.adjusted()) > _HUGE:
        return Invalid("is too large or too small")
    return int(read) if read == read.to_integral_value() else float(read)


def number_text(value: float) -> str:
    """Without thousands separators and without an exponent."""
    if isinstance(value, int):
        return str(value)
    return format(Decimal(repr(value)), "f")


def machine_instant(text: str) -> int | None:
    """HubSpot's ISO time or milliseconds as epoch milliseconds."""
    if _MILLIS.match(text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment - _EPOCH) // _MILLI if moment.tzinfo is not None else None


def machine_day(text: str) -> str | None:
    """HubSpot's day, also when it comes as milliseconds at midnight UTC."""
    try:
        if _MILLIS.match(text):
            return (_EPOCH + int(text) * _MILLI).date().isoformat()
        return date.fromisoformat(text[:10]).isoformat() if len(text) >= _DAY_LENGTH else None
    except (ValueError, OverflowError):
        return None


def day_in(millis: int, zone: str) -> str:
    """The day on which an instant falls in that zone."""
    return (_EPOCH + millis * _MILLI).astimezone(ZoneInfo(zone)).date().isoformat()


def midnight_in(day: str, zone: str) -> int:
    """The instant at which a day begins in that zone."""
    return (datetime.combine(date.fromisoformat(day), time(), tzinfo=ZoneInfo(zone)) - _EPOCH) // _MILLI
