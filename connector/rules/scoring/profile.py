"""Property rules: full points for a value that fits, 0 for one that does not, unknown for none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connector.model.judgement import Line, UnknownLine
from connector.rules.conditions import probe
from connector.rules.documents.conditions import Condition
from connector.rules.documents.scoring_rules import PropertyRule
from connector.rules.scoring.finding import NOTHING, Finding, label_of
from connector.rules.view import Answer, View
from connector.rules.words import say


class ProfileRule:
    """A property rule, once per persona, since a ``target`` means something else for each."""

    __slots__ = ("_probes", "_rule", "effort", "family", "label", "name", "profile")

    def __init__(self, rule: PropertyRule, personas: Sequence[Mapping[str, Condition]]) -> None:
        self._rule = rule
        self.name, self.family, self.label = rule.name, rule.family, label_of(rule)
        self.effort = rule.effort or 1
        self.profile = True
        self._probes = tuple(probe(rule.when, targets, self._finding) for targets in personas or ({},))

    def find(self, view: View, persona: int) -> Finding:
        return self._probes[persona].look(view)

    def edges(self, view: View, persona: int) -> Iterator[int]:
        return self._probes[persona].question.edges(view)

    def _finding(self, answer: Answer) -> Finding:
        points = self._rule.points
        if answer.verdict is None:
            unknown = UnknownLine(self.name, self.family, points, answer.missing)
            askable = points > 0 and "not mapped" not in answer.missing
            return None, unknown, points if askable else 0
        if answer.verdict:
            reason = say("fits" if points > 0 else "against", label=self.label)
            return Line(self.name, self.family, points, answer.evidence, reason), None, 0
        if points < 0:
            return NOTHING
        return Line(self.name, self.family, 0, answer.evidence, say("fits_not", label=self.label)), None, 0
