"""What every shape is made of: strict input, documented output, and the few kinds of values addresses carry.

Nothing is guessed: ``false`` is no number, ``5.0`` is no whole one, and a field nobody knows is refused.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_DIGITS = re.compile(r"-?[0-9]{1,9}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
LAST_YEAR = 9000
MOST_TEXT, LONGEST_ID = 500_000, 18


class In(BaseModel):
    """What is sent to us."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Out(BaseModel):
    """What we answer: the named members, and what more the command's ``--json`` document has."""

    model_config = ConfigDict(strict=True, extra="allow", protected_namespaces=())


class Csv:
    """A sheet instead of JSON, sent or answered: ``text/csv`` in UTF-8, as bytes."""


class Nothing(In):
    """No parameters, or an empty body."""


def _number(value: Any) -> Any:
    """A number out of an address, where everything is text."""
    if not (isinstance(value, str) and _DIGITS.fullmatch(value)):
        raise ValueError("write a whole number, such as 50")
    return int(value)


def _ident(value: Any) -> Any:
    if not (isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= LONGEST_ID):
        raise ValueError("write an id, such as 4711")
    return int(value)


def _flag(value: Any) -> Any:
    if value not in ("true", "false"):
        raise ValueError("write true or false")
    return value == "true"


def _day(value: Any) -> Any:
    if isinstance(value, str) and _DAY.fullmatch(value):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise ValueError("write a day, such as 2026-11-22")


def _moment(value: Any) -> Any:
    """An instant as epoch milliseconds; without a zone it is UTC."""
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if 1971 <= aware.year < LAST_YEAR:
            return round(aware.timestamp() * 1000)
    raise ValueError("write a moment, such as 2026-11-22T09:30:00Z")


def _whole_text(value: str) -> str:
    """Text a database can hold as it is: what would be changed on the way is refused instead."""
    if "\x00" in value:
        raise ValueError("no NUL character can be kept")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("half a character cannot be kept") from None
    return value


_AT = {"type": "string", "format": "date-time"}
Number = Annotated[int, BeforeValidator(_number)]
Ident = Annotated[int, BeforeValidator(_ident)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[int, BeforeValidator(_moment), WithJsonSchema(_AT)]
Text = Annotated[str, AfterValidator(_whole_text)]
Words = Annotated[Text, Field(min_length=1, max_length=400)]
Yaml = Annotated[Text, Field(max_length=MOST_TEXT)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-zA-Z:_-]{1,128}$")]
ContactCursor = Annotated[str, Field(pattern=r"^-?[0-9]{1,16}\.[0-9]{1,18}$")]
"""Where a list of contacts goes on: taken from ``next`` of the page before."""


def place(cursor: str | None) -> tuple[int, int] | None:
    """The key and the id that such a cursor names."""
    if cursor is None:
        return None
    key, _, ident = cursor.partition(".")
    return int(key), int(ident)
