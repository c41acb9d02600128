"""Changed facts → receipts and a plan. The judging itself is pure (``connector.rules``); here it is fed and kept.

A contact is judged when it is dirty (its facts changed, or its last judgement still asks for something) or due (time
alone may change its verdict). It stays dirty until a judgement asks for nothing, so a plan holds all that is open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from connector.errors import ConfigError
from connector.model.judgement import Enrol, Hold, Judgement, MoveStage, OutboxEntry, SetProperty
from connector.model.plan import Plan, PortalView
from connector.model.records import Properties
from connector.rules import plan as planning
from connector.rules.decide import STAMP, same_value
from connector.rules.judge import next_change_ms
from connector.rules.needs import circle_of
from connector.rules.opt_in import new_steps
from connector.rules.receipt import receipt_tree
from connector.store import (
    Unit,
    associations,
    cursors,
    definitions,
    holds,
    opt_ins,
    outbox,
    plans,
    quarantine,
    receipts,
    records,
)
from connector.store.faces import face
from connector.store.receipts import ReceiptRow
from connector.sync.ahead import scores_first
from connector.sync.context import Context
from connector.sync.dispatch import Dispatch
from connector.sync.facts import Case, cases
from connector.sync.handing import follow_up
from connector.sync.holding import Holding, frozen, taken_back, verdict, whole
from connector.sync.nursing import Judged, Nursing
from connector.sync.pull import off_sources
from connector.sync.steps import keep_steps

CHUNK = 500
SHORTEST_HASH = 12
# So many chunks a preview looks at for its page: where nearly nobody is open, the page stays short.
PREVIEWED = 6
STAGE = "lifecyclestage"


def make_plan(ctx: Context, *, patient: bool = False, only: Collection[int] | None = None) -> Plan:
    """Judge what is dirty or due and plan what is open. Keeps receipts, refusals and the plan; sends nothing.

    ``patient`` is for the clock: what the portal refused within a day is held instead of being sent again at each tick.
    A person who asks for a plan may have mended the cause, so then everything is tried. ``only`` looks at those of
    these contacts that are dirty, for a drain that knows whom it touched; such a plan is not kept.
    """
    refuse_half_a_mirror(ctx)
    view, now = portal_view(ctx), ctx.clock.now_ms()
    only = _with_colleagues(ctx, only)
    with ctx.store.view() as u:
        live = records.count(u, ctx.portal_id, "contacts")
        waiting = len(only) if only is not None else records.dirty_count(u, ctx.portal_id)
    if only is None:
        scores_first(ctx, waiting, now)
    ctx.progress.start("judging", waiting)
    judged = _judged(ctx, view, now, patient=patient, only=only)
    plan = planning.make_plan(ctx.row.name, judged, ctx.rulebook.rules.documents, view, live_contacts=live)
    ctx.progress.finish("judging")
    if only is None:
        with ctx.store.unit() as u:
            plans.save(u, ctx.portal_id, plan.hash, orjson.dumps(_kept_plan(plan)).decode(), now)
    return plan


def _with_colleagues(ctx: Context, only: Collection[int] | None) -> Collection[int] | None:
    """Where a rule looks at colleagues, whoever shares a company with somebody who changed is judged anew, too."""
    if "colleagues" not in circle_of(ctx.rulebook.rules.documents.scoring):
        return only
    with ctx.store.unit() as u:
        records.mark_colleagues(u, ctx.portal_id, only)
        if only is None:
            return None
        companies = set(associations.companies_of(u, ctx.portal_id, only).values())
        beside = associations.contacts_of(u, ctx.portal_id, companies)
    return {*only, *(contact for contacts in beside.values() for contact in contacts)}


def refuse_half_a_mirror(ctx: Context) -> None:
    """A first mirror that was cut off knows only part of each story: no verdict from it."""
    with ctx.store.view() as u:
        if "since_ms" in (cursors.get(u, ctx.portal_id, "contacts") or {}):
            return
    raise ConfigError(
        f"{ctx.row.name} is not mirrored yet, or its first mirror was cut off.",
        remedy=f"Finish it: leadwright sync {ctx.row.name}",
        reason="not_mirrored",
    )


def _kept_plan(plan: Plan) -> dict[str, object]:
    """What is kept of a plan: enough to tell later what was shown."""
    return {
        "contacts": len(plan.changes),
        "enrolments": len(plan.enrolments),
        "held": dict(plan.held),
        "judged": plan.judged,
        "versions": dict(plan.versions),
        "new_mqls": list(plan.new_mqls),
        "calls": plan.calls,
        "touched": plan.contacts_touched,
        "limit": plan.limit,
        "over_limit": plan.over_limit,
        "by_property": dict(Counter(name for change in plan.changes for name in change.properties)),
        "by_workflow": dict(Counter(enrol.workflow for enrol in plan.enrolments)),
        "workflow_ids": {enrol.workflow: enrol.workflow_id for enrol in plan.enrolments},
        "stages": dict(Counter(c.properties[STAGE][1] for c in plan.changes if STAGE in c.properties)),
    }


def preview(ctx: Context, after: int, limit: int) -> tuple[Plan, int | None]:
    """The next contacts that something would be done for, as a plan of their own, and the id to go on after.

    Judges them anew and keeps nothing: what is shown is what a plan made this instant would hold for them.
    """
    view, now, off = portal_view(ctx), ctx.clock.now_ms(), off_sources(ctx)
    shown: list[tuple[Properties, Judgement]] = []
    dispatch, nursing = Dispatch(ctx, view, now), Nursing(ctx, view)
    with ctx.store.view() as u:
        holding = whole(ctx, u, view, now, patient=False)
        for _ in range(PREVIEWED):
            tokens, last = _next(ctx, u, now, after, None, limit)
            ids = sorted(tokens)
            held = replace(holding, taken_back=taken_back(ctx, u, ids), frozen=frozen(ctx, u, ids))
            judged = dispatch.weigh(u, [_judge(ctx, case, held) for case in cases(ctx, u, ids, now, off)])
            judged = nursing.join(u, judged, held)
            done = already_enrolled(ctx, u, [judgement for _, judgement, _ in judged])
            shown += [(case.record.properties, once(judgement, done)) for case, judgement, _ in judged]
            if last is None or len(shown) >= limit:
                break
            after = last
    documents = ctx.rulebook.rules.documents
    return planning.make_plan(ctx.row.name, shown, documents, view, live_contacts=len(shown)), last


def is_shown(plan: Plan, named: str) -> bool:
    """Whether ``named`` is this plan's hash, or at least its first twelve digits."""
    return len(named) >= SHORTEST_HASH and plan.hash.startswith(named.lower())


