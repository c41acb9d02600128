"""Who gets a contact, and why not the others: rules by territory, industry and size, then a fair turn. Pure.

The turn is a weighted round robin that forgets nothing but its arrears: every pool (a rule, or everybody) has a clock;
a hand-over moves its owner's mark on by 1/weight, and the able owner with the lowest mark is next. Nobody's mark may
lag behind the pool's clock, so who comes back from an absence, or joins, is not flooded. The same log and the same
contacts give the same owners.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from connector.model.judgement import Hold
from connector.model.records import Owner
from connector.rules.conditions import probe
from connector.rules.documents.routing import EVERYBODY, RoutedOwner, RoutingDocument, RoutingRule
from connector.rules.view import Answer, View

EFFECT = "hand_over"


class Choice(NamedTuple):
    """The owner of a contact, the pool it came from, why, and why not each of the others."""

    owner_id: int
    pool: str
    why: str
    others: tuple[str, ...] = ()

    def text(self) -> str:
        """In one line for people; it begins with the name of the pool whose turn it was."""
        passed = f" Not {'; not '.join(self.others)}." if self.others else ""
        return (f"{self.pool}: " if self.pool else "") + f"{self.why}.{passed}"


class Refused(NamedTuple):
    """Nobody gets it now. ``tomorrow``: a new day alone may change that."""

    gate: str
    why: str
    remedy: str
    tomorrow: bool = False

    def hold(self, contact_id: int) -> Hold:
        return Hold(contact_id, EFFECT, self.gate, self.why, self.remedy)


@dataclass(slots=True)
class Book:
    """What was handed over so far: contacts in hand and today's by owner, and the turns. Grows as choices are made."""

    in_hand: dict[int, int] = field(default_factory=dict)
    today: dict[int, int] = field(default_factory=dict)
    marks: dict[tuple[str, int], Fraction] = field(default_factory=dict)
    clocks: dict[str, Fraction] = field(default_factory=dict)

    def mark(self, pool: str, owner_id: int) -> Fraction:
        return max(self.clocks.get(pool, Fraction(0)), self.marks.get((pool, owner_id), Fraction(0)))

    def take_turn(self, pool: str, owner_id: int, weight: int) -> None:
        start = self.mark(pool, owner_id)
        self.clocks[pool] = start
        self.marks[pool, owner_id] = start + Fraction(1, weight)

    def hand_over(self, owner_id: int) -> None:
        self.in_hand[owner_id] = self.in_hand.get(owner_id, 0) + 1
        self.today[owner_id] = self.today.get(owner_id, 0) + 1


