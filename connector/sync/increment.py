"""What changed since the last pull: windows of (modified, id) over the search, with an overlap for its lag.

A window is read by keyset: sorted by id, each page asks for ids beyond the last one, so neither the 10,000 cap nor a
record that changes while we page can lose anything (P1, P2). A record that changes again leaves the window at its
upper edge and is met by the next one.

Our own large write-backs come back as changes too. They are told apart by their stamp (``leadwright_updated_at``):
contacts written by that run are only met again when they changed after the run's last answer. What others changed in
them before that is mirrored by reading them back (``settle``): a hundred whenever contacts moved, and all that are
left when the echo fades, with the first pull after the overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from connector.errors import MissingScope, ProtocolBroken, SkippableError
from connector.model.records import MIRRORED, Association, ObjectType, Snapshot, modified_property
from connector.portal.gateway import Filter
from connector.rules.decide import STAMP
from connector.store import cursors, outbox, records
from connector.sync import fill as filling
from connector.sync.context import Context, StreamReport
from connector.sync.keep import keep
from connector.sync.scope import Scope

SEARCH_PAGE = 200
GATHER = 1000
OVERLAP_MS = 5 * 60 * 1000
SETTLE_PAGE = 100


@dataclass(frozen=True, slots=True)
class Echo:
    """A large write-back of ours: contacts stamped from ``stamp_ms`` (our clock) on, last answered at ``until_ms``."""

    stamp_ms: int
    until_ms: int


def increment(ctx: Context, scope: Scope, since_ms: int, report: StreamReport, echo: Echo | None = None) -> int:
    """Mirror what changed from ``since_ms`` (portal's clock) on; returns the next ``since_ms``, overlap included.

    Up to a thousand records are kept at a time, with the place the walk has reached (cursor ``walk/<type>``): a walk
    that was cut off goes on there, towards the end it was begun for.
    """
    walk: dict[str, Any] | None = _walk(ctx, scope.object_type, since_ms)
    done = since_ms
    while walk is not None:
        found, last = _gather(ctx, scope, since_ms, walk["last"], echo)
        snapshots = _linked(ctx, scope.object_type, found)
        done = max(since_ms, walk["until_ms"] - OVERLAP_MS)
        walk = {**walk, "last": last} if last is not None else None
        with ctx.store.unit() as u:
            keep(ctx, u, scope.object_type, snapshots, report)
            if walk is not None:
                cursors.save(u, ctx.portal_id, f"walk/{scope.object_type}", walk, ctx.clock.now_ms())
            else:
                cursors.drop(u, ctx.portal_id, f"walk/{scope.object_type}")
        if walk is not None:
            ctx.give_way(ctx.portal_id)
    return done


def _walk(ctx: Context, object_type: ObjectType, since_ms: int) -> dict[str, Any]:
    """Where to walk: on from where one from the same start was cut off, else from the first id."""
    with ctx.store.view() as u:
        kept = cursors.get(u, ctx.portal_id, f"walk/{object_type}")
    if kept is not None and kept["since_ms"] == since_ms:
        return kept
    return {"since_ms": since_ms, "until_ms": ctx.portal.now_ms(), "last": 0}


def _gather(
    ctx: Context, scope: Scope, since_ms: int, last: int, echo: Echo | None
) -> tuple[list[Snapshot], int | None]:
    """Up to a thousand changed records beyond the id ``last``, and the id to go on from (None: that was all)."""
    found: list[Snapshot] = []
    while len(found) < GATHER:
        page = ctx.portal.search(
            scope.object_type,
            groups=_groups(scope.object_type, since_ms, last, echo),
            sort="hs_object_id",
            properties=scope.properties,
            limit=SEARCH_PAGE,
        )
        found += page.records
        if not page.records or (page.after is None and len(page.records) >= (page.total or 0)):
            return found, None
        last = _next_key(scope.object_type, last, page.records)
    return found, last


def _next_key(object_type: ObjectType, last: int, found: Sequence[Snapshot]) -> int:
    """The last id of the page; ids that do not rise would make the walk miss records."""
    ids = [record.id for record in found]
    if ids[0] <= last or sorted(ids) != ids:
        raise ProtocolBroken(
            f"The search for {object_type} does not sort by record id.",
            remedy="Read everything instead: leadwright sync NAME --full.",
        )
    return ids[-1]


def _groups(object_type: ObjectType, since_ms: int, last: int, echo: Echo | None) -> tuple[tuple[Filter, ...], ...]:
    """Filter groups (OR) of one window."""
    changed = modified_property(object_type)
    key = (Filter("hs_object_id", "GT", str(last)),) if last else ()
    window = (Filter(changed, "GTE", str(since_ms)), *key)
    if echo is None or echo.until_ms <= since_ms:
        return (window,)
    return (
        (*window, Filter(STAMP, "NOT_HAS_PROPERTY")),
        (*window, Filter(STAMP, "LT", str(echo.stamp_ms))),
        (Filter(changed, "GT", str(echo.until_ms)), *key),
    )


def _linked(ctx: Context, object_type: ObjectType, found: Sequence[Snapshot]) -> list[Snapshot]:
    """Searches carry no links: read those of new and changed records, one call per linked type and thousand records.

    Records met again in the overlap are left as they are.
    """
    known = _known(ctx, object_type, found)
    fresh = [record.id for record in found if known.get(record.id) != record.modified_ms]
    gathered: dict[int, list[Association]] = {i: [] for i in fresh}
    for to_type in filling.WITH.get(object_type, ()) if fresh else ():
        try:
            told = ctx.portal.associations(object_type, to_type, fresh)
        except (SkippableError, MissingScope):
            return list(found)  # the portal does not show these links: they stay unknown, the records are mirrored
        for from_id, links in told.items():
            gathered.setdefault(from_id, []).extend(links)
    return [replace(r, associations=tuple(gathered[r.id]) if r.id in gathered else None) for r in found]


def _known(ctx: Context, object_type: ObjectType, found: Sequence[Snapshot]) -> dict[int, int]:
    """Modification times of those of the records that are mirrored. Engagements are not kept as records."""
    if object_type not in MIRRORED:
        return {}
    with ctx.store.view() as u:
        kept = records.get_many(u, ctx.portal_id, object_type, [record.id for record in found])
    return {record_id: record.modified_ms for record_id, record in kept.items()}


def settle(ctx: Context, scope: Scope, report: StreamReport, *, everything: bool = False) -> int:
    """Read back a hundred contacts of a write-back, or all, and confirm their writes. Returns how many."""
    settled = 0
    while found := _settle_page(ctx, scope, report):
        settled += found
        if not everything:
            break
    return settled


def _settle_page(ctx: Context, scope: Scope, report: StreamReport) -> int:
    with ctx.store.view() as u:
        waiting = outbox.sent_unconfirmed(u, ctx.portal_id, SETTLE_PAGE)
    if not waiting:
        return 0
    batch = ctx.portal.read("contacts", [entry.contact_id for entry in waiting], scope.properties)
    with ctx.store.unit() as u:
        keep(ctx, u, "contacts", batch.records, report)
        outbox.mark_confirmed(u, ctx.portal_id, [entry.id for entry in waiting], ctx.clock.now_ms())
    return len(waiting)
