"""Inbox → mirror → judgement → effects, for one portal: what a webhook sets off.

    deliveries ──sorted──▶ inbox ──coalesced──▶ ids to read ──portal──▶ keep ──▶ make_plan(only=…) ──▶ push

A notice is a hint to read again, never a value to believe: order, repeats and losses of notices then cannot matter.
Notices are finished last, so whatever dies on the way is done again, and doing it again changes nothing. Echoes of our
own writes end in ``echo``; a storm is mirrored only (``storm``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connector.errors import BlastRadiusExceeded, ConfigError
from connector.model.plan import Plan
from connector.model.records import ObjectType
from connector.store import cursors, inbox, records
from connector.store.front import Front
from connector.store.inbox import InboxEntry
from connector.sync import echo, enriching, follow, holding_back, privacy, push, sorting, storm
from connector.sync.context import Context, PushReport, StreamReport
from connector.sync.pull import full_scope
from connector.sync.react import make_plan, portal_view
from connector.sync.scope import Scope
from connector.sync.sweep import chunks, settle_gone
from webhooks.notice import Notice, split

BATCH = 500
MOST_ATTEMPTS = 5
# After this long another job of the portal gets its turn: steady webhooks must not starve its cycle.
TURN_SECONDS = 10.0
READABLE: tuple[ObjectType, ...] = ("contacts", "companies", "deals")


@dataclass(slots=True)
class DrainReport:
    """What a drain did: notices by ending, records changed, and what was written (or what held it back)."""

    sorted: int = 0
    done: int = 0
    echoes: int = 0
    unread: int = 0
    unknown: int = 0
    held: int = 0
    changed: int = 0
    written: int = 0
    enrolled: int = 0
    refused: int = 0
    erased: int = 0
    storm: bool = False
    held_back: str = ""
    more: bool = False


@dataclass(slots=True)
class Work:
    """Notices of one batch, sorted by what they ask for."""

    scopes: dict[ObjectType, Scope]
    read: dict[ObjectType, set[int]] = field(default_factory=lambda: {kind: set() for kind in READABLE})
    linked: dict[ObjectType, set[int]] = field(default_factory=lambda: {kind: set() for kind in READABLE})
    erased: set[int] = field(default_factory=set)
    done: list[int] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)


def drain(ctx: Context, front: Front) -> DrainReport:
    """Work off what waits, for one turn. Raises the portal's errors with what is unfinished still waiting."""
    report, began = DrainReport(), ctx.clock.monotonic()
    while True:
        report.sorted += sorting.sort(ctx, front)
        with ctx.store.view() as u:
            entries = inbox.fresh(u, ctx.portal_id, BATCH)
        if not entries:
            return report
        if ctx.clock.monotonic() - began > TURN_SECONDS:
            report.more = True
            return report
        taken = _take(ctx, entries, report)
        if taken:
            _work_off(ctx, taken, report)


def _take(ctx: Context, entries: Sequence[InboxEntry], report: DrainReport) -> list[tuple[InboxEntry, Notice]]:
    """The notices, each counted as tried; those tried too often, or that cannot be read, are put aside."""
    fit: list[tuple[InboxEntry, Notice]] = []
    with ctx.store.unit() as u:
        for entry in entries:
            parts = split(f"[{entry.body}]".encode())
            if entry.attempts >= MOST_ATTEMPTS:
                report.held += inbox.hold(u, ctx.portal_id, [entry.id], f"Given up after {MOST_ATTEMPTS} attempts.")
            elif parts.notices:
                fit.append((entry, parts.notices[0]))
            else:
                why = parts.bad[0].reason if parts.bad else "it is empty"
                report.held += inbox.hold(u, ctx.portal_id, [entry.id], why)
        inbox.begin(u, ctx.portal_id, [entry.id for entry, _ in fit])
    return fit


def _work_off(ctx: Context, taken: Sequence[tuple[InboxEntry, Notice]], report: DrainReport) -> None:
    echoes = echo.recognise(ctx, taken, portal_view(ctx))
    own = set(echoes.entries)
    work = _sorted_out(ctx, [(entry, notice) for entry, notice in taken if entry.id not in own])
    _put_by(ctx, work, echoes, report)
    if work.erased:
        report.erased += len(privacy.erase_many(ctx, work.erased))
    touched = _mirror(ctx, work, report)
    _act(ctx, work, touched | {one.contact_id for one in echoes.frozen}, report)
    with ctx.store.unit() as u:
        report.done += inbox.finish(u, ctx.portal_id, work.done, "done", ctx.clock.now_ms())


