"""Effects on their way to the portal. A cause is entered once for good; every entry keeps the values before it.

planned ──▶ unknown ──▶ sent ──▶ confirmed        unknown: the call was begun, its outcome not booked
   │           │          └────▶ refused          (read the portal before sending again)
   └───────────┴──▶ dropped, refused ──▶ planned   an enrolment that did not happen may be asked for again

Who was enrolled is never enrolled again for the same cause, and so is not whom nobody knows about (``UNTOLD``).
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from connector.model.judgement import OutboxEntry, OutboxState
from connector.store import bulk, erasures
from connector.store.schema import ALIASES, OUTBOX
from connector.store.unit import AnyRow, Unit, check_portal, mine
from connector.store.values import clean, dumps, loads

_O = OUTBOX.c
WAITING: tuple[OutboxState, ...] = ("planned", "unknown")
UNTOLD = "Its answer was lost and the portal cannot tell whether it happened: look in HubSpot, enrol by hand if not"

# From which states a state may be reached; anything else is left as it is.
_FROM: dict[OutboxState, tuple[OutboxState, ...]] = {
    "planned": ("unknown", "refused", "dropped"),
    "unknown": ("planned", "unknown"),
    "sent": ("planned", "unknown"),
    "confirmed": ("planned", "unknown", "sent"),
    "refused": ("planned", "unknown", "sent"),
    "dropped": ("planned", "unknown"),
}


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An effect to be entered. ``before``: what the properties hold now, booked for undo."""

    contact_id: int
    kind: Literal["write", "enrol", "note"]
    cause: str
    payload: Mapping[str, Any]
    before: Mapping[str, str | None]


def enter(u: Unit, portal_id: int, run_id: str, entries: Sequence[NewEntry], now_ms: int) -> int:
    """Enter effects; how many are new or asked for again. A cause that was entered before is skipped, unless it is an
    enrolment that was dropped or refused: that did not happen, and is planned again.
    """
    u.own(portal_id)
    gone = erasures.standing(u, portal_id, {entry.contact_id for entry in entries})
    entries = [entry for entry in entries if entry.contact_id not in gone] if gone else entries
    again = _again(u, portal_id, run_id, [entry for entry in entries if entry.kind == "enrol"], now_ms)
    last = u.number(sa.select(sa.func.max(_O.id)).where(mine(OUTBOX, portal_id)))
    rows = [_row(last + place, run_id, entry, now_ms) for place, entry in enumerate(entries, 1)]
    return again + bulk.put(u, portal_id, OUTBOX, rows, clash="nothing")


def _again(u: Unit, portal_id: int, run_id: str, entries: Sequence[NewEntry], now_ms: int) -> int:
    """Plan those enrolments again that did not happen, with what is known of the person now."""
    if not entries:
        return 0
    wanted = {clean(entry.cause): entry for entry in entries}
    ended = [mine(OUTBOX, portal_id, kind="enrol"), _O.state.in_(("dropped", "refused")), _O.reason != UNTOLD]
    found = u.rows(sa.select(_O.id, _O.cause).where(*ended, u.among(_O.cause, wanted)))
    for number, cause in found:
        entry = wanted[cause]
        values = {"run_id": run_id, "contact_id": entry.contact_id, "payload": dumps(dict(entry.payload))}
        fresh = {"state": "planned", "reason": "", "created_ms": now_ms, **values}
        u.change(sa.update(OUTBOX).where(mine(OUTBOX, portal_id, id=number)).values(fresh))
    return len(found)


def _row(number: int, run_id: str, entry: NewEntry, now_ms: int) -> tuple[Any, ...]:
    payload, before = dumps(dict(entry.payload)), dumps(dict(entry.before))
    head = (number, run_id, entry.contact_id, entry.kind, clean(entry.cause), payload, before)
    return (*head, "planned", 0, "", now_ms, None, None)


_COLUMNS = [
    _O.id, _O.run_id, _O.contact_id, _O.kind, _O.cause, _O.payload, _O.before, _O.state, _O.attempts, _O.reason,
    _O.sent_ms,
]  # fmt: skip


