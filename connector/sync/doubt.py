"""Did an enrolment happen whose answer was lost? Looked up, decided once, and never twice (docs/decisions/0011).

unknown ──in the workflow now, or in some workflow since it was asked──▶ confirmed
   │ └────in no workflow since it was asked────────────────────────────▶ planned (it never happened)
   └──────the portal cannot tell───────────────────────────────────────▶ refused, for a person to look at
"""

from __future__ import annotations

from typing import Literal

from connector.errors import FatalError, NotFound, SkippableError
from connector.model.judgement import OutboxEntry
from connector.store import outbox
from connector.sync.context import Context

# HubSpot accepts an enrolment before it carries it out (204 means accepted): looked for no sooner than this.
VISIBLE_MS = 10 * 60 * 1000
# Clocks of two machines, and a portal that dates an entry a little before it answers.
SLACK_MS = 60 * 1000
IN_ONE = "currentlyinworkflow"
Answer = Literal["done", "not done", "not yet", "untold"]


def settled(ctx: Context, entry: OutboxEntry) -> Answer:
    """Look, and book what is found. ``not yet`` and ``untold`` leave nothing to be sent in this run."""
    answer = _look(ctx, entry)
    with ctx.store.unit() as u:
        if answer == "done":
            outbox.mark_confirmed(u, ctx.portal_id, [entry.id], ctx.clock.now_ms())
        elif answer == "not done":
            outbox.mark_planned(u, ctx.portal_id, [entry.id], "looked up: it had not happened")
        elif answer == "untold":
            outbox.mark_refused(u, ctx.portal_id, [entry.id], outbox.UNTOLD)
    return answer


def _look(ctx: Context, entry: OutboxEntry) -> Answer:
    try:
        if entry.payload["workflow_id"] in ctx.portal.enrolments(entry.contact_id):
            return "done"
    except (SkippableError, FatalError):
        return "untold" if _old_enough(ctx, entry) else "not yet"
    return _by_history(ctx, entry) if _old_enough(ctx, entry) else "not yet"


def _old_enough(ctx: Context, entry: OutboxEntry) -> bool:
    return ctx.clock.now_ms() - (entry.sent_ms or 0) >= VISIBLE_MS


def _by_history(ctx: Context, entry: OutboxEntry) -> Answer:
    """A short workflow may have ended already: whether the contact was in any since then, its history tells."""
    try:
        history = ctx.portal.history("contacts", entry.contact_id, IN_ONE)
    except NotFound:
        return "not done"  # the contact is gone; the gate says so
    except (SkippableError, FatalError):
        return "untold"
    asked = (entry.sent_ms or 0) + ctx.portal.now_ms() - ctx.clock.now_ms() - SLACK_MS
    if any(value == "true" and at >= asked for at, value in history):
        return "done"
    # In a workflow all along, the property had no reason to change: it cannot tell.
    return "untold" if history and history[0][1] == "true" else "not done"
