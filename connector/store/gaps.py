"""The times in which notices were missed, by portal: since when, until when, why, and whether a poll healed them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from connector.store import bulk
from connector.store.schema import GAPS
from connector.store.unit import Unit, mine
from connector.store.values import clean

_G = GAPS.c


@dataclass(frozen=True, slots=True)
class Gap:
    """Notices between these instants may be missing."""

    from_ms: int
    to_ms: int
    why: str

    @property
    def seconds(self) -> float:
        """How long it was."""
        return (self.to_ms - self.from_ms) / 1000


def open(u: Unit, portal_id: int, from_ms: int, to_ms: int, why: str) -> None:  # noqa: A001
    """Book a gap; one that stands for the same reason grows instead."""
    u.own(portal_id)
    why = clean(why)
    standing_one = sa.and_(mine(GAPS, portal_id, why=why), _G.healed_ms.is_(None))
    known = u.first(sa.select(_G.from_ms, _G.to_ms).where(standing_one).order_by(_G.from_ms).limit(1))
    if known is None:
        bulk.put(u, portal_id, GAPS, [(from_ms, max(from_ms, to_ms), None, why)])
    elif to_ms > known[1]:
        u.run(sa.update(GAPS).where(mine(GAPS, portal_id, from_ms=known[0])).values(to_ms=to_ms))


def close(u: Unit, portal_id: int, read_from_ms: int, now_ms: int) -> int:
    """A poll that began at ``read_from_ms`` read all that had changed: gaps that ended by then are healed; how many."""
    over = sa.and_(mine(GAPS, portal_id), _G.healed_ms.is_(None), _G.to_ms <= read_from_ms)
    return u.change(sa.update(GAPS).where(over).values(healed_ms=now_ms))


def standing(u: Unit, portal_id: int) -> tuple[Gap, ...]:
    """The gaps that no poll healed yet, the oldest first."""
    query = sa.select(_G.from_ms, _G.to_ms, _G.why).where(mine(GAPS, portal_id), _G.healed_ms.is_(None))
    return tuple(Gap(*row) for row in u.rows(query.order_by(_G.from_ms)))