def _judged(
    ctx: Context, view: PortalView, now: int, *, patient: bool, only: Collection[int] | None
) -> Iterator[tuple[Properties, Judgement]]:
    """Judge chunk by chunk; each chunk's receipts are kept before the next is looked at."""
    off, nursing = off_sources(ctx), Nursing(ctx, view)
    with ctx.store.view() as u:
        holding = whole(ctx, u, view, now, patient=patient)
    if only is None and holding.enrol_again:
        with ctx.store.unit() as u:
            records.mark_dirty(u, ctx.portal_id, list(holding.enrol_again))
    last: int | None = 0
    dispatch = Dispatch(ctx, view, now)
    while last is not None:
        with ctx.store.view() as u:
            tokens, last = _next(ctx, u, now, last, only)
            ids = sorted(tokens)
            held = replace(holding, taken_back=taken_back(ctx, u, ids), frozen=frozen(ctx, u, ids))
            judged = dispatch.weigh(u, [_judge(ctx, case, held) for case in cases(ctx, u, ids, now, off)])
            judged = nursing.join(u, judged, held)
            done = already_enrolled(ctx, u, [judgement for _, judgement, _ in judged])
        with ctx.store.unit() as u:
            _keep(ctx, u, judged, tokens, view, now)
            nursing.keep(u)
        for case, judgement, _ in judged:
            yield case.record.properties, once(judgement, done)
        ctx.progress.advance("judging", len(judged))


def _next(
    ctx: Context, u: Unit, now: int, after: int, only: Collection[int] | None, most: int = CHUNK
) -> tuple[dict[int, int], int | None]:
    """The marks of the next contacts to judge, and the id to go on after (None: that was all)."""
    if only is None:
        tokens = records.dirty_or_due(u, ctx.portal_id, now, after, most)
        return tokens, max(tokens) if len(tokens) >= most else None
    chunk = [contact for contact in sorted(only) if contact > after][:CHUNK]
    marks = records.tokens(u, ctx.portal_id, chunk)
    return {i: token for i, token in marks.items() if token}, chunk[-1] if len(chunk) == CHUNK else None


def _judge(ctx: Context, case: Case, holding: Holding) -> Judged:
    """The verdict of one contact, and when time alone may change it."""
    return case, verdict(ctx, case, holding), next_change_ms(case.facts, ctx.rulebook.rules)


def already_enrolled(ctx: Context, u: Unit, judged: list[Judgement]) -> frozenset[str]:
    """Causes that already led to an enrolment, or still may: the same cause has its effect once, ever (promise 5).

    What was dropped or refused has not happened. What happened to a contact merged into this one has.
    """
    asked = [d for judgement in judged for d in judgement.decisions if isinstance(d, Enrol)]
    return frozenset(
        d.cause for d in asked if any(map(_counts, outbox.enrolments(u, ctx.portal_id, d.contact_id, d.cause)))
    )


