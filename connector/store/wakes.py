"""Which portals must be woken for which kind of work: a flag is raised with the work, and lowered before it is read.

Raised by the transaction that stores the work, which enqueues a job only if the flag was down; lowered by the job
before it reads. So one waiting job covers all work that came until it starts, and work that comes later finds the flag
down and enqueues anew. The row is locked from raising to commit: on PostgreSQL a job that lowers the flag has to wait
for a transaction that found it up, and therefore sees what that one stored.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from connector.store import bulk
from connector.store.front_schema import ADDRESSEES, DELIVERIES, WAKES
from connector.store.unit import Unit, mine

LIVE = ("drain", "erase")


@dataclass(frozen=True, slots=True)
class Wake:
    """A raised flag."""

    portal_id: int
    kind: str
    raised_ms: int


def raise_flag(u: Unit, portal_id: int, kind: str, now_ms: int) -> bool:
    """True when the flag was down: then the caller enqueues, in this transaction."""
    this = mine(WAKES, portal_id, kind=kind)
    bulk.put(u, portal_id, WAKES, [(kind, None)], clash="nothing")
    if u.scalar(sa.select(WAKES.c.raised_ms).where(this).with_for_update()) is not None:
        return False
    u.run(sa.update(WAKES).where(this).values(raised_ms=now_ms))
    return True


def lower(u: Unit, portal_id: int, kind: str) -> None:
    """First thing a job does; what it reads after that transaction is complete."""
    u.run(sa.update(WAKES).where(mine(WAKES, portal_id, kind=kind)).values(raised_ms=None))


def raised(u: Unit) -> tuple[Wake, ...]:
    """Every raised flag, the oldest first."""
    query = sa.select(WAKES.c.portal_id, WAKES.c.kind, WAKES.c.raised_ms).where(WAKES.c.raised_ms.is_not(None))
    return tuple(Wake(*row) for row in u.rows(query.order_by(WAKES.c.raised_ms, WAKES.c.portal_id)))


def live_work_waits(u: Unit, portal_id: int) -> bool:
    """Whether live work of that portal waits; one look at one row."""
    flags = mine(WAKES, portal_id) & WAKES.c.kind.in_(LIVE) & WAKES.c.raised_ms.is_not(None)
    return u.first(sa.select(WAKES.c.kind).where(flags).limit(1)) is not None


def live_work_since(u: Unit) -> int | None:
    """Since when the live work that waits longest has been waiting, of whichever portal."""
    found = u.scalar(sa.select(sa.func.min(WAKES.c.raised_ms)).where(WAKES.c.kind.in_(LIVE)))
    return int(found) if found is not None else None


def open_since(u: Unit, before_ms: int) -> tuple[int, ...]:
    """Portals with a delivery that came before then and is not in their inbox yet."""
    query = (
        sa.select(ADDRESSEES.c.portal_id)
        .distinct()
        .join(DELIVERIES, DELIVERIES.c.id == ADDRESSEES.c.delivery_id)
        .where(ADDRESSEES.c.done == sa.false(), DELIVERIES.c.received_ms < before_ms)
    )
    return tuple(row[0] for row in u.rows(query))


def forget(u: Unit, portal_id: int) -> None:
    """Remove the flags of a portal that is no more."""
    u.run(sa.delete(WAKES).where(mine(WAKES, portal_id)))
