"""Progressive profiling: which one field to ask a contact for next (L16, L17). Pure.

First the ladder of the scoring document, in its order; when all of that is known, the profile rule that would bring
most points for its effort. Written to ``leadwright_next_field``, so that the portal's forms can ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from connector.model.judgement import Facts, NextStep, Unknown
from connector.rules.documents.conditions import Condition, walk
from connector.rules.documents.scoring import ScoringDocument
from connector.rules.documents.scoring_rules import PropertyRule

NEXT_FIELD: Final = "leadwright_next_field"
ASKABLE: Final = frozenset({"empty", "ambiguous", "invalid", "no company"})
"""Why a field is unknown although the portal has a place for it."""


class Profiling:
    """The questions of one scoring document."""

    def __init__(self, document: ScoringDocument) -> None:
        self._ladder = document.ask
        targets = [one for persona in document.personas for one in persona.targets.items()]
        self._fields = {
            rule.name: tuple(dict.fromkeys(_fields(rule.when, targets)))
            for rule in document.rules
            if isinstance(rule, PropertyRule)
        }

    @property
    def rules(self) -> frozenset[str]:
        """The rules about who the contact is."""
        return frozenset(self._fields)

    def next_field(self, facts: Facts, steps: Sequence[NextStep]) -> str:
        """The name of the field to ask for next; '' when nothing is left to ask."""
        for name in self._ladder:
            if _may_be_asked(facts, name):
                return name
        return next(
            (name for step in steps for name in self._fields.get(step.rule, ()) if _may_be_asked(facts, name)), ""
        )

    def missing(self, facts: Facts) -> tuple[str, ...]:
        """All fields of the ladder that are not known yet, in its order."""
        return tuple(name for name in self._ladder if _may_be_asked(facts, name))


def _fields(condition: Condition, targets: Sequence[tuple[str, Condition]]) -> Iterator[str]:
    """The fields a condition looks at, those of the persona's targets it names included."""
    for leaf, _ in walk(condition):
        if leaf.field is not None:
            yield leaf.field
        for name, target in targets if leaf.target is not None else ():
            if name == leaf.target:
                yield from _fields(target, ())


def _may_be_asked(facts: Facts, name: str) -> bool:
    found = facts.fields.get(name)
    return isinstance(found, Unknown) and found.why in ASKABLE
