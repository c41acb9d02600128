"""A model over a crowd: the points of every rule for everybody, and what they add up to.

The same sums, caps and floors as ``connector/rules/scoring/tally.py``; the matrix of points is the bill without words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connector.model.judgement import FAMILIES
from connector.rules.crowd.columns import Crowd, Flags, Ints
from connector.rules.crowd.deeds import Given, of_activities, of_silence
from connector.rules.crowd.mails import of_unopened
from connector.rules.crowd.singly import of_pattern
from connector.rules.crowd.verdicts import UNSAID, YES, Answers, Resemblance, Verdicter
from connector.rules.documents.scoring import Model
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
from connector.rules.scoring.habits import compiled_habit

GRADES: Final = "DCBA"
PROFILE: Final = (PropertyRule, PersonaRule)
"""Rules that say who somebody is; the others say what somebody did."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model gives a crowd, contact by contact. ``grade`` is a place in ``GRADES``.

    ``points[r, i]`` are those of rule ``r`` for contact ``i`` before the bounds of families and whole;
    ``unknown[r, i]`` says that it could not be decided for certain. Rules: the enabled ones in the model's order.
    """

    ids: Ints
    score: Ints
    fit: Ints
    grade: NDArray[np.int8]
    points: NDArray[np.int32]
    unknown: Flags
    families: Ints

    @property
    def engagement(self) -> Ints:
        return self.score - self.fit


class Scorer:
    """A model that is ``scorable``, ready for one crowd after the other, all of one portal at one instant."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._answers = Answers()

    def score(self, crowd: Crowd) -> Scores:
        """Everybody's score."""
        return _score(self._model, _Ground(self._model, crowd, self._answers), crowd)


def score(model: Model, crowd: Crowd) -> Scores:
    """The scores of a single crowd."""
    return Scorer(model).score(crowd)


def _score(model: Model, ground: _Ground, crowd: Crowd) -> Scores:
    rules = [rule for rule in model.rules if rule.enabled]
    points = np.zeros((len(rules), len(crowd)), np.int32)
    unknown = np.zeros((len(rules), len(crowd)), np.bool_)
    families = np.zeros((len(FAMILIES), len(crowd)), np.int64)
    fit = np.zeros(len(crowd), np.int64)
    for place, rule in enumerate(rules):
        given = ground.given(rule)
        points[place], unknown[place] = given.points, given.unknown
        families[FAMILIES.index(rule.family)] += given.points
        if isinstance(rule, PROFILE):
            fit += given.points
    fit += _bound_families(model, rules, families)
    total = _bound_total(model, families)
    bars = np.array([model.grades.c, model.grades.b, model.grades.a])
    grade = np.searchsorted(bars, fit, side="right").astype(np.int8)
    return Scores(crowd.ids, total, fit, grade, points, unknown, families)


class _Ground:
    """One model and one crowd, with what several rules ask of them."""

    def __init__(self, model: Model, crowd: Crowd, answers: Answers) -> None:
        self._crowd = crowd
        self._verdicter = Verdicter(crowd, answers)
        self._targets = [one.targets for one in model.personas]
        self._names = [one.name for one in model.personas]
        alike = Resemblance(self._targets, self._verdicter, len(crowd)) if self._targets else None
        self._alike = alike

    def given(self, rule: Rule) -> Given:
        """What one rule gives everybody."""
        if isinstance(rule, PropertyRule):
            return self._property(rule)
        if isinstance(rule, ActivityRule):
            return of_activities(rule, self._crowd)
        if isinstance(rule, InactivityRule):
            return of_silence(rule, self._crowd)
        if isinstance(rule, PersonaRule):
            return self._persona(rule)
        if isinstance(rule, ListRule):
            on = self._verdicter.on_any(rule.lists)
            return Given((on == YES) * np.int64(rule.points), on == UNSAID)
        if isinstance(rule, AssociationRule):  # neighbours are no columns
            return Given(np.zeros(len(self._crowd), np.int64), np.ones(len(self._crowd), np.bool_))
        if isinstance(rule, UnopenedRule):
            return of_unopened(rule, self._crowd)
        return of_pattern(compiled_habit(rule), self._crowd)

    def _property(self, rule: PropertyRule) -> Given:
        said = self._verdicter.ask(rule.when, self._targets[0] if self._targets else {})
        for index, targets in enumerate(self._targets[1:], start=1):
            if self._alike is not None:
                said = np.where(self._alike.best == index, self._verdicter.ask(rule.when, targets), said)
        return Given((said == YES) * np.int64(rule.points), said == UNSAID)

    def _persona(self, rule: PersonaRule) -> Given:
        alike = self._alike
        if alike is None:
            raise ValueError("A persona rule in a model without personas: the document check refuses it.")
        bar = rule.share * alike.of - 1e-9
        wanted = [not rule.personas or name in rule.personas for name in self._names]
        met = np.array(wanted, np.bool_)[alike.best] & (alike.met >= bar)
        perhaps = (alike.unknown > 0) & (alike.met + alike.unknown >= bar)
        return Given(met * np.int64(rule.points), ~met & perhaps)


def _bound_families(model: Model, rules: list[Rule], families: Ints) -> Ints:
    """Cuts families at their caps; gives what that takes from fit."""
    acting = {rule.family for rule in rules if not isinstance(rule, PROFILE)}
    from_fit = np.zeros(families.shape[1], np.int64)
    for family in model.families:
        if family.cap is not None:
            row = families[FAMILIES.index(family.name)]
            over = np.maximum(row - family.cap, 0)
            row -= over
            if family.name not in acting:
                from_fit -= over
    return from_fit


def _bound_total(model: Model, families: Ints) -> Ints:
    """The whole within cap and floor; what that changes is booked under engagement."""
    whole: Ints = families.sum(axis=0)
    low = whole if model.floor is None else np.maximum(whole, model.floor)
    total = low if model.cap is None else np.minimum(low, model.cap)
    families[FAMILIES.index("engagement")] += total - whole
    return total
