"""Reading records: pages, searches, batch reads and single reads. Every shape leaves as the model's values.

Property lists that do not fit an address or a search body are read in a second step by ids; callers never see that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connector.errors import NotFound, ProtocolBroken, Refused
from connector.model.records import (
    MIRRORED,
    Association,
    ObjectType,
    Page,
    Properties,
    PropertyDefinition,
    Snapshot,
    modified_property,
)
from connector.portal.bodies import JsonValue
from connector.portal.caller import URL_LIMIT, Caller, Query
from connector.portal.gateway import BatchRead, Filter
from connector.portal.links import associations, chunks
from connector.portal.translate import (
    MERGE_HINTS,
    Json,
    after_of,
    definition_of,
    merged_ids,
    results_of,
    snapshot_of,
    unfinished_associations,
    whole,
)
from connector.portal.transport import encoded

BATCH = 100
# HubSpot docs: search the CRM, "Limits": a request body holds at most 3,000 characters.
SEARCH_BODY = 3_000
_SINGLES = 20


def page(
    caller: Caller,
    object_type: ObjectType,
    *,
    after: str | None,
    properties: Sequence[str],
    associations: Sequence[ObjectType],
    archived: bool,
    limit: int,
    live: bool,
) -> Page:
    """One page of a listing, in ascending id order."""
    query: dict[str, str | int | bool | None] = {
        "limit": limit,
        "after": after,
        "properties": ",".join(properties) or None,
        "associations": ",".join(associations) or None,
        "archived": archived or None,
    }
    fits = caller.length("objects.list", {"object_type": object_type}, query) <= URL_LIMIT
    if not fits:
        query["properties"] = "hs_object_id"
    data = caller.ask("objects.list", query=query, live=live, object_type=object_type)
    following = after_of(data)
    if following is not None and following == after:
        raise ProtocolBroken(f"The portal's listing of {object_type} does not move on: its page token repeats.")
    raws = results_of(data)
    records = [snapshot_of(object_type, raw, associations or None) for raw in raws]
    if not fits:
        records = _completed(caller, object_type, records, properties, archived=archived, live=live)
    return Page(_linked(caller, object_type, raws, records, associations), following)


def _completed(
    caller: Caller,
    object_type: ObjectType,
    records: Sequence[Snapshot],
    properties: Sequence[str],
    *,
    archived: bool,
    live: bool,
) -> list[Snapshot]:
    """The same records with all properties. One that vanished in between is left out: it is gone."""
    found: dict[int, Snapshot] = {}
    for chunk in chunks([record.id for record in records], BATCH):
        data = _batch_read(caller, object_type, chunk, properties, archived=archived, live=live)
        found |= {one.id: one for one in (snapshot_of(object_type, raw) for raw in results_of(data))}
    return [replace(found[one.id], associations=one.associations) for one in records if one.id in found]


def _linked(
    caller: Caller,
    object_type: ObjectType,
    raws: Sequence[Json],
    records: Sequence[Snapshot],
    asked: Sequence[ObjectType],
) -> tuple[Snapshot, ...]:
    """A listing shows only the first links of a record, in words; what it leaves open is read directly."""
    more: dict[ObjectType, list[int]] = {}
    for raw in raws:
        for to_type in unfinished_associations(object_type, raw, asked):
            more.setdefault(to_type, []).append(whole(raw.get("id")) or 0)
    if not more:
        return tuple(records)
    full = {to_type: associations(caller, object_type, to_type, ids) for to_type, ids in more.items()}
    return tuple(_relinked(record, full) for record in records)


def _relinked(record: Snapshot, full: Mapping[ObjectType, Mapping[int, tuple[Association, ...]]]) -> Snapshot:
    links = list(record.associations or ())
    for to_type, by_id in full.items():
        if record.id in by_id:
            links = [link for link in links if link.to_type != to_type] + list(by_id[record.id])
    return replace(record, associations=tuple(links))


def search(
    caller: Caller,
    object_type: ObjectType,
    *,
    groups: Sequence[Sequence[Filter]],
    sort: str,
    properties: Sequence[str],
    limit: int,
    after: str | None,
    live: bool,
) -> Page:
    """One page of a search. Searches see changes late and end at 10,000 hits (HubSpot docs: search the CRM)."""
    body = _search_body(groups, sort, properties, limit, after)
    fits = len(encoded(body).decode()) <= SEARCH_BODY
    if not fits:
        body["properties"] = ["hs_object_id", modified_property(object_type)]
        if len(encoded(body).decode()) > SEARCH_BODY:
            raise Refused("The search has more filters than HubSpot takes (3,000 characters).")
    data = caller.ask("objects.search", body=body, live=live, object_type=object_type)
    records = [snapshot_of(object_type, raw) for raw in results_of(data)]
    if not fits:
        records = _completed(caller, object_type, records, properties, archived=False, live=live)
    total = whole(data.get("total")) if isinstance(data, dict) else None
    return Page(tuple(records), after_of(data), total)


def _search_body(
    groups: Sequence[Sequence[Filter]], sort: str, properties: Sequence[str], limit: int, after: str | None
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "filterGroups": [{"filters": [_filter(one) for one in group]} for group in groups if group],
        "properties": list(properties),
        "limit": limit,
    }
    if sort:
        direction = "DESCENDING" if sort.startswith("-") else "ASCENDING"
        body["sorts"] = [{"propertyName": sort.lstrip("-"), "direction": direction}]
    if after is not None:
        body["after"] = after
    return body


def _filter(one: Filter) -> dict[str, Any]:
    said: dict[str, Any] = {"propertyName": one.property, "operator": one.operator}
    if one.values:
        said["values"] = list(one.values)
    if one.value is not None:
        said["value"] = one.value
    if one.high is not None:
        said["highValue"] = one.high
    return said


def _batch_read(
    caller: Caller,
    object_type: ObjectType,
    ids: Sequence[int],
    properties: Sequence[str],
    *,
    archived: bool,
    live: bool,
) -> JsonValue:
    body = {"inputs": [{"id": str(record)} for record in ids], "properties": list(properties)}
    query: Query = {"archived": archived or None}
    return caller.ask("objects.batch_read", query=query, body=body, live=live, object_type=object_type)


@dataclass
class _Reading:
    """What is known so far about the ids of one read."""

    asked: set[int]
    found: dict[int, Snapshot] = field(default_factory=dict)
    survivors: dict[int, int] = field(default_factory=dict)

    def take(self, record: Snapshot, asked_as: int | None = None) -> None:
        self.found[record.id] = record
        old = merged_ids(record.properties) | ({asked_as} if asked_as is not None else set())
        for merged in (old & self.asked) - {record.id}:
            self.survivors.setdefault(merged, record.id)

    def open(self) -> list[int]:
        return sorted(self.asked - self.found.keys() - self.survivors.keys())


def read(
    caller: Caller,
    object_type: ObjectType,
    ids: Sequence[int],
    properties: Sequence[str],
    *,
    archived: bool,
    live: bool,
) -> BatchRead:
    """Any number of records by id. A merged-away id answers with its survivor, or not at all (HubSpot docs: merge);
    what a batch leaves open is settled by a few single reads."""
    hints = [name for name in MERGE_HINTS if name not in properties] if object_type in MIRRORED else []
    wanted = [*properties, *hints]
    reading = _Reading(set(ids))
    for chunk in chunks(sorted(reading.asked), BATCH):
        data = _batch_read(caller, object_type, chunk, wanted, archived=archived, live=live)
        for raw in results_of(data):
            reading.take(snapshot_of(object_type, raw))
    for record in reading.open()[:_SINGLES]:
        one = _single(caller, object_type, record, wanted, archived=archived, live=live)
        if one is not None:
            reading.take(one, asked_as=record)
    records = tuple(_without(record, hints) for record in reading.found.values())
    return BatchRead(records, tuple(reading.open()), reading.survivors)


def _without(record: Snapshot, hints: Sequence[str]) -> Snapshot:
    """Only what was asked for: the mirror compares rows, and a listing does not carry these."""
    kept: Properties = {name: value for name, value in record.properties.items() if name not in hints}
    return replace(record, properties=kept)


def _single(
    caller: Caller, object_type: ObjectType, record: int, properties: Sequence[str], *, archived: bool, live: bool
) -> Snapshot | None:
    try:
        return _get(caller, object_type, record, properties, archived=archived, live=live)
    except NotFound:
        return None


def read_one(caller: Caller, object_type: ObjectType, record: int | str, properties: Sequence[str]) -> Snapshot:
    """One record by id or e-mail, with the survivor's id if it was merged away."""
    return _get(caller, object_type, record, properties, archived=False, live=True)


def _get(
    caller: Caller,
    object_type: ObjectType,
    record: int | str,
    properties: Sequence[str],
    *,
    archived: bool,
    live: bool,
) -> Snapshot:
    path = {"object_type": object_type, "record": record}
    query: dict[str, str | bool | None] = {
        "properties": ",".join(properties) or None,
        "idProperty": "email" if isinstance(record, str) else None,
        "archived": archived or None,
    }
    fits = caller.length("objects.read_one", path, query) <= URL_LIMIT
    if not fits:
        query["properties"] = "hs_object_id"
    raw = caller.ask("objects.read_one", path=path, query=query, live=live, object_type=object_type)
    one = snapshot_of(object_type, raw)
    if fits:
        return one
    full = _completed(caller, object_type, [one], properties, archived=archived, live=live)
    if not full:
        raise NotFound(f"The portal no longer has {object_type} {one.id}.")
    return full[0]


def definitions(caller: Caller, object_type: ObjectType) -> tuple[PropertyDefinition, ...]:
    data = caller.ask("properties.list", object_type=object_type)
    return tuple(definition_of(object_type, raw) for raw in results_of(data))
