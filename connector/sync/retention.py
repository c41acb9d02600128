"""The nightly run that lets go of what is older than the portal's ``consent`` document allows.

Due rows go, none early, in transactions of at most a thousand rows. The run is booked with its counts, so that its
last time is seen. Not here: what is old in which table (``connector/store/aging.py``).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from typing import Any

import structlog

from connector.clock import Clock, iso
from connector.rules.documents.consent import Retention
from connector.store import Store, runs
from connector.store.aging import let_go, let_go_of_deliveries
from connector.store.front import Front
from connector.store.portals import PortalRow

DAY_MS = 24 * 60 * 60 * 1000
REST = 0.005
KIND = "retention"
LOG = structlog.get_logger()


def retain(store: Store, front: Front, row: PortalRow, limits: Retention, clock: Clock) -> dict[str, Any]:
    """Let go of everything of the portal that is due; counts by kind. Harmless when repeated or cut off."""
    now = clock.now_ms()
    with store.unit() as u:
        run = runs.start(u, row.id, KIND, now)
    counts: dict[str, int] = {}
    state = "failed"
    try:
        for what, before in _due(limits, now).items():
            if gone := let_go(store, row.id, what, before):
                counts[what] = gone
        inbox, held = now - limits.inbox_days * DAY_MS, now - limits.held_days * DAY_MS
        if gone := let_go_of_deliveries(front, row.id, inbox, held, lambda: clock.sleep(REST)):
            counts["deliveries"] = gone
        state = "done"
    finally:
        with store.unit() as u:
            runs.finish(u, row.id, run, state, counts, "", clock.now_ms())
    LOG.info("retention", portal=row.name, rows=sum(counts.values()))
    return {"portal": row.name, "run": run, "at": iso(now), "let_go": counts, "rows": sum(counts.values()), "ok": True}


def _due(limits: Retention, now: int) -> dict[str, int | str]:
    """For each kind the moment before which it goes."""
    event, audit = months_before(now, limits.event_months), months_before(now, limits.audit_months)
    return {
        "notices": now - limits.inbox_days * DAY_MS,
        "held notices": now - limits.held_days * DAY_MS,
        "activities": event,
        "events without a person": event,
        "property history": event,
        "score history": audit,
        "decisions": audit,
        "writes": audit,
        "runs": audit,
        "healed gaps": audit,
        "answers of providers": event,  # of one that expired so long ago and was never asked for again
        "unanswered wishes": event,
        "plans": now - limits.plan_days * DAY_MS,
        "calls a day": iso(months_before(now, limits.usage_months))[:10],
        "flips": now - limits.flip_days * DAY_MS,
        "steps through the stages": audit,
        "hand-overs": audit,
    }


def months_before(millis: int, months: int) -> int:
    """The same day and hour so many months ago, or the last day of a month that is shorter."""
    at = datetime.fromtimestamp(millis / 1000, UTC)
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    day = min(at.day, monthrange(year, month + 1)[1])
    return round(at.replace(year=year, month=month + 1, day=day).timestamp() * 1000)
