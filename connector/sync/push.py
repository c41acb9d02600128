"""Plan → portal: the only place that writes to a portal, and the gates in front of it.

Entry by entry, a plan becomes outbox rows with the values before; rows go out in batches of a hundred, each record
with its own outcome; a refused batch is halved until the culprit stands alone; a sample is read back.

    planned ──batch──▶ sent ──read back──▶ confirmed
       │                 └──portal kept its own value──▶ refused
       ├──portal says no──▶ refused (reason, by property)
       └──contact gone, or changed by a person since the plan (``contested``)──▶ dropped
    unknown: an enrolment may or may not have happened (cut connection): looked up before it is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from connector.clock import iso
from connector.errors import (
    BlastRadiusExceeded,
    ConfigError,
    Refused,
)
from connector.model.judgement import OutboxEntry
from connector.model.plan import Plan
from connector.model.records import Snapshot, modified_property
from connector.portal.gateway import Update, WriteOutcome
from connector.rules.decide import STAMP
from connector.rules.sales import AT_ONCE, HANDED_OVER
from connector.store import Unit, cursors, definitions, outbox, records, runs
from connector.store.outbox import NewEntry
from connector.sync import options
from connector.sync.contested import Referee, contested
from connector.sync.context import Context, PushReport, StreamReport
from connector.sync.enrol import act_of, enrol_all
from connector.sync.giving import entries_of, give_all
from connector.sync.handing import book_written
from connector.sync.keep import keep
from connector.sync.pull import catch_up, full_scope
from connector.sync.restoring import refuse_before_read_again
from connector.sync.sweep import settle_gone

BATCH = 100
READ_BACK = 100
LARGE_RUN = 150
STAGE = "lifecyclestage"
Values = Callable[[OutboxEntry], dict[str, str]]


def push(ctx: Context, plan: Plan, *, approved: bool, read_back: bool = True) -> PushReport:
    """Carry out ``plan``. ``approved``: its hash was named, so the blast-radius limit does not apply.

    Without ``read_back`` no sample is read: a drain's few writes are confirmed by their echoes, or by the next pull.

    Raises ConfigError in observe mode or before provisioning, BlastRadiusExceeded over the limit: nothing was sent.
    """
    refuse_unless_allowed(ctx, plan, approved=approved)
    began, calls = ctx.clock.monotonic(), ctx.portal.calls().made
    if len(plan.changes) > LARGE_RUN:
        catch_up(ctx)
    report = _enter(ctx, plan)
    state = "failed"
    try:
        report.options = dict(options.create(ctx, plan))
        _write_all(ctx, plan, report)
        enrol_all(ctx, (batch[0] for batch in _batches(ctx, "enrol", 1)), report)
        give_all(ctx, (batch[0] for batch in _batches(ctx, "note", 1)), report)
        if read_back:
            _read_back(ctx, report)
        state = "part" if report.refused or report.overtaken or report.checked != report.equal else "done"
    finally:
        report.calls = ctx.portal.calls().made - calls
        report.seconds = round(ctx.clock.monotonic() - began, 3)
        _close(ctx, report, state)
    return report


def push_if_allowed(ctx: Context, plan: Plan) -> tuple[PushReport | None, str]:
    """What a cycle does with its plan: (report, "") or (None, what held it back). Nothing to do gives (None, "")."""
    with ctx.store.view() as u:
        waiting = outbox.waiting(u, ctx.portal_id)
    if not (plan.changes or plan.enrolments or waiting):
        return None, ""
    try:
        return push(ctx, plan, approved=False), ""
    except (ConfigError, BlastRadiusExceeded) as held:
        return None, str(held)


def refuse_in_observe_mode(ctx: Context) -> None:
    """Observe mode: everything is mirrored and judged, nothing is written."""
    if not ctx.row.live:
        raise ConfigError(
            f"{ctx.row.name} is in observe mode: nothing is written.",
            remedy=f"Look at the plan (leadwright plan {ctx.row.name}), then: leadwright portal live {ctx.row.name}",
            reason="observe_mode",
        )


def refuse_unless_allowed(ctx: Context, plan: Plan, *, approved: bool) -> None:
    """The gates of a run: observe mode, a restore, provisioning, blast radius. (A paused portal: before any flow.)"""
    name = ctx.row.name
    refuse_in_observe_mode(ctx)
    refuse_before_read_again(ctx)
    if plan.changes and not _provisioned(ctx):
        raise ConfigError(
            f"{name} lacks the properties that write-back needs.",
            remedy=f"Create them with: leadwright portal provision {name}",
            reason="not_provisioned",
        )
    if plan.over_limit and not approved:
        raise BlastRadiusExceeded(
            plan.sentence,
            remedy=f"Nothing of it is written until somebody has read it: leadwright plan {name}, "
            f"then: leadwright apply {name} --hash {plan.hash}",
        )


def _provisioned(ctx: Context) -> bool:
    """Whether the portal defines the stamp property, the last one provisioning creates."""
    with ctx.store.view() as u:
        return STAMP in definitions.properties(u, ctx.portal_id, "contacts")


def _enter(ctx: Context, plan: Plan) -> PushReport:
    """Book every effect with its values before, in one transaction; leftovers of a killed run are superseded."""
    now = ctx.clock.now_ms()
    with ctx.store.unit() as u:
        left = [e.id for e in _left(ctx, u, "write")]
        outbox.mark_dropped(u, ctx.portal_id, left, "superseded by a newer plan")
        run_id = runs.start(u, ctx.portal_id, "apply", now, plan_hash=plan.hash)
        entries = [
            NewEntry(
                contact_id=change.contact_id,
                kind="write",
                cause=f"write:{run_id}:{change.contact_id}",
                payload={
                    "properties": {
                        name: iso(now) if (name, after) == (HANDED_OVER, AT_ONCE) else after
                        for name, (_, after) in change.properties.items()
                    },
                    "reset": change.stage_reset,
                },
                before={name: before for name, (before, _) in change.properties.items()},
            )
            for change in plan.changes
        ]
        entries += [
            NewEntry(
                contact_id=enrolment.contact_id,
                kind="enrol",
                cause=enrolment.cause,
                payload={"workflow_id": enrolment.workflow_id, "email": enrolment.email, **act_of(enrolment)},
                before={},
            )
            for enrolment in plan.enrolments
        ]
        entries += entries_of(plan, ctx.rulebook.rules.documents.routing, now)
        outbox.enter(u, ctx.portal_id, run_id, entries, now)
    return PushReport(run_id, plan.hash)


def _left(ctx: Context, u: Unit, kind: str) -> Iterator[OutboxEntry]:
    """Entries of a kind that still wait to be sent, oldest first."""
    last = 0
    while batch := outbox.due(u, ctx.portal_id, BATCH * 10, after_id=last):
        yield from (entry for entry in batch if entry.kind == kind)
        last = batch[-1].id


def _batches(ctx: Context, kind: str, size: int) -> Iterator[Sequence[OutboxEntry]]:
    """What waits, in batches; looked up once, since nobody else enters effects while this portal is being pushed."""
    with ctx.store.view() as u:
        waiting = list(_left(ctx, u, kind))
    if kind == "write":
        # Together, those that are looked at before they go out cost one read a hundred.
        waiting.sort(key=lambda entry: not contested(entry))
    yield from (waiting[start : start + size] for start in range(0, len(waiting), size))


def _write_all(ctx: Context, plan: Plan, report: PushReport) -> None:
    """Send every planned write, oldest first; stage resets go ahead in requests of their own."""
    report.first_ms = ctx.clock.now_ms()
    ctx.progress.start("write-back", len(plan.changes))
    referee = Referee(ctx)
    for whole in _batches(ctx, "write", BATCH):
        batch = referee.still_ours(whole, report)
        resets = [entry for entry in batch if entry.payload.get("reset")]
        refused = _send(ctx, resets, lambda _: {STAGE: ""}, report, final=False) if resets else set()
        _send(ctx, [e for e in batch if e.id not in refused], _stamped(ctx), report, final=True)
        ctx.progress.advance("write-back", len(whole))
    ctx.progress.finish("write-back")


def _stamped(ctx: Context) -> Values:
    """The properties of an entry with the moment of writing: told to people, and how our own echo is recognised."""
    stamp = iso(ctx.clock.now_ms())
    return lambda entry: {**entry.payload["properties"], STAMP: stamp}


def _send(ctx: Context, entries: Sequence[OutboxEntry], values: Values, report: PushReport, *, final: bool) -> set[int]:
    """Write one batch; halve it when the portal refuses it whole. Returns the ids of refused or dropped entries."""
    if not entries:
        return set()
    try:
        outcomes = ctx.portal.write("contacts", [Update(entry.contact_id, values(entry)) for entry in entries])
    except Refused as refusal:
        return _bisect(ctx, entries, values, refusal, report, final=final)
    return _book(ctx, entries, outcomes, values, report, final=final)


def _bisect(
    ctx: Context, entries: Sequence[OutboxEntry], values: Values, refusal: Refused, report: PushReport, *, final: bool
) -> set[int]:
    """Find who is to blame. A refused property goes alone, so that the others are written; else halves are tried."""
    named = _separable(entries, values, refusal) if final else frozenset()
    if named:
        lost = _send(ctx, entries, lambda e: _without(values(e), named), report, final=True)
        kept = [entry for entry in entries if entry.id not in lost]
        for name in sorted(named):
            holders = [entry for entry in kept if name in values(entry)]
            _send_alone(ctx, holders, name, refusal.faults[name], report)
        return lost
    if len(entries) > 1 and not _everybodys_fault(entries, values, refusal):
        middle = len(entries) // 2
        left = _send(ctx, entries[:middle], values, report, final=final)
        return left | _send(ctx, entries[middle:], values, report, final=final)
    _refuse(ctx, entries, refusal, report)
    return {entry.id for entry in entries}


def _separable(entries: Sequence[OutboxEntry], values: Values, refusal: Refused) -> frozenset[str]:
    """Refused properties that can be left out. Not the stage: what goes with it must not be written without it."""
    held = {name for entry in entries for name in values(entry)}
    named = set(refusal.faults) & held
    return frozenset(named) if held - named - {STAMP} and STAGE not in named else frozenset()


def _without(values: dict[str, str], names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in names}


def _send_alone(ctx: Context, entries: Sequence[OutboxEntry], name: str, why: str, report: PushReport) -> None:
    """Write the one property that was refused for somebody.

    A property that is gone is not tried again. An option that is missing is missing for all who need it: once per
    value. Any other rule may be about the person: halves, until the culprit stands alone.
    """
    if any(mark in why for mark in DEFINITION_FAULTS):
        _refuse(ctx, entries, Refused(why, faults={name: why}), report)
    elif any(mark in why for mark in OPTION_FAULTS):
        by_value: dict[str, list[OutboxEntry]] = {}
        for entry in entries:
            by_value.setdefault(entry.payload["properties"][name], []).append(entry)
        for group in by_value.values():
            if refusal := _write_only(ctx, group, name, report):
                _refuse(ctx, group, refusal, report)
    else:
        for half in _halves(entries):
            _narrow(ctx, half, name, report)


def _narrow(ctx: Context, entries: Sequence[OutboxEntry], name: str, report: PushReport) -> None:
    refusal = _write_only(ctx, entries, name, report)
    if refusal is None:
        return
    if len(entries) == 1:
        _refuse(ctx, entries, refusal, report)
        return
    for half in _halves(entries):
        _narrow(ctx, half, name, report)


def _halves(entries: Sequence[OutboxEntry]) -> list[Sequence[OutboxEntry]]:
    middle = len(entries) // 2
    return [part for part in (entries[:middle], entries[middle:]) if part]


def _write_only(ctx: Context, entries: Sequence[OutboxEntry], name: str, report: PushReport) -> Refused | None:
    """Write one property of these contacts; the refusal, if there is one."""
    try:
        outcomes = ctx.portal.write("contacts", [Update(e.contact_id, _only(e, name)) for e in entries])
    except Refused as refusal:
        return refusal
    alone = {entry.contact_id: entry for entry in entries}
    written = [(alone[o.id], o) for o in outcomes if o.state == "written"]
    with ctx.store.unit() as u:
        _mirror_written(ctx, u, written, lambda e: _only(e, name), report)
    return None


def _only(entry: OutboxEntry, name: str) -> dict[str, str]:
    return {name: entry.payload["properties"][name]}


def _refuse(ctx: Context, entries: Sequence[OutboxEntry], refusal: Refused, report: PushReport) -> None:
    """Book a refusal with the portal's reason by property."""
    why = "; ".join(f"{name}: {reason}" for name, reason in refusal.faults.items()) or refusal.message
    with ctx.store.unit() as u:
        outbox.mark_refused(u, ctx.portal_id, [e.id for e in entries], why)
    report.refused += [(entry.contact_id, why) for entry in entries]


