"""How values are put into rows and taken out again: JSON text, e-mails for matching, times, ids, hashes. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import orjson

Json: TypeAlias = Any
BIGGEST = (1 << 63) - 1


def clean(text: str) -> str:
    """Text both databases can hold: PostgreSQL takes no NUL, neither takes half a surrogate pair."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def dumps(value: Json) -> str:
    """JSON text with sorted keys; what cannot be encoded is replaced rather than failing the batch."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:
        return orjson.dumps(scrub(value), option=orjson.OPT_SORT_KEYS).decode()


def scrub(value: Json) -> Json:
    """The value with every text in it made encodable."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if is_dataclass(value) and not isinstance(value, type):
        return scrub(asdict(value))
    if isinstance(value, dict):
        return {scrub(key): scrub(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [scrub(inner) for inner in value]
    return value


def loads(text: str) -> Json:
    return orjson.loads(text)


def digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def number_of(text: str) -> int:
    """A 63-bit number that stands for a text, the same everywhere and always."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1


def normal_email(email: str | None) -> str | None:
    """An e-mail for matching only: HubSpot folds case; what is kept in the properties stays as sent."""
    if not email:
        return None
    return clean(email).strip().lower() or None


def id_or_none(text: str | None) -> int | None:
    """An id sent as digits; anything else is no id."""
    if text and text.isascii() and text.isdigit() and len(text) <= 19:
        number = int(text)
        return number if number <= BIGGEST else None
    return None


def millis_or_none(text: str | None) -> int | None:
    """A date-time as HubSpot sends it, ISO or epoch milliseconds; None when it is neither."""
    if not text:
        return None
    if text.isascii() and text.lstrip("-").isdigit():
        number = int(text[:20])
        return number if abs(number) <= BIGGEST else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
