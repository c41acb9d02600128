"""Fading points in whole numbers: weights as 60-bit fractions, one rounding per rule, half to even.

``weight(age, half_life)`` is 2^(-age / half_life) as a fraction of ``ONE``, age in whole days of 24 hours. It comes
from decimal arithmetic of a fixed precision and is shifted from there, so that every machine gives the same number.
Linear fading and fading in steps are fractions of ``ONE`` by whole division. A rule's points are
``rounded(points × sum of weights)``: no float takes part, and a line always holds a whole number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from connector.model.records import Activity
from connector.rules.documents.scoring_rules import Decay
from connector.rules.view import DAY
from connector.rules.words import say

ONE = 1 << 60
_EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN)
_AHEAD = 64
"""So many days are looked ahead; whoever asked looks again then."""
_KEPT = 50_000


def weight(age_days: int, half_life_days: int) -> int:
    halvings, rest = divmod(max(age_days, 0), half_life_days)
    return _part(rest, half_life_days) >> halvings


@lru_cache(maxsize=20_000)
def _part(rest: int, half_life_days: int) -> int:
    exponent = _EXACT.divide(Decimal(-rest), Decimal(half_life_days))
    share = _EXACT.power(Decimal(2), exponent)
    return int(_EXACT.multiply(share, Decimal(ONE)).to_integral_value(ROUND_HALF_EVEN))


def linear(age_days: int, gone_days: int) -> int:
    return ONE * max(gone_days - max(age_days, 0), 0) // gone_days


def rounded(numerator: int) -> int:
    """``numerator / ONE`` to the nearest whole number, halves to the even one."""
    whole, rest = divmod(numerator, ONE)
    if rest * 2 > ONE or (rest * 2 == ONE and whole % 2):
        return whole + 1
    return whole


class Fade:
    """A document's decay, ready to weigh events."""

    __slots__ = ("_key", "_left_of_one", "_next_of_one", "_turns", "_values", "weight")

    def __init__(self, decay: Decay) -> None:
        self._turns = tuple(step.after_days for step in decay.steps or ())
        # Most rules count one event: what is left of it depends on its age in days alone.
        self._left_of_one: dict[tuple[int, int], int] = {}
        self._next_of_one: dict[tuple[int, int], int | None] = {}
        if decay.steps is not None:
            self.weight, self._key, self._values = _in_steps(decay), "fading_steps", {}
        elif decay.linear_days is not None:
            gone = decay.linear_days
            self.weight, self._key, self._values = (lambda age: linear(age, gone)), "fading_linear", {"days": gone}
        else:
            half = decay.half_life_days or 1
            self.weight, self._key, self._values = (lambda age: weight(age, half)), "fading", {"days": half}

    def say(self, points: int, full: int) -> str:
        """In words, what is left of the full points."""
        values: dict[str, object] = {**self._values, "points": points, "full": full}
        return say(self._key, **values)  # type: ignore[arg-type]

    def faded(self, points: int, events: Sequence[Activity], now: int) -> int:
        """What is left of ``points`` for each event."""
        if len(events) == 1:
            return self._faded_one(points, (now - events[0].at_ms) // DAY)
        return rounded(self._left(points, events, now))

    def _faded_one(self, points: int, age: int) -> int:
        left = self._left_of_one.get((points, age))
        if left is None:
            left = rounded(points * self.weight(age))
            if len(self._left_of_one) < _KEPT:
                self._left_of_one[points, age] = left
        return left

    def next_step_ms(self, points: int, events: Sequence[Activity], now: int) -> int | None:
        """The first instant at which the rounded sum differs, or some days from now; None when that never comes."""
        if len(events) == 1:
            at_ms = events[0].at_ms
            age = self._next_age(points, (now - at_ms) // DAY)
            return None if age is None else at_ms + age * DAY
        current = self.faded(points, events, now)
        if self._turns:
            turns = sorted(at for one in events for days in self._turns if (at := one.at_ms + days * DAY) > now)
            return next((turn for turn in turns if self.faded(points, events, turn) != current), None)
        if abs(self._left(points, events, now)) * 2 <= ONE:
            return None
        days = self._days_until_other(points, events, now, current)
        if days is None:
            return now + _AHEAD * DAY
        # Within that day the events turn one after the other.
        before = now + (days - 1) * DAY
        for turn in sorted(self._turns_within(events, before, now + days * DAY)):
            if self.faded(points, events, turn) != current:
                return turn
        return now + days * DAY

    def _next_age(self, points: int, age: int) -> int | None:
        """The age in days at which a single event is worth something else than at this one; looked for once."""
        key = (points, age)
        if key in self._next_of_one:
            return self._next_of_one[key]
        current, found = self._faded_one(points, age), None
        if self._turns:
            later = (days for days in sorted(self._turns) if days > age)
            found = next((days for days in later if self._faded_one(points, days) != current), None)
        elif abs(points * self.weight(age)) * 2 > ONE:
            found = age + _AHEAD
            for days in range(1, _AHEAD):
                if self._faded_one(points, age + days) != current:
                    found = age + days
                    break
        if len(self._next_of_one) < _KEPT:
            self._next_of_one[key] = found
        return found

    def _days_until_other(self, points: int, events: Sequence[Activity], now: int, current: int) -> int | None:
        """After how many whole days the sum is another one. What fades only falls, so halving finds the first."""
        low, high = 0, _AHEAD
        if self.faded(points, events, now + high * DAY) == current:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            if self.faded(points, events, now + middle * DAY) == current:
                low = middle
            else:
                high = middle
        return high

    @staticmethod
    def _turns_within(events: Sequence[Activity], after: int, until: int) -> Iterator[int]:
        """When each event becomes a day older within that day."""
        for one in events:
            turn = one.at_ms + ((after - one.at_ms) // DAY + 1) * DAY
            if turn <= until:
                yield turn

    def _left(self, points: int, events: Sequence[Activity], now: int) -> int:
        return points * sum(self.weight((now - one.at_ms) // DAY) for one in events)


def _in_steps(decay: Decay) -> Callable[[int], int]:
    steps = tuple((step.after_days, ONE * step.keep // 100) for step in decay.steps or ())

    def left(age_days: int) -> int:
        kept = ONE
        for after_days, share in steps:
            if age_days < after_days:
                break
            kept = share
        return kept

    return left