OPTION_FAULTS = ("INVALID_OPTION", "allowed options")
DEFINITION_FAULTS = ("does not exist", "PROPERTY_DOESNT_EXIST", "READ_ONLY", "read only", "read-only")
VALUE_FAULTS = ("the value is ", "INVALID_")


def _everybodys_fault(entries: Sequence[OutboxEntry], values: Values, refusal: Refused) -> bool:
    """A property that does not exist or is read-only fails for all who carry it, and a value that is none for all who
    carry that value: no use in asking a hundred times."""
    broken = {name for name, why in refusal.faults.items() if any(mark in why for mark in DEFINITION_FAULTS)}
    for name, why in refusal.faults.items():
        if any(mark in why for mark in VALUE_FAULTS) and len({values(entry).get(name) for entry in entries}) == 1:
            broken.add(name)
    return bool(broken) and all(broken & set(values(entry)) for entry in entries)


def _book(
    ctx: Context,
    entries: Sequence[OutboxEntry],
    outcomes: Sequence[WriteOutcome],
    values: Values,
    report: PushReport,
    *,
    final: bool,
) -> set[int]:
    """Book each record's own outcome and mirror what was written, in one transaction."""
    by_contact = {entry.contact_id: entry for entry in entries}
    refused: dict[int, str] = {}
    gone: list[OutboxEntry] = []
    written: list[tuple[OutboxEntry, WriteOutcome]] = []
    kept: list[int] = []
    for outcome in outcomes:
        entry = by_contact[outcome.id]
        if outcome.state == "gone":
            gone.append(entry)
        elif outcome.state == "refused":
            refused[entry.id] = outcome.reason
        elif why := _kept_own(outcome, values(entry)):
            refused[entry.id] = why
            kept.append(outcome.id)
        else:
            written.append((entry, outcome))
    with ctx.store.unit() as u:
        _mirror_written(ctx, u, written, values, report)
        if final:
            outbox.mark_sent(u, ctx.portal_id, [e.id for e, _ in written], ctx.clock.now_ms())
            report.written += len(written)
            report.sent += [e.contact_id for e, _ in written]
        for entry_id, why in refused.items():
            outbox.mark_refused(u, ctx.portal_id, [entry_id], why)
        outbox.mark_dropped(u, ctx.portal_id, [e.id for e in gone], "the contact is gone")
    report.refused += [(by_id.contact_id, refused[by_id.id]) for by_id in entries if by_id.id in refused]
    _read_again(ctx, kept)
    if gone:
        report.dropped += len(gone)
        settle_gone(ctx, full_scope(ctx, "contacts"), [e.contact_id for e in gone], StreamReport("contacts"))
    return {*refused, *(entry.id for entry in gone)}


