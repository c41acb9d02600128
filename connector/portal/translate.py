"""From HubSpot's JSON to the model's records. Tolerant: envelope fields may be absent, ids text or number, dates ISO or
milliseconds; property values stay exactly as sent (text or None).

Not here: events (``translate_events``) and HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from types import NoneType
from typing import Any, get_args

from connector.errors import ProtocolBroken
from connector.model.records import (
    Association,
    ObjectType,
    PropertyDefinition,
    PropertyOption,
    Snapshot,
    modified_property,
)
from connector.portal.bodies import objects as rows
from connector.portal.bodies import text

Json = Mapping[str, Any]
_VALUE_TYPES = {str, NoneType}
_OBJECT_TYPES: tuple[str, ...] = get_args(ObjectType)
_MODIFIED: Mapping[str, str] = {t: modified_property(t) for t in get_args(ObjectType)}
_SINGULAR: Mapping[str, str] = {"companies": "company", **{t: t[:-1] for t in _OBJECT_TYPES if t != "companies"}}
# HubSpot docs: associations, "Association type IDs": contact→company 1, back 2; deal→company 5, back 6.
PRIMARY_TYPE_IDS = frozenset({1, 2, 5, 6})
_PRIMARY_PAIRS = frozenset(
    {("contacts", "companies"), ("companies", "contacts"), ("deals", "companies"), ("companies", "deals")}
)


def millis(value: object) -> int | None:
    """A moment as epoch milliseconds: ISO text, a date, digits, or a number; None for nothing or nonsense."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return int(value)
    said = text(value)
    try:
        # Nearly all moments are ISO text with a Z: those need no look at their digits.
        if said[-1:] != "Z" and said.lstrip("-").isdecimal():
            return int(said)
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


def whole(value: object) -> int | None:
    """An id or count, text or number; None when it is neither."""
    if isinstance(value, str):
        if value.isdecimal():
            return int(value)
        said = value.strip()
        return int(said) if said.lstrip("-").isdecimal() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def results_of(data: object) -> list[dict[str, Any]]:
    """``results`` of any answer: absent is empty, and a bare list is one too."""
    if isinstance(data, dict):
        return rows(data.get("results"))
    return rows(data) if isinstance(data, list) else []


def errors_of(data: object) -> list[Json]:
    """``errors`` of a batch answer, whatever its status (HubSpot docs: error handling, multi-status)."""
    return list(rows(data.get("errors"))) if isinstance(data, dict) else []


def after_of(data: object) -> str | None:
    """The next page's token; None on the last page."""
    paging = data.get("paging") if isinstance(data, dict) else None
    following = paging.get("next") if isinstance(paging, dict) else None
    after = following.get("after") if isinstance(following, dict) else None
    return None if after in (None, "") else text(after)


def properties_of(raw: object) -> dict[str, str | None]:
    """Values as sent; a number or truth value from a lax portal becomes the text HubSpot would send."""
    if not isinstance(raw, dict):
        return {}
    if set(map(type, raw.values())) <= _VALUE_TYPES:
        return raw
    return {name: value if value is None else text(value) for name, value in raw.items()}


def snapshot_of(object_type: ObjectType, raw: Json, associated: Sequence[ObjectType] | None = None) -> Snapshot:
    """One record as the portal says it is now."""
    record = whole(raw.get("id"))
    if record is None:
        raise ProtocolBroken(f"The portal sent one of its {object_type} without an id.")
    properties = properties_of(raw.get("properties"))
    created = millis(raw.get("createdAt")) or millis(properties.get("createdate"))
    # Cursors run over the modified property, so it wins over the envelope's own time.
    modified = millis(properties.get(_MODIFIED[object_type])) or millis(raw.get("updatedAt")) or created
    ended = raw.get("archivedAt")
    return Snapshot(
        object_type=object_type,
        id=record,
        properties=properties,
        created_ms=created,
        modified_ms=modified or 0,
        archived=bool(raw.get("archived")),
        archived_ms=None if ended is None else millis(ended),
        associations=None if associated is None else embedded_associations(object_type, raw, associated),
    )


def embedded_associations(object_type: ObjectType, raw: Json, asked: Sequence[ObjectType]) -> tuple[Association, ...]:
    """The ``associations`` block of a listing, one link per record; one that was asked for and is absent means "none".

    A link is listed once per kind: primary wins, labels are kept.
    """
    blocks = raw.get("associations")
    if not isinstance(blocks, dict):
        return ()
    links: list[Association] = []
    for to_type in asked:
        found: dict[int, _Meaning] = {}
        for entry in results_of(blocks.get(to_type)):
            to_id = whole(entry.get("id"))
            if to_id is not None:
                told = _meaning(object_type, to_type, text(entry.get("type")))
                found[to_id] = _both(found[to_id], told) if to_id in found else told
        links.extend(Association(to_type, to_id, None, label, primary) for to_id, (label, primary) in found.items())
    return tuple(links)


def unfinished_associations(object_type: ObjectType, raw: Json, asked: Sequence[ObjectType]) -> list[ObjectType]:
    """Object types whose block in a listing does not tell all: there are more links, or the primary one is in doubt."""
    blocks = raw.get("associations")
    if not isinstance(blocks, dict):
        return []
    return [to_type for to_type in asked if (block := blocks.get(to_type)) and _unfinished(object_type, to_type, block)]


