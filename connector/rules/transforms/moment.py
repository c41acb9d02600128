"""Days and instants. A day is a day: it never shifts by a zone (P30). An instant is epoch milliseconds.

ISO and HubSpot's own forms come first, then day, month and year in figures, then months in words (dateparser,
restricted to complete absolute dates, so that it asks no clock).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateparser.date import DateDataParser

from connector.rules.documents.steps import DateStep, DatetimeStep
from connector.rules.transforms.base import Ambiguous, Invalid, Locale, Nothing, Outcome, Transform, Value

_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z", re.ASCII)
_ISO_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d{2}:?\d{2})?\Z", re.ASCII
)
_MILLIS = re.compile(r"-?\d{11,14}\Z", re.ASCII)
_COMPACT = re.compile(r"(19|20)(\d{2})(\d{2})(\d{2})\Z", re.ASCII)
_FIGURES = re.compile(r"(\d{4}|\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{1,2})\Z", re.ASCII)
_CLOCK = re.compile(r"[,T ]+(?:um |at )?(\d{1,2})[:.](\d{2})(?::(\d{2}))?(?:\s?(?:Uhr|h))?\Z", re.IGNORECASE)
_HALF_DAY = re.compile(r"\d\s?[ap]\.?m\.?\Z", re.IGNORECASE)
_LONGEST = 60
_PIVOT = 50
_DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLI = timedelta(milliseconds=1)


def _date(value: Value, options: DateStep, locale: Locale) -> Outcome:
    if isinstance(value, bool | float | tuple):
        return Invalid("is no date")
    text = str(value).strip()
    if not text or len(text) > _LONGEST:
        return Invalid("is too long for a date") if text else Nothing()
    if moment := _ISO_MOMENT.match(text):
        instant = _iso_instant(moment, locale) if moment[4] else None
        return _day_of_millis(instant, locale) if isinstance(instant, int) else _iso_day(moment[1])
    if _MILLIS.match(text):
        return _day_of_millis(int(text), locale)
    found = _day(text, options.order or locale.date_order, locale)
    return found.isoformat() if isinstance(found, date) else found


def _datetime(value: Value, options: DatetimeStep, locale: Locale) -> Outcome:
    if isinstance(value, bool | float | tuple):
        return Invalid("is no time")
    if isinstance(value, int):
        return value
    text = value.strip()
    if not text or len(text) > _LONGEST:
        return Invalid("is too long for a time") if text else Nothing()
    if _MILLIS.match(text):
        return int(text)
    if moment := _ISO_MOMENT.match(text):
        return _iso_instant(moment, locale)
    if _HALF_DAY.search(text):
        return Ambiguous("gives the time with am or pm; write it with 24 hours")
    clock = _CLOCK.search(text)
    found = _day(text[: clock.start()] if clock else text, options.order or locale.date_order, locale)
    if not isinstance(found, date):
        return found
    hours = [int(part or 0) for part in clock.groups()] if clock else [0, 0, 0]
    return _instant(found, hours, locale)


def _day(text: str, order: str, locale: Locale) -> date | Ambiguous | Invalid:
    if iso := (_ISO_DAY.match(text) or _COMPACT.match(text)):
        whole = "".join(iso.groups())
        return _built(int(whole[:4]), int(whole[4:6]), int(whole[6:])) or Invalid("is no day of the calendar")
    if figures := _FIGURES.match(text):
        return _from_figures(figures[1], figures[3], figures[4], figures[2], order)
    if not any(letter.isalpha() for letter in text):
        return Invalid("is no date")
    found = _parser(locale.languages, order).get_date_data(text).date_obj
    return found.date() if found else Invalid("is no complete date")


def _from_figures(first: str, second: str, third: str, mark: str, order: str) -> date | Ambiguous | Invalid:
    """All readings that give a day; one is the answer, of several the declared order decides, else nobody does."""
    if len(first) == 4:
        return _built(int(first), int(second), int(third)) or Invalid("is no day of the calendar")
    if len(third) == 1:
        return Invalid("has no year")
    readings = {"DMY": (third, second, first), "MDY": (third, first, second)}
    if len(third) == 2:
        readings["YMD"] = (first, second, third)
    days = {name: day for name, (y, m, d) in readings.items() if (day := _built(_year(y), int(m), int(d)))}
    if not days:
        return Invalid("is no day of the calendar")
    if len(set(days.values())) == 1:
        return next(iter(days.values()))
    if mark == "." and order != "MDY" and len(third) == 4:
        order = "DMY"  # day.month.year is the only order that is written with points
    if order in days and not (mark == "." and order == "MDY"):
        return days[order]
    said = " or ".join(f"{day.isoformat()} ({name})" for name, day in days.items())
    return Ambiguous(f"may be {said}; the document declares no date order that settles it")


def _year(text: str) -> int:
    short = int(text)
    return short if len(text) == 4 else short + (2000 if short < _PIVOT else 1900)


def _built(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _iso_day(text: str) -> Outcome:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return Invalid("is no day of the calendar")


def _day_of_millis(millis: int, locale: Locale) -> Outcome:
    """Midnight UTC is how HubSpot writes a day (HubSpot docs: property values) and stays that day everywhere; any
    other instant falls on the day it was in the portal's zone."""
    try:
        moment = _EPOCH + millis * _MILLI
        if millis % _DAY_MS:
            moment = moment.astimezone(ZoneInfo(locale.time_zone))
    except OverflowError:
        return Invalid("is outside the calendar")
    return moment.date().isoformat()


def _iso_instant(found: re.Match[str], locale: Locale) -> Outcome:
    day, clock, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}")
    except ValueError:
        return Invalid("is no time of the calendar")
    extra = int((fraction or "0")[:3].ljust(3, "0"))
    if not zone:
        whole = _instant(moment.date(), [moment.hour, moment.minute, moment.second], locale)
        return whole + extra if isinstance(whole, int) else whole
    sign = -1 if zone[0] == "-" else 1
    offset = timedelta() if zone == "Z" else sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return (moment.replace(tzinfo=UTC) - _EPOCH - offset) // _MILLI + extra


def _instant(day: date, clock: list[int], locale: Locale) -> Outcome:
    """A local time of the portal; in the two nights of the year where clocks change nobody guesses."""
    try:
        local = datetime.combine(day, time(clock[0], clock[1], clock[2]), tzinfo=ZoneInfo(locale.time_zone))
        moment = local.astimezone(UTC)
        if moment.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
            return Invalid(f"did not exist in {locale.time_zone}: the clocks went forward")
        if local.utcoffset() != local.replace(fold=1).utcoffset():
            return Ambiguous(f"happened twice in {locale.time_zone}: the clocks went back")
    except (ValueError, OverflowError):
        return Invalid("is no time of the calendar")
    return (moment - _EPOCH) // _MILLI


@lru_cache(maxsize=64)
def _parser(languages: tuple[str, ...], order: str) -> DateDataParser:
    settings = {
        "PARSERS": ["absolute-time"],
        "REQUIRE_PARTS": ["day", "month", "year"],
        "STRICT_PARSING": True,
        "RETURN_AS_TIMEZONE_AWARE": False,
        "DATE_ORDER": order or "DMY",
    }
    short = list(dict.fromkeys(language.replace("_", "-").split("-")[0] for language in languages))
    return DateDataParser(languages=short, settings=settings)


TRANSFORMS = {"date": Transform("date", _date), "datetime": Transform("datetime", _datetime)}
