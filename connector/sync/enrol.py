"""Enrolments on their way: once per cause, looked up when in doubt, and only while the gate still agrees.

planned ──asked──▶ unknown ──answered──▶ sent
   │                  └── the answer was lost: ``doubt`` looks it up before anything else
   ├── overtaken ──▶ dropped (reason), or waits for its stage
   └── refused ──▶ refused (reason): planned again after a day, or when a person asks for a plan
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connector.errors import FatalError, NotFound, RetryableError, SkippableError
from connector.model.judgement import Enrol, OutboxEntry
from connector.portal.gateway import OUTCOME_OPEN
from connector.store import outbox
from connector.sync.context import Context, PushReport, StreamReport
from connector.sync.doorkeeper import Doorkeeper, Verdict
from connector.sync.doubt import settled
from connector.sync.pull import full_scope
from connector.sync.restoring import careful
from connector.sync.sweep import settle_gone

NOBODY = "the portal knows no such workflow or contact"


def act_of(enrolment: Enrol) -> dict[str, str]:
    """What an entry says of its act: nothing where it is an enrolment."""
    return {} if enrolment.act == "enrol" else {"act": enrolment.act}


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
    can_be_repeated = "act" in entry.payload  # leaving, and lists, do no harm when done twice
    if entry.state == "unknown" and not can_be_repeated:
        answer = settled(ctx, entry)
        if answer == "untold":
            report.refused.append((entry.contact_id, outbox.UNTOLD))
        if answer != "not done":
            return
    elif (
        careful(ctx) and not can_be_repeated and entry.payload["workflow_id"] in ctx.portal.enrolments(entry.contact_id)
    ):
        with ctx.store.unit() as u:  # done before the backup was made that this database comes from
            outbox.mark_confirmed(u, ctx.portal_id, [entry.id], ctx.clock.now_ms())
        return
    verdict = _verdict(ctx, entry, doorkeeper)
    if verdict.what == "go":
        _ask(ctx, entry, verdict.email, doorkeeper, report)
    elif verdict.what == "drop":
        _drop(ctx, entry, verdict.why, report)


def _verdict(ctx: Context, entry: OutboxEntry, doorkeeper: Doorkeeper) -> Verdict:
    """The gate's, unless the same person was or is being enrolled under another id (merged contacts)."""
    with ctx.store.view() as u:
        others = [e for e in outbox.enrolments(u, ctx.portal_id, entry.contact_id, entry.cause) if e.id != entry.id]
    if any(one.state in ("sent", "confirmed") for one in others):
        return Verdict("drop", why="enrolled already, before the contacts were merged")
    if any(one.state == "unknown" for one in others):
        return Verdict("wait", why="it may be enrolled already, from before the contacts were merged")
    return doorkeeper.ask(entry)


def _ask(ctx: Context, entry: OutboxEntry, email: str, doorkeeper: Doorkeeper, report: PushReport) -> None:
    with ctx.store.unit() as u:
        outbox.mark_unknown(u, ctx.portal_id, [entry.id], ctx.clock.now_ms(), "asked")
    try:
        _carry_out(ctx, entry, email)
    except NotFound:
        _find_again(ctx, entry, doorkeeper, report)
    except RetryableError as silence:
        _later(ctx, entry, silence, report)
    except (SkippableError, FatalError) as refusal:
        _refuse(ctx, entry, refusal.message, report)
    else:
        with ctx.store.unit() as u:
            outbox.mark_sent(u, ctx.portal_id, [entry.id], ctx.clock.now_ms())
        report.enrolled += 1


def _carry_out(ctx: Context, entry: OutboxEntry, email: str) -> None:
    act, ident = entry.payload.get("act", "enrol"), entry.payload["workflow_id"]
    if act == "enrol":
        ctx.portal.enrol(ident, email)
    elif act == "leave":
        ctx.portal.leave(ident, email)
    else:
        ctx.portal.change_list(ident, entry.contact_id, add=act == "join")


def _later(ctx: Context, entry: OutboxEntry, silence: RetryableError, report: PushReport) -> None:
    """No answer. Where it is certain that nothing happened the entry waits as before; else it is looked up first."""
    open_ = silence.reason in OUTCOME_OPEN and "act" not in entry.payload
    if not open_:
        with ctx.store.unit() as u:
            outbox.mark_planned(u, ctx.portal_id, [entry.id], silence.message)
    then = "It is looked up before it is tried again." if open_ else "The next run tries it again."
    report.refused.append((entry.contact_id, f"{silence.message} {then}"))


def _find_again(ctx: Context, entry: OutboxEntry, doorkeeper: Doorkeeper, report: PushReport) -> None:
    """404: deleted, or merged since? A merged one's survivor takes its place, once."""
    with ctx.store.unit() as u:
        outbox.mark_planned(u, ctx.portal_id, [entry.id], NOBODY)
    settle_gone(ctx, full_scope(ctx, "contacts"), [entry.contact_id], StreamReport("contacts"))
    now = _same(ctx, entry)
    if now is None:
        report.dropped += 1  # deleted: the mirror's burial dropped what waited
    elif now.contact_id == entry.contact_id:
        _refuse(ctx, entry, NOBODY, report)
    else:
        verdict = _verdict(ctx, now, doorkeeper)
        if verdict.what == "drop":
            _drop(ctx, now, verdict.why, report)


def _same(ctx: Context, entry: OutboxEntry) -> OutboxEntry | None:
    """The entry as it stands now, None when it no longer waits."""
    with ctx.store.view() as u:
        found: Sequence[OutboxEntry] = outbox.due(u, ctx.portal_id, 1, after_id=entry.id - 1)
    return next((one for one in found if one.id == entry.id), None)


def _drop(ctx: Context, entry: OutboxEntry, why: str, report: PushReport) -> None:
    with ctx.store.unit() as u:
        outbox.mark_dropped(u, ctx.portal_id, [entry.id], why)
    report.dropped += 1


def _refuse(ctx: Context, entry: OutboxEntry, why: str, report: PushReport) -> None:
    with ctx.store.unit() as u:
        outbox.mark_refused(u, ctx.portal_id, [entry.id], why)
    report.refused.append((entry.contact_id, why))
