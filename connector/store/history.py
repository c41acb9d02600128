"""The past of properties, written from every change the mirror saw: what a value was before, and when it changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connector.model.records import ObjectType
from connector.store import bulk, erasures
from connector.store.records.graves import resolve
from connector.store.records.reading import get
from connector.store.schema import PROPERTY_HISTORY
from connector.store.unit import Unit, check_portal, mine
from connector.store.values import clean

_H = PROPERTY_HISTORY.c


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change of one property. ``origin`` is the record it happened to, which may since be merged away."""

    record_id: int
    property: str
    at_ms: int
    origin: int
    before: str | None
    after: str | None
    seen_ms: int


def add(u: Unit, portal_id: int, object_type: ObjectType, rows: Sequence[HistoryRow]) -> int:
    """Book changes learnt elsewhere (the portal's own history); what is booked already stays."""
    u.own(portal_id)
    gone = erasures.standing(u, portal_id, {r.record_id for r in rows}) if object_type == "contacts" else ()
    full = [
        (object_type, r.record_id, r.property, r.at_ms, r.origin, _kept(r.before), _kept(r.after), r.seen_ms)
        for r in rows
        if r.record_id not in gone
    ]
    return bulk.put(u, portal_id, PROPERTY_HISTORY, full, clash="nothing")


def _kept(value: str | None) -> str | None:
    return clean(value) if value is not None else None


def of(
    u: Unit, portal_id: int, object_type: ObjectType, ids: Collection[int], after_ms: int | None = None
) -> tuple[HistoryRow, ...]:
    """The changes of these records after that time, by record, in time order."""
    check_portal(portal_id)
    lives = set(resolve(u, portal_id, object_type, ids).values())
    query = _changes(u, portal_id, object_type, lives)
    if after_ms is not None:
        query = query.where(_H.at_ms > after_ms)
    rows = u.rows(query.order_by(_H.record_id, _H.at_ms, _H.property)) if ids else ()
    return tuple(HistoryRow(*row) for row in rows)


def _changes(u: Unit, portal_id: int, object_type: ObjectType, ids: Collection[int]) -> sa.Select[*tuple[Any, ...]]:
    columns = [_H.record_id, _H.property, _H.at_ms, _H.origin, _H.before, _H.after, _H.seen_ms]
    of_these = u.among(_H.record_id, ids)
    return sa.select(*columns).where(mine(PROPERTY_HISTORY, portal_id, object_type=object_type), of_these)


def turns(
    u: Unit, portal_id: int, object_type: ObjectType, ids: Collection[int], name: str, until_ms: int | None = None
) -> dict[int, list[tuple[int, str | None, str | None]]]:
    """(when, before, after) of each change of one property of these records themselves, oldest first."""
    check_portal(portal_id)
    if not ids:
        return {}
    query = _changes(u, portal_id, object_type, ids).where(_H.property == name, _H.origin == _H.record_id)
    if until_ms is not None:
        query = query.where(_H.at_ms <= until_ms)
    found: dict[int, list[tuple[int, str | None, str | None]]] = {}
    for row in u.rows(query.order_by(_H.record_id, _H.at_ms)):
        found.setdefault(row[0], []).append((row[2], row[4], row[5]))
    return found


def values_at(u: Unit, portal_id: int, object_type: ObjectType, record_id: int, at_ms: int) -> dict[str, str | None]:
    """The values a record had at that time: today's, with every later change taken back.

    Before the mirror first saw a property its first seen value is the best there is. A record that was not created
    yet, or is not mirrored, has none.
    """
    record = get(u, portal_id, object_type, record_id)
    if record is None or (record.created_ms is not None and at_ms < record.created_ms):
        return {}
    values = dict(record.properties)
    query = _changes(u, portal_id, object_type, [record.id]).where(_H.origin == record.id, _H.at_ms > at_ms)
    for row in u.rows(query.order_by(_H.at_ms.desc())):
        values[row[1]] = row[4]
    return values


def moved(u: Unit, portal_id: int, object_type: ObjectType, properties: Collection[str], since_ms: int) -> list[int]:
    """Records of which one of these properties was seen to change from ``since_ms`` on (our clock)."""
    c = PROPERTY_HISTORY.c
    query = sa.select(c.record_id).distinct()
    query = query.where(mine(PROPERTY_HISTORY, portal_id, object_type=object_type))
    query = query.where(u.among(c.property, properties), c.seen_ms >= since_ms)
    return sorted(row[0] for row in u.rows(query))
