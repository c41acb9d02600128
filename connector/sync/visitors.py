"""Whose page views are worth a call: the events API answers for one contact a query (HubSpot docs: events).

HubSpot counts visits on the contact itself, so that usually costs nothing to know. A portal whose contacts have no
such counters, though there are views, is *blind*: then a limited number of contacts is asked for, the newest first.
"""

from __future__ import annotations

from connector.clock import instant
from connector.errors import NotFound
from connector.model.records import PortalEvent
from connector.store import Unit, history, records
from connector.sync.context import Context

VISIT_COUNTERS = ("hs_analytics_last_timestamp", "hs_analytics_num_page_views")
SAMPLE = 10
"""So many contacts without counters are asked whether the counters can be believed."""
BLINDLY = 1_000
"""In a blind portal, so many contacts are asked for in each read."""


def visitors(ctx: Context, seen_ms: int | None, floor: int, *, blind: bool) -> tuple[list[int], bool]:
    """Contacts that visited within the window, all of them at first, later those who are new or came again; and
    whether the portal is blind."""
    if blind:
        return _newest(ctx, BLINDLY), True
    found, counted = _counted(ctx, seen_ms, floor)
    if seen_ms is not None or counted:
        return found, False
    blind = any(views_of(ctx, contact, floor) for contact in _newest(ctx, SAMPLE))
    return (_newest(ctx, BLINDLY), True) if blind else ([], False)


def _counted(ctx: Context, seen_ms: int | None, floor: int) -> tuple[list[int], bool]:
    """Visitors by their counters, and whether any contact has such a counter at all."""
    found: list[int] = []
    counted = False
    with ctx.store.view() as u:
        moved = None if seen_ms is None else _moved(ctx, u, seen_ms)
        for chunk in records.stream(u, ctx.portal_id, "contacts", ids=moved):
            counted = counted or any(one.properties.get(name) for one in chunk for name in VISIT_COUNTERS)
            found += [one.id for one in chunk if (instant(one.properties.get(VISIT_COUNTERS[0])) or 0) >= floor]
    return found, counted


def _moved(ctx: Context, u: Unit, seen_ms: int) -> list[int]:
    """Contacts whose counters moved; those new to the mirror brought theirs along."""
    again = history.moved(u, ctx.portal_id, "contacts", VISIT_COUNTERS, seen_ms)
    return sorted({*again, *records.newcomers(u, ctx.portal_id, "contacts", seen_ms)})


def _newest(ctx: Context, most: int) -> list[int]:
    """The contacts that changed last."""
    with ctx.store.view() as u:
        return records.newest(u, ctx.portal_id, "contacts", most)


def views_of(ctx: Context, contact_id: int, floor: int) -> list[PortalEvent]:
    """A contact's page views since then; none of somebody the portal no longer knows."""
    found: list[PortalEvent] = []
    after: str | None = None
    while True:
        try:
            page = ctx.portal.page_views(contact_id, since_ms=floor, after=after)
        except NotFound:
            return found
        found += page.events
        if page.after is None or page.after == after:
            return found
        after = page.after
