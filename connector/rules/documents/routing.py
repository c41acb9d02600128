"""The ``routing`` document: who in sales gets a contact that became ready, how many, and how soon an answer is due.

Not here: the choice itself (``connector/rules/routing.py``), the clock (``connector/rules/speed.py``). Without owners
nothing is ever routed: that is how the shipped document is switched off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator

from connector.rules.documents.base import Complaint, Document, Part, Problem
from connector.rules.documents.conditions import Condition, Name, too_deep, walk
from connector.rules.documents.schedule import TimeOfDay, Weekday

OwnerKey = Annotated[str, Field(min_length=1, max_length=254)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
EVERYBODY = "everybody"


class Absence(Part):
    """Days on which an owner gets nothing, both included, by the calendar of the portal's time zone."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")

    @field_validator("first", "last")
    @classmethod
    def _a_day(cls, value: str) -> str:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise Complaint(f'"{value}" is no date.', "Write 2026-12-24.") from None
        return value

    def problems(self) -> Iterable[Problem]:
        if self.last < self.first:
            yield Problem(("to",), "The absence ends before it begins.", "Write the earlier day under `from`.")


class RoutedOwner(Part):
    """Somebody who gets contacts: by the e-mail address of the HubSpot user, or by the owner's id.

    ``weight`` is the share in the round robin, ``capacity`` how many may be in hand at a time, ``per_day`` how many new
    ones a day; None: no limit.
    """

    owner: OwnerKey
    weight: Annotated[int, Field(ge=1, le=100)] = 1
    capacity: Annotated[int, Field(ge=1, le=10_000)] | None = None
    per_day: Annotated[int, Field(ge=1, le=1000)] | None = None
    absent: Annotated[tuple[Absence, ...], Field(max_length=50)] = ()


class RoutingRule(Part):
    """Who shares the contacts that a condition holds for: a territory, an industry, a size. The first one counts."""

    name: Name
    when: Condition
    owners: Annotated[tuple[OwnerKey, ...], Field(min_length=1)]

    def problems(self) -> Iterable[Problem]:
        yield from (Problem(("when", *one.place), one.message, one.remedy) for one in too_deep(self.when))
        if any(leaf.target for leaf, _ in walk(self.when)):
            yield Problem(("when",), "Routing knows no persona.", "Name the field instead of a target.")
        if self.name == EVERYBODY:
            yield Problem(("name",), f'"{EVERYBODY}" stands for all owners together.', "Choose another name.")


class Speed(Part):
    """How soon sales has to answer. Hours are working hours: ``days``, from ``opens`` to ``closes``, portal time zone.

    ``alert_after_hours`` without an answer is overdue; ``escalations``: to how many further owners it then goes on.
    """

    alert_after_hours: Annotated[int, Field(ge=1, le=1000)] = 4
    escalations: Annotated[int, Field(ge=0, le=10)] = 0
    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri")
    opens: TimeOfDay = "09:00"
    closes: TimeOfDay = "17:00"

    def problems(self) -> Iterable[Problem]:
        if self.closes <= self.opens:
            yield Problem(("closes",), "The working day ends before it begins.", "Write the later time here.")


class RoutingDocument(Document):
    """All of it.

    ``at`` is the stage at which a contact is handed over. ``existing_owner``: ``keep`` leaves a contact with the active
    owner it has, ``ignore`` gives it to whose turn it is. ``unknown``: what a rule does whose condition cannot be
    answered: ``next`` looks at the next one, ``hold`` waits. ``otherwise``: who gets what no rule holds for.
    ``package``: how sales is given what is known with each hand-over, as a note on the contact or as a task.
    ``per_day`` bounds how many contacts are handed over a day in all; ``since`` leaves alone who got there earlier.
    """

    version_label: Annotated[str, Field(max_length=80)] = ""
    at: Literal["mql", "sql"] = "mql"
    owners: Annotated[tuple[RoutedOwner, ...], Field(max_length=500)] = ()
    rules: Annotated[tuple[RoutingRule, ...], Field(max_length=200)] = ()
    existing_owner: Literal["keep", "ignore"] = "keep"
    unknown: Literal["next", "hold"] = "next"
    otherwise: Literal["everybody", "nobody"] = "everybody"
    per_day: Annotated[int, Field(ge=1, le=10_000)] | None = None
    since: Day | None = None
    package: Literal["note", "task", "none"] = "note"
    speed: Speed = Speed()


def checks(document: RoutingDocument) -> Iterator[Problem]:
    """Names are unique, and a rule names owners of the list alone."""
    keys = [one.owner.casefold() for one in document.owners]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            yield Problem(
                ("owners", index), f'"{document.owners[index].owner}" stands there twice.', "Each owner once."
            )
    names = [one.name for one in document.rules]
    for index, rule in enumerate(document.rules):
        if rule.name in names[:index]:
            yield Problem(("rules", index, "name"), f'The name "{rule.name}" is used twice.', "Names are unique.")
        for place, owner in enumerate(rule.owners):
            if owner.casefold() not in keys:
                message = f'"{owner}" is not among the owners.'
                yield Problem(("rules", index, "owners", place), message, "List the owner under `owners:` too.")
