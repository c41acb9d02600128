"""Which contacts wait to be judged: marked when a fact changed, or due because time alone changes their score.

A mark carries a token drawn anew at each marking. The judge takes the tokens with the facts and clears by them: a
change that came in between has another token, and its mark stays.
"""

from __future__ import annotations

import heapq
import secrets
from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connector.store import bulk, stretches
from connector.store.schema import ASSOCIATIONS, CONTACTS, DIRTY, RECEIPTS
from connector.store.unit import Unit, check_portal, mine

# On PostgreSQL ten times as fast as a statement a row.
_CLEAR = sa.text(
    "DELETE FROM dirty USING unnest(CAST(:contacts AS bigint[]), CAST(:tokens AS bigint[])) AS seen (contact, token)"
    " WHERE dirty.portal_id = :portal_id AND dirty.contact_id = seen.contact AND dirty.token = seen.token"
)


def mark_dirty(u: Unit, portal_id: int, contact_ids: Collection[int] | None) -> int:
    """Mark these live contacts, or all of them with None; how many were marked."""
    check_portal(portal_id)
    if contact_ids is None:
        return _mark(u, portal_id, sa.true())
    return _mark(u, portal_id, u.among(CONTACTS.c.id, contact_ids)) if contact_ids else 0


def mark_changed(u: Unit, portal_id: int, contact_ids: Collection[int]) -> int:
    """Mark contacts of which a fact changed; how many were marked."""
    stretches.touch(u, portal_id, contact_ids)
    return mark_dirty(u, portal_id, contact_ids)


def mark_known(u: Unit, portal_id: int, contact_ids: Collection[int]) -> None:
    """Mark contacts the caller knows to be live, without looking."""
    token = secrets.randbits(62)
    bulk.put(u, portal_id, DIRTY, [(contact, token) for contact in set(contact_ids)])


def mark_linked(u: Unit, portal_id: int, to_type: str, ids: Collection[int]) -> None:
    """Mark the contacts linked to these companies or deals, from whichever side the link was read."""
    if ids:
        touch_linked(u, portal_id, to_type, ids)
        _mark(u, portal_id, _linked(u, portal_id, to_type, ids))


def touch_linked(u: Unit, portal_id: int, to_type: str, ids: Collection[int]) -> None:
    """Note a change of the contacts linked to these, though it may be none that anybody is judged by."""
    if ids:
        stretches.touch_those(u, portal_id, _linked(u, portal_id, to_type, ids))


def _linked(u: Unit, portal_id: int, to_type: str, ids: Collection[int]) -> sa.ColumnElement[bool]:
    there = sa.select(ASSOCIATIONS.c.from_id).where(
        mine(ASSOCIATIONS, portal_id, from_type="contacts", to_type=to_type), u.among(ASSOCIATIONS.c.to_id, ids)
    )
    back = sa.select(ASSOCIATIONS.c.to_id).where(
        mine(ASSOCIATIONS, portal_id, from_type=to_type, to_type="contacts"), u.among(ASSOCIATIONS.c.from_id, ids)
    )
    return CONTACTS.c.id.in_(there.union(back))


def mark_colleagues(u: Unit, portal_id: int, of: Collection[int] | None = None) -> int:
    """Mark the contacts that share a company with those that wait (of these, or any), and do not wait themselves."""
    check_portal(portal_id)
    links = mine(ASSOCIATIONS, portal_id, from_type="contacts", to_type="companies")
    waiting = sa.select(DIRTY.c.contact_id).where(mine(DIRTY, portal_id))
    starting = waiting if of is None else waiting.where(u.among(DIRTY.c.contact_id, of))
    companies = sa.select(ASSOCIATIONS.c.to_id).where(links, ASSOCIATIONS.c.from_id.in_(starting))
    beside = sa.select(ASSOCIATIONS.c.from_id).where(links, ASSOCIATIONS.c.to_id.in_(companies))
    return _mark(u, portal_id, sa.and_(CONTACTS.c.id.in_(beside), CONTACTS.c.id.not_in(waiting)))


def _mark(u: Unit, portal_id: int, which: sa.ColumnElement[bool]) -> int:
    chosen = sa.select(CONTACTS.c.portal_id, CONTACTS.c.id, sa.literal(secrets.randbits(62), sa.BigInteger())).where(
        mine(CONTACTS, portal_id), CONTACTS.c.archived.is_(False), which
    )
    insert = sqlite.insert(DIRTY) if u.sqlite else postgresql.insert(DIRTY)
    inserted = insert.from_select(["portal_id", "contact_id", "token"], chosen)
    return u.change(
        inserted.on_conflict_do_update(
            index_elements=["portal_id", "contact_id"], set_={"token": inserted.excluded.token}
        )
    )


def dirty_or_due(u: Unit, portal_id: int, now_ms: int, after_id: int = 0, limit: int = 1000) -> dict[int, int]:
    """The next live contacts to judge, in id order: id → token (0 where time alone makes it due)."""
    marked = sa.select(DIRTY.c.contact_id, DIRTY.c.token).where(mine(DIRTY, portal_id), DIRTY.c.contact_id > after_id)
    due = (
        sa.select(RECEIPTS.c.contact_id, sa.literal(0))
        .join(CONTACTS, sa.and_(mine(CONTACTS, portal_id), CONTACTS.c.id == RECEIPTS.c.contact_id))
        .where(mine(RECEIPTS, portal_id), RECEIPTS.c.due_ms.is_not(None), RECEIPTS.c.due_ms <= now_ms)
        .where(RECEIPTS.c.contact_id > after_id, CONTACTS.c.archived.is_(False))
    )
    first = u.rows(marked.order_by(DIRTY.c.contact_id).limit(limit))
    second = u.rows(due.order_by(RECEIPTS.c.contact_id).limit(limit))
    found: dict[int, int] = {}
    for contact, token in heapq.merge(first, second, key=lambda row: row[0]):
        found[contact] = max(token, found.get(contact, 0))
        if len(found) > limit:
            del found[contact]
            break
    return found


def dirty_count(u: Unit, portal_id: int) -> int:
    return u.number(sa.select(sa.func.count()).select_from(DIRTY).where(mine(DIRTY, portal_id)))


def tokens(u: Unit, portal_id: int, contact_ids: Collection[int]) -> dict[int, int]:
    """The marks of these contacts, 0 for those without one; to be read in the same view as the facts."""
    query = sa.select(DIRTY.c.contact_id, DIRTY.c.token).where(mine(DIRTY, portal_id))
    found = {row[0]: row[1] for row in u.rows(query.where(u.among(DIRTY.c.contact_id, contact_ids)))}
    return {contact: found.get(contact, 0) for contact in contact_ids}


def clear_dirty(u: Unit, portal_id: int, as_of: Mapping[int, int]) -> int:
    """Take away the marks that are still the ones the facts were read with; how many those were."""
    check_portal(portal_id)
    marked = {contact: token for contact, token in as_of.items() if token}
    if not u.sqlite:
        seen = {"portal_id": portal_id, "contacts": list(marked), "tokens": list(marked.values())}
        return max(0, u.run(_CLEAR, seen).rowcount)
    statement = "DELETE FROM dirty WHERE portal_id = ? AND contact_id = ? AND token = ?"
    return bulk.change_many(u, statement, [(portal_id, contact, token) for contact, token in marked.items()])


def unmark(u: Unit, portal_id: int, contact_ids: Collection[int]) -> None:
    """Take away the marks of contacts that are gone."""
    u.change(sa.delete(DIRTY).where(mine(DIRTY, portal_id), u.among(DIRTY.c.contact_id, contact_ids)))