def _unfinished(from_type: ObjectType, to_type: ObjectType, block: Any) -> bool:
    """A word that is none of ours may be a label of the portal's own, or HubSpot's new name for the primary link.

    Where no other word says which link is primary, that is not guessed: the numbers of a direct read tell.
    """
    if "paging" in block and after_of(block):
        return True
    if (from_type, to_type) not in _PRIMARY_PAIRS:
        return False
    told = [_meaning(from_type, to_type, text(entry.get("type"))) for entry in results_of(block)]
    return any(label for label, _ in told) and not any(primary for _, primary in told)


# (label, whether it is the primary link)
_Meaning = tuple[str, bool]


@lru_cache(maxsize=1024)
def _meaning(from_type: ObjectType, to_type: ObjectType, kind: str) -> _Meaning:
    """A listing names the kind of a link: ``contact_to_company`` (primary), ``…_unlabeled``, or a label of its own.

    A portal has a handful of kinds and a million links.
    """
    pair = f"{_SINGULAR[from_type]}_to_{_SINGULAR[to_type]}"
    plain = kind in {"", pair, f"{pair}_unlabeled"}
    return "" if plain else kind, kind == pair and (from_type, to_type) in _PRIMARY_PAIRS


@lru_cache(maxsize=1024)
def _both(one: _Meaning, two: _Meaning) -> _Meaning:
    return _labels(one[0], two[0]), one[1] or two[1]


def labelled_associations(from_type: ObjectType, to_type: ObjectType, entry: Json) -> tuple[Association, ...]:
    """One ``to`` list of an associations batch read."""
    links: list[Association] = []
    for to in rows(entry.get("to")):
        to_id = whole(to.get("toObjectId", to.get("id")))
        kinds = rows(to.get("associationTypes")) or [{}]
        if to_id is not None:
            links.extend(_labelled(from_type, to_type, to_id, kind) for kind in kinds)
    return merged(links)


def _labelled(from_type: ObjectType, to_type: ObjectType, to_id: int, kind: Json) -> Association:
    type_id = whole(kind.get("typeId"))
    label = text(kind.get("label"))
    named = label.lower() == "primary" and text(kind.get("category")) != "USER_DEFINED"
    defined = type_id in PRIMARY_TYPE_IDS and text(kind.get("category")) in {"", "HUBSPOT_DEFINED"}
    primary = (from_type, to_type) in _PRIMARY_PAIRS and (defined or named)
    return Association(to_type, to_id, type_id, "" if primary or named else label, primary)


def merged(links: Iterable[Association]) -> tuple[Association, ...]:
    """One link per record: the same pair is listed once per kind; primary wins, labels are kept."""
    found: dict[tuple[str, int], Association] = {}
    for link in links:
        known = found.get((link.to_type, link.to_id))
        found[link.to_type, link.to_id] = link if known is None else _joined(known, link)
    return tuple(found.values())


def _joined(one: Association, two: Association) -> Association:
    lead = two if two.primary and not one.primary else one
    return Association(one.to_type, one.to_id, lead.type_id, _labels(one.label, two.label), one.primary or two.primary)


def _labels(one: str, two: str) -> str:
    return "; ".join(sorted({label for label in (*one.split("; "), *two.split("; ")) if label}))


_ID = re.compile(r"\d+")


def merged_ids(properties: Mapping[str, str | None]) -> frozenset[int]:
    """Ids that were merged into a record (HubSpot docs: merge): ``id;id`` or ``id:time;…``."""
    found: set[int] = set()
    for name in MERGE_HINTS:
        for part in (properties.get(name) or "").split(";"):
            head = _ID.match(part.strip())
            if head:
                found.add(int(head.group()))
    return frozenset(found)


MERGE_HINTS = ("hs_merged_object_ids", "hs_all_contact_vids", "hs_calculated_merged_vids")


def definition_of(object_type: ObjectType, raw: Json) -> PropertyDefinition:
    """One property definition. Read-only means its *value* is (HubSpot docs: properties, modificationMetadata)."""
    meta = raw.get("modificationMetadata")
    meta = meta if isinstance(meta, dict) else {}
    return PropertyDefinition(
        object_type=object_type,
        name=text(raw.get("name")),
        label=text(raw.get("label")),
        type=text(raw.get("type")),
        field_type=text(raw.get("fieldType")),
        group=text(raw.get("groupName")),
        options=tuple(option_of(option) for option in rows(raw.get("options"))),
        read_only=bool(meta.get("readOnlyValue")),
        calculated=bool(raw.get("calculated")),
        hubspot_defined=bool(raw.get("hubspotDefined")),
        has_unique_value=bool(raw.get("hasUniqueValue")),
        external_options=bool(raw.get("externalOptions")),
        archived=bool(raw.get("archived")),
    )


def option_of(raw: Json) -> PropertyOption:
    order = whole(raw.get("displayOrder"))
    return PropertyOption(text(raw.get("value")), text(raw.get("label")), order or 0, bool(raw.get("hidden")))
