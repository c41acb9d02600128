"""What people took back: values of ours not to be written again, until a rule gives others or somebody allows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from connector.store import bulk
from connector.store.schema import UNDONE
from connector.store.unit import Unit, among_given, check_portal, mine
from connector.store.values import clean

_U = UNDONE.c


@dataclass(frozen=True, slots=True)
class Undone:
    """One value that was taken back: ``value`` is what the run had written, '' where it had cleared the property."""

    contact_id: int
    property: str
    value: str
    run_id: str
    at_ms: int


def book(u: Unit, portal_id: int, run_id: str, taken: Mapping[int, Mapping[str, str]], now_ms: int) -> int:
    """Book what is being taken back: contact → property → the value of ours. The newest word on a property counts."""
    rows = [
        (contact, clean(name), clean(value), run_id, now_ms)
        for contact, values in taken.items()
        for name, value in values.items()
    ]
    return bulk.put(u, portal_id, UNDONE, rows)


def of(u: Unit, portal_id: int, contact_ids: Collection[int]) -> dict[tuple[int, str], Undone]:
    """What was taken back of these contacts, by contact and property."""
    check_portal(portal_id)
    asked = {"portal": portal_id, "ids": u.given(contact_ids)}
    rows = u.run(_of(u.sqlite), asked).all() if contact_ids else ()
    return {(row[0], row[1]): Undone(row[0], row[1], row[2] or "", row[3], row[4]) for row in rows}


@lru_cache(maxsize=2)
def _of(sqlite: bool) -> sa.Select[*tuple[Any, ...]]:
    query = sa.select(_U.contact_id, _U.property, _U.value, _U.run_id, _U.at_ms)
    return query.where(_U.portal_id == sa.bindparam("portal"), among_given(sqlite, _U.contact_id, "ids"))


def release(u: Unit, portal_id: int, run_id: str, contact_ids: Collection[int] | None = None) -> tuple[int, ...]:
    """Allow the values of a run again, for all its contacts or these; the contacts that had any."""
    which = mine(UNDONE, portal_id, run_id=run_id)
    if contact_ids is not None:
        which = sa.and_(which, u.among(_U.contact_id, contact_ids))
    found = u.rows(sa.select(_U.contact_id).where(which).distinct().order_by(_U.contact_id))
    u.change(sa.delete(UNDONE).where(which))
    return tuple(row[0] for row in found)
