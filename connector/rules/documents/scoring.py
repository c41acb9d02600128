"""The ``scoring`` document: models with their families, personas, thresholds and rules, as an admin edits them.

Not here: the kinds of rule (``documents/scoring_rules.py``), what a rule gives for a contact
(``connector/rules/scoring/``), and warnings about a sound but unwise model (``connector/rules/lint/``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from connector.model.judgement import FAMILIES, STAGES
from connector.rules.documents import wording
from connector.rules.documents.base import Document, Part, Problem
from connector.rules.documents.conditions import MAX_CONDITIONS, Condition, Name, too_deep, walk
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.scoring_rules import FamilyName, Label, PersonaRule, PropertyRule, Rule
from connector.rules.documents.shape import Place

MAX_RULES = 200
LADDER = ("company_size", "interests", "planned_use", "planned_purchase_date", "buying_role")
"""The order in which forms ask, step by step (L17)."""
MAX_MODELS = 10
RESERVED = frozenset({"total_cap", "total_floor", *(f"cap_{family}" for family in FAMILIES)})


class Family(Part):
    """A group of rules with a subtotal; ``cap`` is the most points the family may give."""

    name: FamilyName
    cap: Annotated[int, Field(ge=0, le=10_000)] | None = None


class Grades(Part):
    """Least fit (points of profile rules) for each grade; below ``c`` the grade is D."""

    a: int = 24
    b: int = 16
    c: int = 8

    def problems(self) -> Iterable[Problem]:
        if not self.a > self.b > self.c:
            yield Problem((), "The grades must fall from A to C.", "Write for instance a: 24, b: 16, c: 8.")


class Persona(Part):
    """The ideal customer: a named set of targets. Rules with ``target: industry`` look here."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    targets: Mapping[Name, Condition]

    def problems(self) -> Iterable[Problem]:
        if not self.targets:
            yield Problem(("targets",), "The persona has no targets.", "Name at least one.")
        for name, condition in self.targets.items():
            yield from (Problem(("targets", name, *one.place), one.message, one.remedy) for one in too_deep(condition))
            if any(leaf.did or leaf.target or leaf.in_list for leaf, _ in walk(condition)):
                message = "A persona's target looks at fields and properties only."
                yield Problem(("targets", name), message, "Put activities and lists into rules.")


class StageThreshold(Part):
    """The score from which a contact is good enough for a stage. That of MQL is the model's ``threshold``."""

    stage: Literal["lead", "sal", "sql", "opportunity", "customer"]
    points: Annotated[int, Field(ge=1, le=10_000)]


class _Model(Part):
    """What the portal's main model and its further models have in common."""

    threshold: Annotated[int, Field(ge=1, le=10_000)] = 50
    thresholds: Annotated[tuple[StageThreshold, ...], Field(max_length=5)] = ()
    grades: Grades = Grades()
    families: tuple[Family, ...] = ()
    cap: Annotated[int, Field(ge=1, le=100_000)] | None = None
    floor: Annotated[int, Field(ge=-100_000, le=0)] | None = None
    personas: Annotated[tuple[Persona, ...], Field(max_length=20)] = ()
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=MAX_RULES)]

    def problems(self) -> Iterable[Problem]:
        for key, things in (("rules", self.rules), ("families", self.families), ("personas", self.personas)):
            yield from _twice(key, [thing.name for thing in things])
        for index, rule in enumerate(self.rules):
            if rule.name in RESERVED:
                message = f'"{rule.name}" is the name of a line that the receipt adds itself.'
                yield Problem(("rules", index, "name"), message, "Choose another name.")
        yield from _thresholds_rise(self)


class FurtherModel(_Model):
    """A second opinion beside the main model: scored and explained, but no stage moves by it.

    ``property`` is one of the portal's own number properties; the score is written there.
    """

    name: Name
    label: Label = ""
    property: Name | None = None

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        if self.property and self.property.startswith(("leadwright_", "hs_")):
            message = f"{self.property} belongs to {'Leadwright' if self.property[0] == 'l' else 'HubSpot'} itself."
            yield Problem(("property",), message, "Name a number property of the portal's own.")


