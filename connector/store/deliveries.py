"""Raw deliveries and whom they concern: kept byte for byte when they are acknowledged, taken apart by the drain.

All functions work on a unit of the front store (``Front``). A delivery is ``new`` until every portal it addresses has
its notices, then ``done``; ``held`` is what nobody could read, or what the drain gave up, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from connector.store import bulk
from connector.store.front_schema import ADDRESSEES, DELIVERIES
from connector.store.unit import AnyRow, Unit, mine
from connector.store.values import clean

_D, _A = DELIVERIES.c, ADDRESSEES.c
NEW, DONE, HELD = "new", "done", "held"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A delivery about to be kept. With a ``reason`` it is held at once and addresses nobody."""

    body: bytes
    received_ms: int
    portal_ids: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A kept delivery; ``body`` is empty once it was forgotten. ``first``: the lowest of its addressees (0: untold)."""

    id: int
    received_ms: int
    body: bytes
    reason: str = ""
    first: int = 0


def add(u: Unit, incoming: Sequence[Incoming]) -> list[int]:
    """Keep deliveries, all in this transaction; their ids in the same order. The hot path: plain statements."""
    if not incoming:
        return []
    ids = _next_ids(u, len(incoming))
    marked = list(zip(ids, incoming, strict=True))
    rows = [(i, one.received_ms, one.body, HELD if one.reason else NEW, one.reason) for i, one in marked]
    bulk.change_many(u, "INSERT INTO deliveries (id, received_ms, body, state, reason) VALUES (?, ?, ?, ?, ?)", rows)
    concerned = [(portal_id, i, False) for i, one in marked if not one.reason for portal_id in one.portal_ids]
    bulk.change_many(u, "INSERT INTO addressees (portal_id, delivery_id, done) VALUES (?, ?, ?)", concerned)
    return ids


def _next_ids(u: Unit, count: int) -> list[int]:
    """Numbers never given before. On SQLite the transaction is the only writer, and AUTOINCREMENT goes on from them."""
    if u.sqlite:
        query = "SELECT seq FROM sqlite_sequence WHERE name = 'deliveries'"
        last = u.connection.exec_driver_sql(query).scalar() or 0
        return list(range(last + 1, last + count + 1))
    query = "SELECT nextval('deliveries_id_seq') FROM generate_series(1, %s)"
    return sorted(int(row[0]) for row in u.connection.exec_driver_sql(query, (count,)))


def addressed(u: Unit, portal_id: int, limit: int = 100, after_id: int = 0) -> tuple[Delivery, ...]:
    """What waits for that portal, the oldest id first."""
    other = ADDRESSEES.alias()
    first = sa.select(sa.func.min(other.c.portal_id)).where(other.c.delivery_id == _D.id).scalar_subquery()
    query = (
        sa.select(_D.id, _D.received_ms, _D.body, _D.reason, first)
        .join(ADDRESSEES, _A.delivery_id == _D.id)
        .where(mine(ADDRESSEES, portal_id, done=False), _A.delivery_id > after_id, _D.state == NEW)
    )
    return _deliveries(u.rows(query.order_by(_A.delivery_id).limit(limit)))


def done(u: Unit, portal_id: int, delivery_ids: Iterable[int]) -> int:
    """These deliveries' notices are in that portal's inbox; how many were open until now."""
    ids = list(delivery_ids)
    open_ones = sa.and_(mine(ADDRESSEES, portal_id, done=False), u.among(_A.delivery_id, ids))
    changed = u.change(sa.update(ADDRESSEES).where(open_ones).values(done=True))
    _finish(u, u.among(_D.id, ids))
    return changed


def _finish(u: Unit, which: sa.ColumnElement[bool]) -> None:
    """Those of these deliveries that wait for nobody any more are done."""
    waits = sa.exists().where(_A.delivery_id == _D.id, _A.done == sa.false())
    u.change(sa.update(DELIVERIES).where(which, _D.state == NEW, ~waits).values(state=DONE))


def hold(u: Unit, delivery_id: int, reason: str) -> None:
    """Set a delivery aside, with the reason; it waits for a person."""
    u.change(sa.update(DELIVERIES).where(_D.id == delivery_id).values(state=HELD, reason=clean(reason)))


def held(u: Unit, limit: int = 100, after_id: int = 0) -> tuple[Delivery, ...]:
    """What was set aside, the oldest first."""
    columns = [_D.id, _D.received_ms, _D.body, _D.reason]
    query = sa.select(*columns).where(_D.state == HELD, _D.id > after_id).order_by(_D.id).limit(limit)
    return _deliveries(u.rows(query))


def release(u: Unit, delivery_id: int) -> tuple[int, ...]:
    """Put a held delivery back; the portals that must be woken for it. Empty: nobody waits for it."""
    waiting = sa.select(_A.portal_id).where(_A.delivery_id == delivery_id, _A.done == sa.false())
    portal_ids = tuple(row[0] for row in u.rows(waiting.order_by(_A.portal_id)))
    state = NEW if portal_ids else DONE
    held_one = sa.and_(_D.id == delivery_id, _D.state == HELD)
    return portal_ids if u.change(sa.update(DELIVERIES).where(held_one).values(state=state, reason="")) else ()


def discard(u: Unit, delivery_id: int) -> bool:
    """Give a held delivery up for good, body and all; False when it is not held."""
    held_one = sa.and_(_D.id == delivery_id, _D.state == HELD)
    if not u.change(sa.update(DELIVERIES).where(held_one).values(state=DONE, body=None)):
        return False
    u.change(sa.update(ADDRESSEES).where(_A.delivery_id == delivery_id).values(done=True))
    return True


def forget_bodies(u: Unit, before_ms: int) -> int:
    """Forget what was said in deliveries that are done and came before then; how many. That they came stays known."""
    old = sa.and_(_D.state == DONE, _D.received_ms < before_ms, _D.body.is_not(None))
    return u.change(sa.update(DELIVERIES).where(old).values(body=None))


def drop(u: Unit, before_ms: int) -> int:
    """Forget altogether the deliveries that are done and came before then; how many."""
    old = sa.and_(_D.state == DONE, _D.received_ms < before_ms)
    u.change(sa.delete(ADDRESSEES).where(_A.delivery_id.in_(sa.select(_D.id).where(old))))
    return u.change(sa.delete(DELIVERIES).where(old))


def counts(u: Unit) -> dict[str, int]:
    """How many deliveries are in each state."""
    found = {row[0]: row[1] for row in u.rows(sa.select(_D.state, sa.func.count()).group_by(_D.state))}
    return {state: found.get(state, 0) for state in (NEW, DONE, HELD)}


def waiting(u: Unit) -> dict[int, tuple[int, int]]:
    """For each portal that waits for its notices: how many deliveries, and when the oldest came."""
    query = (
        sa.select(_A.portal_id, sa.func.count(), sa.func.min(_D.received_ms))
        .join(DELIVERIES, _A.delivery_id == _D.id)
        .where(_A.done == sa.false(), _D.state == NEW)
        .group_by(_A.portal_id)
    )
    return {row[0]: (row[1], row[2]) for row in u.rows(query)}


def _deliveries(rows: Iterable[AnyRow]) -> tuple[Delivery, ...]:
    return tuple(Delivery(row[0], row[1], bytes(row[2] or b""), *row[3:]) for row in rows)
