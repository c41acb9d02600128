"""From the body of a delivery to its notices: every value is checked where it is used, and nothing here ever raises.

One bad item of a good body is named and set aside; the others are kept. A notice is what the portal claims, no more:
what is true is read from the portal later. Not here: signatures (``signature``), storing (whoever is handed the body).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from webhooks.kinds import OBJECT_TYPE_IDS, OTHER_EVENTS, RECORD_EVENTS
from webhooks.scanning import pieces

MOST_ITEMS = 1_000  # HubSpot sends at most 100
MOST_MERGED = 1_000
LONGEST_NAME = 500
BIGGEST_ID = (1 << 63) - 1
# HubSpot exists since 2006; a time outside of these years is a slip, not a time.
FIRST_MS, LAST_MS = 1_136_073_600_000, 4_102_444_800_000

_PORTAL_ID = re.compile(rb'"portalId"\s*:\s*([1-9][0-9]{0,18})\s*[,}]')

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """One item of a delivery: what HubSpot says happened to one record (reference 11.3)."""

    portal_id: int
    type: str
    object_type: str
    event: str
    object_id: int | None
    occurred_ms: int
    property: str = ""
    value: str | None = None
    source: str = ""
    source_id: str = ""
    merged: tuple[int, ...] = ()
    survivor: int | None = None
    from_id: int | None = None
    to_id: int | None = None
    association: str = ""
    removed: bool = False
    primary: bool | None = None
    key: str = ""
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class BadItem:
    """An item that cannot be a notice, with the reason; ``portal_id`` where at least that could be read."""

    reason: str
    raw: bytes
    portal_id: int | None


@dataclass(frozen=True, slots=True)
class Split:
    """A body taken apart."""

    notices: tuple[Notice, ...]
    bad: tuple[BadItem, ...]


def split(body: bytes) -> Split:
    """All notices of a body and all items that are none. Never raises; an unreadable body is one bad item."""
    items = _items(body)
    if items is None:
        return Split((), (BadItem("the body is not a JSON array", body, None),))
    read = [item if isinstance(item, BadItem) else _read(item) for item in items[:MOST_ITEMS]]
    if len(items) > MOST_ITEMS:
        read.append(_rest(items[MOST_ITEMS:]))
    return Split(
        tuple(item for item in read if isinstance(item, Notice)),
        tuple(item for item in read if isinstance(item, BadItem)),
    )


def portals_in(body: bytes) -> frozenset[int] | None:
    """HubSpot's numbers of the portals a body speaks of; None when it is unreadable or names no portal at all.

    Called in the request, so it is a look, not a reading: it may name a portal that in the end gets no notice, and
    never misses one that does.
    """
    if body[:1] == b"[" and b"\\u" not in body and (first := _PORTAL_ID.search(body)):
        # Most deliveries speak of one portal, always in the same bytes; inside a string quotes are escaped.
        alone = body.count(first[0]) == body.count(b'"portalId"')
        return _ids([first[1]] if alone else _PORTAL_ID.findall(body))
    try:
        items = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _ids(_PORTAL_ID.findall(body))
    if not isinstance(items, list):
        return None
    told = frozenset(item["portalId"] for item in items if isinstance(item, dict) and _is_id(item.get("portalId")))
    return None if items and not told else told


def _ids(digits: Iterable[bytes]) -> frozenset[int] | None:
    """A broken item hides its neighbours from the parser, not from a search."""
    return frozenset(number for number in map(int, digits) if number <= BIGGEST_ID) or None


def _items(body: bytes) -> list[Any] | None:
    """The items as values, those that are no JSON as ``BadItem``; None for a body that is no array."""
    try:
        items = orjson.loads(body)
        if not isinstance(items, list):
            return None
        if _quotes(orjson.dumps(items)) == _quotes(body):
            return items
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        pass
    found = pieces(body)
    return None if found is None else [_parsed(piece) for piece in found]


def _quotes(text: bytes) -> int:
    """Quotes that begin or end a string. A name given twice is lost by parsing, and its quotes with it."""
    return text.count(b'"') - text.count(b'\\"')


def _parsed(piece: bytes) -> Any:
    """One item by itself, with the checks that the quick parser does not make."""
    try:
        value = orjson.loads(piece)
        json.loads(piece, object_pairs_hook=_no_double)
    except RecursionError:
        return _bad("it is nested too deeply", piece)
    except orjson.JSONDecodeError as fault:
        deep = "depth" in fault.msg
        return _bad("it is nested too deeply" if deep else f"it is not JSON ({fault.msg})", piece)
    except ValueError as fault:
        return _bad(str(fault), piece)
    return value


def _bad(reason: str, piece: bytes) -> BadItem:
    told = {int(digits) for digits in _PORTAL_ID.findall(piece)}
    portal = told.pop() if len(told) == 1 else None
    return BadItem(reason, piece, portal if _is_id(portal) else None)


def _no_double(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _rest(items: Sequence[Any]) -> BadItem:
    """What stands beyond the most that is taken from one body; its ``raw`` is a body again."""
    parts = [item.raw if isinstance(item, BadItem) else _text_of(item) for item in items]
    told = {item.get("portalId") for item in items if isinstance(item, dict) and _is_id(item.get("portalId"))}
    reason = f"the body holds {len(items)} items more than the {MOST_ITEMS} that are taken"
    return BadItem(reason, b"[" + b",".join(parts) + b"]", told.pop() if len(told) == 1 else None)


def _text_of(item: Any) -> bytes:
    try:
        return orjson.dumps(item)
    except orjson.JSONEncodeError:  # nested deeper than it writes, though not than it reads
        return b"null"


def _read(item: Any) -> Notice | BadItem:
    if not isinstance(item, dict):
        return BadItem("it is not an object", _text_of(item), None)
    try:
        return _notice(item, orjson.dumps(item))
    except orjson.JSONEncodeError:
        reason = "it is nested too deeply"
    except ValueError as fault:
        reason = str(fault)
    portal = item.get("portalId")
    return BadItem(reason, _text_of(item), portal if _is_id(portal) else None)


def _notice(item: Item, raw: bytes) -> Notice:
    """The item as a notice; ValueError says what is wrong with it."""
    told = _name(item, "subscriptionType") or _name(item, "eventType")
    if not told:
        raise ValueError("subscriptionType is missing")
    values = {
        "portal_id": _must(_id(item, "portalId"), "portalId"),
        "type": told,
        "occurred_ms": _moment(item),
        "source": _name(item, "changeSource"),
        "source_id": _loose(item, "sourceId"),
        **(_of_record(item, *RECORD_EVENTS[told]) if told in RECORD_EVENTS else _of_other(item, told)),
    }
    return Notice(**values, key=_key(item, values), raw=raw)


def _of_other(item: Item, told: str) -> dict[str, Any]:
    """What is kept of an event that nothing here acts on, known or not."""
    object_type, event = OTHER_EVENTS.get(told, ("", ""))
    number = item.get("objectId")
    return {"object_type": object_type, "event": event, "object_id": number if _is_id(number) else None}


def _of_record(item: Item, object_type: str, event: str) -> dict[str, Any]:
    number = _id(item, "objectId")
    values: dict[str, Any] = {
        "object_type": object_type or OBJECT_TYPE_IDS.get(_name(item, "objectTypeId"), ""),
        "event": event,
        "object_id": number,
    }
    if event == "merge":
        return values | _merge(item, number)
    if event == "associationChange":
        return values | _association(item, number)
    if event == "propertyChange":
        values["property"] = _must(_name(item, "propertyName"), "propertyName")
        values["value"] = _text(item, "propertyValue")
    _must(number, "objectId")
    return values


def _merge(item: Item, number: int | None) -> dict[str, Any]:
    primary, new = _id(item, "primaryObjectId"), _id(item, "newObjectId")
    survivor = _must(new or number or primary, "objectId")
    listed = item.get("mergedObjectIds") or []
    if not isinstance(listed, list) or len(listed) > MOST_MERGED or not all(_is_id(one) for one in listed):
        raise ValueError(f"mergedObjectIds is not a list of at most {MOST_MERGED} ids")
    gone = dict.fromkeys([*listed, *([primary] if primary else [])])
    gone.pop(survivor, None)
    return {"object_id": number or survivor, "survivor": survivor, "merged": tuple(gone)}


def _association(item: Item, number: int | None) -> dict[str, Any]:
    origin, target = _id(item, "fromObjectId"), _id(item, "toObjectId")
    return {
        "object_id": _must(number or origin or target, "fromObjectId"),
        "from_id": origin,
        "to_id": target,
        "association": _name(item, "associationType"),
        "removed": bool(_flag(item, "associationRemoved")),
        "primary": _flag(item, "isPrimaryAssociation"),
    }


def _key(item: Item, values: Item) -> str:
    """The same for every attempt at delivering one event; ``eventId`` is not (reference 11.3)."""
    number = _id(item, "subscriptionId")
    parts = (
        "portal_id type object_type object_id from_id to_id property value occurred_ms association removed primary"
        " survivor merged"
    )
    told = [number, item.get("objectTypeId"), *(values.get(part) for part in parts.split())]
    return hashlib.blake2b(orjson.dumps(told), digest_size=16).hexdigest()


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 < value <= BIGGEST_ID


def _id(item: Item, field: str) -> int | None:
    value = item.get(field)
    if value is None or _is_id(value):
        return value
    raise ValueError(f"{field} is not a whole number from 1 to {BIGGEST_ID}")


def _moment(item: Item) -> int:
    value = item.get("occurredAt")
    if type(value) is int and FIRST_MS <= value <= LAST_MS:
        return value
    raise ValueError("occurredAt is not a time in milliseconds between 2006 and 2100")


def _flag(item: Item, field: str) -> bool | None:
    value = item.get(field)
    if value is None or isinstance(value, bool):
        return value
    raise ValueError(f"{field} is neither true nor false")


def _text(item: Item, field: str) -> str | None:
    value = item.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(f"{field} is not a text without NUL")
    return value


def _name(item: Item, field: str) -> str:
    """A short text; empty when it is not there."""
    value = _text(item, field) or ""
    if len(value) > LONGEST_NAME:
        raise ValueError(f"{field} is longer than {LONGEST_NAME} characters")
    return value


def _loose(item: Item, field: str) -> str:
    """A text that may come as a number: what HubSpot's own pages do not settle."""
    value = item.get(field)
    return str(value) if type(value) is int else _name(item, field)


def _must(value: Any, field: str) -> Any:
    if value is None or value == "":
        raise ValueError(f"{field} is missing")
    return value
