"""Who was handed to whom and when, and what sales said to it. A row is open until sales is done with the contact.

The portal's own values are the truth (``leadwright_handed_over_at``, the owner, the answer); these rows are what is
counted by: contacts in hand, today's, the turns taken, the clock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from connector.store import bulk, erasures
from connector.store.schema import CONTACTS, HANDOFFS
from connector.store.unit import Unit, check_portal, mine
from connector.store.values import clean

_H = HANDOFFS.c
ESCALATED = "escalated"


@dataclass(frozen=True, slots=True)
class Handoff:
    """One hand-over. ``pool`` is the routing rule whose turn it was; ``answered_ms`` when we saw the answer."""

    contact_id: int
    at_ms: int
    owner_id: int
    pool: str
    stage: str
    answer: str = ""
    reason: str = ""
    answered_ms: int | None = None
    closed_ms: int | None = None


def put(u: Unit, portal_id: int, rows: Sequence[Handoff]) -> int:
    """Keep these rows as they stand now; an earlier open hand-over of the same contact ends with them, unanswered."""
    u.own(portal_id)
    gone = erasures.standing(u, portal_id, {row.contact_id for row in rows})
    rows = [row for row in rows if row.contact_id not in gone]
    if not rows:
        return 0
    newest = {row.contact_id: row.at_ms for row in sorted(rows, key=lambda row: row.at_ms)}
    known = of(u, portal_id, newest)
    ended = [
        replace(old, answer=old.answer or ESCALATED, closed_ms=newest[old.contact_id])
        for found in known.values()
        for old in found
        if old.closed_ms is None and old.at_ms < newest[old.contact_id]
    ]
    return bulk.put(u, portal_id, HANDOFFS, [_row(row) for row in (*ended, *rows)])


def _row(r: Handoff) -> tuple[int | str | None, ...]:
    head = (r.contact_id, r.at_ms, r.owner_id, clean(r.pool), clean(r.stage))
    return (*head, clean(r.answer), clean(r.reason), r.answered_ms, r.closed_ms)


def of(u: Unit, portal_id: int, contact_ids: Collection[int]) -> dict[int, tuple[Handoff, ...]]:
    """The hand-overs of these contacts, oldest first; who has none is left out."""
    check_portal(portal_id)
    if not contact_ids:
        return {}
    query = sa.select(HANDOFFS).where(mine(HANDOFFS, portal_id), u.among(_H.contact_id, contact_ids))
    found: dict[int, list[Handoff]] = {}
    for row in u.rows(query.order_by(_H.contact_id, _H.at_ms)):
        found.setdefault(row[1], []).append(Handoff(*row[1:]))
    return {who: tuple(rows) for who, rows in found.items()}


def in_hand(u: Unit, portal_id: int) -> dict[int, int]:
    """How many living contacts each owner has in hand."""
    living = sa.and_(mine(CONTACTS, portal_id), CONTACTS.c.id == _H.contact_id, CONTACTS.c.archived.is_(False))
    query = sa.select(_H.owner_id, sa.func.count()).join(CONTACTS, living).where(mine(HANDOFFS, portal_id))
    return {row[0]: row[1] for row in u.rows(query.where(_H.closed_ms.is_(None)).group_by(_H.owner_id))}


def since(u: Unit, portal_id: int, from_ms: int) -> dict[int, int]:
    """How many contacts each owner got from then on."""
    query = sa.select(_H.owner_id, sa.func.count()).where(mine(HANDOFFS, portal_id), _H.at_ms >= from_ms)
    return {row[0]: row[1] for row in u.rows(query.group_by(_H.owner_id))}


def log(u: Unit, portal_id: int, most: int = 2000) -> list[tuple[str, int]]:
    """The latest turns (pool, owner), oldest first."""
    query = sa.select(_H.pool, _H.owner_id).where(mine(HANDOFFS, portal_id))
    rows = u.rows(query.order_by(_H.at_ms.desc(), _H.contact_id.desc()).limit(most))
    return [(row[0], row[1]) for row in reversed(list(rows))]


def unanswered(u: Unit, portal_id: int, limit: int = 1000) -> tuple[Handoff, ...]:
    """Open hand-overs that nobody answered yet, the oldest first."""
    query = sa.select(HANDOFFS).where(mine(HANDOFFS, portal_id), _H.closed_ms.is_(None), _H.answer == "")
    return tuple(Handoff(*row[1:]) for row in u.rows(query.order_by(_H.at_ms, _H.contact_id).limit(limit)))


def answers(u: Unit, portal_id: int, from_ms: int, to_ms: int) -> Mapping[tuple[str, str], int]:
    """How the hand-overs of a span of time were answered: (answer, reason) → how many; '' is: not yet."""
    query = sa.select(_H.answer, _H.reason, sa.func.count()).where(
        mine(HANDOFFS, portal_id), _H.at_ms >= from_ms, _H.at_ms < to_ms
    )
    return {(row[0], row[1]): row[2] for row in u.rows(query.group_by(_H.answer, _H.reason))}
