"""Values that do not fit their field: the record landed, the value is kept raw with the reason, and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from connector.model.records import ObjectType
from connector.store import bulk, erasures
from connector.store.schema import QUARANTINE
from connector.store.unit import Unit, mine
from connector.store.values import clean

_Q = QUARANTINE.c
Fault = tuple[str, str | None, str]


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """One value that does not fit, and since when."""

    object_type: ObjectType
    record_id: int
    property: str
    raw: str | None
    reason: str
    since_ms: int


def replace(
    u: Unit, portal_id: int, object_type: ObjectType, faults: Mapping[int, Sequence[Fault]], now_ms: int
) -> int:
    """Each record named has exactly these faults (property, raw value, reason) now; how many rows that moved.

    A fault that was there before with the same value and reason keeps its ``since``. No faults clears the record.
    """
    u.own(portal_id)
    faults = erasures.living(u, portal_id, faults) if object_type == "contacts" else faults
    which = [mine(QUARANTINE, portal_id, object_type=object_type), u.among(_Q.record_id, faults.keys())]
    query = sa.select(_Q.record_id, _Q.property, _Q.raw, _Q.reason).where(*which)
    before = {(row[0], row[1]): (row[2], row[3]) for row in u.rows(query)} if faults else {}
    after = {
        (record, clean(name)): (clean(raw) if raw is not None else None, clean(reason))
        for record, theirs in faults.items()
        for name, raw, reason in theirs
    }
    gone = [(portal_id, object_type, *key) for key in before.keys() - after.keys()]
    statement = "DELETE FROM quarantine WHERE portal_id = ? AND object_type = ? AND record_id = ? AND property = ?"
    bulk.change_many(u, statement, gone)
    fresh = [(object_type, *key, *value, now_ms) for key, value in after.items() if before.get(key) != value]
    return bulk.put(u, portal_id, QUARANTINE, fresh) + len(gone)


def of(u: Unit, portal_id: int, object_type: ObjectType, record_id: int) -> tuple[QuarantineRow, ...]:
    query = sa.select(_Q.object_type, _Q.record_id, _Q.property, _Q.raw, _Q.reason, _Q.since_ms)
    query = query.where(mine(QUARANTINE, portal_id, object_type=object_type, record_id=record_id))
    return tuple(QuarantineRow(*row) for row in u.rows(query.order_by(_Q.property)))


def summary(u: Unit, portal_id: int) -> dict[tuple[ObjectType, str, str], int]:
    """How many values are held by (kind of record, property, reason)."""
    query = sa.select(_Q.object_type, _Q.property, _Q.reason, sa.func.count()).where(mine(QUARANTINE, portal_id))
    grouped = query.group_by(_Q.object_type, _Q.property, _Q.reason).order_by(_Q.object_type, _Q.property, _Q.reason)
    return {(row[0], row[1], row[2]): row[3] for row in u.rows(grouped)}
