"""Facts of many contacts kept as columns, a stretch of ids at a time, and which contacts changed since.

A copy for judging everybody at once, never the truth: it may be dropped at any time and is made again from the rows.
Whoever writes a fact of a contact calls ``touch`` in the same transaction; nothing is noted in a portal that has no
stretch yet, so a stretch is announced *before* its rows are read. Like a mark to be judged (``records/dirty.py``) a
change carries a token: one that comes while columns are made stays noted. Both sides own the portal meanwhile.

Not here: what is in a column (``connector/rules/crowd/packing.py``), when one is made (``connector/sync/crowds.py``).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connector.store import bulk
from connector.store.schema import CONTACTS, STRETCH_CHANGES, STRETCH_COLUMNS, STRETCHES
from connector.store.unit import Unit, check_portal, mine

_S = STRETCHES.c
_C = STRETCH_COLUMNS.c
_N = STRETCH_CHANGES.c
_ANY = sa.select(_S.after_id).where(_S.portal_id == sa.bindparam("portal")).limit(1)


@dataclass(frozen=True, slots=True)
class Reach:
    """The contacts with ids after ``after_id``, up to and with ``last_id``."""

    after_id: int
    last_id: int


def kept(u: Unit, portal_id: int) -> bool:
    """Whether the portal has any stretch; in one that has none nobody needs to note who changed."""
    check_portal(portal_id)
    return u.run(_ANY, {"portal": portal_id}).first() is not None


def following(u: Unit, portal_id: int, after_id: int) -> Reach | None:
    """The next announced stretch that begins at this id or behind it."""
    query = sa.select(_S.after_id, _S.last_id).where(mine(STRETCHES, portal_id), _S.after_id >= after_id)
    row = u.first(query.order_by(_S.after_id).limit(1))
    return Reach(row[0], row[1]) if row is not None else None


def end_of(u: Unit, portal_id: int, after_id: int, until_id: int | None, limit: int) -> tuple[int | None, int]:
    """The id of the last of the next ``limit`` living contacts, none behind ``until_id``; and how many those are."""
    c = CONTACTS.c
    living = sa.select(c.id).where(mine(CONTACTS, portal_id), c.archived.is_(False), c.id > after_id)
    living = living if until_id is None else living.where(c.id <= until_id)
    ids = living.order_by(c.id).limit(limit).subquery()
    row = u.run(sa.select(sa.func.max(ids.c.id), sa.func.count())).one()
    return row[0], row[1]


def announce(u: Unit, portal_id: int, reach: Reach) -> int:
    """Say that columns of this stretch will be made: from now on every change of a contact within is noted.

    Gives the token to keep them by. Columns that are there stay good until then, unless the stretch had another end.
    """
    u.own(portal_id)
    before = u.scalar(sa.select(_S.last_id).where(mine(STRETCHES, portal_id, after_id=reach.after_id)))
    token = secrets.randbits(62)
    bulk.put(u, portal_id, STRETCHES, [(reach.after_id, reach.last_id, token)])
    if before is not None and before != reach.last_id:
        u.change(sa.delete(STRETCH_COLUMNS).where(mine(STRETCH_COLUMNS, portal_id, after_id=reach.after_id)))
    return token


def drop(u: Unit, portal_id: int, ids: Collection[int]) -> int:
    """Delete all columns of the stretches that hold any of these contacts: they say what each of them did and is."""
    check_portal(portal_id)
    holds = sa.or_(*(sa.and_(_S.after_id < one, _S.last_id >= one) for one in ids)) if ids else sa.false()
    holding = sa.select(_S.after_id).where(mine(STRETCHES, portal_id), holds)
    return u.change(sa.delete(STRETCH_COLUMNS).where(mine(STRETCH_COLUMNS, portal_id), _C.after_id.in_(holding)))


def names(u: Unit, portal_id: int) -> frozenset[str]:
    """The names of all columns that any stretch of the portal keeps."""
    query = sa.select(_C.name).distinct().where(mine(STRETCH_COLUMNS, portal_id))
    return frozenset(row[0] for row in u.rows(query))


def columns(u: Unit, portal_id: int, reach: Reach, wanted: Collection[str]) -> dict[str, bytes]:
    """The columns of one stretch by name; those that are not kept are left out."""
    check_portal(portal_id)
    which = mine(STRETCH_COLUMNS, portal_id, after_id=reach.after_id)
    query = sa.select(_C.name, _C.body).where(which, u.among(_C.name, wanted))
    return {row[0]: bytes(row[1]) for row in u.rows(query)}


def keep(
    u: Unit, portal_id: int, reach: Reach, token: int, bodies: Mapping[str, bytes], seen: Mapping[int, int]
) -> bool:
    """Keep columns read after they were announced; ``seen``: the changes noted by then, which are in.

    Not if somebody announced the stretch since: that one's columns are younger, and changes it has seen may be noted
    no more.
    """
    u.own(portal_id)
    if u.scalar(sa.select(_S.token).where(mine(STRETCHES, portal_id, after_id=reach.after_id))) != token:
        return False
    u.change(sa.delete(STRETCH_COLUMNS).where(mine(STRETCH_COLUMNS, portal_id, after_id=reach.after_id)))
    bulk.put(u, portal_id, STRETCH_COLUMNS, [(reach.after_id, name, body) for name, body in bodies.items()])
    told = "DELETE FROM stretch_changes WHERE portal_id = ? AND contact_id = ? AND token = ?"
    bulk.change_many(u, told, [(portal_id, contact, mark) for contact, mark in seen.items()])
    return True


def changed(u: Unit, portal_id: int, reach: Reach) -> dict[int, int]:
    """Whoever changed since the columns of a stretch were made: id → token."""
    check_portal(portal_id)
    within = (_N.contact_id > reach.after_id, _N.contact_id <= reach.last_id)
    query = sa.select(_N.contact_id, _N.token).where(mine(STRETCH_CHANGES, portal_id), *within)
    return {row[0]: row[1] for row in u.rows(query)}


def touch(u: Unit, portal_id: int, contact_ids: Iterable[int]) -> None:
    """Note that facts of these contacts changed, or that they are gone."""
    check_portal(portal_id)
    ids = set(contact_ids)
    if not ids:
        return
    u.own(portal_id)  # nobody announces a stretch between the look and the end of this transaction
    if kept(u, portal_id):
        token = secrets.randbits(62)
        bulk.put(u, portal_id, STRETCH_CHANGES, [(contact, token) for contact in ids])


def touch_those(u: Unit, portal_id: int, which: sa.ColumnElement[bool]) -> None:
    """Note it of the living contacts with this condition."""
    u.own(portal_id)
    if not kept(u, portal_id):
        return
    chosen = sa.select(CONTACTS.c.portal_id, CONTACTS.c.id, sa.literal(secrets.randbits(62), sa.BigInteger())).where(
        mine(CONTACTS, portal_id), CONTACTS.c.archived.is_(False), which
    )
    insert = sqlite.insert(STRETCH_CHANGES) if u.sqlite else postgresql.insert(STRETCH_CHANGES)
    noted = insert.from_select(["portal_id", "contact_id", "token"], chosen)
    u.change(
        noted.on_conflict_do_update(index_elements=["portal_id", "contact_id"], set_={"token": noted.excluded.token})
    )
