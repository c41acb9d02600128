"""The ``scoring`` document: a model with its families, personas and rules, as an admin reads and edits it.

Not here: what a rule gives for a contact (``connector/rules/scoring/``), and warnings about a sound but unwise model
(``connector/rules/scoring/paths.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from connector.rules.documents.base import Document, Part, Problem
from connector.rules.documents.conditions import MAX_CONDITIONS, Condition, Name, too_deep, walk

FamilyName = Literal["demographic", "firmographic", "product_interest", "readiness", "engagement", "persona_fit"]
Points = Annotated[int, Field(ge=-1000, le=1000)]
Days = Annotated[int, Field(ge=1, le=3650)]
Label = Annotated[str, Field(max_length=80)]
MAX_RULES = 200


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
            if any(leaf.did or leaf.target for leaf, _ in walk(condition)):
                message = "A persona's target looks at fields and properties only."
                yield Problem(("targets", name), message, "Put activities into rules.")


class Match(Part):
    """Narrows an activity rule: by funnel phase, asset, form or campaign, words in title or URL, or dwell time."""

    phases: tuple[Literal["tofu", "mofu", "bofu"], ...] = ()
    assets: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    title_contains: tuple[str, ...] = ()
    url_contains: tuple[str, ...] = ()
    min_seconds: Annotated[int, Field(ge=1)] | None = None


class Decay(Part):
    """Points fade: half of them are left after ``half_life_days``, counted in whole days of 24 hours."""

    half_life_days: Annotated[int, Field(ge=1, le=3650)]


class _Rule(Part):
    """What all rules share. ``effort`` 1 (easy) to 5 (hard) orders the next steps."""

    name: Name
    label: Label = ""
    family: FamilyName
    points: Points
    enabled: bool = True
    effort: Annotated[int, Field(ge=1, le=5)] | None = None

    def problems(self) -> Iterable[Problem]:
        if self.points == 0:
            yield Problem(("points",), "A rule that gives no points says nothing.", "Set points or `enabled: false`.")


class PropertyRule(_Rule):
    """Full points when the condition holds, 0 when it does not, *unknown* when a value it needs is empty."""

    kind: Literal["property"]
    when: Condition

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        for one in too_deep(self.when):
            yield Problem(("when", *one.place), one.message, one.remedy)
        if any(leaf.did for leaf, _ in walk(self.when)):
            yield Problem(("when",), "A property rule looks at no activities.", "Use a rule of `kind: activity`.")


class ActivityRule(_Rule):
    """Points for what a contact did.

    ``once``: at most one event counts. ``per_event``: each counts. ``per_window``: at most ``max_per_window`` events
    within any ``window_days`` count, the earliest first. ``cap`` and ``floor`` bound the rule's points. Only events
    younger than ``within_days`` count; only human ones unless ``human_only: false``; unsure ones if ``count_unsure``.
    """

    kind: Literal["activity"]
    activities: Annotated[tuple[Name, ...], Field(min_length=1)]
    counting: Literal["once", "per_event", "per_window"] = "once"
    window_days: Days | None = None
    max_per_window: Annotated[int, Field(ge=1, le=1000)] = 1
    cap: Annotated[int, Field(ge=1, le=10_000)] | None = None
    floor: Annotated[int, Field(le=-1, ge=-10_000)] | None = None
    within_days: Days | None = None
    human_only: bool = True
    count_unsure: bool = False
    match: Match | None = None
    decay: Decay | None = None
    sources: tuple[str, ...] | None = None

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        if (self.counting == "per_window") != (self.window_days is not None):
            yield Problem(("window_days",), "`window_days` and `counting: per_window` need each other.", "")
        if self.max_per_window != 1 and self.counting != "per_window":
            yield Problem(("max_per_window",), "`max_per_window` needs `counting: per_window`.", "")
        yield from _bounds(self)


class UnopenedRule(_Rule):
    """Points off, once per ``in_a_row`` mails in a row that nobody opened at least ``after_days`` after they went out.

    An open by a machine (privacy proxy, scanner) says neither: such a mail counts as unknown and ends the row.
    """

    kind: Literal["unopened_mails"]
    sent: Annotated[tuple[Name, ...], Field(min_length=1)] = ("mail_sent",)
    opened: Annotated[tuple[Name, ...], Field(min_length=1)] = ("mail_opened", "mail_clicked")
    in_a_row: Annotated[int, Field(ge=1, le=100)] = 3
    after_days: Days = 7
    floor: Annotated[int, Field(le=-1, ge=-10_000)] | None = -15
    within_days: Days | None = None
    match: Match | None = None
    sources: tuple[str, ...] | None = None

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        if self.points > 0:
            yield Problem(("points",), "Mails that nobody opens cannot bring points.", "Write a number below 0.")
        elif self.floor is not None and self.floor > self.points:
            yield Problem(("floor",), "The floor is above the points of one step.", f"Write {self.points} or lower.")
        if self.within_days is not None and self.within_days <= self.after_days:
            yield Problem(("within_days",), "The look-back ends before a mail is old enough.", "Make it longer.")


Rule = Annotated[PropertyRule | ActivityRule | UnopenedRule, Field(discriminator="kind")]


class ScoringDocument(Document):
    """A scoring model. ``threshold`` is the score at which a lead becomes an MQL; ``calibrated`` says who vouches."""

    version_label: Label = ""
    language: Literal["en", "de"] = "en"
    threshold: Annotated[int, Field(ge=1, le=10_000)] = 50
    calibrated: bool = False
    grades: Grades = Grades()
    families: tuple[Family, ...] = ()
    cap: Annotated[int, Field(ge=1, le=100_000)] | None = None
    floor: Annotated[int, Field(ge=-100_000, le=0)] | None = None
    personas: Annotated[tuple[Persona, ...], Field(max_length=20)] = ()
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=MAX_RULES)]

    def problems(self) -> Iterable[Problem]:
        for key, things in (("rules", self.rules), ("families", self.families), ("personas", self.personas)):
            yield from _twice(key, [thing.name for thing in things])


def checks(document: ScoringDocument) -> Iterator[Problem]:
    """What only the whole document can say about itself."""
    conditions = list(_conditions(document))
    if sum(1 for _, one in conditions for _ in walk(one)) > MAX_CONDITIONS:
        yield Problem(("rules",), f"The model has more than {MAX_CONDITIONS} conditions.", "Leave some out.")
    targets = {name for persona in document.personas for name in persona.targets}
    for place, condition in conditions:
        for leaf, _ in walk(condition):
            if leaf.target is not None and leaf.target not in targets:
                known = ", ".join(sorted(targets)) or "none"
                yield Problem(place, f'No persona has the target "{leaf.target}".', f"Known targets: {known}.")


def _conditions(document: ScoringDocument) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
    for index, rule in enumerate(document.rules):
        if isinstance(rule, PropertyRule):
            yield ("rules", index, "when"), rule.when
    for index, persona in enumerate(document.personas):
        for name, condition in persona.targets.items():
            yield ("personas", index, "targets", name), condition


def _bounds(rule: ActivityRule) -> Iterator[Problem]:
    if rule.cap is not None and rule.points < 0:
        yield Problem(("cap",), "A rule that takes points has a floor, not a cap.", "Write `floor: -15`.")
    if rule.floor is not None and rule.points > 0:
        yield Problem(("floor",), "A rule that gives points has a cap, not a floor.", "Write `cap: 30`.")
    if rule.cap is not None and 0 < rule.cap < rule.points:
        yield Problem(("cap",), "The cap is below the points of one event.", f"Write {rule.points} or more.")
    if rule.floor is not None and rule.points < rule.floor:
        yield Problem(("floor",), "The floor is above the points of one event.", f"Write {rule.points} or lower.")


def _twice(key: str, names: list[str]) -> Iterator[Problem]:
    for name, times in Counter(names).items():
        if times > 1:
            last = len(names) - 1 - names[::-1].index(name)
            yield Problem((key, last, "name"), f'The name "{name}" is used {times} times.', "Names are unique.")
