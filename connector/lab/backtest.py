"""A draft scoring model over the mirrored past: whom it would have found, when, and what became of them.

Every contact is walked through its past twice, by the draft and by the published model, each seeing only what was known
(``past.py``, ``walk.py``). A contact counts once: at the instant it first passes. What came of it within the horizon is
a hit, nothing is a miss, and what is too young to tell is left open. Nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from connector.clock import iso
from connector.lab.outcomes import ACCEPTED, KNOWN, WON, Outcome
from connector.lab.past import Past, pasts
from connector.lab.verdict import verdict
from connector.lab.walk import Walk, walk
from connector.lab.weighing import LEAST_HITS, Case, Weighed, weigh
from connector.reports.stories import Story, journey_of
from connector.rules.bands import wilson
from connector.rules.compiled import Compiled
from connector.rules.journey import Ways
from connector.rules.judge import judge
from connector.store import Unit, study
from connector.store.study import Person
from connector.sync.context import Context
from connector.sync.react import portal_view

DAY_MS = 86_400_000
STEP, LOWEST, MOST_ROWS = 5, 10, 40


@dataclass(frozen=True)
class Question:
    """What is asked: from when to when, how many days an outcome may take, and buyers known from elsewhere."""

    from_ms: int
    to_ms: int
    horizon_days: int = 90
    known: Outcome | None = None

    @property
    def horizon_ms(self) -> int:
        return self.horizon_days * DAY_MS


@dataclass
class Found:
    """What the walks of all contacts gave."""

    people: dict[int, Person] = field(default_factory=dict)
    draft: dict[int, Walk] = field(default_factory=dict)
    published: dict[int, Walk] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    cases: dict[str, list[Case]] = field(default_factory=dict)
    first_seen_ms: int | None = None


def backtest(ctx: Context, draft: Compiled, off: frozenset[str], asked: Question) -> dict[str, Any]:
    """The result as the document that ``--json`` prints."""
    with ctx.store.view() as u:
        found = _walked(ctx, u, draft, off, asked)
    published = ctx.rulebook.rules
    primary = _primary(found, asked)
    rules = weigh(found.cases[primary], _points(draft))
    table = [_row(found, asked, at, draft) for at in _thresholds(found, draft, published)]
    own = next(row for row in table if row["own"])
    base = _base(found, primary)
    return {
        "portal": ctx.row.name,
        "model": {"name": draft.name, "threshold": draft.machine.threshold},
        "against": {
            "name": published.name, "version": published.version, "threshold": published.machine.threshold,
        },
        "period": {"from": iso(asked.from_ms), "to": iso(asked.to_ms), "horizon_days": asked.horizon_days},
        "mirror_first_looked": iso(found.first_seen_ms) if found.first_seen_ms is not None else None,
        "contacts": len(found.people),
        "outcomes": {name: _count(one, asked) for name, one in found.outcomes.items()},
        "measured_by": primary,
        "base": base,
        "thresholds": table,
        "published": _measured(found, asked, found.published, published.machine.threshold),
        "rules": [_rule(one, draft) for one in rules],
        "gains": list(_changed(found, found.draft, found.published, draft, published)),
        "losses": list(_changed(found, found.published, found.draft, published, draft)),
        **verdict(own["outcomes"][primary], base, draft.machine.threshold),
        "ok": True,
    }  # fmt: skip


def _walked(ctx: Context, u: Unit, draft: Compiled, off: frozenset[str], asked: Question) -> Found:
    """Everybody's walk. One pass, in constant memory but for what is kept of each contact."""
    found = Found(outcomes={ACCEPTED: Outcome(ACCEPTED), WON: Outcome(WON)})
    if asked.known is not None:
        found.outcomes[KNOWN] = asked.known
    found.cases = {name: [] for name in found.outcomes}
    view, ways = portal_view(ctx), Ways(ctx.rulebook.rules.documents.lifecycle)
    deals = study.deals(u, ctx.portal_id)
    ctx.progress.start("backtest", None)
    for past in pasts(ctx, u, asked.to_ms - 1, off):
        created = past.contact.record.created_ms
        if created is not None and created >= asked.to_ms:
            continue
        story = Story(past.person, journey_of(ways, past.person, past.turns), deals=deals.get(past.id, ()))
        _book_outcomes(found, story, asked)
        until = min([asked.to_ms, *_ends(found, past.id)])
        moments = past.moments(asked.from_ms, until)
        found.people[past.id] = past.person
        found.draft[past.id] = walk(past, moments, draft, view)
        found.published[past.id] = walk(past, moments, ctx.rulebook.rules, view)
        for name, outcome in found.outcomes.items():
            found.cases[name] += _cases(past, outcome, asked, draft, view)
        seen = past.contact.record.first_seen_ms
        found.first_seen_ms = seen if found.first_seen_ms is None else min(seen, found.first_seen_ms)
        ctx.progress.advance("backtest", 1)
    ctx.progress.finish("backtest")
    return found


