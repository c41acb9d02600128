"""What is good once: whoever comes first spends it, for all processes. They belong to no portal."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connector.store.front_schema import SPENT
from connector.store.unit import Unit


def spend(u: Unit, ident: str, now_ms: int, until_ms: int) -> bool:
    """True for the first. Kept until then: afterwards its age alone refuses it."""
    u.run(sa.delete(SPENT).where(SPENT.c.until_ms < now_ms))
    insert = sqlite.insert(SPENT) if u.sqlite else postgresql.insert(SPENT)
    return u.change(insert.values(id=ident, until_ms=until_ms).on_conflict_do_nothing()) == 1
