"""Reading associations of many records at once: all pages, all kinds, one link per pair of records.

The links a listing carries along are read by ``translate.embedded_associations``; both give the same values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connector.errors import ProtocolBroken
from connector.model.records import Association, ObjectType
from connector.portal.bodies import JsonValue, items, text
from connector.portal.caller import Caller
from connector.portal.translate import Json, after_of, errors_of, labelled_associations, results_of, whole

# HubSpot docs: associations, batch read: 1,000 inputs.
ASSOCIATION_BATCH = 1_000


def associations(
    caller: Caller, from_type: ObjectType, to_type: ObjectType, ids: Sequence[int]
) -> dict[int, tuple[Association, ...]]:
    """Links of many records, all pages. An id without links has none; one that could not be read is left out."""
    found: dict[int, list[Json]] = {}
    for chunk in chunks(sorted(set(ids)), ASSOCIATION_BATCH):
        inputs: list[dict[str, str]] = [{"id": str(record)} for record in chunk]
        unread: set[int] = set()
        while inputs:
            data = _association_batch(caller, from_type, to_type, inputs)
            unread |= _unanswered(data)
            inputs = _gather(found, results_of(data), inputs)
        for record in set(chunk) - unread:
            found.setdefault(record, [])
    return {
        record: labelled_associations(
            from_type, to_type, {"to": [to for part in parts for to in items(part.get("to"))]}
        )
        for record, parts in found.items()
    }


def _association_batch(
    caller: Caller, from_type: ObjectType, to_type: ObjectType, inputs: Sequence[Mapping[str, str]]
) -> JsonValue:
    path = {"from_type": from_type, "to_type": to_type}
    return caller.ask("associations.batch_read", path=path, body={"inputs": list(inputs)})


def _gather(
    found: dict[int, list[Json]], results: Sequence[Json], inputs: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    """Book one answer; what is left to ask are the records with another page."""
    before = {one["id"]: one.get("after") for one in inputs}
    following: list[dict[str, str]] = []
    for entry in results:
        origin = entry.get("from")
        record = whole(origin.get("id")) if isinstance(origin, dict) else None
        if record is None:
            continue
        found.setdefault(record, []).append(entry)
        after = after_of(entry)
        if after is None:
            continue
        if before.get(str(record)) == after:
            raise ProtocolBroken("The portal's associations do not move on: a page token repeats.")
        following.append({"id": str(record), "after": after})
    return following


def _unanswered(data: object) -> set[int]:
    """Ids named by errors other than "has no associations" (HubSpot docs: associations, batch read)."""
    unread: set[int] = set()
    for error in errors_of(data):
        if "NO_ASSOCIATIONS_FOUND" in text(error.get("subCategory")):
            continue
        context = error.get("context")
        for values in context.values() if isinstance(context, dict) else ():
            unread |= {found for value in items(values) if (found := whole(value)) is not None}
    return unread


def chunks(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
