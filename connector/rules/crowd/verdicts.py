"""Conditions over a crowd: each distinct value is asked once, branches join whole columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from connector.model.judgement import Facts
from connector.rules.conditions import Question, resolve
from connector.rules.crowd.columns import ABSENT, Crowd, Flags
from connector.rules.documents.conditions import Condition
from connector.rules.view import View

T = TypeVar("T")
Verdicts = NDArray[np.int8]
"""NO, UNSAID or YES for each contact. In this order Kleene's *all* is the least of them and *any* the greatest."""

NO: Final = 0
UNSAID: Final = 1
YES: Final = 2
_CODES: Final[Mapping[bool | None, int]] = {False: NO, None: UNSAID, True: YES}


class Answers:
    """What conditions said of values, for one model and one instant.

    Crowds that are stretches of one portal hold their values in lists that grow from stretch to stretch: what was
    asked of a value once is not asked again.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Condition, Sequence[Any], list[int]]] = {}

    def of(self, condition: Condition, values: Sequence[T], ask: Callable[[T], bool | None]) -> Verdicts:
        """The verdict on each of these values."""
        _, asked, codes = self._known.get(id(condition), (None, None, []))
        if asked is not values:
            codes = []
            self._known[id(condition)] = condition, values, codes  # the condition is kept, so that its id stays its own
        codes += [_CODES[ask(value)] for value in values[len(codes) :]]
        return np.array(codes, np.int8)


class Verdicter:
    """Asks conditions of one crowd, and remembers what a condition said: many rules ask the same."""

    def __init__(self, crowd: Crowd, answers: Answers) -> None:
        self._crowd = crowd
        self._answers = answers
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
            field = condition.field
            asked = self._answers.of(
                condition, held.values, lambda value: question.ask(View(Facts(0, crowd.now_ms, {field: value})))
            )
            return asked[held.codes]
        if condition.property is not None and condition.property in crowd.properties:
            name, texts = condition.property, crowd.properties[condition.property]

            def ask(value: str | None) -> bool | None:
                given = {} if value == ABSENT else {name: value}
                return question.ask(View(Facts(0, crowd.now_ms, {}, properties=given)))

            return self._answers.of(condition, texts.values, ask)[texts.codes]
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