def _counts(entry: OutboxEntry) -> bool:
    return entry.state not in ("dropped", "refused") or entry.reason == outbox.UNTOLD


def once(judgement: Judgement, done: frozenset[str]) -> Judgement:
    """The judgement without enrolments whose cause had its effect already."""
    if not done:
        return judgement
    kept = tuple(d for d in judgement.decisions if not (isinstance(d, Enrol) and d.cause in done))
    return Judgement(judgement.receipt, kept)


def _keep(ctx: Context, u: Unit, judged: list[Judged], tokens: Mapping[int, int], view: PortalView, now: int) -> None:
    """Receipts, refusals and unreadable values of one chunk; contacts with nothing open are settled."""
    keep_steps(u, ctx.portal_id, [(case.record.properties, judgement) for case, judgement, _ in judged], now)
    stood = [(case.record.id, case.record.properties, judgement.receipt.stage) for case, judgement, _ in judged]
    follow_up(u, ctx.portal_id, ctx.rulebook.rules.documents.routing, stood, now)
    consent = ctx.rulebook.rules.documents.consent
    opt_ins.add(u, ctx.portal_id, {case.record.id: new_steps(case.facts, consent) for case, _, _ in judged}, now)
    rows = [_receipt_row(case, judgement, due) for case, judgement, due in judged]
    receipts.save_many(u, ctx.portal_id, rows, ctx.rulebook.rules.cause)
    ids = [case.record.id for case, _, _ in judged]
    refusals = [d for _, judgement, _ in judged for d in judgement.decisions if isinstance(d, Hold)]
    holds.replace_holds(u, ctx.portal_id, ids, refusals, now)
    for kind in ("contacts", "companies"):
        faults = {
            case.record.id: [(f.property, f.raw, f.reason) for f in case.faults if f.object == kind]
            for case, _, _ in judged
        }
        quarantine.replace(u, ctx.portal_id, kind, faults, now)
    waiting = {case.record.id for case, judgement, _ in judged if _open(case.record.properties, judgement, view)}
    records.clear_dirty(u, ctx.portal_id, {i: token for i, token in tokens.items() if i not in waiting})
    # Whom time alone made due is due no more once its receipt is kept; what it asks for must stay in the plan.
    records.mark_dirty(u, ctx.portal_id, [i for i in waiting if not tokens.get(i)])


def _open(current: Properties, judgement: Judgement, view: PortalView) -> bool:
    """Whether the judgement asks for anything the portal does not hold already."""
    for decision in judgement.decisions:
        if isinstance(decision, SetProperty):
            if not same_value(decision.property, current.get(decision.property), decision.value, view.property_types):
                return True
        elif isinstance(decision, MoveStage | Enrol):
            return True
    return False


def _receipt_row(case: Case, judgement: Judgement, due_ms: int | None) -> ReceiptRow:
    receipt = judgement.receipt
    return ReceiptRow(
        contact_id=receipt.contact_id,
        at_ms=receipt.at_ms,
        model=receipt.model,
        version=receipt.version,
        score=receipt.score,
        grade=receipt.grade,
        fit=receipt.fit,
        engagement=receipt.engagement,
        stage=receipt.stage,
        due_ms=due_ms,
        body=orjson.dumps(receipt_tree(receipt)).decode(),
        face=face(case.record.properties),
    )


def portal_view(ctx: Context) -> PortalView:
    """The portal as rules see it, from the mirrored definitions."""
    with ctx.store.view() as u:
        known = definitions.properties(u, ctx.portal_id, "contacts")
        listed = cursors.get(u, ctx.portal_id, "workflows") or {}
    stage = known.get("lifecyclestage")
    options = tuple((o.value, o.label, o.order) for o in stage.options) if stage else ()
    return PortalView(
        live=ctx.row.live,
        lifecycle_options=tuple(sorted(options, key=lambda option: option[2])),
        writable=frozenset(n for n, d in known.items() if not (d.read_only or d.calculated or d.archived)),
        has_provisioned=STAMP in known,
        workflows=_workflows(ctx, listed),
        property_options={n: tuple(o.value for o in d.options) for n, d in known.items() if d.options},
        property_types={n: d.type for n, d in known.items()},
    )


def _workflows(ctx: Context, listed: Mapping[str, Any]) -> dict[str, tuple[str, bool]]:
    """The portal's workflows; where it does not list them, those our document names are taken to be there."""
    if listed.get("off") or "workflows" not in listed:
        return {w.workflow_id: (w.name, True) for w in ctx.rulebook.rules.workflows if w.workflow_id}
    return {i: (name, enabled) for i, (name, enabled) in listed["workflows"].items()}
