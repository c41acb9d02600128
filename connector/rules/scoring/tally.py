"""Adding up: a model's rules for one contact become lines, unknowns, subtotals, a score and a grade.

The lines are the only source of the score. Caps of a family and of the whole, and the floor of the whole, are lines of
their own, so that the lines always add up. Such a line counts to fit if every rule of its family is a property rule,
otherwise to engagement; the lines of the whole stand in the family ``engagement`` and count to engagement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connector.model.judgement import FAMILIES, STAGES, Level, Line, ModelScore, NextStep, UnknownLine
from connector.rules.documents import scoring as documents
from connector.rules.documents.conditions import Condition
from connector.rules.documents.scoring_rules import (
    ActivityRule,
    AssociationRule,
    InactivityRule,
    ListRule,
    PersonaRule,
    PropertyRule,
    Rule,
    UnopenedRule,
)
from connector.rules.persona import Personas
from connector.rules.scoring.behaviour import Deed
from connector.rules.scoring.finding import CompiledRule
from connector.rules.scoring.habits import compiled_habit
from connector.rules.scoring.profile import ProfileRule
from connector.rules.scoring.standing import Beside, Inactivity, IsPersona, OnList
from connector.rules.scoring.unopened import Unopened
from connector.rules.view import View
from connector.rules.words import say

NO_POINTS: Mapping[str, int] = MappingProxyType(dict.fromkeys(FAMILIES, 0))
MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class Tally:
    """A scored contact: ``score == fit + engagement == sum of the lines == sum of the families``."""

    score: int
    fit: int
    engagement: int
    grade: str
    families: Mapping[str, int]
    lines: tuple[Line, ...]
    unknown: tuple[UnknownLine, ...]
    steps: tuple[NextStep, ...]


class Model:
    """A portal's main model or one of its further models, compiled. ``bars`` are its thresholds in order of stages."""

    def __init__(self, document: documents.Model, threshold: int | None = None) -> None:
        self.document = document
        bars: dict[str, int] = {one.stage: one.points for one in document.thresholds}
        bars["mql"] = threshold or document.threshold
        self.bars = tuple((stage, bars[stage]) for stage in STAGES if stage in bars)
        self.targets: tuple[Mapping[str, Condition], ...] = tuple(one.targets for one in document.personas)
        self.personas = Personas(document.personas)
        self.rules: tuple[CompiledRule, ...] = tuple(
            _compiled(rule, self.targets, self.personas.names) for rule in document.rules if rule.enabled
        )
        self._finds = tuple((rule.find, index, rule.profile, rule.effort) for index, rule in enumerate(self.rules))
        self._caps = tuple((family.name, family.cap) for family in document.families if family.cap is not None)
        self._profile_only = frozenset(FAMILIES) - {rule.family for rule in self.rules if not rule.profile}
        self._levels: dict[int, tuple[Level, ...]] = {}
        self._steps: dict[tuple[int, int], NextStep] = {}

    def tally(self, view: View, persona: int) -> Tally:
        lines: list[Line] = []
        unknown: list[UnknownLine] = []
        open_rules: list[tuple[int, int, int]] = []
        families = dict(NO_POINTS)
        fit = 0
        for find, index, profile, effort in self._finds:
            line, unsaid, room = find(view, persona)
            if line is not None:
                lines.append(line)
                families[line.family] += line.points
                if profile:
                    fit += line.points
            if unsaid is not None:
                unknown.append(unsaid)
            if room:
                open_rules.append((-60 * room // effort, index, room))
        fit += self._bound_families(lines, families)
        score = self._bound_total(lines, families)
        return Tally(
            score, fit, score - fit, self.grade(fit), families, tuple(lines), tuple(unknown), self._next(open_rules)
        )

    def total(self, lines: Iterable[Line]) -> int:
        """The score of these lines of rules, with caps and floor applied anew."""
        kept = [line for line in lines if line.rule not in documents.RESERVED]
        families = dict(NO_POINTS)
        for line in kept:
            families[line.family] += line.points
        self._bound_families(kept, families)
        return self._bound_total(kept, families)

    def grade(self, fit: int) -> str:
        grades = self.document.grades
        if fit >= grades.a:
            return "A"
        if fit >= grades.b:
            return "B"
        return "C" if fit >= grades.c else "D"

    def levels(self, score: int) -> tuple[Level, ...]:
        """Every threshold and whether the score reaches it."""
        found = self._levels.get(score)
        if found is None:
            found = tuple([Level(stage, points, score >= points) for stage, points in self.bars])
            self._levels[score] = found
        return found

    def edges(self, view: View, persona: int) -> Iterator[int]:
        for rule in self.rules:
            yield from rule.edges(view, persona)

    def _bound_families(self, lines: list[Line], families: dict[str, int]) -> int:
        """Adds the lines of capped families; gives what they take from fit."""
        from_fit = 0
        for family, cap in self._caps:
            over = families[family] - cap
            if over > 0:
                reason = say("family_cap", family=family, points=cap)
                lines.append(Line(f"cap_{family}", family, -over, f"{families[family]} points", reason))
                families[family] = cap
                if family in self._profile_only:
                    from_fit -= over
        return from_fit

    def _bound_total(self, lines: list[Line], families: dict[str, int]) -> int:
        score = sum(families.values())
        cap, floor = self.document.cap, self.document.floor
        bound, key = (cap, "total_cap") if cap is not None and score > cap else (floor, "total_floor")
        if bound is None or (key == "total_floor" and score >= bound):
            return score
        reason = say(key, points=bound)
        lines.append(Line(key, "engagement", bound - score, f"{score} points", reason))
        families["engagement"] += bound - score
        return bound

    def _next(self, open_rules: list[tuple[int, int, int]]) -> tuple[NextStep, ...]:
        """The acts that bring most points for their effort."""
        open_rules.sort()
        return tuple([self._step(index, room) for _, index, room in open_rules[:MOST_STEPS]])

    def _step(self, index: int, room: int) -> NextStep:
        step = self._steps.get((index, room))
        if step is None:
            rule = self.rules[index]
            text = say("step_ask" if rule.profile else "step_do", label=rule.label, points=room)
            step = self._steps[index, room] = NextStep(rule.name, room, text)
        return step


def further(model: Model, name: str, view: View) -> ModelScore:
    """The bill of a further model."""
    fit = model.personas.best(view)
    one = model.tally(view, fit.index)
    return ModelScore(
        name, one.score, one.fit, one.engagement, one.grade, one.families, one.lines, one.unknown,
        model.levels(one.score), fit.match,
    )  # fmt: skip


def _compiled(rule: Rule, targets: tuple[Mapping[str, Condition], ...], personas: tuple[str, ...]) -> CompiledRule:
    if isinstance(rule, PropertyRule):
        return ProfileRule(rule, targets)
    if isinstance(rule, ActivityRule):
        return Deed(rule)
    if isinstance(rule, UnopenedRule):
        return Unopened(rule)
    if isinstance(rule, ListRule):
        return OnList(rule)
    if isinstance(rule, InactivityRule):
        return Inactivity(rule)
    if isinstance(rule, AssociationRule):
        return Beside(rule)
    return IsPersona(rule, personas) if isinstance(rule, PersonaRule) else compiled_habit(rule)
