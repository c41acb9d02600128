"""What the rules about patterns of acts have in common: burst, velocity, dwell and frequency.

Each looks at the acts of its kinds and says what they are worth. What a portal did not tell (a source that is off, an
act that perhaps no human did) leaves a span of possible points: the end nearer to zero is on the bill, the rest is
unknown. Not here: what each kind makes of the acts (``habits.py``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from connector.model.judgement import Line, UnknownLine
from connector.model.records import Activity
from connector.rules.documents.scoring_rules import ActRule, Match
from connector.rules.scoring.behaviour import ALL, EFFORT, HUMAN, HUMAN_OR_UNSURE, matcher
from connector.rules.scoring.finding import Finding, label_of
from connector.rules.view import DAY, View, day_text, sources_of

Acts = Sequence[Activity]
WHEN: Final = attrgetter("at_ms")


@dataclass(frozen=True, slots=True)
class Worth:
    """What some acts are worth to a rule: the points, how many acts made them, and why in words."""

    points: int
    count: int = 0
    reason: str = ""


NOTHING_SEEN: Final = Worth(0)


class Habit(ABC):
    """A rule about a pattern of acts, compiled."""

    def __init__(self, rule: ActRule) -> None:
        self.name, self.family, self.label = rule.name, rule.family, label_of(rule)
        self.kinds = rule.activities
        self.effort = rule.effort or max(EFFORT.get(kind, 3) for kind in rule.activities)
        self.profile = False
        self.sources = sources_of(rule.activities, rule.sources)
        self.each = rule.points
        self._rule = rule
        self._span = (rule.within_days or 0) * DAY
        self._matches = matcher(rule.match) if rule.match else None
        counted = HUMAN_OR_UNSURE if rule.count_unsure else HUMAN
        self._verdicts = counted if rule.human_only else ALL

    @abstractmethod
    def worth(self, acts: Acts, now: int, /) -> Worth:
        """What these acts, in time order, are worth now."""

    @abstractmethod
    def reach(self, acts: Acts, worth: Worth, /) -> tuple[int, int]:
        """The least and the most points that could be, if any number of further acts went unseen."""

    @abstractmethod
    def turns(self, acts: Acts, now: int, /) -> Iterator[int]:
        """When time alone may change what the acts are worth, or what one more would add."""

    def lack(self, _acts: Acts, /) -> str:
        """What the acts do not tell although the rule needs it; '' when nothing is missing."""
        return ""

    def find(self, view: View, _persona: int) -> Finding:
        seen = self._seen(view)
        sure = [one for one in seen if one.verdict in self._verdicts]
        perhaps = [one for one in seen if one.verdict == "unsure" or one.verdict in self._verdicts]
        worth = self.worth(sure, view.now)
        room = self.room(sure, worth, view.now)
        if view.missing and self.sources & view.missing:
            off = ", ".join(sorted(self.sources & view.missing))
            return *self._spanned(sure, worth, self.reach(sure, worth), f"source off: {off}"), 0
        if lack := self.lack(sure):
            return *self._spanned(sure, worth, self.reach(sure, worth), lack), room
        if len(perhaps) > len(sure):
            other = self.worth(perhaps, view.now).points
            missing = f"{len(perhaps) - len(sure)} not certainly human"
            return *self._spanned(sure, worth, (worth.points, other), missing), room
        return self._line(sure, worth), None, room

    def edges(self, view: View, _persona: int) -> Iterator[int]:
        seen = self._seen(view)
        if self._span:
            yield from (one.at_ms + self._span for one in seen)
        yield from self.turns([one for one in seen if one.verdict in self._verdicts], view.now)
        perhaps = [one for one in seen if one.verdict == "unsure" or one.verdict in self._verdicts]
        yield from self.turns(perhaps, view.now)

    def room(self, acts: Acts, worth: Worth, now: int) -> int:
        """How many points one more act right now would add."""
        return max(self.worth([*acts, self.one_more(now)], now).points - worth.points, 0)

    def one_more(self, now: int) -> Activity:
        """An act of the first kind that would count, done right now."""
        return an_act(self.kinds[0], now, self._rule.match)

    def _seen(self, view: View) -> Acts:
        found = view.did(self.kinds)
        if self._span:
            found = [one for one in found if one.at_ms > view.now - self._span]
        return found if self._matches is None else [one for one in found if self._matches(one)]

    def _spanned(
        self, acts: Acts, worth: Worth, span: tuple[int, int], missing: str
    ) -> tuple[Line | None, UnknownLine | None]:
        """The end of the span nearer to zero is certain, the way to the other one is not."""
        ends = (worth.points, *span)
        near, far = min(ends, key=abs), max(ends, key=abs)
        certain = self._line(acts, worth) if near == worth.points else None
        return certain, UnknownLine(self.name, self.family, far - near, missing) if far != near else None

    def _line(self, acts: Acts, worth: Worth) -> Line | None:
        if not worth.points and not worth.count:
            return None
        return Line(self.name, self.family, worth.points, evidence_of(acts), worth.reason, worth.count)


def evidence_of(acts: Acts) -> str:
    """The newest act, and how many there are."""
    if not acts:
        return "no such act"
    newest = acts[-1]
    evidence = f"{newest.asset or newest.title or newest.url or newest.kind} on {day_text(newest.at_ms)}"
    return evidence if len(acts) == 1 else f"{evidence}, the newest of {len(acts)}"


def an_act(kind: str, at_ms: int, match: Match | None = None) -> Activity:
    """An act as it would be if somebody did it then; it fits what ``match`` names, patterns aside."""
    first = match or Match()
    detail: dict[str, str] = {"phase": first.phases[0]} if first.phases else {}
    if first.min_seconds:
        detail["duration_ms"] = str(first.min_seconds * 1000)
    return Activity(
        0, at_ms, "imagined", kind, "imagined", kind.upper(),
        ref=first.refs[0] if first.refs else "",
        title=first.title_contains[0] if first.title_contains else "",
        url=first.url_contains[0] if first.url_contains else "",
        asset=first.assets[0] if first.assets else "",
        detail=detail,
    )  # fmt: skip


def bounded(total: int, cap: int | None, floor: int | None) -> int:
    """The points within the rule's own bound."""
    if cap is not None:
        total = min(total, cap)
    return total if floor is None else max(total, floor)
