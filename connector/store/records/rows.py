"""What a record's row holds and how it is coded: JSON text of the non-empty values, plus which properties were read.

Empty values are not kept one by one: the *read set* names every property that was ever read of the record, and what
it names and the JSON lacks was empty. So "empty" and "never read" stay two things, at half the size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from connector.errors import StoreError
from connector.model.records import ObjectType, Properties, modified_property
from connector.store import bulk
from connector.store.schema import READ_SETS, RECORD_TABLES
from connector.store.unit import Unit, mine
from connector.store.values import Json, clean, dumps, id_or_none, millis_or_none, normal_email, number_of, scrub

NEVER_READ = 0
PRIMARY, ADDITIONAL, MERGED = 0, 1, 2
OTHER_EMAILS = "hs_additional_emails"


@dataclass(frozen=True, slots=True)
class Record:
    """One mirrored record. ``properties`` has every property that was read, None where it is empty in the portal."""

    object_type: ObjectType
    id: int
    properties: Mapping[str, str | None]
    created_ms: int | None
    modified_ms: int
    read_ms: int
    archived: bool
    archived_ms: int | None
    merged_into: int | None
    email: str | None
    first_seen_ms: int


def table_of(object_type: ObjectType) -> sa.Table:
    """The table of a mirrored kind of record."""
    table = RECORD_TABLES.get(object_type)
    if table is None:
        raise StoreError(f"Records of the kind {object_type} are not mirrored.", reason="not_mirrored")
    return table


def encode(object_type: ObjectType, values: Properties) -> tuple[bytes, str]:
    """Content (what the hash is taken of) and the text to keep.

    The modification time is part of the text but not of the content: it moves when nothing else does.
    """
    stamp = modified_property(object_type)
    filled = {name: value for name, value in values.items() if value is not None}
    moved = filled.pop(stamp, None)
    content = _json(filled)
    if moved is None:
        return content, content.decode()
    head = content[:-1] + (b"," if len(content) > 2 else b"")
    return content, (head + b'"' + stamp.encode() + b'":' + _json(moved) + b"}").decode()


def _json(value: Json) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return orjson.dumps(scrub(value), option=orjson.OPT_SORT_KEYS)


def read_set_id(u: Unit, portal_id: int, names: Iterable[str]) -> int:
    """The number of a read set; the set is stored the first time a transaction uses it."""
    text = dumps(sorted(names))
    number = number_of(text)
    if (portal_id, number) not in u.stored_sets:
        bulk.put(u, portal_id, READ_SETS, [(number, text)], clash="nothing")
        u.stored_sets.add((portal_id, number))
        u.read_sets[number] = tuple(orjson.loads(text))
    return number


def read_set(u: Unit, portal_id: int, number: int) -> tuple[str, ...]:
    """The properties a read set names. Numbers come from the names, so what was looked up once holds for good."""
    if number == NEVER_READ:
        return ()
    if number not in u.read_sets:
        text = u.scalar(sa.select(READ_SETS.c.names).where(mine(READ_SETS, portal_id, id=number)))
        u.read_sets[number] = tuple(orjson.loads(text)) if text is not None else ()
    return u.read_sets[number]


def values_of(names: tuple[str, ...], text: str) -> dict[str, str | None]:
    """Every property that was read, with its value or None."""
    values: dict[str, str | None] = dict.fromkeys(names)
    values.update(orjson.loads(text))
    return values


def emails_of(values: Properties) -> tuple[str, ...]:
    """The e-mails a contact is found by, the primary one first (HubSpot docs: contacts, secondary e-mails)."""
    primary, additional = normal_email(values.get("email")), values.get(OTHER_EMAILS)
    if not additional:
        return (primary,) if primary else ()
    folded = [primary, *(normal_email(part) for part in additional.split(";"))]
    return tuple(dict.fromkeys(email for email in folded if email))


def _text(values: Properties, name: str) -> str | None:
    value = values.get(name)
    return clean(value) if value else None


def _contact(values: Properties) -> tuple[Any, ...]:
    owner = id_or_none(values.get("hubspot_owner_id"))
    return normal_email(values.get("email")), _text(values, "lifecyclestage"), owner


def _company(values: Properties) -> tuple[Any, ...]:
    return _text(values, "name"), _text(values, "domain"), id_or_none(values.get("hubspot_owner_id"))


def _deal(values: Properties) -> tuple[Any, ...]:
    closed, owner = millis_or_none(values.get("closedate")), id_or_none(values.get("hubspot_owner_id"))
    return _text(values, "pipeline"), _text(values, "dealstage"), _text(values, "amount"), closed, owner


# The properties those columns are made of, and what a contact is found by.
LIFTED: dict[str, tuple[str, ...]] = {
    "contacts": ("email", OTHER_EMAILS, "lifecyclestage", "hubspot_owner_id"),
    "companies": ("name", "domain", "hubspot_owner_id"),
    "deals": ("pipeline", "dealstage", "amount", "closedate", "hubspot_owner_id"),
}

# The columns lifted out of the JSON, in the order of the tables.
PROMOTED: dict[str, Callable[[Properties], tuple[Any, ...]]] = {
    "contacts": _contact,
    "companies": _company,
    "deals": _deal,
}
