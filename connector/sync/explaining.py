"""One contact's judgement on demand, now or at a past minute, by the same functions that judge everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from connector.clock import iso
from connector.errors import UnknownContact
from connector.model.judgement import Field, Hold, Judgement, Known, OutboxEntry
from connector.model.nurture import Place
from connector.model.plan import PortalView
from connector.rules.derived import ACTS
from connector.rules.evidence import evidence_file
from connector.rules.gate import against_any_mail
from connector.rules.opt_in import double_opt_in, missing_step
from connector.rules.outlook import outlook
from connector.rules.receipt import receipt_json
from connector.rules.why_not import State, why_not
from connector.rules.words import Language
from connector.store import Unit, handoffs, holds, nurtures, outbox, receipts, records
from connector.store.handoffs import Handoff
from connector.store.records import Record
from connector.store.records.rows import emails_of
from connector.sync import privacy, react
from connector.sync.context import Context
from connector.sync.dispatch import Dispatch
from connector.sync.facts import Case, cases, past_case
from connector.sync.holding import Holding, frozen, taken_back, verdict, whole
from connector.sync.pull import off_sources
from connector.sync.react import portal_view
from connector.sync.rulebook import load

LONGEST_ID = 18
LATEST = 5


def explain(ctx: Context, contact: str, at_ms: int | None, language: Language | None = None) -> dict[str, Any]:
    """The receipt of a contact named by id or e-mail (DESIGN: ``explain --json``), with what was refused and why.

    ``language`` is that of the sentences under ``why_not``; None: the model's.
    """
    if at_ms is not None:
        ctx = replace(ctx, rulebook=load(ctx.store, ctx.portal_id, at_ms))
    view, off = portal_view(ctx), off_sources(ctx)
    with ctx.store.view() as u:
        record = find(ctx, u, contact)
        case = _case(ctx, u, record, at_ms, off)
        now = at_ms is None
        holding = Holding(ctx.row.name, view)
        if now:
            holding = whole(ctx, u, view, ctx.clock.now_ms(), patient=True)
            mine = [record.id]
            holding = replace(holding, taken_back=taken_back(ctx, u, mine), frozen=frozen(ctx, u, mine))
        since = {(row.effect, row.gate): row.since_ms for row in holds.of(u, ctx.portal_id, record.id)}
        handed = handoffs.of(u, ctx.portal_id, [record.id]).get(record.id, ())
        erased_before = privacy.warning(ctx, u, emails_of(record.properties))
        booked = outbox.of(u, ctx.portal_id, record.id) if now else ()
        stays = nurtures.of(u, ctx.portal_id, [record.id]).get(record.id, ())
    judgement = verdict(ctx, case, holding)
    if at_ms is None:
        with ctx.store.view() as u:
            ((_, judgement, _),) = Dispatch(ctx, view, ctx.clock.now_ms()).weigh(u, [(case, judgement, None)])
    body = receipt_json(judgement.receipt)
    body["held"] = [
        {
            "effect": d.effect,
            "gate": d.gate,
            "why": d.why,
            "remedy": d.remedy,
            "since": iso(since.get((d.effect, d.gate), ctx.clock.now_ms())),
        }
        for d in judgement.decisions
        if isinstance(d, Hold) and now
    ]
    body["not_done"] = _not_done(booked)
    body |= _beside(ctx, case, [row for row in handed if at_ms is None or row.at_ms <= at_ms])
    body["nurtures"] = _stays(ctx, [one for one in stays if at_ms is None or one.entered_ms <= at_ms], at_ms)
    body["email"] = record.email or ""
    body["merged_into"] = str(record.id) if _as_id(contact) not in (None, record.id) else None
    body["erased_before"] = erased_before
    body.update(_ahead(ctx, case, judgement, view, off, language))
    body["quarantined"] = [{"property": f.property, "why": f.reason} for f in case.faults]
    body["told"] = _told(ctx, case)
    body["came_by"] = {name: _worked_out(case.facts.fields[name]) for name in ACTS}
    body["mailing"] = [
        {"gate": gate, "why": why, "remedy": remedy}
        for gate, why, remedy in against_any_mail(case.facts, ctx.rulebook.rules.documents)
    ]
    body["nearest"] = _nearest(ctx, body)
    body["ask"] = list(ctx.rulebook.rules.profiling.missing(case.facts))
    return body


def _told(ctx: Context, case: Case) -> list[dict[str, Any]]:
    """The fields that no portal holds and a data provider told, each with who told it and since when."""
    spec = ctx.rulebook.mapping.document.enrichment
    return [
        {"field": name, "value": one.value, "provider": spec.provider, "at": iso(one.since_ms or 0)}
        for name, one in sorted(case.facts.fields.items())
        if spec is not None and isinstance(one, Known) and one.told
    ]


def _worked_out(found: Field) -> dict[str, Any]:
    """A field that is worked out, with what it was seen from, or why it is unknown."""
    if isinstance(found, Known):
        return {"value": found.value, "from": found.source, "why": None}
    return {"value": None, "from": None, "why": found.why}


def _beside(ctx: Context, case: Case, handed: Sequence[Handoff]) -> dict[str, Any]:
    """The evidence file, the way through the stages, and who was given the contact."""
    evidence = evidence_file(case.facts, ctx.rulebook.rules.documents.consent)
    return {
        "opt_in": _opt_in(ctx, case),
        "consent": [
            {
                "about": one.about,
                "says": one.says,
                "at": iso(one.at_ms) if one.at_ms is not None else None,
                "from": one.source,
            }
            for one in evidence
        ],
        "path": [{"at": iso(s.at_ms), "from": s.before, "to": s.stage, "cause": s.cause} for s in case.facts.path],
        "handed_over": [
            {
                "at": iso(row.at_ms),
                "owner": str(row.owner_id),
                "pool": row.pool,
                "answer": row.answer,
                "reason": row.reason,
            }
            for row in handed
        ],
    }


def _opt_in(ctx: Context, case: Case) -> dict[str, Any]:
    """How far the double opt-in got, and its two steps, each with time, source and wording as far as known."""
    found = double_opt_in(case.facts, ctx.rulebook.rules.documents.consent)
    steps = {"requested": found.request, "confirmed": found.confirmation}
    return {
        "step": found.step,
        "state": found.state,
        **{
            name: one and {"at": iso(one.at_ms), "source": one.source, "what": one.what, "wording": one.wording or None}
            for name, one in steps.items()
        },
        "expires": iso(found.expires_ms) if found.expires_ms is not None else None,
        "missing": None if found.step == "confirmed" else missing_step(found)[0],
    }


def _stays(ctx: Context, places: Sequence[Place], at_ms: int | None) -> list[dict[str, Any]]:
    """The ways through nurtures, the latest first; of a past minute only what had happened by then."""
    known = {one.name: one for one in ctx.rulebook.rules.documents.workflows.nurtures}
    told = []
    for place in sorted(places, key=lambda one: -one.entered_ms):
        nurture = known.get(place.nurture)
        steps = {step.name: step.label or step.name for step in nurture.steps} if nurture else {}
        over = place.ended_ms is not None and (at_ms is None or place.ended_ms <= at_ms)
        shown = over or at_ms is None or place.since_ms <= at_ms
        told.append({
            "nurture": place.nurture,
            "label": (nurture.label if nurture else "") or place.nurture,
            "entered": iso(place.entered_ms),
            "held_out": place.held_out,
            "step": steps.get(place.step, place.step) if shown else None,
            "since": iso(place.since_ms) if shown else None,
            "ended": place.ended if over else None,
            "ended_at": iso(place.ended_ms) if over and place.ended_ms is not None else None,
            "mails": sum(one.mails for one in place.sent if at_ms is None or one.at_ms <= at_ms),
        })  # fmt: skip
    return told


def _ahead(
    ctx: Context, case: Case, judgement: Judgement, view: PortalView, off: frozenset[str], language: Language | None
) -> dict[str, Any]:
    """What lies ahead of the contact, and every reason why something does not happen to it."""
    ahead = asdict(outlook(case.facts, ctx.rulebook.rules, view))
    for fall in ahead["falls"]:
        fall["at"] = iso(fall.pop("at_ms"))
    owned = bool(case.record.properties.get("hubspot_owner_id"))
    state = State(ctx.row.live, owned, off, [(fault.property, fault.reason) for fault in case.faults])
    reasons = why_not(judgement, ctx.rulebook.rules, state, language)
    return {"outlook": ahead, "why_not": [asdict(one) for one in reasons]}


def _nearest(ctx: Context, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The thresholds that are not reached yet, each with what is short of it: the next grade, and MQL."""
    rules = ctx.rulebook.rules
    grades = rules.model.document.grades
    above = [
        (name, bound) for name, bound in (("C", grades.c), ("B", grades.b), ("A", grades.a)) if body["fit"] < bound
    ]
    told = [
        {"what": f"grade {name}", "of": "fit", "at": bound, "short": bound - body["fit"]} for name, bound in above[:1]
    ]
    at = rules.machine.threshold
    if body["score"] < at:
        told.append({"what": "mql", "of": "score", "at": at, "short": at - body["score"]})
    return sorted(told, key=lambda one: int(one["short"]))