def _put_by(ctx: Context, work: Work, echoes: echo.Echoes, report: DrainReport) -> None:
    """Finish what asks for no reading: our echoes, what nobody reads, what we do not know."""
    now = ctx.clock.now_ms()
    with ctx.store.unit() as u:
        echo.book(ctx, u, echoes)
        records.mark_dirty(u, ctx.portal_id, {one.contact_id for one in echoes.frozen})
        report.echoes += inbox.finish(u, ctx.portal_id, echoes.entries, "echo", now)
        report.unread += inbox.finish(u, ctx.portal_id, work.unread, "unread", now)
        report.unknown += inbox.finish(u, ctx.portal_id, work.unknown, "unknown", now)


def _sorted_out(ctx: Context, taken: Iterable[tuple[InboxEntry, Notice]]) -> Work:
    """What each notice asks for. A change of a property that nobody reads asks for nothing."""
    work = Work({kind: full_scope(ctx, kind) for kind in READABLE})
    for entry, notice in taken:
        kind: ObjectType | None = next((k for k in READABLE if k == notice.object_type), None)
        if kind is None or not notice.event:
            work.unknown.append(entry.id)
        elif notice.event == "propertyChange" and notice.property not in work.scopes[kind].properties:
            work.unread.append(entry.id)
        else:
            _ask(work, kind, notice)
            work.done.append(entry.id)
    return work


def _ask(work: Work, kind: ObjectType, notice: Notice) -> None:
    if notice.event == "privacyDeletion":
        work.erased.update({notice.object_id} if notice.object_id else ())
    elif notice.event == "associationChange":
        _ask_links(work, notice)
    else:
        named = {notice.object_id, notice.survivor, *notice.merged}
        work.read[kind] |= {record for record in named if record}


def _ask_links(work: Work, notice: Notice) -> None:
    """Links are read from the side that the mirror keeps them on: contacts to companies, deals to both."""
    left, _, right = notice.association.partition("_TO_")
    ends = ((left, notice.from_id), (right, notice.to_id))
    if {left, right} & {"DEAL"}:
        work.linked["deals"] |= {record for name, record in ends if name == "DEAL" and record}
    else:
        work.linked["contacts"] |= {record for name, record in ends if name == "CONTACT" and record}


def _mirror(ctx: Context, work: Work, report: DrainReport) -> set[int]:
    """Read again what the notices speak of; the contacts whose judgement that may touch."""
    touched: set[int] = set()
    newcomers: set[int] = set()
    for kind in READABLE:
        ids = work.read[kind]
        fresh = _unknown(ctx, kind, ids)
        if not (ids or work.linked[kind]):
            continue
        stream = StreamReport(kind)
        for chunk in chunks(sorted(ids)):
            settle_gone(ctx, work.scopes[kind], chunk, stream, live=True)
        follow.links(ctx, kind, work.linked[kind] | fresh)
        changed = ids | stream.moved | work.linked[kind]
        report.changed += len(stream.moved)
        if kind == "contacts":
            touched |= changed
            newcomers = fresh
        else:
            touched |= follow.contacts_of(ctx, kind, changed)
    follow.engagement(ctx, touched, newcomers)
    return touched


def _unknown(ctx: Context, kind: ObjectType, ids: set[int]) -> set[int]:
    """Records the mirror has not met: their links are read with them."""
    with ctx.store.view() as u:
        return ids - set(records.get_many(u, ctx.portal_id, kind, sorted(ids))) if ids else set()


def _act(ctx: Context, work: Work, touched: set[int], report: DrainReport) -> None:
    """Judge whom the notices touched and send what follows, unless a storm blows or the mirror is not whole yet."""
    report.storm = storm.watch(ctx, {record for ids in work.read.values() for record in ids})
    if report.storm:
        report.held_back = storm.holds(ctx)
        holding_back.note(ctx, report.held_back)
    if report.storm or not touched or not _whole(ctx):
        return
    enriching.before_judging(ctx, touched)
    plan = make_plan(ctx, patient=True, only=touched)
    _push(ctx, plan, report)


def _whole(ctx: Context) -> bool:
    with ctx.store.view() as u:
        return "since_ms" in (cursors.get(u, ctx.portal_id, "contacts") or {})


def _push(ctx: Context, plan: Plan, report: DrainReport) -> None:
    if not (plan.changes or plan.enrolments):
        return
    try:
        pushed: PushReport = push.push(ctx, plan, approved=False, read_back=False)
    except (ConfigError, BlastRadiusExceeded) as held:
        report.held_back = _waits(ctx, held)
        if ctx.row.live:
            holding_back.note(ctx, report.held_back)
        return
    report.written += pushed.written
    report.enrolled += pushed.enrolled
    report.refused += len(pushed.refused)


def _waits(ctx: Context, held: ConfigError | BlastRadiusExceeded) -> str:
    """What holds it back, and who ends that. The hash of a part of the work is no use: the whole plan has another."""
    if not isinstance(held, BlastRadiusExceeded):
        return str(held)
    name = ctx.row.name
    return (
        f"{held.message} It waits until somebody has read it: leadwright plan {name}, then leadwright apply {name} "
        "--hash with the hash shown there. Until then only what changes from now on is written, as far as it is less."
    )
