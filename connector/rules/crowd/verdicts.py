"""Conditions over a crowd: each distinct value is asked once, branches join whole columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connector.model.judgement import Facts
from connector.rules.conditions import Question, resolve
from connector.rules.crowd.columns import ABSENT, Crowd, Flags
from connector.rules.documents.conditions import Condition
from connector.rules.view import View

Verdicts = NDArray[np.int8]
"""NO, UNSAID or YES for each contact. In this order Kleene's *all* is the least of them and *any* the greatest."""

NO: Final = 0
UNSAID: Final = 1
YES: Final = 2
_CODES: Final[Mapping[bool | None, int]] = {False: NO, None: UNSAID, True: YES}


class Verdicter:
    """Asks conditions of one crowd, and remembers what a condition said: many rules ask the same."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._said: dict[int, tuple[Condition, Verdicts]] = {}

    def ask(self, condition: Condition, targets: Mapping[str, Condition]) -> Verdicts:
        """The verdict of every contact, with the targets of one persona."""
        return self._of(resolve(condition, targets))

    def _of(self, condition: Condition) -> Verdicts:
        known = self._said.get(id(condition))
        if known is not None:
            return known[1]
        children = [self._of(child) for child in condition.children()]
        if condition.not_ is not None:
            found: Verdicts = (YES - children[0]).astype(np.int8)
        elif children:
            found = np.minimum.reduce(children) if condition.all else np.maximum.reduce(children)
        else:
            found = self._leaf(condition)
        self._said[id(condition)] = condition, found  # the condition is kept, so that its id stays its own
        return found

    def on_any(self, lists: Sequence[str]) -> Verdicts:
        """Whether each contact is on any of these lists; unsaid where the one that would tell was not read."""
        held = [self._crowd.lists.get(one) for one in lists]
        unread = np.full(len(self._crowd), UNSAID, np.int8)
        said = [
            unread if one is None else np.array([_CODES[value] for value in one.values], np.int8)[one.codes]
            for one in held
        ]
        either: Verdicts = np.maximum.reduce(said)
        return either

    def _leaf(self, condition: Condition) -> Verdicts:
        crowd, question = self._crowd, Question(condition)
        if condition.field is not None and condition.field in crowd.fields:
            held = crowd.fields[condition.field]
            views = [View(Facts(0, crowd.now_ms, {condition.field: value})) for value in held.values]
            return np.array([_CODES[question.ask(view)] for view in views], np.int8)[held.codes]
        if condition.property is not None and condition.property in crowd.properties:
            name, texts = condition.property, crowd.properties[condition.property]
            given = [{} if value == ABSENT else {name: value} for value in texts.values]
            views = [View(Facts(0, crowd.now_ms, {}, properties=one)) for one in given]
            return np.array([_CODES[question.ask(view)] for view in views], np.int8)[texts.codes]
        if condition.in_list:
            return self.on_any(condition.in_list)
        nobody = View(Facts(0, crowd.now_ms, {}, missing_sources=crowd.missing_sources))
        return np.full(len(crowd), _CODES[question.ask(nobody)], np.int8)


class Resemblance:
    """Which persona each contact of a crowd resembles most, and how much: as ``connector/rules/persona.py`` says it."""

    def __init__(self, targets: Sequence[Mapping[str, Condition]], verdicter: Verdicter, size: int) -> None:
        self._answers = [[verdicter.ask(one, {}) for one in persona.values()] for persona in targets]
        met = [_count(answers, YES, size) for answers in self._answers]
        unknown = [_count(answers, UNSAID, size) for answers in self._answers]
        self.best = np.zeros(size, np.int64)
        self.met, self.unknown, self.of = met[0], unknown[0], np.full(size, len(targets[0]))
        for index in range(1, len(targets)):
            failed = self.of - self.met - self.unknown
            other = len(targets[index]) - met[index] - unknown[index]
            closer: Flags = (met[index] > self.met) | ((met[index] == self.met) & (other < failed))
            self.best[closer] = index
            self.met = np.where(closer, met[index], self.met)
            self.unknown = np.where(closer, unknown[index], self.unknown)
            self.of = np.where(closer, len(targets[index]), self.of)


def _count(answers: Sequence[Verdicts], said: int, size: int) -> NDArray[np.int64]:
    return np.sum([one == said for one in answers], axis=0, dtype=np.int64) if answers else np.zeros(size, np.int64)
