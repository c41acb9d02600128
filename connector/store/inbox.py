"""The inbox: notices of deliveries, one row each, found by their composite key so that a repeat changes nothing.

new ──handled──▶ done (read again), echo (our own write), unread (nobody asked for it), unknown (a type we do not know)
 │
 └──bad, or tried too often──▶ held ──retry──▶ new
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from connector.store import bulk
from connector.store.schema import INBOX
from connector.store.unit import AnyRow, Unit, check_portal, mine
from connector.store.values import clean

InboxState = Literal["new", "done", "echo", "unread", "unknown", "held"]

_I = INBOX.c


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A notice to be kept. ``reason`` is empty unless it is bad: then it is held from the start."""

    key: str
    delivery_id: int
    type: str
    object_id: int | None
    property: str
    occurred_ms: int
    received_ms: int
    body: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A kept notice: ``body`` is the item as HubSpot sent it, as JSON text."""

    id: int
    key: str
    delivery_id: int
    type: str
    object_id: int | None
    property: str
    occurred_ms: int
    received_ms: int
    body: str
    state: InboxState
    attempts: int
    reason: str
    done_ms: int | None


def add(u: Unit, portal_id: int, entries: Sequence[NewEntry]) -> int:
    """Keep notices; how many were new. One whose key is known is a repeat and is left as it is."""
    u.own(portal_id)
    last = u.number(sa.select(sa.func.max(_I.id)).where(mine(INBOX, portal_id)))
    rows = [_row(last + place, entry) for place, entry in enumerate(entries, 1)]
    return bulk.put(u, portal_id, INBOX, rows, clash="nothing")


def _row(number: int, e: NewEntry) -> tuple[Any, ...]:
    head = (number, clean(e.key), e.delivery_id, clean(e.type), e.object_id, clean(e.property))
    state = "held" if e.reason else "new"
    return (*head, e.occurred_ms, e.received_ms, clean(e.body), state, 0, clean(e.reason), None)


def fresh(u: Unit, portal_id: int, limit: int) -> tuple[InboxEntry, ...]:
    """What waits to be handled, in the order it came in."""
    return _entries(u, portal_id, "new", limit, after_id=0)


def held(u: Unit, portal_id: int, limit: int = 100, *, after_id: int = 0) -> tuple[InboxEntry, ...]:
    """What could not be handled, each with its reason."""
    return _entries(u, portal_id, "held", limit, after_id=after_id)


def _entries(u: Unit, portal_id: int, state: InboxState, limit: int, *, after_id: int) -> tuple[InboxEntry, ...]:
    query = sa.select(INBOX).where(mine(INBOX, portal_id, state=state), _I.id > after_id)
    return tuple(map(_entry, u.rows(query.order_by(_I.id).limit(limit))))


def _entry(row: AnyRow) -> InboxEntry:
    return InboxEntry(*row[1:])


def begin(u: Unit, portal_id: int, ids: Collection[int]) -> int:
    """Count an attempt before the work, so that a notice that kills its process is met with a higher count."""
    waiting = [mine(INBOX, portal_id, state="new"), u.among(_I.id, ids)]
    return u.change(sa.update(INBOX).where(*waiting).values(attempts=_I.attempts + 1)) if ids else 0


def finish(u: Unit, portal_id: int, ids: Collection[int], state: InboxState, now_ms: int, reason: str = "") -> int:
    """These notices are handled; what was finished already stays as it is."""
    waiting = [mine(INBOX, portal_id, state="new"), u.among(_I.id, ids)]
    values = {"state": state, "done_ms": now_ms, "reason": clean(reason)}
    return u.change(sa.update(INBOX).where(*waiting).values(values)) if ids else 0


def hold(u: Unit, portal_id: int, ids: Collection[int], reason: str) -> int:
    """Put these aside with the reason; ``retry`` brings them back."""
    waiting = [mine(INBOX, portal_id, state="new"), u.among(_I.id, ids)]
    return u.change(sa.update(INBOX).where(*waiting).values(state="held", reason=clean(reason))) if ids else 0


def retry(u: Unit, portal_id: int, ids: Collection[int] | None = None) -> int:
    """Bring held notices back, these or all; what was handled before (``replay``) only when named by its id."""
    which = [mine(INBOX, portal_id, state="held")]
    if ids is not None:
        which = [mine(INBOX, portal_id), _I.state != "new", u.among(_I.id, ids)]
    values = {"state": "new", "attempts": 0, "reason": "", "done_ms": None}
    return u.change(sa.update(INBOX).where(*which).values(values))


def replay(u: Unit, portal_id: int, since_ms: int) -> int:
    """Handle once more everything that was received from then on; how many notices that are."""
    which = [mine(INBOX, portal_id), _I.state != "new", _I.received_ms >= since_ms]
    values = {"state": "new", "attempts": 0, "reason": "", "done_ms": None}
    return u.change(sa.update(INBOX).where(*which).values(values))


def discard(u: Unit, portal_id: int, ids: Collection[int] | None, now_ms: int) -> int:
    """Give held notices up for good, these or all."""
    which = [mine(INBOX, portal_id, state="held")]
    if ids is not None:
        which.append(u.among(_I.id, ids))
    values = {"state": "done", "done_ms": now_ms, "reason": "discarded by hand"}
    return u.change(sa.update(INBOX).where(*which).values(values))


def recent(u: Unit, portal_id: int, limit: int = 50) -> tuple[InboxEntry, ...]:
    """The newest notices, newest first."""
    query = sa.select(INBOX).where(mine(INBOX, portal_id)).order_by(_I.id.desc()).limit(limit)
    return tuple(map(_entry, u.rows(query)))


def read_since(u: Unit, portal_id: int, since_ms: int) -> set[int]:
    """Ids of records that others changed and that were read again because of it, from then on. Echoes are none."""
    which = [mine(INBOX, portal_id, state="done"), _I.done_ms >= since_ms, _I.object_id.is_not(None)]
    return {row[0] for row in u.rows(sa.select(_I.object_id).distinct().where(*which))}


def of_type(u: Unit, portal_id: int, kind: str) -> tuple[InboxEntry, ...]:
    """Every kept notice of a type, handled or not, in the order it came in."""
    return tuple(map(_entry, u.rows(sa.select(INBOX).where(mine(INBOX, portal_id, type=kind)).order_by(_I.id))))


def counts(u: Unit, portal_id: int) -> dict[str, int]:
    """How many notices are in each state."""
    check_portal(portal_id)
    query = sa.select(_I.state, sa.func.count()).where(mine(INBOX, portal_id)).group_by(_I.state)
    return {row[0]: row[1] for row in u.rows(query)}


def oldest_new_ms(u: Unit, portal_id: int) -> int | None:
    """When the oldest notice that still waits was received."""
    found = u.scalar(sa.select(sa.func.min(_I.received_ms)).where(mine(INBOX, portal_id, state="new")))
    return int(found) if found is not None else None