def _kept_own(outcome: WriteOutcome, wanted: dict[str, str]) -> str:
    """HubSpot answers 200 to a backward lifecycle step and keeps its value: seen here, so never a silent no-op."""
    kept = outcome.properties.get(STAGE)
    if wanted.get(STAGE) and kept is not None and kept != wanted[STAGE]:
        return f"the portal kept {STAGE}"
    return ""


def _mirror_written(
    ctx: Context, u: Unit, written: Sequence[tuple[OutboxEntry, WriteOutcome]], values: Values, report: PushReport
) -> None:
    routing = ctx.rulebook.rules.documents.routing
    book_written(u, ctx.portal_id, routing, {entry.contact_id: values(entry) for entry, _ in written})
    snapshots = [
        Snapshot(
            "contacts",
            entry.contact_id,
            {n: v or None for n, v in values(entry).items()} | _touched(outcome),
            None,
            outcome.modified_ms or ctx.portal.now_ms(),
        )
        for entry, outcome in written
    ]
    records.upsert(u, ctx.portal_id, "contacts", snapshots, ctx.clock.now_ms())
    report.last_answer_ms = max([report.last_answer_ms, *(s.modified_ms for s in snapshots)])


def _touched(outcome: WriteOutcome) -> dict[str, str | None]:
    """The modification time is a property too; a write moves it."""
    stamp = modified_property("contacts")
    return {stamp: outcome.properties[stamp]} if outcome.properties.get(stamp) else {}