def _book_outcomes(found: Found, story: Story, asked: Question) -> None:
    """What had become of the contact by the end of the period; what has no date is booked without one."""
    accepted = story.journey.reached_ms("sal")
    for name, so, at in ((ACCEPTED, story.accepted, accepted), (WON, story.won, story.won_ms)):
        if so and (at is None or at < asked.to_ms):
            found.outcomes[name].of(story.id, at)


def _ends(found: Found, contact_id: int) -> Iterator[int]:
    """A walk ends where the contact bought: from then on it is no lead."""
    for name in (WON, KNOWN):
        at = found.outcomes[name].at.get(contact_id) if name in found.outcomes else None
        if at is not None:
            yield at


def _cases(past: Past, outcome: Outcome, asked: Question, draft: Compiled, view: Any) -> Iterator[Case]:
    """The contact at the beginning of every window in which it could still come to the outcome."""
    created = past.contact.record.created_ms or 0
    if past.id in outcome.at and outcome.at[past.id] is None and outcome.name != KNOWN:
        return  # when it happened nobody knows: it belongs to no window
    at = asked.to_ms - asked.horizon_ms
    while at > asked.from_ms and at > created:
        if not outcome.before(past.id, at):
            receipt = judge(past.facts(at), draft, view).receipt
            fired = {line.rule: line.count for line in receipt.lines if line.points}
            unknown = frozenset(line.rule for line in receipt.unknown) - fired.keys()
            yield Case(past.id, fired, outcome.within(past.id, at, at + asked.horizon_ms), unknown)
        at -= asked.horizon_ms


def _primary(found: Found, asked: Question) -> str:
    """What the model is measured by: known buyers, else purchases, else (while those are few) acceptance by sales."""
    if asked.known is not None:
        return KNOWN
    hits = {name: sum(one.hit for one in cases) for name, cases in found.cases.items()}
    return ACCEPTED if hits[WON] < LEAST_HITS <= hits[ACCEPTED] else WON


def _points(draft: Compiled) -> dict[str, int]:
    return {rule.name: rule.points for rule in draft.documents.scoring.rules if rule.enabled}


def _thresholds(found: Found, draft: Compiled, published: Compiled) -> list[int]:
    """Steps of five up to the highest score there was, and both models' own thresholds."""
    highest = max((peak.score for one in found.draft.values() for peak in one.peaks[-1:]), default=LOWEST)
    steps = list(range(LOWEST, highest + STEP, STEP))[:MOST_ROWS]
    return sorted({*steps, draft.machine.threshold, published.machine.threshold})


def _row(found: Found, asked: Question, threshold: int, draft: Compiled) -> dict[str, Any]:
    measured = _measured(found, asked, found.draft, threshold)
    return {"threshold": threshold, "own": threshold == draft.machine.threshold, **measured}