def _entry(row: AnyRow) -> OutboxEntry:
    number, run_id, contact_id, kind, cause, payload, before, state, attempts, reason, sent_ms = row
    sent, kept = loads(payload), loads(before)
    return OutboxEntry(number, run_id, contact_id, kind, cause, sent, kept, state, attempts, reason, sent_ms)


def due(u: Unit, portal_id: int, limit: int, *, after_id: int = 0) -> tuple[OutboxEntry, ...]:
    """What waits to be sent, oldest first; entries in state ``unknown`` were begun before."""
    query = sa.select(*_COLUMNS).where(mine(OUTBOX, portal_id), _O.id > after_id).order_by(_O.id).limit(limit)
    # One question a state: each is a short read of the index, however much was sent before.
    found = [u.rows(query.where(_O.state == state)) for state in WAITING]
    merged = heapq.merge(*found, key=lambda row: int(row[0]))
    return tuple(map(_entry, itertools.islice(merged, limit)))


def mark_unknown(u: Unit, portal_id: int, ids: Collection[int], now_ms: int, reason: str = "") -> int:
    """Book before a call that it is being made: one attempt more."""
    return _mark(u, portal_id, ids, "unknown", reason, attempts=_O.attempts + 1, sent_ms=now_ms)


def mark_sent(u: Unit, portal_id: int, ids: Collection[int], now_ms: int) -> int:
    """The portal took it. Counts an attempt where none was booked before the call."""
    attempts = sa.case((_O.state == "planned", _O.attempts + 1), else_=_O.attempts)
    return _mark(u, portal_id, ids, "sent", "", attempts=attempts, sent_ms=now_ms)


def mark_confirmed(u: Unit, portal_id: int, ids: Collection[int], now_ms: int) -> int:
    """It was read back, or found done already."""
    return _mark(u, portal_id, ids, "confirmed", "", confirmed_ms=now_ms)


def mark_refused(u: Unit, portal_id: int, ids: Collection[int], reason: str) -> int:
    return _mark(u, portal_id, ids, "refused", reason)


def mark_dropped(u: Unit, portal_id: int, ids: Collection[int], reason: str) -> int:
    return _mark(u, portal_id, ids, "dropped", reason)


def mark_planned(u: Unit, portal_id: int, ids: Collection[int], reason: str = "") -> int:
    """Back in the queue: the call is known not to have worked, or a refusal is tried again."""
    return _mark(u, portal_id, ids, "planned", reason)


def _mark(
    u: Unit,
    portal_id: int,
    ids: Collection[int],
    state: OutboxState,
    reason: str,
    **also: sa.ColumnElement[Any] | int,
) -> int:
    check_portal(portal_id)
    which = [mine(OUTBOX, portal_id), u.among(_O.id, ids), _O.state.in_(_FROM[state])]
    return u.change(sa.update(OUTBOX).where(*which).values(state=state, reason=clean(reason), **also)) if ids else 0


def waiting(u: Unit, portal_id: int) -> int:
    """How many wait to be sent."""
    query = sa.select(sa.func.count()).select_from(OUTBOX).where(mine(OUTBOX, portal_id), _O.state.in_(WAITING))
    return u.number(query)


def counts(u: Unit, portal_id: int, run_id: str | None = None) -> dict[OutboxState, int]:
    """How many entries are in each state, of one run or of all."""
    which = mine(OUTBOX, portal_id) if run_id is None else mine(OUTBOX, portal_id, run_id=run_id)
    query = sa.select(_O.state, sa.func.count()).where(which).group_by(_O.state)
    return {row[0]: row[1] for row in u.rows(query)}


def sent_unconfirmed(u: Unit, portal_id: int, limit: int, after_contact_id: int = 0) -> tuple[OutboxEntry, ...]:
    """What was sent and not read back, by contact."""
    which = [mine(OUTBOX, portal_id, state="sent"), _O.contact_id > after_contact_id]
    query = sa.select(*_COLUMNS).where(*which).order_by(_O.contact_id, _O.id).limit(limit)
    return tuple(map(_entry, u.rows(query)))


def of(u: Unit, portal_id: int, contact_id: int) -> tuple[OutboxEntry, ...]:
    """Everything ever entered for a contact, oldest first."""
    query = sa.select(*_COLUMNS).where(mine(OUTBOX, portal_id, contact_id=contact_id)).order_by(_O.id)
    return tuple(map(_entry, u.rows(query)))


