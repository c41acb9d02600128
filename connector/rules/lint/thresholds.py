"""Advice about thresholds: nobody vouches for them (L24), the ways to them (L28), many slight acts (L29), out of reach.

What many acts of one kind give is found by the very rules that judge contacts, over a contact imagined for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from connector.model.judgement import FAMILIES, Facts
from connector.model.records import Activity
from connector.rules.documents.kinds import CATALOGUE
from connector.rules.documents.scoring import Model as ModelDocument
from connector.rules.documents.scoring import ScoringDocument, models_of
from connector.rules.documents.scoring_rules import (
    ActivityRule,
    BurstRule,
    DwellRule,
    FrequencyRule,
    PersonaRule,
    PropertyRule,
    Rule,
    VelocityRule,
)
from connector.rules.documents.shape import Place
from connector.rules.lint.advice import Advice, Papers
from connector.rules.scoring.acts import an_act
from connector.rules.scoring.paths import MOST_ACTS, shortest_paths_to_threshold
from connector.rules.scoring.tally import Model
from connector.rules.view import DAY, View

NOW: Final = 20_000 * DAY
POSTS: Final = 10
APART: Final = (DAY // 48, DAY, 31 * DAY)
NEVER_ENDING: Final = 10**9
STARTER: Final = "starter"
Acting = ActivityRule | BurstRule | VelocityRule | DwellRule | FrequencyRule


@dataclass(frozen=True, slots=True)
class Answer:
    """A question that people ask of a model, with its answer. ``fine`` says whether the answer is as it should be."""

    question: str
    answer: str
    fine: bool


@dataclass(frozen=True, slots=True)
class Alone:
    """What so many acts of one kind and nothing else give, on top of a full profile at best."""

    kind: str
    acts: int
    points: int
    converting: bool


def threshold_advice(papers: Papers) -> Iterator[Advice]:
    scoring = papers.scoring
    yield from _nobody_vouches(scoring)
    yield from _ways(papers)
    for alone in slight_acts(papers):
        if alone.points >= scoring.threshold and not alone.converting and papers.lifecycle.mql.depth.at_least == 0:
            message = f"{alone.acts} × {_label(alone.kind)} and nothing else make an MQL ({alone.points} points)."
            remedy = "Give the rule a cap, or the lifecycle document a depth gate (mql.depth.at_least: 1)."
            yield Advice("L29", "scoring", ("threshold",), message, remedy)
    for place, model in models_of(scoring):
        yield from _out_of_reach(place, model)


def answers(papers: Papers) -> tuple[Answer, ...]:
    """The questions every model should be asked, answered."""
    bar = papers.lifecycle.mql.threshold or papers.scoring.threshold
    found = [_posts(papers, bar)]
    for with_profile, words in ((True, "on top of a full profile"), (False, "of somebody we know nothing about")):
        paths = shortest_paths_to_threshold(papers.scoring, with_profile=with_profile)
        question = f"What is the shortest way to {bar} points {words}?"
        shown = "; ".join(f"{' + '.join(path.acts) or 'nothing more'} ({path.points})" for path in paths[:5])
        found.append(Answer(question, shown or f"None of up to {MOST_ACTS} acts.", bool(paths)))
    vouched = papers.scoring.calibrated
    said = "Yes." if vouched else "No: the threshold is uncalibrated."
    return (*found, Answer("Does somebody vouch for the threshold?", said, vouched))


def slight_acts(papers: Papers) -> tuple[Alone, ...]:
    """For each kind of act that brings points: what ten of them and nothing else give."""
    deep = frozenset(papers.lifecycle.mql.depth.activities)
    rules = [rule for rule in papers.scoring.rules if rule.enabled and rule.points > 0]
    kinds = {kind: rule for rule in rules if isinstance(rule, Acting) for kind in rule.activities}
    return tuple(
        Alone(kind, POSTS, _given(papers.scoring, kind, kinds[kind], POSTS), kind in deep) for kind in sorted(kinds)
    )


def most_points(model: ModelDocument) -> int:
    """The most points a contact can have; ``NEVER_ENDING`` where nothing bounds them."""
    families = dict.fromkeys(FAMILIES, 0)
    for rule in model.rules:
        if rule.enabled and rule.points > 0:
            families[rule.family] += _most(rule)
    caps = {family.name: family.cap for family in model.families if family.cap is not None}
    total = sum(min(points, caps.get(family, points)) for family, points in families.items())  # type: ignore[call-overload]
    return min(total, NEVER_ENDING if model.cap is None else model.cap)


def _nobody_vouches(scoring: ScoringDocument) -> Iterator[Advice]:
    if scoring.calibrated:
        return
    whose = "the starter model's example" if scoring.version_label == STARTER else "uncalibrated"
    message = f"The threshold of {scoring.threshold} is {whose}: nobody vouches for it yet."
    yield Advice("L24", "scoring", ("threshold",), message, "Agree on it with sales, then write `calibrated: true`.")


def _ways(papers: Papers) -> Iterator[Advice]:
    scoring = papers.scoring
    paths = shortest_paths_to_threshold(scoring)
    if not paths:
        message = f"Not even a full profile and {MOST_ACTS} acts reach the threshold of {scoring.threshold}."
        yield _l28(message, "Lower it, or give relevant acts more points.")
    elif not paths[0].acts:
        message = f"A full profile alone has {paths[0].points} points and reaches the threshold of {scoring.threshold}."
        yield _l28(message, "Raise it, or give the profile fewer points.")
    converting = frozenset(papers.lifecycle.mql.depth.activities)
    acting = {rule.name: rule for rule in scoring.rules if isinstance(rule, ActivityRule)}
    for path in paths:
        if len(path.acts) == 1 and not converting & set(acting[path.acts[0]].activities):
            message = f'One "{path.acts[0]}" on top of a full profile reaches the threshold ({path.points} points).'
            yield _l28(message, "A slight act should not be enough: lower its points.")


def _l28(message: str, remedy: str) -> Advice:
    return Advice("L28", "scoring", ("threshold",), message, remedy)


def _posts(papers: Papers, bar: int) -> Answer:
    kind = "blog_post"
    rule = next((r for r in papers.scoring.rules if isinstance(r, Acting) and kind in r.activities and r.enabled), None)
    question = f"Can {POSTS} blog posts alone make an MQL?"
    if rule is None:
        return Answer(question, "No: no rule counts blog posts.", True)
    points = _given(papers.scoring, kind, rule, POSTS)
    if points < bar:
        return Answer(question, f"No: with a full profile they come to {points} of {bar} points.", True)
    depth = papers.lifecycle.mql.depth
    if depth.at_least and kind not in depth.activities:
        said = f"No: with a full profile they come to {points} points, but the depth gate asks for a converting act."
        return Answer(question, said, True)
    return Answer(question, f"Yes: with a full profile they come to {points} of {bar} points.", False)


def _given(document: ScoringDocument, kind: str, rule: Acting, acts: int) -> int:
    """What so many of these acts give at best, hours, days or a month apart, on top of a full profile."""
    best = max((_families(document, _imagined(kind, rule, acts, apart)) for apart in APART), key=_sum_of)
    for one in document.rules:
        if one.enabled and one.points > 0 and isinstance(one, PropertyRule | PersonaRule):
            best[one.family] += one.points
    caps: Mapping[str, int | None] = {family.name: family.cap for family in document.families}
    total = sum(points if (cap := caps.get(family)) is None else min(points, cap) for family, points in best.items())
    return total if document.cap is None else min(total, document.cap)


def _families(document: ScoringDocument, acts: Sequence[Activity]) -> dict[str, int]:
    rules = tuple(one for one in document.rules if not isinstance(one, PropertyRule | PersonaRule) and one.enabled)
    bare = document.model_copy(update={"rules": rules, "families": (), "cap": None, "floor": None, "models": ()})
    facts = Facts(0, NOW, {}, {"createdate": str(NOW)}, tuple(acts))
    return dict(Model(bare).tally(View(facts), 0).families)


def _imagined(kind: str, rule: Acting, acts: int, apart: int) -> tuple[Activity, ...]:
    one = an_act(kind, NOW, rule.match)
    numbers = zip(range(acts), count(), strict=False)
    return tuple(replace(one, at_ms=NOW - apart * (acts - 1 - at), id=f"imagined-{n}") for at, n in numbers)


def _sum_of(families: Mapping[str, int]) -> int:
    return sum(families.values())


def _most(rule: Rule) -> int:
    """The most points that one rule can give."""
    cap = getattr(rule, "cap", None)
    if cap is not None:
        return int(cap)
    several = getattr(rule, "counting", "once") != "once"
    return NEVER_ENDING if several else rule.points


def _out_of_reach(place: Place, model: ModelDocument) -> Iterator[Advice]:
    most = most_points(model)
    bars: list[tuple[str, int, Place]] = [("threshold", model.threshold, ("threshold",))]
    bars += [(f"threshold of {t.stage}", t.points, ("thresholds", i)) for i, t in enumerate(model.thresholds)]
    for name, points, where in bars:
        if points > most:
            message = f"The {name} of {points} can never be reached: the rules give at most {most} points."
            yield Advice("reach", "scoring", (*place, *where), message, "Lower it, or let the rules give more.")
    fit = sum(
        one.points
        for one in model.rules
        if isinstance(one, PropertyRule | PersonaRule) and one.enabled and one.points > 0
    )
    if fit and fit < model.grades.a:
        message = f"Grade A needs {model.grades.a} points of fit, the profile rules give at most {fit}."
        yield Advice("reach", "scoring", (*place, "grades"), message, "Lower the grades.")


def _label(kind: str) -> str:
    return CATALOGUE[kind].en if kind in CATALOGUE else kind
