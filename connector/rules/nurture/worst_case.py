"""How many mails a contact could get within seven days if it took the quickest way through, jumps included.

Answers come at once, conditions fall the worst way; a day the clocks change counts as a day. Caps and quiet hours,
which would slow it down, are left out: that is what it is held against.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from connector.rules.documents.nurture import END, AwaitStep, EnrolStep, JumpStep, Nurture, Step, Target, WaitStep
from connector.rules.documents.workflows import WorkflowsDocument

WEEK_HOURS = 7 * 24
MOST_LOOKS = 20_000


class _Spot(NamedTuple):
    """A step on the way: hours since the week began, since the contact entered this nurture, and, once a fixed date has
    been passed, since the year 1 (else None)."""

    nurture: str
    step: str
    hours: int
    inside: int
    date: int | None = None

    def on(self, step: str, lasts: int, date: int | None) -> _Spot:
        date = self.date + lasts if date is None and self.date is not None else date
        return _Spot(self.nurture, step, self.hours + lasts, self.inside + lasts, date)


class _Way(NamedTuple):
    """Where a step may lead, how many hours that takes at least, how many mails go out, and the date it is then."""

    target: Target
    lasts: int = 0
    mails: int = 0
    date: int | None = None


Instant = frozenset[tuple[str, str]]


def most_mails_in_a_week(document: WorkflowsDocument, nurture: Nurture) -> int:
    """The worst window that begins with one of this nurture's mails."""
    earliest = _earliest(nurture)
    starts = [earliest[one.name] for one in nurture.steps if isinstance(one, EnrolStep) and one.name in earliest]
    return max((_Search(document).most(spot._replace(hours=0)) for spot in starts), default=0)


class _Search:
    """A walk over all quick ways of a week; it stops looking after so many steps and says what it has found."""

    def __init__(self, document: WorkflowsDocument) -> None:
        self._nurtures = {one.name: one for one in document.nurtures}
        self._looks = 0
        self._best: dict[_Spot, int] = {}

    def most(self, spot: _Spot, passed: Instant = frozenset()) -> int:
        """The most mails from that step on; ``passed`` are the steps gone through since time last went by."""
        key = (spot.nurture, spot.step)
        self._looks += 1
        if spot.hours >= WEEK_HOURS or spot.step == END or key in passed or self._looks > MOST_LOOKS:
            return 0
        if not passed and spot in self._best:
            return self._best[spot]
        nurture = self._nurtures[spot.nurture]
        step = nurture.step(spot.step)
        if isinstance(step, JumpStep):
            other = self._nurtures.get(step.nurture)
            return self.most(_Spot(other.name, other.steps[0].name, spot.hours, 0), passed | {key}) if other else 0
        most = 0
        for way in _ways(step, spot):
            after = spot.on(nurture.resolve(step, way.target), way.lasts, way.date)
            most = max(most, way.mails + self.most(after, frozenset() if way.lasts else passed | {key}))
        if not passed:
            self._best[spot] = most
        return most


def _ways(step: Step, spot: _Spot) -> list[_Way]:
    """The quickest ways on, for one who has been inside for so long."""
    if isinstance(step, WaitStep):
        return _through_wait(step, spot)
    if isinstance(step, AwaitStep):
        silence = step.days * 24 if step.anchor == "previous" else max(0, step.days * 24 - spot.inside)
        return [*(_Way(answer.then) for answer in step.answers), _Way(step.silent, silence)]
    if isinstance(step, EnrolStep):
        aside = [_Way(target) for target in (step.known, step.lacking) if target is not None]
        return [_Way(step.then, mails=step.mails), *aside]
    return [_Way(target) for target in step.targets()]


def _through_wait(step: WaitStep, spot: _Spot) -> list[_Way]:
    moment = step.before or step.after
    if moment is None:
        hours = step.days * 24 + step.hours
        return [_Way(step.then, hours if step.anchor == "previous" else max(0, hours - spot.inside))]
    aside = [_Way(target) for target in (step.unknown, step.passed) if target is not None]
    if moment.date is None:
        return [_Way(step.then), *aside]
    until = date.fromisoformat(moment.date).toordinal() + (-step.days if step.before else step.days)
    return [_Way(step.then, 0 if spot.date is None else max(0, until * 24 - spot.date), date=until * 24), *aside]


def _earliest(nurture: Nurture) -> dict[str, _Spot]:
    """Each step as it is reached at the soonest; steps that cannot be reached are left out."""
    first = _Spot(nurture.name, nurture.steps[0].name, 0, 0)
    found = {first.step: first}
    waiting = [first]
    while waiting:
        spot = waiting.pop()
        step = nurture.step(spot.step)
        for way in _ways(step, spot):
            after = spot.on(nurture.resolve(step, way.target), way.lasts, way.date)
            known = found.get(after.step)
            if after.step != END and (known is None or after.inside < known.inside):
                found[after.step] = after
                waiting.append(after)
    return found
