"""Plans as they were shown, by their hash."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from connector.store import bulk
from connector.store.schema import PLANS
from connector.store.unit import Unit, mine


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan that was shown; ``body`` is JSON text."""

    hash: str
    made_ms: int
    body: str


def save(u: Unit, portal_id: int, plan_hash: str, body: str, now_ms: int) -> None:
    """Keep a plan; the same plan shown again counts as made now."""
    bulk.put(u, portal_id, PLANS, [(plan_hash, now_ms, body)])


def get(u: Unit, portal_id: int, plan_hash: str) -> PlanRow | None:
    row = u.first(sa.select(PLANS).where(mine(PLANS, portal_id, hash=plan_hash)))
    return PlanRow(*row[1:]) if row is not None else None


def latest(u: Unit, portal_id: int) -> PlanRow | None:
    query = sa.select(PLANS).where(mine(PLANS, portal_id)).order_by(PLANS.c.made_ms.desc(), PLANS.c.hash)
    row = u.first(query.limit(1))
    return PlanRow(*row[1:]) if row is not None else None


def expire(u: Unit, portal_id: int, before_ms: int) -> int:
    """Let go of plans older than that; how many."""
    return u.change(sa.delete(PLANS).where(mine(PLANS, portal_id), PLANS.c.made_ms < before_ms))
