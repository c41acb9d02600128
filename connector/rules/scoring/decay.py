"""Fading points in whole numbers: weights as 60-bit fractions, one rounding per rule, half to even.

``weight(age, half_life)`` is 2^(-age / half_life) as a fraction of ``ONE``, age in whole days of 24 hours. It comes
from decimal arithmetic of a fixed precision and is shifted from there, so that every machine gives the same number. A
rule's points are ``rounded(points × sum of weights)``: no float takes part, and a line always holds a whole number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from connector.model.records import Activity
from connector.rules.view import DAY

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


def rounded(numerator: int) -> int:
    """``numerator / ONE`` to the nearest whole number, halves to the even one."""
    whole, rest = divmod(numerator, ONE)
    if rest * 2 > ONE or (rest * 2 == ONE and whole % 2):
        return whole + 1
    return whole


def faded(points: int, events: Sequence[Activity], half_life_days: int, now: int) -> int:
    """What is left of ``points`` for each event."""
    return rounded(_left(points, events, half_life_days, now))


def next_step_ms(points: int, events: Sequence[Activity], half_life_days: int, now: int) -> int | None:
    """The first instant at which the rounded sum differs, or some days from now; None when it has faded for good."""
    current = faded(points, events, half_life_days, now)
    moment = now
    for _ in range(_SCAN):
        left = _left(points, events, half_life_days, moment)
        if abs(left) * 2 <= ONE:
            return moment if moment > now and rounded(left) != current else None
        moment = min(_boundaries(events, moment))
        if faded(points, events, half_life_days, moment) != current:
            return moment
    return moment


def _left(points: int, events: Sequence[Activity], half_life_days: int, now: int) -> int:
    return points * sum(weight((now - one.at_ms) // DAY, half_life_days) for one in events)


def _boundaries(events: Sequence[Activity], moment: int) -> Iterator[int]:
    """For each event, when it gets a day older next."""
    return (one.at_ms + ((moment - one.at_ms) // DAY + 1) * DAY for one in events)