class ScoringDocument(_Model, Document):
    """A scoring model. ``threshold`` is the score at which a lead becomes an MQL; ``calibrated`` says who vouches.

    ``models`` are further models of the same portal, each whole in itself. ``ask`` is the order in which missing fields
    are asked for (progressive profiling).
    """

    version_label: Label = ""
    language: Literal["en", "de"] = "en"
    calibrated: bool = False
    models: Annotated[tuple[FurtherModel, ...], Field(max_length=MAX_MODELS)] = ()
    ask: Annotated[tuple[Name, ...], Field(max_length=20)] = LADDER

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        for index, name in enumerate(self.ask):
            if name not in FIELDS:
                yield Problem(("ask", index), f'"{name}" is no field.', wording.suggest(name, FIELDS, "Fields"))
        yield from _twice("ask", list(self.ask))
        yield from _twice("models", [one.name for one in self.models])
        written = Counter(one.property for one in self.models if one.property)
        for index, one in enumerate(self.models):
            if one.property and written[one.property] > 1:
                message = f"{one.property} is written by more than one model."
                yield Problem(("models", index, "property"), message, "Give each model a property of its own.")


Model = ScoringDocument | FurtherModel


def models_of(document: ScoringDocument) -> Iterator[tuple[Place, Model]]:
    """The main model and the further ones, each with its place in the document."""
    yield (), document
    yield from ((("models", index), one) for index, one in enumerate(document.models))


def checks(document: ScoringDocument) -> Iterator[Problem]:
    """What only the whole document can say about itself."""
    for place, model in models_of(document):
        yield from (Problem((*place, *one.place), one.message, one.remedy) for one in _checks(model))


def conditions_of(model: Model) -> Iterator[tuple[Place, Condition]]:
    """Every condition of a model, with its place."""
    for index, rule in enumerate(model.rules):
        if isinstance(rule, PropertyRule):
            yield ("rules", index, "when"), rule.when
    for index, persona in enumerate(model.personas):
        for name, condition in persona.targets.items():
            yield ("personas", index, "targets", name), condition


def _checks(model: Model) -> Iterator[Problem]:
    conditions = list(conditions_of(model))
    if sum(1 for _, one in conditions for _ in walk(one)) > MAX_CONDITIONS:
        yield Problem(("rules",), f"The model has more than {MAX_CONDITIONS} conditions.", "Leave some out.")
    targets = {name for persona in model.personas for name in persona.targets}
    for place, condition in conditions:
        for leaf, _ in walk(condition):
            if leaf.target is not None and leaf.target not in targets:
                known = ", ".join(sorted(targets)) or "none"
                yield Problem(place, f'No persona has the target "{leaf.target}".', f"Known targets: {known}.")
    yield from _personas_are_there(model)


def _personas_are_there(model: Model) -> Iterator[Problem]:
    known = {persona.name for persona in model.personas}
    for index, rule in enumerate(model.rules):
        if not isinstance(rule, PersonaRule):
            continue
        if not known:
            yield Problem(("rules", index), "The model describes no persona.", "Describe one under `personas`.")
        for name in sorted(set(rule.personas) - known) if known else ():
            message = f'There is no persona "{name}".'
            yield Problem(("rules", index, "personas"), message, f"Known personas: {', '.join(sorted(known))}.")


def _thresholds_rise(model: _Model) -> Iterator[Problem]:
    """A later stage needs more points; each stage has one threshold."""
    bars = {"mql": model.threshold}
    for index, one in enumerate(model.thresholds):
        if one.stage in bars:
            yield Problem(("thresholds", index, "stage"), f"{one.stage} has a threshold already.", "Leave one out.")
        bars[one.stage] = one.points
    in_order = [(stage, bars[stage]) for stage in STAGES if stage in bars]
    for (earlier, low), (later, high) in pairwise(in_order):
        if low >= high:
            message = f"{later} needs {high} points, no more than {earlier} with {low}."
            yield Problem(("thresholds",), message, "A later stage needs a higher threshold.")


def _twice(key: str, names: list[str]) -> Iterator[Problem]:
    for name, times in Counter(names).items():
        if times > 1:
            last = len(names) - 1 - names[::-1].index(name)
            yield Problem((key, last, "name"), f'The name "{name}" is used {times} times.', "Names are unique.")