def _measured(found: Found, asked: Question, walks: Mapping[int, Walk], threshold: int) -> dict[str, Any]:
    """How a threshold would have done, by each outcome."""
    passed = {who: at for who, one in walks.items() if (at := one.passed_ms(threshold)) is not None}
    return {
        "passed": len(passed),
        "outcomes": {name: _against(outcome, passed, asked) for name, outcome in found.outcomes.items()},
    }


def _against(outcome: Outcome, passed: Mapping[int, int], asked: Question) -> dict[str, Any]:
    hits, misses, undecided, waits, before = 0, 0, 0, [], 0
    for who, at in passed.items():
        if outcome.before(who, at):
            continue  # it had happened already: no credit, no blame
        before += who in outcome.at
        if outcome.within(who, at, at + asked.horizon_ms):
            hits += 1
            if (came := outcome.at[who]) is not None:
                waits.append((came - at) / DAY_MS)
        elif at + asked.horizon_ms <= asked.to_ms:
            misses += 1
        else:
            undecided += 1
    there = sum(1 for at in outcome.at.values() if at is None or at >= asked.from_ms)
    decided = hits + misses
    return {
        "hits": hits,
        "decided": decided,
        "undecided": undecided,
        "precision": round(hits / decided, 4) if decided else None,
        "precision_band": _band(hits, decided),
        "found": before,
        "there": there,
        "recall": round(before / there, 4) if there else None,
        "recall_band": _band(before, there),
        "wait_days": round(median(waits), 1) if waits else None,
    }


def _band(hits: int, of: int) -> list[float] | None:
    band = wilson(hits, of)
    return [round(one, 4) for one in band] if band else None


def _base(found: Found, primary: str) -> dict[str, Any]:
    """How often the outcome follows within a window, whoever it is: what a model must beat."""
    cases = found.cases[primary]
    hits = sum(one.hit for one in cases)
    rate = round(hits / len(cases), 4) if cases else None
    return {"cases": len(cases), "hits": hits, "rate": rate, "band": _band(hits, len(cases))}


def _count(outcome: Outcome, asked: Question) -> dict[str, int]:
    return {
        "contacts": len(outcome.at),
        "in_period": sum(1 for at in outcome.at.values() if at is not None and at >= asked.from_ms),
        "undated": sum(1 for at in outcome.at.values() if at is None),
    }


def _rule(one: Weighed, draft: Compiled) -> dict[str, Any]:
    rules = draft.documents.scoring.rules
    label = next((rule.label for rule in rules if rule.name == one.rule), "") or one.rule
    return {
        "rule": one.rule, "label": label, "points": one.points, "known": one.known, "cases": one.cases,
        "contacts": one.contacts,
        "hits": one.hits, "rate": round(one.rate, 4) if one.rate is not None else None,
        "band": [round(edge, 4) for edge in one.band] if one.band else None, "lift": one.lift,
        "proposed": one.proposed, "why": one.why,
    }  # fmt: skip


def _changed(
    found: Found, by: Mapping[int, Walk], other: Mapping[int, Walk], one: Compiled, two: Compiled
) -> Iterator[dict[str, Any]]:
    """Whom one model passes and the other does not, by name, the buyers first."""
    side: Sequence[int] = [
        who
        for who, there in by.items()
        if there.passed_ms(one.machine.threshold) is not None and other[who].passed_ms(two.machine.threshold) is None
    ]
    for who in sorted(side, key=lambda who: (who not in found.outcomes[WON].at, who)):
        person, at = found.people[who], by[who].passed_ms(one.machine.threshold)
        yield {
            "contact": str(who), "name": person.name, "email": person.email, "company": person.company,
            "passed_at": iso(at) if at is not None else None, "score": by[who].peaks[-1].score,
            "became": [name for name, outcome in found.outcomes.items() if who in outcome.at],
        }  # fmt: skip
