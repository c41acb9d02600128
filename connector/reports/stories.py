"""Contacts as reports look at them: who, the way through the stages, what they did, their deals. One pass, folded.

A report is made of folds: each looks at every story once and then gives its section, so that memory does not grow with
the portal's activities.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from connector.model.judgement import STAGES
from connector.reports.figures import Section, Span
from connector.rules.documents.goals import GoalsDocument
from connector.rules.documents.kinds import CATALOGUE
from connector.rules.journey import Journey, Ways
from connector.rules.lifecycle import PASSIVE
from connector.store import Unit, study
from connector.store.study import Act, Deal, Person, Turn

TOUCHES = frozenset({"call_held", "call_attempted", "meeting_held", "meeting_booked", "meeting_missed", "sales_mail"})
PAGES = frozenset({"site_visit", "blog_post", "product_page", "price_page", "career_page", "landing_page"})
MACRO = frozenset(kind.name for kind in CATALOGUE.values() if kind.conversion == "macro") - TOUCHES - {"mail_replied"}


@dataclass
class Story:
    """One contact's story up to now."""

    person: Person
    journey: Journey
    acts: Sequence[Act] = ()
    deals: Sequence[Deal] = ()

    @property
    def id(self) -> int:
        return self.person.id

    @cached_property
    def own(self) -> list[Act]:
        """What the person did: no machine's opens, nothing that was done to it."""
        return [act for act in self.acts if by_hand(act)]

    @cached_property
    def won_ms(self) -> int | None:
        """When it first bought, as far as that is dated: a won deal's close, or its becoming a customer."""
        dated = [deal.closed_ms for deal in self.deals if deal.outcome == "won" and deal.closed_ms is not None]
        reached = self.journey.reached_ms("customer")
        return min([*dated, *([reached] if reached is not None else [])], default=None)

    @cached_property
    def won(self) -> bool:
        return any(deal.outcome == "won" for deal in self.deals) or self.journey.reached("customer")

    @cached_property
    def accepted(self) -> bool:
        """Sales took it: it is or was SAL or later."""
        return self.journey.reached("sal")


def by_hand(act: Act) -> bool:
    """Whether the contact itself did it."""
    return bool(act.kind) and act.verdict == "human" and act.kind not in PASSIVE and act.kind not in TOUCHES


@dataclass(frozen=True)
class Ground:
    """What every fold knows: the span, now, the portal's words and goals, and the sources that are off."""

    span: Span
    now_ms: int
    ways: Ways
    goals: GoalsDocument = field(default_factory=GoalsDocument)
    off: frozenset[str] = frozenset()

    @cached_property
    def ladder(self) -> tuple[str, ...]:
        """The stages from lead on."""
        return STAGES[1:]


class Fold(Protocol):
    """One part of a report in the making."""

    def see(self, story: Story) -> None:
        """Look at one contact."""

    def sections(self) -> tuple[Section, ...]:
        """What came of it."""


def stories(u: Unit, portal_id: int, ways: Ways, until_ms: int, *, with_acts: bool = True) -> Iterator[Story]:
    """Every living contact's story, in the order of their ids; without acts it is told far quicker."""
    deals = study.deals(u, portal_id)
    for page in study.people(u, portal_id):
        ids = [person.id for person in page]
        turns = study.turns(u, portal_id, ids)
        acts = study.acts(u, portal_id, ids, until_ms) if with_acts else {}
        for person in page:
            journey = journey_of(ways, person, turns.get(person.id, ()))
            yield Story(person, journey, acts.get(person.id, ()), deals.get(person.id, ()))


def journey_of(ways: Ways, person: Person, turns: Iterable[Turn]) -> Journey:
    """The way of one contact: a portal value that changed, or a stage that is ours."""
    told = [
        (turn.at_ms, turn.after, "") if turn.property == study.STAGE else (turn.at_ms, "", turn.after) for turn in turns
    ]
    return ways.journey(person.stage, person.ours, person.entered, told)


def fold(found: Iterable[Story], folds: Sequence[Fold]) -> None:
    """One pass over all stories."""
    for story in found:
        for one in folds:
            one.see(story)
