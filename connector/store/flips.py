"""Properties that two writers keep turning: who overwrote us when, and what is frozen because of it (P24)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from connector.store import bulk
from connector.store.schema import FLIPS, FROZEN
from connector.store.unit import Unit, among_given, check_portal, mine
from connector.store.values import clean

_F = FLIPS.c
_Z = FROZEN.c


@dataclass(frozen=True, slots=True)
class Frozen:
    """One property of one contact that nobody of us writes until a person releases it."""

    contact_id: int
    property: str
    since_ms: int
    writers: str


def add(u: Unit, portal_id: int, flips: Iterable[tuple[int, str, int, str]]) -> int:
    """Book that others overwrote us: (contact, property, when, who); how many were not known."""
    rows = [(contact, clean(name), at_ms, clean(writer)) for contact, name, at_ms, writer in flips]
    return bulk.put(u, portal_id, FLIPS, rows, clash="nothing")


def since(u: Unit, portal_id: int, contact_ids: Collection[int], since_ms: int) -> dict[tuple[int, str], list[str]]:
    """Who overwrote which property of these contacts from then on, in time order."""
    query = sa.select(_F.contact_id, _F.property, _F.writer).where(mine(FLIPS, portal_id), _F.at_ms >= since_ms)
    found: dict[tuple[int, str], list[str]] = {}
    for contact, name, writer in u.rows(query.where(u.among(_F.contact_id, contact_ids)).order_by(_F.at_ms)):
        found.setdefault((contact, name), []).append(writer)
    return found


def freeze(u: Unit, portal_id: int, frozen: Collection[Frozen]) -> int:
    """Freeze properties; how many were not frozen before."""
    rows = [(one.contact_id, one.property, one.since_ms, clean(one.writers)) for one in frozen]
    return bulk.put(u, portal_id, FROZEN, rows, clash="nothing")


def frozen(u: Unit, portal_id: int, contact_ids: Collection[int] | None = None) -> tuple[Frozen, ...]:
    """What is frozen, of these contacts or at all."""
    check_portal(portal_id)
    asked = {"portal": portal_id} | ({} if contact_ids is None else {"ids": u.given(contact_ids)})
    return tuple(Frozen(*row) for row in u.run(_frozen(u.sqlite, contact_ids is None), asked))


@lru_cache(maxsize=4)
def _frozen(sqlite: bool, all_of_them: bool) -> sa.Select[*tuple[Any, ...]]:
    which = [_Z.portal_id == sa.bindparam("portal")]
    which += [] if all_of_them else [among_given(sqlite, _Z.contact_id, "ids")]
    query = sa.select(_Z.contact_id, _Z.property, _Z.since_ms, _Z.writers).where(*which)
    return query.order_by(_Z.since_ms, _Z.contact_id, _Z.property)


def thaw(u: Unit, portal_id: int, contact_id: int | None = None) -> list[int]:
    """Release what is frozen, of one contact or of all; whose properties those were."""
    check_portal(portal_id)
    which = mine(FROZEN, portal_id) if contact_id is None else mine(FROZEN, portal_id, contact_id=contact_id)
    contacts = sorted({row[0] for row in u.rows(sa.select(_Z.contact_id).where(which))})
    u.change(sa.delete(FROZEN).where(which))
    u.change(sa.delete(FLIPS).where(mine(FLIPS, portal_id), u.among(_F.contact_id, contacts)))
    return contacts