def judge_again(ctx: Context, contact: str) -> dict[str, Any]:
    """Judge one contact as a drain would that heard of it; what is open stays for the next plan."""
    with ctx.store.unit() as u:
        who = find(ctx, u, contact).id
        records.mark_dirty(u, ctx.portal_id, [who])
    react.make_plan(ctx, only=[who])
    with ctx.store.view() as u:
        receipt = receipts.get(u, ctx.portal_id, who)
    return {"portal": ctx.row.name, "contact": str(who), "score": receipt.score if receipt else 0, "ok": True}


def _not_done(booked: Sequence[OutboxEntry]) -> list[dict[str, str]]:
    """The latest effects that did not happen, each with its reason, newest first."""
    failed = [entry for entry in booked if entry.state in ("refused", "dropped", "unknown") and entry.reason]
    return [
        {"kind": entry.kind, "run": entry.run_id, "state": entry.state, "why": entry.reason}
        for entry in reversed(failed[-LATEST:])
    ]


def find(ctx: Context, u: Unit, contact: str) -> Record:
    """The contact of that id (old ids of merged contacts included) or e-mail."""
    record_id = _as_id(contact)
    found = (
        records.get(u, ctx.portal_id, "contacts", record_id)
        if record_id is not None
        else records.by_email(u, ctx.portal_id, contact.strip().lower())
    )
    if found is None or found.archived:
        raise UnknownContact(
            f"{ctx.row.name}'s mirror holds no such contact.",
            remedy=f"Check the id or e-mail, or bring the mirror up to date: leadwright sync {ctx.row.name}",
        )
    return found


def _as_id(contact: str) -> int | None:
    """A record id as somebody typed it; a longer number is none."""
    text = contact.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID else None


def _case(ctx: Context, u: Unit, record: Record, at_ms: int | None, off: frozenset[str]) -> Case:
    if at_ms is not None:
        return past_case(ctx, u, record, at_ms, off)
    return next(iter(cases(ctx, u, [record.id], ctx.clock.now_ms(), off)))
