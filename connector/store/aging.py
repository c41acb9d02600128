"""Letting go of old rows, a thousand at a time: found by a read that blocks nobody, deleted in a short transaction.

What is old, and how old it may grow, is the caller's: ``connector/sync/retention.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from connector.store import bulk
from connector.store.front import Front
from connector.store.front_schema import ADDRESSEES, DELIVERIES
from connector.store.records.dirty import mark_changed
from connector.store.schema import (
    ACTIVITIES,
    DECISIONS,
    ENRICHMENT_WISHES,
    ENRICHMENTS,
    FLIPS,
    GAPS,
    HANDOFFS,
    INBOX,
    OUTBOX,
    PLANS,
    PROPERTY_HISTORY,
    RECEIPT_HISTORY,
    RUNS,
    STAGE_STEPS,
    UNCLAIMED_EVENTS,
    USAGE,
)
from connector.store.store import Store
from connector.store.unit import Unit, check_portal, mine

CHUNK = 1000
Rest = Callable[[], None]
_WAITS = ("planned", "unknown")
_OPEN = ("new", "held")


def let_go(store: Store, portal_id: int, what: str, before: int | str) -> int:
    """Delete the rows of one kind (a key of ``KINDS``) that are older than ``before``; how many."""
    check_portal(portal_id)
    table, which = KINDS[what](before)
    gone = 0
    for keys in _old(store, portal_id, table, which):
        with store.unit() as u:
            u.own(portal_id)
            gone += _delete(u, portal_id, table, which, keys)
            if table is ACTIVITIES:  # what a score stood on is gone
                mark_changed(u, portal_id, {key[0] for key in keys})
    return gone


def _key(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.primary_key.columns if column.name != "portal_id"]


def _old(
    store: Store, portal_id: int, table: sa.Table, which: sa.ColumnElement[bool]
) -> Iterator[list[tuple[Any, ...]]]:
    """Keys of old rows in key order, walked once however many there are."""
    key = _key(table)
    query = sa.select(*key).where(mine(table, portal_id), which).order_by(*key).limit(CHUNK)
    last: tuple[Any, ...] | None = None
    while True:
        after = sa.true() if last is None else sa.tuple_(*key) > sa.tuple_(*(sa.literal(value) for value in last))
        with store.view() as u:
            found = [tuple(row) for row in u.rows(query.where(after))]
        if found:
            yield found
        if len(found) < CHUNK:
            return
        last = found[-1]


def _delete(
    u: Unit, portal_id: int, table: sa.Table, which: sa.ColumnElement[bool], keys: Sequence[tuple[Any, ...]]
) -> int:
    """By key, and only what is still old: a held notice may have been put back between the look and this."""
    key = _key(table)
    if len(key) == 1:
        return u.change(
            sa.delete(table).where(mine(table, portal_id), which, u.among(key[0], [one[0] for one in keys]))
        )
    same = " AND ".join(f'"{column.name}" = ?' for column in key)
    statement = f"DELETE FROM {table.name} WHERE portal_id = ? AND {same}"
    return bulk.change_many(u, statement, [(portal_id, *one) for one in keys])


Old = tuple[sa.Table, sa.ColumnElement[bool]]


def _by(column: sa.Column[Any]) -> Callable[[int | str], Old]:
    return lambda before: (column.table, column < before)


# Enrolments stay: a cause is entered once for good, and this is where that is known.
KINDS: dict[str, Callable[[int | str], Old]] = {
    "notices": lambda before: (INBOX, INBOX.c.state.not_in(_OPEN) & (INBOX.c.done_ms < before)),
    "held notices": lambda before: (INBOX, (INBOX.c.state == "held") & (INBOX.c.received_ms < before)),
    "activities": _by(ACTIVITIES.c.at_ms),
    "events without a person": _by(UNCLAIMED_EVENTS.c.at_ms),
    "property history": _by(PROPERTY_HISTORY.c.at_ms),
    "score history": _by(RECEIPT_HISTORY.c.at_ms),
    "decisions": _by(DECISIONS.c.at_ms),
    "writes": lambda before: (
        OUTBOX,
        (OUTBOX.c.kind != "enrol") & OUTBOX.c.state.not_in(_WAITS) & (OUTBOX.c.created_ms < before),
    ),
    "runs": lambda before: (RUNS, RUNS.c.finished_ms.is_not(None) & (RUNS.c.finished_ms < before)),
    "healed gaps": lambda before: (GAPS, GAPS.c.healed_ms.is_not(None) & (GAPS.c.healed_ms < before)),
    "plans": _by(PLANS.c.made_ms),
    "answers of providers": _by(ENRICHMENTS.c.until_ms),
    "unanswered wishes": _by(ENRICHMENT_WISHES.c.since_ms),
    "calls a day": _by(USAGE.c.day),
    "flips": _by(FLIPS.c.at_ms),
    "steps through the stages": _by(STAGE_STEPS.c.at_ms),
    "hand-overs": lambda before: (HANDOFFS, HANDOFFS.c.closed_ms.is_not(None) & (HANDOFFS.c.at_ms < before)),
}


def let_go_of_deliveries(front: Front, portal_id: int, before_ms: int, held_before_ms: int, rest: Rest) -> int:
    """Raw deliveries that every portal they concern is done with and has let go of; how many went.

    ``rest`` is called after each transaction: webhooks are waiting to be stored.
    """
    check_portal(portal_id)
    a, d = ADDRESSEES.c, DELIVERIES.c
    mine_ = sa.select(a.delivery_id).join(DELIVERIES, d.id == a.delivery_id)
    old = mine_.where(a.portal_id == portal_id, a.done.is_(True), d.received_ms < before_ms, d.state != "held")
    held = mine_.where(a.portal_id == portal_id, d.received_ms < held_before_ms, d.state == "held")
    while ids := _some(front, old) or _some(front, held):
        with front.unit() as u:
            u.change(sa.delete(ADDRESSEES).where(a.portal_id == portal_id, u.among(a.delivery_id, ids)))
        rest()
    return _orphans(front, before_ms, held_before_ms, rest)


def _some(front: Front, query: sa.Select[tuple[Any]]) -> list[int]:
    with front.view() as u:
        return [row[0] for row in u.rows(query.limit(CHUNK // 2))]


def _orphans(front: Front, before_ms: int, held_before_ms: int, rest: Rest) -> int:
    """Deliveries that concern nobody any more, unreadable ones among them."""
    d = DELIVERIES.c
    nobody = sa.not_(sa.exists().where(ADDRESSEES.c.delivery_id == d.id))
    age = sa.case((d.state == "held", held_before_ms), else_=before_ms)
    query = sa.select(d.id).where(d.received_ms < age, nobody).order_by(d.received_ms)
    gone = 0
    while ids := _some(front, query):
        with front.unit() as u:
            gone += u.change(sa.delete(DELIVERIES).where(u.among(d.id, ids), nobody))
        rest()
    return gone
