"""Lists that the rules name: whether each was read whole, and who is on it. Kept is what the portal said last.

A list that could not be read stands there as unknown, with the reason and without members. Not here: which lists are
named, and when they are read (``connector/sync/listing.py``); replacing a whole list (``members_replaced.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass

import sqlalchemy as sa

from connector.store import bulk
from connector.store.records.dirty import mark_dirty
from connector.store.schema import LIST_MEMBERSHIPS, LISTS
from connector.store.unit import Unit, check_portal, mine

UNTOLD = 0
_L, _M = LISTS.c, LIST_MEMBERSHIPS.c
_KNOWN = sa.select(_L.list_id).where(_L.portal_id == sa.bindparam("portal"), _L.known.is_(True))


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
    check_portal(portal_id)
    return frozenset(row[0] for row in u.run(_KNOWN, {"portal": portal_id}))


def keep_unknown(u: Unit, portal_id: int, row: ListRow) -> None:
    """Nobody can say any more who is on this list; everybody is to be judged, if that was known until now."""
    u.own(portal_id)
    settle(u, portal_id, row, [])
    u.change(sa.delete(LIST_MEMBERSHIPS).where(mine(LIST_MEMBERSHIPS, portal_id, list_id=row.list_id)))


def look(u: Unit, portal_id: int, row: ListRow) -> None:
    """What the list says of itself, where its members stay as they are."""
    check_portal(portal_id)
    bulk.put(u, portal_id, LISTS, [astuple(row)])


def settle(u: Unit, portal_id: int, row: ListRow, moved: list[int]) -> None:
    """The list is so from now on. Whoever moved is to be judged; everybody, when it becomes known or stops being so."""
    check_portal(portal_id)
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


def between(u: Unit, portal_id: int, list_id: str, first: int, last: int) -> list[int]:
    """Members of a list from one contact's id to another's."""
    query = sa.select(_M.contact_id).where(mine(LIST_MEMBERSHIPS, portal_id, list_id=list_id))
    return [row[0] for row in u.rows(query.where(_M.contact_id.between(first, last)))]


def count(u: Unit, portal_id: int) -> dict[str, int]:
    """How many are on each list that anybody is on."""
    query = sa.select(_M.list_id, sa.func.count()).where(mine(LIST_MEMBERSHIPS, portal_id))
    return {row[0]: row[1] for row in u.rows(query.group_by(_M.list_id))}
