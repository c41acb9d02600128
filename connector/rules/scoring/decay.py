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
_SCAN = 64


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

    __slots__ = ("_key", "_turns", "_values", "weight")

    def __init__(self, decay: Decay) -> None:
        self._turns: tuple[int, ...] = ()
        if decay.steps is not None:
            self.weight, self._key, self._values = _in_steps(decay), "fading_steps", {}
            self._turns = tuple(step.after_days for step in decay.steps)
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
        return rounded(self._left(points, events, now))

    def next_step_ms(self, points: int, events: Sequence[Activity], now: int) -> int | None:
        """The first instant at which the rounded sum differs, or some days from now; None when that never comes."""
        current = self.faded(points, events, now)
        moment = now
        for _ in range(_SCAN):
            left = self._left(points, events, moment)
            if abs(left) * 2 <= ONE:
                return moment if moment > now and rounded(left) != current else None
            turn = min(self._boundaries(events, moment), default=None)
            if turn is None:
                return None
            moment = turn
            if self.faded(points, events, moment) != current:
                return moment
        return moment

    def _left(self, points: int, events: Sequence[Activity], now: int) -> int:
        return points * sum(self.weight((now - one.at_ms) // DAY) for one in events)

    def _boundaries(self, events: Sequence[Activity], moment: int) -> Iterator[int]:
        """For each event, when its weight may change next."""
        for one in events:
            if self._turns:
                yield from (at for turn in self._turns if (at := one.at_ms + turn * DAY) > moment)
            else:
                yield one.at_ms + ((moment - one.at_ms) // DAY + 1) * DAY


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
