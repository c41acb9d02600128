"""What one of all processes may do at a time for a portal: taken with one statement, given back, or run out.

A lease runs out by itself, so that nobody waits for ever for a process that died. Whoever took it looks at the state
once more before acting, and writes what came of it by compare-and-swap: a lease that ran out too early does no harm.
"""

from __future__ import annotations

import sqlalchemy as sa

from connector.store import bulk
from connector.store.front_schema import LEASES
from connector.store.unit import Unit, mine

_L = LEASES.c


def take(u: Unit, portal_id: int, purpose: str, holder: str, now_ms: int, until_ms: int) -> bool:
    """True for the one who may act until then."""
    bulk.put(u, portal_id, LEASES, [(purpose, "", 0, 0)], clash="nothing")
    free = (_L.holder == "") | (_L.until_ms <= now_ms)
    this = mine(LEASES, portal_id, purpose=purpose)
    return u.change(sa.update(LEASES).where(this, free).values(holder=holder, until_ms=until_ms)) == 1


def give_back(u: Unit, portal_id: int, purpose: str, holder: str) -> None:
    """Unless it ran out and is somebody else's by now."""
    this = mine(LEASES, portal_id, purpose=purpose, holder=holder)
    u.run(sa.update(LEASES).where(this).values(holder="", until_ms=0))


def forced_ms(u: Unit, portal_id: int, purpose: str) -> int:
    """When it was last done against all expectation; 0 for never."""
    return u.number(sa.select(_L.forced_ms).where(mine(LEASES, portal_id, purpose=purpose)))


def book_forced(u: Unit, portal_id: int, purpose: str, now_ms: int) -> None:
    """By whoever holds the lease."""
    u.run(sa.update(LEASES).where(mine(LEASES, portal_id, purpose=purpose)).values(forced_ms=now_ms))


def forget(u: Unit, portal_id: int, purpose: str) -> int:
    """Begin anew: nobody holds it, and it was never forced."""
    return u.change(sa.delete(LEASES).where(mine(LEASES, portal_id, purpose=purpose)))
