"""Lists that the rules name: whether each was read whole, and who is on it. Kept is what the portal said last.

A list that could not be read stands there as unknown, with the reason and without members. Not here: which lists are
named, and when they are read (``connector/sync/listing.py``).
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import astuple, dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from connector.store import bulk, erasures
from connector.store.records.dirty import mark_dirty
from connector.store.records.graves import led_away
from connector.store.schema import LIST_MEMBERSHIPS, LISTS
from connector.store.unit import Unit, check_portal, mine

Ints = NDArray[np.int64]
CHUNK = 10_000
UNTOLD = 0
_L, _M = LISTS.c, LIST_MEMBERSHIPS.c


@dataclass(frozen=True, slots=True)
class ListRow:
    """One list: ``why`` it is not known, else ''; ``size`` as the portal counted it when it was last looked at."""

    list_id: str
    name: str
    known: bool
    why: str
    size: int | None
    read_ms: int


def every(u: Unit, portal_id: int) -> dict[str, ListRow]:
    """All lists that were ever asked for and are still named, by id."""
    columns = (_L.list_id, _L.name, _L.known, _L.why, _L.size, _L.read_ms)
    found = u.rows(sa.select(*columns).where(mine(LISTS, portal_id)).order_by(_L.list_id))
    return {row[0]: ListRow(row[0], row[1], bool(row[2]), row[3], row[4], row[5]) for row in found}


def known(u: Unit, portal_id: int) -> frozenset[str]:
    """The lists whose members are all here."""
    return frozenset(row[0] for row in u.rows(sa.select(_L.list_id).where(mine(LISTS, portal_id, known=True))))


def replace(u: Unit, portal_id: int, row: ListRow, ids: Ints, since: Ints) -> tuple[int, int]:
    """The list has exactly these members, each since when (``UNTOLD``: not told); how many came and how many left.

    Whoever came or left is to be judged; everybody is, when nothing was known of the list until now.
    """
    u.own(portal_id)
    ids, since = _living(u, portal_id, ids, since)
    before, before_since = _members(u, portal_id, row.list_id)
    came = ~np.isin(ids, before, assume_unique=True)
    gone = before[~np.isin(before, ids, assume_unique=True)]
    for some in _chunks(gone):
        which = mine(LIST_MEMBERSHIPS, portal_id, list_id=row.list_id)
        u.change(sa.delete(LIST_MEMBERSHIPS).where(which, u.among(_M.contact_id, some)))
    told = came.copy()
    told[~came] = since[~came] != before_since[np.isin(before, ids, assume_unique=True)]
    rows = zip(ids[told].tolist(), since[told].tolist(), strict=True)
    bulk.put(u, portal_id, LIST_MEMBERSHIPS, [(one, row.list_id, None if at == UNTOLD else at) for one, at in rows])
    _mark(u, portal_id, row, [*ids[came].tolist(), *gone.tolist()])
    return int(came.sum()), len(gone)


def keep_unknown(u: Unit, portal_id: int, row: ListRow) -> None:
    """Nobody can say any more who is on this list; everybody is to be judged, if that was known until now."""
    u.own(portal_id)
    _mark(u, portal_id, row, [])
    u.change(sa.delete(LIST_MEMBERSHIPS).where(mine(LIST_MEMBERSHIPS, portal_id, list_id=row.list_id)))


def look(u: Unit, portal_id: int, row: ListRow) -> None:
    """What the list says of itself, where its members stay as they are."""
    bulk.put(u, portal_id, LISTS, [astuple(row)])


def _mark(u: Unit, portal_id: int, row: ListRow, moved: list[int]) -> None:
    turned = (row.list_id in known(u, portal_id)) is not row.known
    mark_dirty(u, portal_id, None if turned else moved)
    look(u, portal_id, row)


def forget_others(u: Unit, portal_id: int, named: Collection[str]) -> int:
    """Lists that nobody names any more are let go of, with their members; how many."""
    check_portal(portal_id)
    others = sorted(every(u, portal_id).keys() - set(named))
    for table in (LIST_MEMBERSHIPS, LISTS) if others else ():
        u.change(sa.delete(table).where(mine(table, portal_id), u.among(table.c.list_id, others)))
    return len(others)


def of(u: Unit, portal_id: int, contact_ids: Collection[int]) -> dict[int, Mapping[str, int | None]]:
    """The lists each of these contacts is on, with since when; contacts that are on none are left out."""
    query = sa.select(_M.contact_id, _M.list_id, _M.since_ms).where(mine(LIST_MEMBERSHIPS, portal_id))
    found: dict[int, dict[str, int | None]] = {}
    for contact, list_id, since in u.rows(query.where(u.among(_M.contact_id, contact_ids))) if contact_ids else ():
        found.setdefault(contact, {})[list_id] = since
    return dict(found)


def between(u: Unit, portal_id: int, list_id: str, first: int, last: int) -> Ints:
    """Members of a list from one contact's id to another's."""
    query = sa.select(_M.contact_id).where(mine(LIST_MEMBERSHIPS, portal_id, list_id=list_id))
    return np.fromiter((row[0] for row in u.rows(query.where(_M.contact_id.between(first, last)))), np.int64)


def count(u: Unit, portal_id: int) -> dict[str, int]:
    """How many are on each list that anybody is on."""
    query = sa.select(_M.list_id, sa.func.count()).where(mine(LIST_MEMBERSHIPS, portal_id))
    return {row[0]: row[1] for row in u.rows(query.group_by(_M.list_id))}


def _members(u: Unit, portal_id: int, list_id: str) -> tuple[Ints, Ints]:
    query = sa.select(_M.contact_id, _M.since_ms).where(mine(LIST_MEMBERSHIPS, portal_id, list_id=list_id))
    ids, since = array("q"), array("q")
    for contact, at in u.run(query.order_by(_M.contact_id)):
        ids.append(contact)
        since.append(UNTOLD if at is None else at)
    return np.array(ids, np.int64), np.array(since, np.int64)


def _living(u: Unit, portal_id: int, ids: Ints, since: Ints) -> tuple[Ints, Ints]:
    """In the order of ids, each once: merged ones as their survivors, erased people not at all."""
    led: dict[int, int] = {}
    erased: set[int] = set()
    for some in _chunks(ids):
        led |= led_away(u, portal_id, "contacts", some)
    lives = np.array([led.get(one, one) for one in ids.tolist()], np.int64) if led else ids
    for some in _chunks(lives):
        erased |= erasures.standing(u, portal_id, some)
    unique, first = np.unique(lives, return_index=True)
    stays = ~np.isin(unique, np.fromiter(erased, np.int64))
    return unique[stays], since[first[stays]]


def _chunks(ids: Ints) -> Iterator[list[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK].tolist()
