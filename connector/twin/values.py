"""Property values: what a write may carry and how it reads back (hubspot-api.md 3.4). Pure; knows no records."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from connector.twin.clock import DAY, from_ms, iso, parse_moment, to_ms
from connector.twin.errors import JSON, ValueProblem

EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s.,;<>\"]{2,}")
LONGEST = 65_536


def as_text(raw: Any) -> str:
    """The string form of a written value; ``""`` stands for cleared."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, datetime):
        return iso(to_ms(raw))
    if isinstance(raw, date):
        return raw.isoformat()
    return str(raw)


def _number(text: str) -> str:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise ValueProblem("INVALID_NUMBER", f"{text} was not a valid number.") from None
    if not value.is_finite():
        raise ValueProblem("INVALID_NUMBER", f"{text} was not a valid number.")
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _bool(text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise ValueProblem("INVALID_BOOLEAN", f"{text} was not a valid boolean.")
    return text.lower()


def _date(text: str) -> str:
    try:
        millis = int(text) if text.lstrip("-").isdigit() else to_ms(datetime.fromisoformat(text))
        if millis % DAY:
            raise ValueProblem("INVALID_DATE", f"{text} is at {iso(millis)}, not midnight UTC.")
        return from_ms(millis).date().isoformat()
    except (ValueError, OverflowError) as error:
        if isinstance(error, ValueProblem):
            raise
        raise ValueProblem("INVALID_DATE", f"{text} was not a valid date.") from None


def _datetime(text: str) -> str:
    try:
        return iso(parse_moment(text))
    except (ValueError, OverflowError, OSError):
        raise ValueProblem("INVALID_DATE", f"{text} was not a valid long or date.") from None


def _option(text: str, allowed: frozenset[str]) -> str:
    if text not in allowed:
        listed = ", ".join(sorted(allowed))
        raise ValueProblem("INVALID_OPTION", f"{text} was not one of the allowed options: [{listed}]")
    return text


def _options(text: str, allowed: frozenset[str], current: str | None) -> str:
    chosen = [part for part in (current or "").split(";") if part] if text.startswith(";") else []
    chosen += [_option(part, allowed) for part in text.split(";") if part]
    return ";".join(dict.fromkeys(chosen))


def normalise(definition: JSON, raw: Any, allowed: frozenset[str], current: str | None = None) -> str | None:
    """The read shape of a written value, ``None`` when it clears; raises ValueProblem."""
    text = as_text(raw)
    if text == "":
        return None
    kind = definition["type"]
    if kind == "enumeration":
        multiple = definition["fieldType"] == "checkbox"
        return _options(text, allowed, current) if multiple else _option(text, allowed)
    plain = {"number": _number, "bool": _bool, "date": _date, "datetime": _datetime}.get(kind)
    if plain:
        return plain(text)
    if len(text) > LONGEST:
        raise ValueProblem("INVALID_STRING_LENGTH", f"a value may have {LONGEST} characters, this one has {len(text)}")
    return text


def check_email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise ValueProblem("INVALID_EMAIL", f"Email address {text} is invalid")
    return text.lower()


@lru_cache(maxsize=200_000)
def sortable_moment(text: str) -> int | None:
    """Milliseconds of a date or datetime value, None where it is none."""
    try:
        return parse_moment(text)
    except (ValueError, OverflowError):
        return None


def sortable_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def notice_value(definition: JSON | None, value: str | None) -> str:
    """As a webhook shows it: times in milliseconds, a cleared value as an empty string."""
    if value is None:
        return ""
    if definition and definition["type"] in ("date", "datetime"):
        millis = sortable_moment(value)
        return value if millis is None else str(millis)
    return value