@dataclass(frozen=True, slots=True)
class Written:
    """A write that the portal took: which entry, when, and the values."""

    entry_id: int
    contact_id: int
    sent_ms: int
    properties: Mapping[str, str]
    confirmed: bool


def written_since(u: Unit, portal_id: int, contact_ids: Collection[int], since_ms: int) -> tuple[Written, ...]:
    """What was written to these contacts from then on, oldest first: the ledger that echoes are held against."""
    query = sa.select(_O.id, _O.contact_id, _O.sent_ms, _O.payload, _O.state == "confirmed").where(
        mine(OUTBOX, portal_id, kind="write"),
        u.among(_O.contact_id, contact_ids),
        _O.state.in_(["sent", "confirmed"]),
        _O.sent_ms >= since_ms,
    )
    rows = u.rows(query.order_by(_O.id)) if contact_ids else ()
    return tuple(Written(row[0], row[1], row[2], loads(row[3])["properties"], bool(row[4])) for row in rows)


def enrolments(u: Unit, portal_id: int, contact_id: int, cause: str) -> tuple[OutboxEntry, ...]:
    """Every enrolment for the same reason of this contact and of those merged into it, oldest first."""
    found = u.rows(
        sa.select(ALIASES.c.old_id).where(mine(ALIASES, portal_id, object_type="contacts", winner_id=contact_id))
    )
    ids = {contact_id, *(row[0] for row in found)}
    query = sa.select(*_COLUMNS).where(mine(OUTBOX, portal_id, kind="enrol"), u.among(_O.contact_id, ids))
    same = (_entry(row) for row in u.rows(query.order_by(_O.id)))
    return tuple(entry for entry in same if reason_of(entry.cause) == reason_of(cause))


def reason_of(cause: str) -> str:
    """What an enrolment is for, whoever it is for: the cause without the contact's id."""
    head, _, tail = cause.rpartition(":")
    return f"{head.rpartition(':')[0]}:{tail}"


def refused_enrolments(u: Unit, portal_id: int, before_ms: int | None = None) -> dict[int, list[OutboxEntry]]:
    """Enrolments that the portal refused, by contact; with ``before_ms`` only those that were asked for before then."""
    which = [mine(OUTBOX, portal_id, state="refused", kind="enrol"), _O.reason != UNTOLD]
    if before_ms is not None:
        which.append(sa.func.coalesce(_O.sent_ms, _O.created_ms) < before_ms)
    found: dict[int, list[OutboxEntry]] = {}
    for row in u.rows(sa.select(*_COLUMNS).where(*which).order_by(_O.id)):
        found.setdefault(row[2], []).append(_entry(row))
    return found


def refused_since(u: Unit, portal_id: int, since_ms: int) -> tuple[OutboxEntry, ...]:
    """Writes that the portal refused from then on."""
    query = sa.select(*_COLUMNS).where(
        mine(OUTBOX, portal_id, state="refused", kind="write"), _O.created_ms >= since_ms
    )
    return tuple(_entry(row) for row in u.rows(query.order_by(_O.id)))


def of_run(
    u: Unit, portal_id: int, run_id: str, *, states: Collection[OutboxState] = (), chunk: int = 1000
) -> Iterator[list[OutboxEntry]]:
    """The entries of a run in order, a chunk at a time; with ``states`` only those in them."""
    check_portal(portal_id)
    query = sa.select(*_COLUMNS).where(mine(OUTBOX, portal_id, run_id=run_id))
    return _pages(u, query.where(_O.state.in_(list(states))) if states else query, chunk)


def stream(u: Unit, portal_id: int, *, chunk: int = 1000) -> Iterator[list[OutboxEntry]]:
    """All entries in order, a chunk at a time."""
    check_portal(portal_id)
    return _pages(u, sa.select(*_COLUMNS).where(mine(OUTBOX, portal_id)), chunk)


def _pages(u: Unit, query: sa.Select[*tuple[Any, ...]], chunk: int) -> Iterator[list[OutboxEntry]]:
    after = 0
    while rows := [_entry(row) for row in u.rows(query.where(_O.id > after).order_by(_O.id).limit(chunk))]:
        yield rows
        after = rows[-1].id