class Router:
    """A routing document, compiled for the owners a portal has."""

    def __init__(self, document: RoutingDocument, owners: Iterable[Owner]) -> None:
        self.document = document
        known = {one.id: one for one in owners}
        self._known: Mapping[int, Owner] = known
        keys = {str(one.id): one for one in known.values()} | {
            one.email.casefold(): one
            for one in sorted(known.values(), key=lambda one: (one.active, -one.id))
            if one.email
        }
        self._owners = {one.owner.casefold(): (one, keys.get(one.owner.casefold())) for one in document.owners}
        self._rules = tuple((rule, probe(rule.when, {}, _answer)) for rule in document.rules)
        self.weights = {found.id: one.weight for one, found in self._owners.values() if found is not None}

    def book(self, log: Iterable[tuple[str, int]], in_hand: Mapping[int, int], today: Mapping[int, int]) -> Book:
        """The book as the log of hand-overs (pool, owner), oldest first, leaves it."""
        made = Book(dict(in_hand), dict(today))
        for pool, owner_id in log:
            if pool:  # kept owners took no turn
                made.take_turn(pool, owner_id, self.weights.get(owner_id, 1))
        return made

    def route(
        self, view: View, book: Book, day: str, *, present: int | None = None, had: frozenset[int] = frozenset()
    ) -> Choice | Refused:
        """The owner for a contact on that day of the portal, booked at once. ``present`` is the owner it has; ``had``
        are those who let it lie before."""
        if self.document.per_day is not None and sum(book.today.values()) >= self.document.per_day:
            why = f"{self.document.per_day} contacts were handed over today already"
            return Refused("daily_release", why, "Goes on tomorrow, or raise `per_day` in the routing document", True)
        kept = self._kept(present) if not had else None
        if kept is not None:
            book.hand_over(kept.owner_id)
            return kept
        pool = self._pool(view)
        return pool if isinstance(pool, Refused) else self._turn(pool, book, day, had, self._left(present))

    def _kept(self, present: int | None) -> Choice | None:
        owner = self._known.get(present or 0)
        if self.document.existing_owner == "ignore" or owner is None or not owner.active:
            return None
        return Choice(owner.id, "", f"{name_of(owner)} looks after the contact already")

    def _left(self, present: int | None) -> tuple[str, ...]:
        """The present owner, if it is one that left."""
        owner = self._known.get(present or 0)
        return (f"{name_of(owner)}: deactivated in HubSpot",) if owner is not None and not owner.active else ()

    def _pool(self, view: View) -> tuple[str, Sequence[str]] | Refused:
        for rule, asked in self._rules:
            answer = asked.look(view)
            if answer.verdict:
                return rule.name, rule.owners
            if answer.verdict is None and self.document.unknown == "hold":
                return _unanswered(rule, answer)
        if self.document.otherwise == "nobody":
            return Refused("no_rule", "No routing rule holds for the contact", "Add a rule, or `otherwise: everybody`")
        return EVERYBODY, tuple(self._owners)

    def _turn(
        self, pool: tuple[str, Sequence[str]], book: Book, day: str, had: frozenset[int], left: tuple[str, ...]
    ) -> Choice | Refused:
        name, keys = pool
        able: list[tuple[Fraction, Fraction, int, Owner, int]] = []
        passed = list(left)
        for place, key in enumerate(keys):
            entry, owner = self._owners[key.casefold()]
            why_not = self._unable(entry, owner, book, day, had)
            if why_not or owner is None:
                passed.append(f"{name_of(owner) if owner else entry.owner}: {why_not}")
                continue
            raw = book.marks.get((name, owner.id), Fraction(0))
            able.append((book.mark(name, owner.id), raw, place, owner, entry.weight))
        if not able:
            why = f"Nobody of {name} can take it ({'; '.join(passed) or 'no owner'})"
            return Refused("no_owner", why, "More capacity, or more owners in the routing document", True)
        able.sort(key=lambda one: one[:3])
        _, _, _, owner, weight = able[0]
        book.take_turn(name, owner.id, weight)
        book.hand_over(owner.id)
        later = [f"{name_of(one[3])}: a later turn" for one in able[1:]]
        return Choice(owner.id, name, f"{name_of(owner)}'s turn", (*passed, *later))

    @staticmethod
    def _unable(entry: RoutedOwner, owner: Owner | None, book: Book, day: str, had: frozenset[int]) -> str:
        if owner is None:
            return "no such owner in HubSpot"
        if not owner.active:
            return "deactivated in HubSpot"
        if owner.id in had:
            return "had it before"
        away = next((one for one in entry.absent if one.first <= day <= one.last), None)
        if away is not None:
            return f"absent until {away.last}"
        in_hand, today = book.in_hand.get(owner.id, 0), book.today.get(owner.id, 0)
        if entry.capacity is not None and in_hand >= entry.capacity:
            return f"{in_hand} of {entry.capacity} in hand"
        if entry.per_day is not None and today >= entry.per_day:
            return f"{today} of {entry.per_day} today"
        return ""


def name_of(owner: Owner) -> str:
    return f"{owner.first_name} {owner.last_name}".strip() or owner.email or str(owner.id)


def pool_in(text: str | None, document: RoutingDocument) -> str:
    """The pool that a routing text begins with; '' when the owner was kept, or a person wrote something else."""
    head = (text or "").partition(":")[0]
    return head if head == EVERYBODY or head in {rule.name for rule in document.rules} else ""


def _answer(answer: Answer) -> Answer:
    return answer


def _unanswered(rule: RoutingRule, answer: Answer) -> Refused:
    missing = answer.missing or "a value"
    return Refused("rule_unknown", f"Whether {rule.name} holds is unknown: {missing}", f"Find out: {missing}")
