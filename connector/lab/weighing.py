"""What each rule is worth by the past: lift with its band, and proposed whole-number points. Pure.

The past is cut into windows of equal length that do not overlap. A contact that has not come to the outcome yet is one
case at the beginning of each window: which rules gave points then, and did the outcome follow within the window? That
is a discrete-time survival table, so cases of one contact may be counted side by side.

Points are proposed from a logistic regression with a ridge (prior of standard deviation 1 on log odds), since rules
that fire together must share what they explain. Rules without enough cases keep their points.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import median
from typing import NamedTuple

from connector.rules.bands import wilson

LEAST_HITS = 10  # outcomes in all, below which nothing is proposed
RULE_CASES, RULE_HITS = 20, 3  # what a rule needs to be judged by
ROUNDS, RIDGE, NEAR = 200, 1.0, 1e-6


class Case(NamedTuple):
    """A contact at the beginning of a window: rule → how many events it counted, and whether the outcome followed.

    ``unknown``: rules that could not be decided then; the case says nothing about them.
    """

    contact_id: int
    fired: Mapping[str, int]
    hit: bool
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Weighed:
    """One rule: the cases in which it gave points (of so many contacts), their rate with band, its lift, the proposal.

    ``known``: the cases in which it could be decided at all; ``lift`` is against the rate of those.
    """

    rule: str
    points: int
    known: int
    cases: int
    contacts: int
    hits: int
    rate: float | None
    band: tuple[float, float] | None
    lift: float | None
    proposed: int
    why: str


def weigh(cases: Sequence[Case], points: Mapping[str, int]) -> tuple[Weighed, ...]:
    """Every rule of the model, in its order."""
    total = sum(one.hit for one in cases)
    seen = {rule: [one for one in cases if rule in one.fired] for rule in points}
    told = {rule: sum(one.hit for one in some) >= RULE_HITS and len(some) >= RULE_CASES for rule, some in seen.items()}
    enough = total >= LEAST_HITS
    proposed = _proposed(cases, points, [rule for rule, ok in told.items() if ok]) if enough else {}
    return tuple(
        _weighed(rule, now, seen[rule], _known(cases, rule), proposed.get(rule), enough=enough)
        for rule, now in points.items()
    )


def _known(cases: Sequence[Case], rule: str) -> tuple[int, int]:
    """(hits, cases) where the rule could be decided."""
    told = [one.hit for one in cases if rule not in one.unknown]
    return sum(told), len(told)


def _weighed(
    rule: str, now: int, some: Sequence[Case], known: tuple[int, int], proposed: int | None, *, enough: bool
) -> Weighed:
    hits = sum(one.hit for one in some)
    rate = hits / len(some) if some else None
    base = known[0] / known[1] if known[1] else 0.0
    lift = round(rate / base, 2) if rate is not None and base else None
    why = "proposed"
    if not enough:
        why = "few_outcomes"
    elif proposed is None:
        why = "few_cases"
    elif proposed * now < 0:
        proposed, why = 0, "against_expectation"
    people = len({one.contact_id for one in some})
    points = now if proposed is None else proposed
    return Weighed(rule, now, known[1], len(some), people, hits, rate, wilson(hits, len(some)), lift, points, why)


def _proposed(cases: Sequence[Case], points: Mapping[str, int], rules: Sequence[str]) -> dict[str, int]:
    """Whole numbers on the scale of the model: together they weigh as much as these rules weigh now."""
    weights = fit(((frozenset(one.fired) & set(rules), one.hit) for one in cases), rules)
    size = sum(abs(weight) for weight in weights.values())
    if not size:
        return {}
    scale = sum(abs(points[rule]) for rule in rules) / size
    often = {rule: median(one.fired[rule] for one in cases if rule in one.fired) for rule in rules}
    return {rule: round(scale * weight / max(1, often[rule])) for rule, weight in weights.items()}


def fit(cases: Iterable[tuple[frozenset[str], bool]], rules: Sequence[str]) -> dict[str, float]:
    """Log odds a rule adds, by coordinate-wise Newton steps. The same cases in any order give the same weights."""
    table: dict[frozenset[str], Counter[bool]] = defaultdict(Counter)
    for fired, hit in cases:
        table[fired][hit] += 1
    patterns = sorted(table.items(), key=lambda one: sorted(one[0]))
    hits, every = (sum(counts[True] for _, counts in patterns), sum(c.total() for _, c in patterns))
    if not every or not 0 < hits < every:
        return dict.fromkeys(rules, 0.0)
    weights = dict.fromkeys(rules, 0.0)
    logits = [log(hits / (every - hits))] * len(patterns)
    places = {rule: [at for at, (fired, _) in enumerate(patterns) if rule in fired] for rule in rules}
    everywhere = list(range(len(patterns)))
    for _ in range(ROUNDS):
        moved = abs(_step(everywhere, patterns, logits, 0.0, ridge=0.0)[0])
        for rule in rules:
            step, weights[rule] = _step(places[rule], patterns, logits, weights[rule], ridge=RIDGE)
            moved = max(moved, abs(step))
        if moved < NEAR:
            break
    return weights


def _step(
    places: Sequence[int],
    patterns: Sequence[tuple[frozenset[str], Counter[bool]]],
    logits: list[float],
    weight: float,
    *,
    ridge: float,
) -> tuple[float, float]:
    """One Newton step of one weight, booked in the logits it moves."""
    slope, bend = -ridge * weight, ridge
    for at in places:
        chance = 1 / (1 + exp(-max(-30.0, min(30.0, logits[at]))))
        counts = patterns[at][1]
        slope += counts[True] - counts.total() * chance
        bend += counts.total() * chance * (1 - chance)
    step = max(-2.0, min(2.0, slope / bend)) if bend > 0 else 0.0
    for at in places:
        logits[at] += step
    return step, weight + step
