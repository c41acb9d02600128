"""How many calls were made to a portal on each of its days."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connector.store.schema import USAGE
from connector.store.unit import Unit, mine


def add_calls(u: Unit, portal_id: int, day: str, calls: int) -> int:
    """Count calls on a day (``2026-11-22``, by the portal's own calendar); the day's sum so far."""
    which = mine(USAGE, portal_id, day=day)
    insert = sqlite.insert(USAGE) if u.sqlite else postgresql.insert(USAGE)
    row = insert.values(portal_id=portal_id, day=day, calls=calls)
    u.run(row.on_conflict_do_update(index_elements=["portal_id", "day"], set_={"calls": USAGE.c.calls + calls}))
    return u.number(sa.select(USAGE.c.calls).where(which))


def get(u: Unit, portal_id: int, day: str) -> int:
    return u.number(sa.select(USAGE.c.calls).where(mine(USAGE, portal_id, day=day)))


def days(u: Unit, portal_id: int, limit: int = 31) -> dict[str, int]:
    """The newest days with their sums."""
    query = sa.select(USAGE.c.day, USAGE.c.calls).where(mine(USAGE, portal_id)).order_by(USAGE.c.day.desc())
    return {row[0]: row[1] for row in u.rows(query.limit(limit))}
