"""Spans of time in which deliveries may have been missed, until a pull that began after them has ended."""

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
    """Nothing could be received from ``from_ms`` to ``to_ms``; ``healed_ms``: when the mirror was right again."""

    from_ms: int
    to_ms: int
    healed_ms: int | None
    why: str

    @property
    def seconds(self) -> float:
        return (self.to_ms - self.from_ms) / 1000


def book(u: Unit, portal_id: int, from_ms: int, to_ms: int, why: str) -> None:
    """A gap from then to then; one that began at the same time is made longer, and is open again."""
    bulk.put(u, portal_id, GAPS, [(from_ms, to_ms, None, clean(why))])


def heal(u: Unit, portal_id: int, at_ms: int) -> int:
    """A pull that began at ``at_ms`` has ended: gaps that were over by then are healed; how many."""
    open_ones = [mine(GAPS, portal_id), _G.healed_ms.is_(None), _G.to_ms <= at_ms]
    return u.change(sa.update(GAPS).where(*open_ones).values(healed_ms=at_ms))


def standing(u: Unit, portal_id: int) -> tuple[Gap, ...]:
    """Gaps that are not healed yet, oldest first."""
    return _gaps(u, mine(GAPS, portal_id), _G.healed_ms.is_(None))


def recent(u: Unit, portal_id: int, limit: int = 20) -> tuple[Gap, ...]:
    """The newest gaps, healed or not, newest first."""
    return tuple(reversed(_gaps(u, mine(GAPS, portal_id))))[:limit]


def _gaps(u: Unit, *which: sa.ColumnElement[bool]) -> tuple[Gap, ...]:
    query = sa.select(_G.from_ms, _G.to_ms, _G.healed_ms, _G.why).where(*which).order_by(_G.from_ms)
    return tuple(Gap(*row) for row in u.rows(query))
