"""The nurture part of the ``workflows`` document: assets, the pace of mails, and graphs of steps with starts and exits.

Not here: what only the whole document can say (``nurture_checks.py``), where a contact stands in a graph and what
follows from it (``connector/rules/nurture/``). A nurture decides when a contact enters which HubSpot workflow; the
mails themselves are HubSpot's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator

from connector.rules.documents import wording
from connector.rules.documents.base import Complaint, Part, Problem
from connector.rules.documents.conditions import Condition, Name
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.kinds import CATALOGUE, SYNONYMS, canonical
from connector.rules.documents.schedule import WEEKDAYS, Weekday

MessageClass = Literal["nurture", "mailing", "newsletter"]
FunnelPhase = Literal["TOFU", "MOFU", "BOFU"]
Anchor = Literal["start", "previous"]
PHASES: tuple[FunnelPhase, ...] = ("TOFU", "MOFU", "BOFU")
END = "end"

Text = Annotated[str, Field(max_length=300)]
Label = Annotated[str, Field(max_length=80)]
Days = Annotated[int, Field(ge=0, le=730)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Target = Name | None


def _known_kinds(value: tuple[str, ...] | None) -> tuple[str, ...] | None:
    for one in value or ():
        if canonical(one) is None:
            raise Complaint(f'"{one}" is no kind of activity.', wording.suggest(one, [*CATALOGUE, *SYNONYMS], "Kinds"))
    return None if value is None else tuple(canonical(one) or one for one in value)


class Asset(Part):
    """One piece of content that can be offered. ``kind`` is the activity that taking it gives, ``match`` how the
    ``activities`` document calls it (its asset, title or ref); empty: the name. ``question`` is what of the reader's it
    answers, ``personas`` whom it is for (none: everybody), ``topic`` the interest that taking it first shows."""

    name: Name
    label: Label = ""
    kind: str
    phase: FunnelPhase | None = None
    match: Text = ""
    call: Text = ""
    landing_page: Text = ""
    delivery: Text = ""
    question: Text = ""
    topic: Text = ""
    personas: Annotated[tuple[Label, ...], Field(max_length=20)] = ()

    @field_validator("kind")
    @classmethod
    def _kind(cls, value: str) -> str:
        return (_known_kinds((value,)) or (value,))[0]

    def natural_phase(self) -> str:
        """The phase the catalogue gives this kind of content; '' where it says none."""
        return CATALOGUE[self.kind].phase if self.kind in CATALOGUE else ""


class Pace(Part):
    """How often and when mails may go out, in the portal's own time zone. ``per_week`` counts per message class within
    any seven days; ``at_once`` is how many nurtures a contact may be in."""

    send_from: Clock = "08:00"
    send_until: Clock = "18:00"
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri")
    holidays: tuple[str, ...] = ()
    per_week: Mapping[MessageClass, Annotated[int, Field(ge=1, le=50)]] = {"nurture": 3, "mailing": 2, "newsletter": 2}
    at_once: Annotated[int, Field(ge=1, le=30)] = 1

    def problems(self) -> Iterable[Problem]:
        if self.send_from >= self.send_until:
            yield Problem(("send_until",), "The window for mails ends before it begins.", "Write a later time.")
        for index, day in enumerate(self.holidays):
            if not is_day(day):
                yield Problem(("holidays", index), f'"{day}" is no date.', "Write 2027-01-01.")


class Moment(Part):
    """A day: a fixed date, or the contact's own from a field or a property."""

    date: str | None = None
    field: Name | None = None
    property: Name | None = None

    def problems(self) -> Iterable[Problem]:
        if sum(one is not None for one in (self.date, self.field, self.property)) != 1:
            yield Problem((), "A moment needs exactly one of these keys.", "Write one of: date, field, property.")
        if self.date is not None and not is_day(self.date):
            yield Problem(("date",), f'"{self.date}" is no date.', "Write 2027-03-10.")
        if self.field is not None and self.field not in FIELDS:
            remedy = wording.suggest(self.field, FIELDS, "Fields")
            yield Problem(("field",), f'"{self.field}" is no field.', remedy)


class Start(Part):
    """One way in: an act (about one of these assets), a condition that holds, silence, or a day to come."""

    did: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    about: tuple[Name, ...] = ()
    within_days: Annotated[int, Field(ge=1, le=365)] = 7
    when: Condition | None = None
    silent_days: Annotated[int, Field(ge=14, le=180)] | None = None
    moment: Moment | None = None
    days_before: Days = 0
    days_after: Days = 0

    _kinds = field_validator("did")(_known_kinds)

    def problems(self) -> Iterable[Problem]:
        if sum(one is not None for one in (self.did, self.when, self.silent_days, self.moment)) != 1:
            known = "did, when, silent_days, moment"
            yield Problem((), "A start needs exactly one of these keys.", f"Write one of: {known}.")
        if self.about and self.did is None:
            yield Problem(("about",), "`about` belongs to `did`.", "Name the acts beside it.")
        if (self.days_before or self.days_after) and self.moment is None:
            yield Problem((), "Days before or after need a `moment`.", "Write `moment: {date: 2027-03-10}`.")
        if self.days_before and self.days_after:
            yield Problem((), "A start lies before or after its moment, not both.", "Keep one of them.")