def _read_again(ctx: Context, ids: Sequence[int]) -> None:
    """Mirror what the portal made of a write that it took in part; increments leave out what carries our stamp."""
    if ids:
        batch = ctx.portal.read("contacts", ids, full_scope(ctx, "contacts").properties)
        with ctx.store.unit() as u:
            keep(ctx, u, "contacts", batch.records, StreamReport("contacts"))


def _read_back(ctx: Context, report: PushReport) -> None:
    """Read what was written and compare every value with what the mirror now believes (P28).

    Everybody whose stage was moved, since the portal dates that in properties of its own; of the rest a sample.
    """
    if not report.sent:
        return
    with ctx.store.view() as u:
        pages = outbox.of_run(u, ctx.portal_id, report.run_id)
        entries = {e.contact_id: e for page in pages for e in page if e.kind == "write"}
    moved = [who for who in report.sent if who in entries and STAGE in entries[who].payload["properties"]]
    others = sorted(set(report.sent) - set(moved))
    room = max(0, READ_BACK - len(moved))
    picked = moved + Random(report.run_id).sample(others, min(room, len(others)))
    for start in range(0, len(picked), READ_BACK):
        _compare(ctx, entries, picked[start : start + READ_BACK], report)


def _compare(ctx: Context, entries: Mapping[int, OutboxEntry], picked: Sequence[int], report: PushReport) -> None:
    batch = ctx.portal.read("contacts", picked, full_scope(ctx, "contacts").properties)
    kept: list[int] = []
    for record in batch.records:
        entry = entries.get(record.id)
        if entry is None:
            continue
        report.checked += 1
        if all(same(record.properties.get(n), v) for n, v in entry.payload["properties"].items()):
            report.equal += 1
            kept.append(entry.id)
    with ctx.store.unit() as u:
        keep(ctx, u, "contacts", batch.records, StreamReport("contacts"))
        outbox.mark_confirmed(u, ctx.portal_id, kept, ctx.clock.now_ms())


def same(theirs: str | None, ours: str) -> bool:
    """Whether two property values mean the same: '' and None, 5 and 5.0."""
    if (theirs or "") == ours:
        return True
    try:
        return float(theirs or "nan") == float(ours or "nan")
    except ValueError:
        return False


def _close(ctx: Context, report: PushReport, state: str) -> None:
    """Book the run; after a large one remember its stamp so that the next pull does not read it all again."""
    now = ctx.clock.now_ms()
    counts = {
        "written": report.written,
        "refused": len(report.refused),
        "overtaken": len(report.overtaken),
        "enrolled": report.enrolled,
        "given": report.given,
        "calls": report.calls,
    }
    with ctx.store.unit() as u:
        runs.finish(u, ctx.portal_id, report.run_id, state, counts, "", now)
        if report.refused:
            cursors.drop(u, ctx.portal_id, "definitions")  # perhaps the portal's rules are other ones by now
        cursor = cursors.get(u, ctx.portal_id, "contacts")
        if cursor is not None and report.written > LARGE_RUN and report.last_answer_ms:
            cursor["echo"] = {"stamp_ms": report.first_ms, "until_ms": report.last_answer_ms}
            cursors.save(u, ctx.portal_id, "contacts", cursor, now)
