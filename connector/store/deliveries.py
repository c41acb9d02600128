"""Raw deliveries and whom they concern."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from connector.store.front_schema import ADDRESSEES, DELIVERIES
from connector.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST as it was signed."""

    id: int
    received_ms: int
    body: bytes | None


def add(u: Unit, body: bytes, portal_ids: Collection[int], now_ms: int) -> int:
    done = u.run(sa.insert(DELIVERIES).values(received_ms=now_ms, body=body, state="new"))
    number = int((done.inserted_primary_key or (0,))[0])
    for p in portal_ids:
        u.run(sa.insert(ADDRESSEES).values(portal_id=p, delivery_id=number, done=False))
    return number


def addressed(u: Unit, portal_id: int, limit: int) -> tuple[Delivery, ...]:
    q = (
        sa.select(DELIVERIES.c.id, DELIVERIES.c.received_ms, DELIVERIES.c.body)
        .join(ADDRESSEES, ADDRESSEES.c.delivery_id == DELIVERIES.c.id)
        .where(ADDRESSEES.c.portal_id == portal_id, ADDRESSEES.c.done.is_(False))
        .order_by(DELIVERIES.c.id)
        .limit(limit)
    )
    return tuple(Delivery(*row) for row in u.rows(q))


def done(u: Unit, portal_id: int, ids: Collection[int]) -> int:
    return u.change(
        sa.update(ADDRESSEES)
        .where(ADDRESSEES.c.portal_id == portal_id, u.among(ADDRESSEES.c.delivery_id, ids))
        .values(done=True)
    )
