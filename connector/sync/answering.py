"""Speed to lead: which hand-overs wait for an answer longer than the routing document allows, and whose they are."""

from __future__ import annotations

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from connector.rules.routing import name_of
from connector.rules.speed import HOUR_MS, due_ms, worked_ms
from connector.store import definitions, handoffs
from connector.store.handoffs import Handoff
from connector.sync.context import Context

NAMED = 5


def overdue(ctx: Context) -> tuple[Handoff, ...]:
    """Unanswered hand-overs whose time is up, the oldest first."""
    speed, zone, now = ctx.rulebook.rules.documents.routing.speed, ZoneInfo(ctx.row.time_zone), ctx.clock.now_ms()
    with ctx.store.view() as u:
        waiting = handoffs.unanswered(u, ctx.portal_id)
    return tuple(row for row in waiting if due_ms(speed, row.at_ms, zone) <= now)


def answers_check(ctx: Context) -> list[dict[str, Any]]:
    """The doctor's line about sales' answers; none where nobody is routed. A late answer is no fault of the portal, so
    it does not fail the check."""
    document = ctx.rulebook.rules.documents.routing
    if not document.owners:
        return []
    late = overdue(ctx)
    if not late:
        return [{"check": "sales answers", "ok": True, "text": "No hand-over waits too long.", "remedy": ""}]
    with ctx.store.view() as u:
        names = {owner.id: name_of(owner) for owner in definitions.owners(u, ctx.portal_id)}
    by_owner = Counter(names.get(row.owner_id, str(row.owner_id)) for row in late)
    told = ", ".join(f"{name} {number}" for name, number in by_owner.most_common(NAMED))
    zone = ZoneInfo(ctx.row.time_zone)
    hours = worked_ms(document.speed, late[0].at_ms, ctx.clock.now_ms(), zone) // HOUR_MS
    text = f"{len(late)} unanswered for more than {document.speed.alert_after_hours} working hours ({told}); "
    remedy = (
        "Answer in HubSpot (Leadwright sales answer), or let the routing document pass them on (speed: escalations)."
    )
    return [{"check": "sales answers", "ok": None, "text": f"{text}the oldest for {hours}.", "remedy": remedy}]
