"""What must be read beside a record that changed: its links, what its person did meanwhile, who is touched by it.

Webhooks tell of records, not of engagement: form submissions and page views are asked for when a contact's own counters
moved (reference 11.5), for a few contacts at a time; more than that is left to the next pull.
"""

from __future__ import annotations

from collections.abc import Collection

from connector.errors import MissingScope, SkippableError
from connector.model.records import Association, ObjectType
from connector.store import associations, cursors, history
from connector.sync import engagement as sources
from connector.sync import visitors
from connector.sync.context import Context
from connector.sync.keep import LINKED, keep_events

MOST_VISITORS = 20
LATELY_MS = 60 * 1000
CONVERSIONS = ("num_conversion_events", "recent_conversion_date")


def links(ctx: Context, object_type: ObjectType, ids: Collection[int]) -> None:
    """Read the links of these records again: they change without touching the record (P6)."""
    if not ids:
        return
    for to_type in LINKED.get(object_type, ()):
        try:
            told = ctx.portal.associations(object_type, to_type, sorted(ids))
        except (SkippableError, MissingScope):
            return  # this portal does not show them: unknown, not "none"
        now: dict[int, tuple[Association, ...]] = {i: told[i] for i in ids if i in told}
        with ctx.store.unit() as u:
            associations.replace(u, ctx.portal_id, object_type, now, to_type, ctx.clock.now_ms())


def contacts_of(ctx: Context, object_type: ObjectType, ids: Collection[int]) -> set[int]:
    """The contacts whose judgement may rest on these companies or deals."""
    if not ids:
        return set()
    with ctx.store.view() as u:
        if object_type == "companies":
            found = associations.contacts_of(u, ctx.portal_id, ids)
            return {contact for many in found.values() for contact in many}
        linked = associations.of(u, ctx.portal_id, object_type, ids, "contacts")
        return {link.to_id for many in linked.values() for link in many}


def engagement(ctx: Context, contacts: Collection[int], fresh: Collection[int]) -> None:
    """Page views and form submissions of contacts whose counters moved just now, or that are new to the mirror."""
    if not contacts:
        return
    since = ctx.clock.now_ms() - LATELY_MS
    with ctx.store.view() as u:
        moved = [row for row in history.of(u, ctx.portal_id, "contacts", contacts) if row.seen_ms >= since]
        read = {name: cursors.get(u, ctx.portal_id, f"events/{name}") for name in ("forms", "page_views")}
    converted = {row.record_id for row in moved if row.property in CONVERSIONS} | set(fresh)
    visited = {row.record_id for row in moved if row.property in visitors.VISIT_COUNTERS} | set(fresh)
    if converted and _is_on(read["forms"]):
        sources.read_source(ctx, "forms")
    if visited and len(visited) <= MOST_VISITORS and _is_on(read["page_views"]):
        _views(ctx, sorted(visited))


def _is_on(state: dict[str, object] | None) -> bool:
    """Whether a source was read before and is offered: a first reading is the pull's."""
    return state is not None and not state.get("off")


def _views(ctx: Context, contacts: list[int]) -> None:
    floor = ctx.portal.now_ms() - sources.PAGE_VIEW_WINDOW_MS
    try:
        found = [event for contact in contacts for event in visitors.views_of(ctx, contact, floor)]
    except (SkippableError, MissingScope):
        return
    with ctx.store.unit() as u:
        keep_events(ctx, u, found)
