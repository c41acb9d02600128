"""The data quality of a portal, a row for each of its days. What the shares mean: ``connector/rules/quality``."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from connector.store import bulk
from connector.store.schema import QUALITY_DAYS
from connector.store.unit import AnyRow, Unit, mine


@dataclass(frozen=True, slots=True)
class QualityDay:
    """Shares of 1, as they stood at an instant of that day (``2026-11-22``, by the portal's own calendar)."""

    day: str
    at_ms: int
    total: int
    complete: float | None
    valid: float | None
    fresh: float | None
    unique: float | None


def put(u: Unit, portal_id: int, one: QualityDay) -> None:
    """Keep a day."""
    u.own(portal_id)
    shares = (one.complete, one.valid, one.fresh, one.unique)
    bulk.put(u, portal_id, QUALITY_DAYS, [(one.day, one.at_ms, one.total, *shares)])


def has(u: Unit, portal_id: int, day: str) -> bool:
    """Whether that day is kept already."""
    return u.first(sa.select(QUALITY_DAYS.c.day).where(mine(QUALITY_DAYS, portal_id, day=day))) is not None


def newest(u: Unit, portal_id: int, limit: int) -> tuple[QualityDay, ...]:
    """The newest days, the oldest of them first."""
    query = sa.select(QUALITY_DAYS).where(mine(QUALITY_DAYS, portal_id)).order_by(QUALITY_DAYS.c.day.desc())
    return tuple(_day(row) for row in reversed(u.rows(query.limit(limit))))


def _day(row: AnyRow) -> QualityDay:
    return QualityDay(*row[1:])
