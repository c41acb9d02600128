"""Deliveries → inbox: each POST of the front store is taken apart, and a portal's own notices become rows of its inbox.

The two stores cannot commit together, so the order is: rows first, then the delivery is marked. Killed in between, it
is sorted again, and the notices' keys make that a repeat.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from connector.store import deliveries, erasures, inbox
from connector.store.deliveries import Delivery
from connector.store.forgetting import Person
from connector.store.front import Front
from connector.store.front_forgetting import forget_in_deliveries
from connector.store.inbox import NewEntry
from connector.sync import privacy
from connector.sync.context import Context
from webhooks.notice import BadItem, Notice, split

AT_ONCE = 50


def sort(ctx: Context, front: Front) -> int:
    """Sort everything that was delivered for this portal; how many notices were new."""
    added = 0
    while True:
        with front.view() as door:
            waiting = deliveries.addressed(door, ctx.portal_id, AT_ONCE)
        if not waiting:
            return added
        entries = [entry for delivery in waiting for entry in _entries(ctx, delivery)]
        with ctx.store.unit() as u:
            erased = erasures.standing(u, ctx.portal_id, {e.object_id for e in entries if e.object_id is not None})
            added += inbox.add(u, ctx.portal_id, [e for e in entries if not _about(e, erased)])
        if late := sorted({e.delivery_id for e in entries if _about(e, erased)}):
            # Told too late: nothing of that person is kept, not even here.
            forget_in_deliveries(front, late, ctx.row.hub_id, Person(erased))
            front.scrub()
            if fellows := _merged_into(entries, erased):
                privacy.erase_many(ctx, fellows)
        with front.unit() as door:
            deliveries.done(door, ctx.portal_id, [delivery.id for delivery in waiting])


def _about(entry: NewEntry, erased: frozenset[int]) -> bool:
    """Whether it speaks of somebody who was erased. A company of the same number is somebody else."""
    return entry.object_id in erased and entry.type.startswith(("contact.", "object."))


def _merged_into(entries: Iterable[NewEntry], erased: frozenset[int]) -> set[int]:
    """Ids that were merged into somebody who was erased: they are the same person."""
    told = (split(f"[{e.body}]".encode()).notices for e in entries if e.type == "contact.merge" and _about(e, erased))
    return {loser for notices in told for notice in notices for loser in notice.merged} - erased


def _entries(ctx: Context, delivery: Delivery) -> Iterator[NewEntry]:
    """This portal's notices of one delivery; what cannot be read is kept too, held with its reason."""
    parts = split(delivery.body or b"[]")
    for notice in parts.notices:
        if notice.portal_id == ctx.row.hub_id:
            yield _good(notice, delivery)
    for bad in parts.bad:
        # Nobody knows whose an item is that names no portal: it is held once, with the first that was addressed.
        if bad.portal_id == ctx.row.hub_id or (bad.portal_id is None and delivery.first in (ctx.portal_id, 0)):
            yield _bad(bad, delivery)


def _good(notice: Notice, delivery: Delivery) -> NewEntry:
    return NewEntry(
        key=notice.key,
        delivery_id=delivery.id,
        type=notice.type,
        object_id=notice.object_id,
        property=notice.property,
        occurred_ms=notice.occurred_ms,
        received_ms=delivery.received_ms,
        body=notice.raw.decode(),
    )


def _bad(bad: BadItem, delivery: Delivery) -> NewEntry:
    """What could not be read is held, with its reason; the same item twice is one."""
    return NewEntry(
        key=f"bad:{hashlib.sha256(bad.raw).hexdigest()}",
        delivery_id=delivery.id,
        type="",
        object_id=None,
        property="",
        occurred_ms=delivery.received_ms,
        received_ms=delivery.received_ms,
        body=bad.raw.decode("utf-8", "replace"),
        reason=bad.reason,
    )
