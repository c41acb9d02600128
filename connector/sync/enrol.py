"""Enrolments on their way: once per cause, looked up when in doubt, and only while the gate still agrees.

planned ──asked──▶ unknown ──answered──▶ sent
   │                  └── looked up before any retry ──▶ confirmed
   └── overtaken ──▶ dropped (reason), or waits for its stage
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connector.errors import FatalError, NotFound, RetryableError, SkippableError
from connector.model.judgement import OutboxEntry
from connector.store import outbox
from connector.sync.context import Context, PushReport
from connector.sync.doorkeeper import Doorkeeper, Verdict
from connector.sync.restoring import careful


def enrol_all(ctx: Context, entries: Iterable[OutboxEntry], report: PushReport) -> None:
    """Enrol once per cause. Before the call the entry becomes ``unknown``; such a one is looked up before any retry.

    Who could not be written is not enrolled either: the stage is the reason for it. The entry waits for the next run.
    """
    unwritten = {contact_id for contact_id, _ in (*report.refused, *report.overtaken)}
    doorkeeper = Doorkeeper(ctx)
    for entry in entries:
        if entry.contact_id not in unwritten:
            _enrol(ctx, entry, doorkeeper, report)


def _enrol(ctx: Context, entry: OutboxEntry, doorkeeper: Doorkeeper, report: PushReport) -> None:
    workflow, now = entry.payload["workflow_id"], ctx.clock.now_ms()
    if (entry.state == "unknown" or careful(ctx)) and workflow in ctx.portal.enrolments(entry.contact_id):
        _mark(ctx, outbox.mark_confirmed, entry)
        return
    verdict = doorkeeper.ask(entry)
    if verdict.what != "go":
        _keep_out(ctx, entry, verdict, report)
        return
    with ctx.store.unit() as u:
        outbox.mark_unknown(u, ctx.portal_id, [entry.id], now, "asked")
    try:
        ctx.portal.enrol(workflow, verdict.email)
    except NotFound:
        why = "the portal knows no such workflow or contact"
    except RetryableError as silence:
        report.refused.append((entry.contact_id, f"{silence.message} It is looked up before it is tried again."))
        return
    except (SkippableError, FatalError) as refusal:
        why = refusal.message
    else:
        with ctx.store.unit() as u:
            outbox.mark_sent(u, ctx.portal_id, [entry.id], ctx.clock.now_ms())
        report.enrolled += 1
        return
    with ctx.store.unit() as u:
        outbox.mark_refused(u, ctx.portal_id, [entry.id], why)
    report.refused.append((entry.contact_id, why))


def _keep_out(ctx: Context, entry: OutboxEntry, verdict: Verdict, report: PushReport) -> None:
    """Not now: what waits stays planned for a later run, what was overtaken is dropped with its reason."""
    if verdict.what == "drop":
        with ctx.store.unit() as u:
            outbox.mark_dropped(u, ctx.portal_id, [entry.id], verdict.why)
        report.dropped += 1


def _mark(ctx: Context, mark: Any, entry: OutboxEntry) -> None:
    with ctx.store.unit() as u:
        mark(u, ctx.portal_id, [entry.id], ctx.clock.now_ms())
