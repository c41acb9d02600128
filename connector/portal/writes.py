"""Writing properties back: one batch of at most 100 records, an outcome per record, faults without values.

Results are matched by id, never by position (HubSpot docs: batch results keep no order). Bisecting a refused batch is
the caller's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connector.errors import Conflict, NotFound, Refused
from connector.model.records import ObjectType, modified_property
from connector.portal.bodies import Envelope, context_of, objects, text
from connector.portal.caller import Caller
from connector.portal.faults import faults_of
from connector.portal.gateway import Update, WriteOutcome
from connector.portal.objects import BATCH
from connector.portal.translate import Json, errors_of, millis, properties_of, results_of, whole

_GONE = "the portal no longer has this record: deleted or merged away"


def write(caller: Caller, object_type: ObjectType, updates: Sequence[Update]) -> tuple[WriteOutcome, ...]:
    """One batch update. Safe to repeat, so a lost answer is asked for again by the transport."""
    if not updates:
        return ()
    if len(updates) > BATCH or len({update.id for update in updates}) != len(updates):
        raise ValueError(f"a batch holds at most {BATCH} distinct ids")
    inputs = [{"id": str(update.id), "properties": dict(update.properties)} for update in updates]
    try:
        # Effects go before background reading.
        data = caller.ask("objects.batch_update", body={"inputs": inputs}, live=True, object_type=object_type)
    except Conflict as conflict:
        raise Refused(f"{conflict.message} Another record holds a value that must be unique.") from None
    except NotFound as missing:
        return _all_gone(updates, missing)
    return _outcomes(object_type, updates, data)


def _all_gone(updates: Sequence[Update], missing: NotFound) -> tuple[WriteOutcome, ...]:
    if len(updates) == 1:
        return (WriteOutcome(updates[0].id, "gone", reason=_GONE),)
    raise Refused(f"{missing.message} The batch holds records the portal no longer has.") from None


def _outcomes(object_type: ObjectType, updates: Sequence[Update], data: object) -> tuple[WriteOutcome, ...]:
    written = {record: raw for raw in results_of(data) if (record := whole(raw.get("id"))) is not None}
    named, unnamed = _errors_by_id(errors_of(data), {update.id for update in updates})
    found = []
    for update in updates:
        if update.id in written:
            found.append(_written(object_type, update.id, written[update.id]))
        else:
            found.append(_unwritten(update, named.get(update.id, unnamed)))
    return tuple(found)


def _written(object_type: ObjectType, record: int, raw: Json) -> WriteOutcome:
    properties = properties_of(raw.get("properties"))
    modified = millis(properties.get(modified_property(object_type))) or millis(raw.get("updatedAt"))
    return WriteOutcome(record, "written", modified, properties)


def _unwritten(update: Update, errors: Sequence[Json]) -> WriteOutcome:
    """Missing without any error is what a merged-away id looks like (HubSpot answers 200 and leaves it out)."""
    if not errors or all(_says_gone(error) for error in errors):
        return WriteOutcome(update.id, "gone", reason=_GONE)
    values = frozenset(update.properties.values())
    faults: dict[str, str] = {}
    for error in errors:
        faults |= faults_of(_as_envelope(error), values)
    return WriteOutcome(update.id, "refused", reason=_reason(errors, faults), faults=faults)


def _says_gone(error: Json) -> bool:
    return "NOT_FOUND" in text(error.get("category")) or "NOT_FOUND" in text(error.get("subCategory"))


def _as_envelope(error: Json) -> Envelope:
    """An error of a batch has the envelope's shape itself; its own details may stand in ``errors``."""
    return Envelope(message=text(error.get("message")), errors=(error, *objects(error.get("errors"))))


def _reason(errors: Sequence[Json], faults: Mapping[str, str]) -> str:
    if faults:
        return "; ".join(f"{name}: {why}" for name, why in sorted(faults.items()))
    codes = {text(error.get("subCategory")) or text(error.get("category")) for error in errors}
    return f"the portal refused it: {', '.join(sorted(code for code in codes if code)) or 'no reason given'}"


def _errors_by_id(errors: Iterable[Json], asked: set[int]) -> tuple[dict[int, list[Json]], list[Json]]:
    """Errors by the record they name, and those that name none."""
    named: dict[int, list[Json]] = {}
    unnamed: list[Json] = []
    for error in errors:
        ids = _ids_of(error) & asked
        if not ids:
            unnamed.append(error)
        for record in ids:
            named.setdefault(record, []).append(error)
    return named, unnamed


def _ids_of(error: Json) -> set[int]:
    context = context_of(error)
    said = [error.get("id"), *context.get("ids", []), *context.get("id", []), *context.get("objectId", [])]
    return {record for one in said if (record := whole(one)) is not None}
