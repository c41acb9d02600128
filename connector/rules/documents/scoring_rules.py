"""The kinds of rule a scoring model may have, one class each, as an admin writes them.

Not here: the model around them (``documents/scoring.py``), and what a rule gives for a contact (``rules/scoring/``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field, field_validator

from connector.rules.documents.base import Complaint, Part, Problem
from connector.rules.documents.conditions import Condition, Name, too_deep, walk
from connector.rules.patterns import fault_of

FamilyName = Literal["demographic", "firmographic", "product_interest", "readiness", "engagement", "persona_fit"]
Points = Annotated[int, Field(ge=-1000, le=1000)]
Days = Annotated[int, Field(ge=1, le=3650)]
Label = Annotated[str, Field(max_length=80)]
Cap = Annotated[int, Field(ge=1, le=10_000)]
Floor = Annotated[int, Field(le=-1, ge=-10_000)]
Kinds = Annotated[tuple[Name, ...], Field(min_length=1)]
ListId = Annotated[str, Field(pattern=r"^\d{1,18}$")]


class Match(Part):
    """Narrows an activity rule: by funnel phase, asset, form or campaign, words or patterns (RE2), or dwell time."""

    phases: tuple[Literal["tofu", "mofu", "bofu"], ...] = ()
    assets: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    title_contains: tuple[str, ...] = ()
    url_contains: tuple[str, ...] = ()
    title_matches: str | None = None
    url_matches: str | None = None
    min_seconds: Annotated[int, Field(ge=1)] | None = None

    @field_validator("title_matches", "url_matches")
    @classmethod
    def _pattern(cls, value: str | None) -> str | None:
        if value is not None and (fault := fault_of(value)):
            raise Complaint(fault, "Write it in RE2's words, for instance: /(preise|pricing)/")
        return value


class Step(Part):
    """From so many days on, so many per cent of the points are left."""

    after_days: Days
    keep: Annotated[int, Field(ge=0, le=99)]


class Decay(Part):
    """Points fade with age, counted in whole days of 24 hours, in one of three ways.

    ``half_life_days``: half of them are left after so many days. ``linear_days``: evenly, none left after so many days.
    ``steps``: all of them, then at each step the per cent it says.
    """

    half_life_days: Days | None = None
    linear_days: Days | None = None
    steps: Annotated[tuple[Step, ...], Field(max_length=20)] | None = None

    def problems(self) -> Iterable[Problem]:
        said = [one for one in (self.half_life_days, self.linear_days, self.steps) if one is not None]
        if len(said) != 1:
            message = "A decay is one of `half_life_days`, `linear_days` and `steps`."
            yield Problem((), message, "Write exactly one of them.")
        for index, step in enumerate(self.steps or ()):
            before = self.steps[index - 1] if index and self.steps else None
            if before and not (before.after_days < step.after_days and before.keep > step.keep):
                message = "Later steps come after more days and keep less."
                yield Problem(("steps", index), message, "Put the steps in order.")
        if self.steps is not None and not self.steps:
            yield Problem(("steps",), "There are no steps.", "Write for instance: - {after_days: 30, keep: 50}")


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


class _Acts(_Rule):
    """What rules about acts share: which acts, how far back, whose, and narrowed how.

    Only acts younger than ``within_days`` count; only human ones unless ``human_only: false``; unsure ones if
    ``count_unsure``. ``sources`` names what must be readable before "did not happen" may be said.
    """

    activities: Kinds
    within_days: Days | None = None
    human_only: bool = True
    count_unsure: bool = False
    match: Match | None = None
    sources: tuple[str, ...] | None = None


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


class ActivityRule(_Acts):
    """Points for what a contact did.

    ``once``: at most one event counts. ``per_event``: each counts. ``per_window``: at most ``max_per_window`` events
    within any ``window_days`` count, the earliest first. ``cap`` and ``floor`` bound the rule's points.
    """

    kind: Literal["activity"]
    counting: Literal["once", "per_event", "per_window"] = "once"
    window_days: Days | None = None
    max_per_window: Annotated[int, Field(ge=1, le=1000)] = 1
    cap: Cap | None = None
    floor: Floor | None = None
    decay: Decay | None = None

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        if (self.counting == "per_window") != (self.window_days is not None):
            yield Problem(("window_days",), "`window_days` and `counting: per_window` need each other.", "")
        if self.max_per_window != 1 and self.counting != "per_window":
            yield Problem(("max_per_window",), "`max_per_window` needs `counting: per_window`.", "")
        yield from _bounds(self.points, self.cap, self.floor)


class UnopenedRule(_Rule):
    """Points off, once per ``in_a_row`` mails in a row that nobody opened at least ``after_days`` after they went out.

    An open by a machine (privacy proxy, scanner) says neither: such a mail counts as unknown and ends the row.
    """

    kind: Literal["unopened_mails"]
    sent: Kinds = ("mail_sent",)
    opened: Kinds = ("mail_opened", "mail_clicked")
    in_a_row: Annotated[int, Field(ge=1, le=100)] = 3
    after_days: Days = 7
    floor: Floor | None = -15
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


class ListRule(_Rule):
    """Points for being on any one of these HubSpot lists (their ids); *unknown* where a list could not be read."""

    kind: Literal["list"]
    lists: Annotated[tuple[ListId, ...], Field(min_length=1, max_length=100)]


class InactivityRule(_Rule):
    """Points off when nothing was done for ``after_days``, once more each ``every_days`` after that.

    Counted from the newest act of a person, or from the day the contact came if there is none. Without ``activities``
    any act counts as a sign of life.
    """

    kind: Literal["inactivity"]
    activities: tuple[Name, ...] = ()
    after_days: Days = 45
    every_days: Days | None = None
    floor: Floor | None = None
    sources: tuple[str, ...] | None = None

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        if self.points > 0:
            yield Problem(("points",), "Doing nothing cannot bring points.", "Write a number below 0.")
        yield from _bounds(self.points, None, self.floor)
        if self.every_days is not None and self.floor is None:
            yield Problem(("floor",), "Without a floor the points fall for ever.", "Write for instance `floor: -30`.")


class BurstRule(_Acts):
    """Points for ``at_least`` acts within ``within_hours``, whatever their kinds.

    ``once``: one burst counts, the newest. ``per_burst``: each, and no act belongs to two.
    """

    kind: Literal["burst"]
    at_least: Annotated[int, Field(ge=2, le=100)]
    within_hours: Annotated[int, Field(ge=1, le=24 * 366)] = 24
    counting: Literal["once", "per_burst"] = "once"
    cap: Cap | None = None
    floor: Floor | None = None
    decay: Decay | None = None

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        yield from _bounds(self.points, self.cap, self.floor)


class VelocityRule(_Acts):
    """Points when the last ``window_days`` saw at least ``at_least`` acts and ``factor`` times those of the window
    before.
    """

    kind: Literal["velocity"]
    window_days: Days = 14
    at_least: Annotated[int, Field(ge=1, le=1000)] = 3
    factor: Annotated[float, Field(gt=1, le=100)] = 2.0

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        if self.within_days is not None:
            yield Problem(("within_days",), "A velocity looks at two windows anyway.", "Leave `within_days` out.")


class DwellRule(_Acts):
    """Points when somebody spent ``min_seconds`` on these pages, all visits together; once or for each such span.

    *Unknown* where the portal does not say how long a visit took.
    """

    kind: Literal["dwell"]
    min_seconds: Annotated[int, Field(ge=1, le=86_400)]
    counting: Literal["once", "per_span"] = "once"
    cap: Cap | None = None
    floor: Floor | None = None

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        yield from _bounds(self.points, self.cap, self.floor)


class FrequencyRule(_Acts):
    """Points when the number of acts lies between ``at_least`` and ``at_most``, both included; once, not per act."""

    kind: Literal["frequency"]
    at_least: Annotated[int, Field(ge=0, le=1000)] = 1
    at_most: Annotated[int, Field(ge=0, le=1000)] | None = None

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        if self.at_most is not None and self.at_most < self.at_least:
            yield Problem(("at_most",), "The range ends before it begins.", f"Write {self.at_least} or more.")
        if self.at_least == 0 and self.at_most is None:
            yield Problem(("at_least",), "Any number of acts is in this range.", "Write `at_most` or raise `at_least`.")


class AssociationRule(_Rule):
    """Points for what stands beside the contact: other people of its company, or its deals.

    ``of: colleagues`` counts people; with ``activities`` only those who did one of them within ``within_days``.
    ``of: deals`` counts the contact's deals in ``state``.
    """

    kind: Literal["association"]
    of: Literal["colleagues", "deals"]
    at_least: Annotated[int, Field(ge=1, le=1000)] = 1
    activities: tuple[Name, ...] = ()
    within_days: Days | None = None
    state: Literal["any", "open", "won", "lost"] | None = None

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        if self.of == "deals" and (self.activities or self.within_days):
            message = "`activities` and `within_days` are about colleagues."
            yield Problem(("of",), message, "Write `of: colleagues`, or leave them out.")
        if self.of == "colleagues" and self.state is not None:
            yield Problem(("state",), "`state` is about deals.", "Write `of: deals`, or leave it out.")
        if self.within_days and not self.activities:
            yield Problem(("within_days",), "`within_days` needs `activities`.", "Name what the colleagues did.")


class PersonaRule(_Rule):
    """Points when one of these personas (none named: any) is the contact's best match and ``share`` of its targets are
    met.
    """

    kind: Literal["persona"]
    personas: tuple[str, ...] = ()
    share: Annotated[float, Field(gt=0, le=1)] = 0.6


Rule = Annotated[
    PropertyRule
    | ActivityRule
    | UnopenedRule
    | ListRule
    | InactivityRule
    | BurstRule
    | VelocityRule
    | DwellRule
    | FrequencyRule
    | AssociationRule
    | PersonaRule,
    Field(discriminator="kind"),
]
ActRule = ActivityRule | BurstRule | VelocityRule | DwellRule | FrequencyRule


def _bounds(points: int, cap: int | None, floor: int | None) -> Iterator[Problem]:
    if cap is not None and points < 0:
        yield Problem(("cap",), "A rule that takes points has a floor, not a cap.", "Write `floor: -15`.")
    if floor is not None and points > 0:
        yield Problem(("floor",), "A rule that gives points has a cap, not a floor.", "Write `cap: 30`.")
    if cap is not None and 0 < cap < points:
        yield Problem(("cap",), "The cap is below the points of one event.", f"Write {points} or more.")
    if floor is not None and points < floor:
        yield Problem(("floor",), "The floor is above the points of one event.", f"Write {points} or lower.")
