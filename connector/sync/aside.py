"""What was put aside and why: notices, deliveries, jobs, frozen fields, refused effects; what a person does with it.

Grouped by cause, so that one fault of a thousand notices is one line. Nothing here looks at a portal: what is brought
back is worked off by the next drain or plan.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from connector.clock import Clock, iso
from connector.engine.port import Engine, HeldJob
from connector.errors import ConfigError
from connector.store import Store, deliveries, flips, inbox, outbox, records, wakes
from connector.store.front import Front
from connector.store.inbox import InboxEntry
from connector.store.portals import PortalRow

DAY_MS = 24 * 60 * 60 * 1000
KINDS = ("notices", "deliveries", "jobs", "frozen")
MOST = 10_000

Row = dict[str, Any]
Aside = tuple[str, int, str]


def recent(store: Store, row: PortalRow, limit: int) -> Row:
    """The newest notices of a portal with what became of each; values are not shown."""
    with store.view() as u:
        entries, counts = inbox.recent(u, row.id, limit), inbox.counts(u, row.id)
    return {"portal": row.name, "counts": counts, "notices": [_notice(entry) for entry in entries], "ok": True}


def _notice(entry: InboxEntry) -> Row:
    return {
        "id": entry.id,
        "type": entry.type,
        "object": str(entry.object_id) if entry.object_id is not None else "",
        "property": entry.property,
        "occurred": iso(entry.occurred_ms),
        "received": iso(entry.received_ms),
        "state": entry.state,
        "attempts": entry.attempts,
        "reason": entry.reason,
    }


def replay(store: Store, front: Front, row: PortalRow, since_ms: int, clock: Clock) -> Row:
    """Handle everything once more that was received from then on."""
    with store.unit() as u:
        count = inbox.replay(u, row.id, since_ms)
    _wake(front, row, clock)
    return {"portal": row.name, "replayed": count, "since": iso(since_ms), "ok": True}


def listed(store: Store, front: Front, engine: Engine, row: PortalRow, clock: Clock) -> Row:
    """Everything that is put aside for a portal, by cause."""
    found = _found(store, front, engine, row, clock)
    groups = [group for kind, rows in found.items() for group in _grouped(kind, rows)]
    return {"portal": row.name, "held": groups, "count": sum(group["count"] for group in groups), "ok": True}


def of_cause(
    store: Store, front: Front, engine: Engine, row: PortalRow, kind: str, reason: str, clock: Clock
) -> list[str]:
    """The ids of everything of one kind that is put aside for one reason, the oldest first."""
    rows = _found(store, front, engine, row, clock).get(kind, [])
    return [ident for why, _, ident in sorted(rows, key=lambda one: one[1]) if why == reason]


def _found(store: Store, front: Front, engine: Engine, row: PortalRow, clock: Clock) -> dict[str, list[Aside]]:
    """By kind: (reason, when, id) of each thing that is put aside."""
    with store.view() as u:
        notices = inbox.held(u, row.id, MOST)
        frozen = flips.frozen(u, row.id)
        refused = outbox.refused_since(u, row.id, clock.now_ms() - DAY_MS)
    with front.view() as door:
        unread = deliveries.held(door, MOST)
    jobs = [job for job in engine.held() if job.job.portal_id == row.id]
    return {
        "notices": [(e.reason, e.received_ms, str(e.id)) for e in notices],
        "deliveries": [(d.reason, d.received_ms, str(d.id)) for d in unread],
        "jobs": [(f"{j.job.kind}: {j.why}", j.at_ms, j.id) for j in jobs],
        "frozen": [(f"{f.property}: {f.writers}", f.since_ms, str(f.contact_id)) for f in frozen],
        "refused today": [(e.reason, e.sent_ms or clock.now_ms(), str(e.contact_id)) for e in refused],
    }


def _grouped(kind: str, rows: Iterable[Aside]) -> list[Row]:
    """Rows of (reason, when, id) as one line a reason, the most frequent first."""
    found: dict[str, Row] = {}
    for reason, at_ms, ident in rows:
        group = found.setdefault(reason, _first(kind, reason, at_ms, ident))
        group["count"] += 1
        group["first"], group["last"] = min(group["first"], iso(at_ms)), max(group["last"], iso(at_ms))
    return sorted(found.values(), key=lambda group: -int(group["count"]))


def _first(kind: str, reason: str, at_ms: int, ident: str) -> Row:
    return {"kind": kind, "reason": reason, "count": 0, "first": iso(at_ms), "last": iso(at_ms), "example": ident}


def retry(
    store: Store,
    front: Front,
    engine: Engine,
    row: PortalRow,
    kinds: Collection[str],
    ids: Collection[str],
    clock: Clock,
) -> Row:
    """Bring what is put aside back to work: kinds, or single ids of one kind."""
    _check(kinds, ids)
    done = {}
    if "notices" in kinds:
        with store.unit() as u:
            done["notices"] = inbox.retry(u, row.id, _numbers(ids) if ids else None)
    if "deliveries" in kinds:
        done["deliveries"] = _each_delivery(front, ids, deliveries.release)
    if "jobs" in kinds:
        done["jobs"] = _each_job(engine, row, ids, engine.retry)
    if "frozen" in kinds:
        with store.unit() as u:
            chosen: list[int | None] = [*_numbers(ids)] or [None]
            thawed = [who for one in chosen for who in flips.thaw(u, row.id, one)]
            records.mark_dirty(u, row.id, thawed)
        done["frozen"] = len(thawed)
    _wake(front, row, clock)
    return {"portal": row.name, "retried": done, "ok": True}


def discard(
    store: Store,
    front: Front,
    engine: Engine,
    row: PortalRow,
    kinds: Collection[str],
    ids: Collection[str],
    clock: Clock,
) -> Row:
    """Give up what is put aside, for good."""
    _check(kinds, ids)
    if "frozen" in kinds:
        raise ConfigError("A frozen property is released, not discarded.", remedy="leadwright held retry NAME --frozen")
    done = {}
    if "notices" in kinds:
        with store.unit() as u:
            done["notices"] = inbox.discard(u, row.id, _numbers(ids) if ids else None, clock.now_ms())
    if "deliveries" in kinds:
        done["deliveries"] = _each_delivery(front, ids, deliveries.discard)
    if "jobs" in kinds:
        done["jobs"] = _each_job(engine, row, ids, engine.discard)
    return {"portal": row.name, "discarded": done, "ok": True}


def _check(kinds: Collection[str], ids: Collection[str]) -> None:
    if ids and len(kinds) != 1:
        raise ConfigError("Ids belong to one kind.", remedy=f"Name it: one of --{', --'.join(KINDS)}.")


def _numbers(ids: Collection[str]) -> list[int]:
    wrong = [ident for ident in ids if not (ident.isascii() and ident.isdecimal() and len(ident) < 19)]
    if wrong:
        raise ConfigError(f"{wrong[0]!r} is no id.", remedy="`leadwright held list NAME` shows them.")
    return [int(ident) for ident in ids]


def _each_delivery(front: Front, ids: Collection[str], act: Callable[[Any, int], object]) -> int:
    with front.view() as door:
        wanted = _numbers(ids) or [one.id for one in deliveries.held(door, MOST)]
    with front.unit() as door:
        return sum(bool(act(door, number)) for number in wanted)


def _each_job(engine: Engine, row: PortalRow, ids: Collection[str], act: Callable[[str], None]) -> int:
    held: list[HeldJob] = [job for job in engine.held() if job.job.portal_id == row.id]
    chosen = [job.id for job in held if not ids or job.id in ids]
    for ident in chosen:
        act(ident)
    return len(chosen)


def _wake(front: Front, row: PortalRow, clock: Clock) -> None:
    """The worker's sweep finds the flag and enqueues the drain."""
    with front.unit() as door:
        wakes.raise_flag(door, row.id, "drain", clock.now_ms())
