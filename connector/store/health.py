"""How both stores are, for ``doctor``: who was last seen alive, what is held, which gaps stand, the last backup."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from connector.store import beats, cursors, meta
from connector.store.front import Front
from connector.store.front_schema import ADDRESSEES, DELIVERIES, FRONT_META
from connector.store.schema import GAPS, INBOX, PORTALS
from connector.store.unit import Unit, mine

PROBE = "probe"


def writable(front: Front, now_ms: int) -> None:
    """Write and take back one row; raises what a webhook would meet."""
    with front.unit() as u:
        u.change(sa.delete(FRONT_META).where(FRONT_META.c.key == PROBE))
        u.run(sa.insert(FRONT_META).values(key=PROBE, value=str(now_ms)))
        u.change(sa.delete(FRONT_META).where(FRONT_META.c.key == PROBE))


def of_front(u: Unit) -> dict[str, Any]:
    """When each role was last seen, deliveries that could not be sorted, and since when the oldest waits to be."""
    held = sa.select(sa.func.count()).select_from(DELIVERIES).where(DELIVERIES.c.state == "held")
    waits = sa.select(sa.func.min(DELIVERIES.c.received_ms)).where(
        DELIVERIES.c.state == "new",
        sa.exists().where(ADDRESSEES.c.delivery_id == DELIVERIES.c.id, ADDRESSEES.c.done.is_(False)),
    )
    seen = {beat.role: beats.last(u, beat.role) for beat in beats.every(u)}
    return {"seen": seen, "held": u.number(held), "oldest_waiting_ms": u.scalar(waits)}


def of_main(u: Unit) -> dict[str, Any]:
    """Held notices and standing gaps of each portal, and when the last backup was made."""
    held: dict[str, int] = {}
    gaps: dict[str, int] = {}
    back: dict[str, str] = {}
    for number, name in u.rows(sa.select(PORTALS.c.id, PORTALS.c.name)):
        count = sa.select(sa.func.count())
        held[name] = u.number(count.select_from(INBOX).where(mine(INBOX, number, state="held")))
        gaps[name] = u.number(count.select_from(GAPS).where(mine(GAPS, number), GAPS.c.healed_ms.is_(None)))
        state = cursors.get(u, number, "held_back")
        back[name] = state["why"] if state else ""
    last = meta.get(u, "last_backup_ms")
    return {"held": held, "held_back": back, "gaps": gaps, "last_backup_ms": int(last) if last else None}
