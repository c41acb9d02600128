"""What publishing a document would do, worked out for everybody and kept nowhere: the plan that would come of it.

The same steps as ``react.make_plan`` (``cases``, ``verdict``, what was enrolled already, ``planning.make_plan``) with a
rulebook in which one document is the draft. So the plan's hash is the one that a plan right after publishing has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connector.clock import iso
from connector.errors import ConfigError
from connector.model.judgement import STAGES, Decision, Enrol, Judgement, MoveStage
from connector.model.plan import Plan
from connector.model.records import Properties
from connector.portal.limits import DEFAULT_BURST
from connector.rules import plan as planning
from connector.rules.activities import CompiledActivities, classify
from connector.rules.crowd.needed import scorable
from connector.rules.documents.scoring import ScoringDocument
from connector.store import activities, documents, receipts, records
from connector.store.receipts import Standing
from connector.sync import library, previewing
from connector.sync.ahead import MANY, everybody
from connector.sync.context import Context
from connector.sync.dispatch import Dispatch
from connector.sync.facts import Case, cases
from connector.sync.holding import Holding, frozen, taken_back, verdict, whole
from connector.sync.nursing import Nursing
from connector.sync.pull import off_sources
from connector.sync.react import CHUNK, already_enrolled, once, portal_view, refuse_half_a_mirror
from connector.sync.rulebook import JUDGING, load, parse_text

NAMED = 10
GRADES = "DCBA"


@dataclass(slots=True)
class _Tally:
    """How many stand elsewhere than before, and who."""

    score: dict[str, list[int]] = field(default_factory=lambda: {"up": [], "down": []})
    grade: dict[str, list[int]] = field(default_factory=lambda: {"up": [], "down": []})
    stage: dict[str, list[int]] = field(default_factory=lambda: {"up": [], "down": [], "aside": []})
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    lost: list[int] = field(default_factory=list)
    enrolments: Counter[str] = field(default_factory=Counter)
    first: int = 0

    def take(self, judgement: Judgement, was: Standing | None) -> None:
        now, who = judgement.receipt, judgement.receipt.contact_id
        if was is None:
            self.first += 1
        else:
            _ways(self.score, who, was.score, now.score)
            _ways(self.grade, who, GRADES.find(was.grade), GRADES.find(now.grade))
            if was.stage != now.stage:
                self.stage[_way(was.stage, now.stage)].append(who)
        for decision in judgement.decisions:
            self._book(who, decision)

    def _book(self, who: int, decision: Decision) -> None:
        if isinstance(decision, MoveStage):
            self.moves[decision.from_stage, decision.to_stage] += 1
            if decision.from_stage == "mql" and decision.backward:
                self.lost.append(who)
        elif isinstance(decision, Enrol):
            self.enrolments[decision.workflow] += 1


def _ways(into: dict[str, list[int]], who: int, was: int, now: int) -> None:
    if was != now:
        into["up" if now > was else "down"].append(who)


def _way(was: str, now: str) -> str:
    if was not in STAGES or now not in STAGES:
        return "aside"
    return "up" if STAGES.index(now) > STAGES.index(was) else "down"


def dry_run(ctx: Context, kind: str, text: str) -> dict[str, Any]:
    """What would become of everybody if this text were published now. Raises ``DocumentInvalid`` for its faults."""
    draft = parse_text(library.known(kind), text, "draft")
    base, version = _versions(ctx, kind, text)
    head = {"portal": ctx.row.name, "kind": kind, "base": base, "version": version}
    if kind not in JUDGING:
        return {**head, "judges": False, "contacts": 0}
    refuse_half_a_mirror(ctx)
    rulebook = load(ctx.store, ctx.portal_id, instead={kind: (draft, version)})
    there = replace(ctx, rulebook=rulebook)
    again = rulebook.activities if kind == "activities" else None
    tally = _Tally()
    plan, live = _planned(there, tally, again)
    return {**head, "judges": True, **_told(there, plan, tally, live)}


def scores_of(ctx: Context, kind: str, text: str) -> dict[str, Any]:
    """What a draft would give everybody, in seconds; nothing is kept. Stages and writes are for the whole dry run."""
    draft = parse_text(library.known(kind), text, "draft")
    if not isinstance(draft, ScoringDocument):
        raise ConfigError(f"A {kind} document gives no scores.", remedy="Leave --scores out.", reason="no_scores")
    refuse_half_a_mirror(ctx)
    if not scorable(draft):
        raise ConfigError(
            "This model looks at colleagues or deals, so its scores cannot be worked out for everybody at once.",
            remedy="Leave --scores out: the whole dry run judges contact by contact.",
            reason="not_scorable",
        )
    threshold = ctx.rulebook.rules.documents.lifecycle.mql.threshold or draft.threshold
    many = everybody()
    told: dict[str, Any] = many.told(ctx, many.trial(ctx, draft, threshold), threshold)
    return told


def scores_ahead(ctx: Context, kind: str, text: str) -> dict[str, Any] | None:
    """The scores of a draft before all the rest of the dry run, where so many contacts make the rest take a while."""
    draft = parse_text(library.known(kind), text, "draft")
    with ctx.store.view() as u:
        live = records.count(u, ctx.portal_id, "contacts")
    if not isinstance(draft, ScoringDocument) or live < MANY or not scorable(draft):
        return None
    return scores_of(ctx, kind, text)


def rehearsed(ctx: Context, kind: str, text: str) -> dict[str, Any]:
    """The dry run, and for a mapping beside it what each row does."""
    told = dry_run(ctx, kind, text)
    return {**told, "rows": previewing.listed(ctx, text)} if kind == "mapping" else told


def _versions(ctx: Context, kind: str, text: str) -> tuple[int, int]:
    """The published version, and the one this text would be."""
    with ctx.store.view() as u:
        now = documents.current(u, ctx.portal_id, kind)
        newest = documents.newest(u, ctx.portal_id, kind)
    base = now.version if now is not None else 0
    return base, base if documents.is_current(now, text) else newest + 1


def _planned(ctx: Context, tally: _Tally, again: CompiledActivities | None) -> tuple[Plan, int]:
    view = portal_view(ctx)
    with ctx.store.view() as u:
        live = records.count(u, ctx.portal_id, "contacts")
        holding = whole(ctx, u, view, ctx.clock.now_ms(), patient=False)
    ctx.progress.start("dry run", live)
    judged = _judged(ctx, holding, tally, again)
    plan = planning.make_plan(ctx.row.name, judged, ctx.rulebook.rules.documents, view, live_contacts=live)
    ctx.progress.finish("dry run")
    return plan, live


def _judged(
    ctx: Context, holding: Holding, tally: _Tally, again: CompiledActivities | None
) -> Iterator[tuple[Properties, Judgement]]:
    """Everybody judged, chunk by chunk as ``react`` does it."""
    off, now = off_sources(ctx), ctx.clock.now_ms()
    view = portal_view(ctx)
    dispatch, nursing = Dispatch(ctx, view, now), Nursing(ctx, view)
    last: int | None = 0
    while last is not None:
        with ctx.store.view() as u:
            ids = records.live_ids(u, ctx.portal_id, "contacts", after_id=last, limit=CHUNK)
            held = replace(holding, taken_back=taken_back(ctx, u, ids), frozen=frozen(ctx, u, ids))
            judged = [(case, verdict(ctx, _named(case, again), held), None) for case in cases(ctx, u, ids, now, off)]
            found = nursing.join(u, dispatch.weigh(u, list(judged)), held)
            done = already_enrolled(ctx, u, [judgement for _, judgement, _ in found])
            before = receipts.standings(u, ctx.portal_id, ids)
        for case, judgement, _ in found:
            whole_story = once(judgement, done)
            tally.take(whole_story, before.get(case.record.id))
            yield case.record.properties, whole_story
        ctx.progress.advance("dry run", len(found))
        last = ids[-1] if len(ids) == CHUNK else None


def _named(case: Case, again: CompiledActivities | None) -> Case:
    """With an edited ``activities`` document, what people did before gets its kind from it, as publishing does."""
    if again is None or not case.facts.activities:
        return case
    anew = tuple(classify(again, activities.event_of(one), one.contact_id) for one in case.facts.activities)
    return replace(case, facts=replace(case.facts, activities=anew))


def _told(ctx: Context, plan: Plan, tally: _Tally, live: int) -> dict[str, Any]:
    return {
        "contacts": live,
        "never_judged": tally.first,
        "score": {way: len(some) for way, some in tally.score.items()},
        "grade": {way: len(some) for way, some in tally.grade.items()},
        "stage": {way: len(some) for way, some in tally.stage.items()},
        "new_mqls": len(plan.new_mqls),
        "lost_mqls": len(tally.lost),
        "moves": [{"from": a, "to": b, "contacts": n} for (a, b), n in sorted(tally.moves.items())],
        "enrolments": dict(sorted(tally.enrolments.items())),
        "written": len(plan.changes),
        "by_property": dict(Counter(name for change in plan.changes for name in change.properties)),
        "held_by_gate": dict(plan.held),
        "calls": plan.calls,
        "seconds": seconds_for(ctx, plan.calls),
        "limit": plan.limit,
        "over_limit": plan.over_limit,
        "live": ctx.row.live,
        "hash": plan.hash,
        "at": iso(ctx.clock.now_ms()),
        "ids": {
            "new_mqls": list(plan.new_mqls),
            "lost_mqls": tally.lost,
            "score_up": tally.score["up"],
            "score_down": tally.score["down"],
        },
        "people": _people(ctx, plan, tally),
    }


def seconds_for(ctx: Context, calls: int) -> float:
    """About how long so many calls take at the portal's limit, as far as it is known."""
    kept = ctx.row.settings.get("rates")
    known: Mapping[str, Any] = kept if isinstance(kept, dict) else {}
    burst = known.get("burst") or DEFAULT_BURST
    window = known.get("window_seconds") or 10.0
    return round(calls / float(burst) * float(window), 1)


def _people(ctx: Context, plan: Plan, tally: _Tally) -> list[dict[str, Any]]:
    """A few of whom something of weight changes, by name of the change."""
    chosen = [("new_mql", i) for i in plan.new_mqls[:NAMED]] + [("lost_mql", i) for i in tally.lost[:NAMED]]
    chosen += [(f"score_{way}", i) for way in ("up", "down") for i in tally.score[way][:NAMED]]
    with ctx.store.view() as u:
        found = records.get_many(u, ctx.portal_id, "contacts", [i for _, i in chosen])
    return [
        {"change": change, "contact": str(i), "email": (found[i].email or "") if i in found else ""}
        for change, i in chosen
    ]