class Goal(Part):
    """What the nurture is for (one of six goals), the figure it is judged by, and when a contact has got there."""

    kind: Literal["inform", "help", "promote", "interact", "qualify", "convert"]
    measured_by: Text = ""
    when: Condition | None = None


class Exit(Part):
    """A condition that ends the nurture wherever the contact stands; ``to`` names the nurture it goes on to."""

    name: Name
    when: Condition
    ended: Literal["left", "declined", "done"] = "left"
    to: Name | None = None


class Again(Part):
    """Coming back: not sooner than that many days after the last time ended, and at most so many times in all."""

    after_days: Annotated[int, Field(ge=1, le=3650)]
    most: Annotated[int, Field(ge=2, le=100)] = 2


class _Step(Part):
    """What all steps share."""

    name: Name
    label: Label = ""

    def targets(self) -> tuple[Target, ...]:
        """Where it may go on to; None is the next one in the list."""
        return (None,)

    def places(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """The named targets and where each stands in the step."""
        for key in ("then", "known", "lacking", "unknown", "passed", "otherwise", "silent"):
            value = getattr(self, key, None)
            if value is not None:
                yield (key,), value


class EnrolStep(_Step):
    """Enter a workflow. ``known``: where to go when the contact has everything that is offered already (without it:
    on, without a mail); ``lacking``: when a field that the mail needs is empty (without it: held until it is known)."""

    do: Literal["enrol"]
    workflow: Name
    mails: Annotated[int, Field(ge=0, le=20)] = 1
    offers: Annotated[tuple[Name, ...], Field(max_length=10)] = ()
    known: Target = None
    needs: tuple[Name, ...] = ()
    lacking: Target = None
    then: Target = None

    def targets(self) -> tuple[Target, ...]:
        return (self.then, *(one for one in (self.known, self.lacking) if one is not None))

    def problems(self) -> Iterable[Problem]:
        for index, name in enumerate(self.needs):
            if name not in FIELDS:
                yield Problem(("needs", index), f'"{name}" is no field.', wording.suggest(name, FIELDS, "Fields"))
        if self.known is not None and not self.offers:
            yield Problem(("known",), "`known` needs `offers`.", "Name the assets that are offered.")
        if self.lacking is not None and not self.needs:
            yield Problem(("lacking",), "`lacking` needs `needs`.", "Name the fields the mail cannot do without.")


class LeaveStep(_Step):
    """Leave a workflow, by the way it was entered."""

    do: Literal["leave"]
    workflow: Name
    then: Target = None

    def targets(self) -> tuple[Target, ...]:
        return (self.then,)


class SetStep(_Step):
    """Write a property for the mails to use: a fixed value, or one taken from what is known, with a fallback."""

    do: Literal["set"]
    property: Name
    value: Text | None = None
    take: Literal["last_asset", "last_offer", "first_interest"] | None = None
    field: Name | None = None
    fallback: Text = ""
    then: Target = None

    def targets(self) -> tuple[Target, ...]:
        return (self.then,)

    def problems(self) -> Iterable[Problem]:
        if sum(one is not None for one in (self.value, self.take, self.field)) != 1:
            yield Problem((), "A value comes from exactly one place.", "Write one of: value, take, field.")
        if self.value is None and not self.fallback:
            message = "What is taken may be empty, and then a mail would have a hole."
            yield Problem(("fallback",), message, "Add `fallback:` with words that fit everybody.")
        if self.field is not None and self.field not in FIELDS:
            remedy = wording.suggest(self.field, FIELDS, "Fields")
            yield Problem(("field",), f'"{self.field}" is no field.', remedy)


class WaitStep(_Step):
    """A delay after the start or the previous step, or until so many days before or after a moment. ``at`` sets the
    time of day. A moment that had passed before the step was reached goes to ``passed``, one that is unknown to
    ``unknown``; without these, on at once."""

    do: Literal["wait"]
    days: Days = 0
    hours: Annotated[int, Field(ge=0, le=1000)] = 0
    anchor: Anchor = "previous"
    working_days: bool = False
    at: Clock | None = None
    before: Moment | None = None
    after: Moment | None = None
    unknown: Target = None
    passed: Target = None
    then: Target = None

    def targets(self) -> tuple[Target, ...]:
        return (self.then, *(one for one in (self.unknown, self.passed) if one is not None))

    def problems(self) -> Iterable[Problem]:
        if self.before is not None and self.after is not None:
            yield Problem(("after",), "A delay lies before or after a moment, not both.", "Keep one of them.")
        dated = self.before is not None or self.after is not None
        if not dated and not (self.days or self.hours or self.at):
            yield Problem(("days",), "This waits for nothing.", "Write `days: 3`.")
        for key in ("unknown", "passed"):
            if getattr(self, key) is not None and not dated:
                yield Problem((key,), f"Only a moment can be {key}.", "Take it out.")
        if self.working_days and (self.hours or dated):
            message = "Working days are counted for a delay in days alone."
            yield Problem(("working_days",), message, "Take it out, or write days only.")


class Answer(Part):
    """An act that is waited for, about one of these assets if any are named, and where it leads."""

    did: Annotated[tuple[str, ...], Field(min_length=1)]
    about: tuple[Name, ...] = ()
    then: Target = None

    _kinds = field_validator("did")(_known_kinds)


class AwaitStep(_Step):
    """Wait for an act since the last mail, the first of which decides; after ``days`` of silence go to ``silent``."""

    do: Literal["await"]
    answers: Annotated[tuple[Answer, ...], Field(min_length=1, max_length=20)]
    days: Annotated[int, Field(ge=1, le=730)]
    anchor: Anchor = "previous"
    silent: Target = None

    def targets(self) -> tuple[Target, ...]:
        return (*(one.then for one in self.answers), self.silent)

    def places(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        yield from super().places()
        for index, one in enumerate(self.answers):
            if one.then is not None:
                yield ("answers", index, "then"), one.then


class Way(Part):
    """One way of a branch."""

    when: Condition
    then: Target = None


class BranchStep(_Step):
    """The first way whose condition holds. ``unknown`` is where to go when none holds and one cannot be decided."""

    do: Literal["branch"]
    ways: Annotated[tuple[Way, ...], Field(min_length=1, max_length=20)]
    otherwise: Target = None
    unknown: Target = None

    def targets(self) -> tuple[Target, ...]:
        return (*(way.then for way in self.ways), self.otherwise, *([self.unknown] if self.unknown else []))

    def places(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        yield from super().places()
        for index, way in enumerate(self.ways):
            if way.then is not None:
                yield ("ways", index, "then"), way.then


class JumpStep(_Step):
    """The end here, and on to another nurture."""

    do: Literal["jump"]
    nurture: Name

    def targets(self) -> tuple[Target, ...]:
        return ()


class EndStep(_Step):
    """The end, and how it is called."""

    do: Literal["end"]
    ended: Literal["done", "silent", "declined", "left"] = "done"

    def targets(self) -> tuple[Target, ...]:
        return ()


Step = Annotated[
    EnrolStep | LeaveStep | SetStep | WaitStep | AwaitStep | BranchStep | JumpStep | EndStep, Field(discriminator="do")
]


class Nurture(Part):
    """One nurture. Switched off it is a draft: it may leave questions open. ``unless`` keeps people out (exceptions);
    ``hold_out`` is the share, in percent, that is watched but never mailed; ``on_publish`` says what happens to those
    inside when the document is published anew."""

    name: Name
    label: Label = ""
    enabled: bool = False
    message_class: MessageClass = "nurture"
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    interrupts: bool = False
    goal: Goal | None = None
    phases: tuple[FunnelPhase, ...] = ()
    starts: Annotated[tuple[Start, ...], Field(max_length=20)] = ()
    unless: Condition | None = None
    exits: Annotated[tuple[Exit, ...], Field(max_length=20)] = ()
    again: Again | None = None
    hold_out: Annotated[int, Field(ge=0, le=50)] = 0
    per_week: Annotated[int, Field(ge=1, le=50)] | None = None
    on_publish: Literal["stay", "move", "leave"] = "stay"
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=100)]

    def problems(self) -> Iterable[Problem]:
        seen: set[str] = set()
        for index, step in enumerate(self.steps):
            if step.name in seen or step.name == END:
                message = f'The name "{step.name}" is taken.' if step.name != END else '"end" is no name for a step.'
                yield Problem(("steps", index, "name"), message, "Give each step a name of its own.")
            seen.add(step.name)
        for index, step in enumerate(self.steps):
            for place, target in step.places():
                if target not in seen | {END}:
                    remedy = wording.suggest(target, [*sorted(seen), END], "Steps")
                    yield Problem(("steps", index, *place), f'There is no step "{target}".', remedy)

    def step(self, name: str) -> Step:
        return next(one for one in self.steps if one.name == name)

    def resolve(self, step: Step, target: Target) -> str:
        """The name of the step a target means; ``end`` when the list is over."""
        if target is not None:
            return target
        index = next(index for index, one in enumerate(self.steps) if one.name == step.name)
        return self.steps[index + 1].name if index + 1 < len(self.steps) else END

    def following(self, step: Step) -> tuple[str, ...]:
        """The names of the steps that may come next."""
        return tuple(dict.fromkeys(self.resolve(step, target) for target in step.targets()))


def is_day(text: str) -> bool:
    """Whether that is a date as documents write it."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def weekday_numbers(days: Iterable[Weekday]) -> frozenset[int]:
    """Monday is 0."""
    return frozenset(WEEKDAYS.index(day) for day in days)
