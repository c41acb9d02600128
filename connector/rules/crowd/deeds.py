"""Activity rules and silence over a crowd: counted by contact, weighed by age in whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from connector.model.records import Activity, Verdict
from connector.rules.crowd.columns import VERDICTS, Acts, Crowd, Flags, Ints
from connector.rules.documents.scoring_rules import ActivityRule, Decay, InactivityRule, Match
from connector.rules.scoring.behaviour import ALL, HUMAN, HUMAN_OR_UNSURE, matcher
from connector.rules.scoring.decay import Fade
from connector.rules.scoring.standing import PASSIVE
from connector.rules.values import day
from connector.rules.view import DAY, sources_of

HALF = 30
"""A weight has 60 bits; in two halves of so many, sums and products stay within 64."""
MASK = (1 << HALF) - 1
UNSURE = VERDICTS.index("unsure")
FAR = 16
"""From numbers so much larger than there are many on, sorting is quicker than a table of all."""
NOBODY_KNOWS = LONG_AGO = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Given:
    """What a rule gives each contact: points, and whether more (or less) could be, if one knew."""

    points: Ints
    unknown: Flags


def of_activities(rule: ActivityRule, crowd: Crowd) -> Given:
    """The points of an activity rule (``scoring/behaviour.py``)."""
    size, acts = len(crowd), crowd.acts
    seen = _seen(rule, crowd)
    sure = acts.verdict[seen]
    wanted = ALL if not rule.human_only else HUMAN_OR_UNSURE if rule.count_unsure else HUMAN
    counts = np.array([one in wanted for one in VERDICTS])[sure]
    counted = seen if counts.all() else seen[counts]
    if rule.counting == "once":
        counted = _last_of_each(acts.who[counted], counted)
    elif rule.counting == "per_window":
        counted = _windowed(rule, acts, counted)
    points = _bounded(_worth(rule, crowd, counted), rule)
    more = _more(rule, points)
    if crowd.missing_sources & sources_of(rule.activities, rule.sources):
        return Given(points, more != 0)
    if counts.all() or not np.any(sure == UNSURE):
        return Given(points, np.zeros(size, np.bool_))
    number = np.bincount(acts.who[seen], minlength=size)
    unsure = np.bincount(acts.who[seen[sure == UNSURE]], minlength=size)
    doubted = (np.bincount(acts.who[seen[counts]], minlength=size) < number) & (unsure > 0)
    return Given(points, doubted & (more != 0))


def _seen(rule: ActivityRule, crowd: Crowd) -> Ints:
    """The places of the acts of the rule's kinds within its look-back that match, whoever did them."""
    acts = crowd.acts
    seen = acts.of_kinds(rule.activities)
    if rule.within_days:
        seen = seen[acts.at_ms[seen] > crowd.now_ms - rule.within_days * DAY]
    return seen[matching(rule.match, acts, seen)] if rule.match is not None else seen


def matching(match: Match, acts: Acts, places: Ints) -> Flags:
    """Which of these acts fit what a document asks of their words."""
    matches = matcher(match)
    used, at = np.unique(acts.words[places], return_inverse=True)
    return np.array([matches(act_of(acts, code)) for code in used.tolist()], np.bool_)[at]


def act_of(acts: Acts, code: int, at_ms: int = 0, kind: str = "", verdict: Verdict = "human") -> Activity:
    """An act with these words, as rules that look at single acts want it."""
    one = acts.said[code]
    return Activity(0, at_ms, "", kind, "", "", one.ref, one.title, one.url, one.asset, verdict, one.detail)


def act_at(acts: Acts, place: int) -> Activity:
    """The act at a place, with all that rules look at."""
    kind = acts.kinds[acts.kind[place]]
    return act_of(acts, int(acts.words[place]), int(acts.at_ms[place]), kind, VERDICTS[acts.verdict[place]])


def numbered(values: Ints) -> tuple[Ints, Ints]:
    """The distinct values, which are not negative, and for each place the number of its value: ``np.unique`` for
    numbers that lie close together, without sorting."""
    span = int(values.max()) + 1 if len(values) else 0
    if span > FAR * max(len(values), 1):
        distinct, which = np.unique(values, return_inverse=True)
        return distinct, which
    there = np.zeros(span, np.bool_)
    there[values] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[values]


def _last_of_each(who: Ints, places: Ints) -> Ints:
    """The last of each contact's places; they come contact by contact."""
    return places[np.append(who[1:] != who[:-1], True)] if len(who) else places


def by_contact(who: Ints, more_than: int = 0) -> tuple[Ints, Ints]:
    """Where the acts of each contact begin and end, of those with more than so many."""
    edges = np.flatnonzero(np.diff(who, prepend=-1, append=-1))
    long = np.flatnonzero(np.diff(edges) > more_than)
    return edges[long], edges[long + 1]


def _windowed(rule: ActivityRule, acts: Acts, places: Ints) -> Ints:
    """At most so many within any window, the earliest first.

    Who has more than that is gone through act by act, all of them side by side: first everybody's first act, and so on.
    """
    most, window = rule.max_per_window, (rule.window_days or 0) * DAY
    starts, ends = by_contact(acts.who[places], most)
    longest_first = np.argsort(starts - ends, kind="stable")
    starts, lengths = starts[longest_first], (ends - starts)[longest_first]
    keep = np.ones(len(places), np.bool_)
    latest = np.full((len(starts), most), LONG_AGO)  # the last ones that counted, written round and round
    counted = np.zeros(len(starts), np.int64)
    for step in range(int(lengths[0]) if len(lengths) else 0):
        there = np.arange(int(np.searchsorted(-lengths, -step, side="left")))
        at_ms = acts.at_ms[places[starts[there] + step]]
        counts = latest[there, counted[there] % most] <= at_ms - window
        keep[starts[there] + step] = counts
        mine = there[counts]
        latest[mine, counted[mine] % most] = at_ms[counts]
        counted[mine] += 1
    return places[keep]


def _worth(rule: ActivityRule, crowd: Crowd, counted: Ints) -> Ints:
    """The points of the counted acts before the rule's bound."""
    size, acts = len(crowd), crowd.acts
    who = acts.who[counted]
    if rule.decay is None:
        return rule.points * np.bincount(who, minlength=size)
    ages, at = numbered((crowd.now_ms - acts.at_ms[counted]) // DAY)
    return faded(rule.points, list(map(_left(rule.decay), ages.tolist())), at, who, size)


@lru_cache(maxsize=256)
def _left(decay: Decay) -> Callable[[int], int]:
    """What is left of one at an age in days, as a fraction of ``decay.ONE``; found out once for each age."""
    return lru_cache(maxsize=20_000)(Fade(decay).weight)


def faded(points: int, weights: Sequence[int], at: Ints, who: Ints, size: int) -> Ints:
    """``rounded(points × sum of weights)`` for each contact, exactly: ``decay.rounded`` in two halves of 30 bits.

    ``at`` is the place of each act's weight in ``weights``. A float takes part only as a whole number below 2^53.
    """
    high = np.array([one >> HALF for one in weights], np.float64)
    low = np.array([one & MASK for one in weights], np.float64)
    lows = np.bincount(who, low[at], size).astype(np.int64)
    highs = np.bincount(who, high[at], size).astype(np.int64) + (lows >> HALF)
    product_low = points * (lows & MASK)
    product_high = points * (highs & MASK) + (product_low >> HALF)
    whole: Ints = points * (highs >> HALF) + (product_high >> HALF)
    rest = ((product_high & MASK) << HALF) | (product_low & MASK)
    half = 1 << (2 * HALF - 1)
    upward: Ints = ((rest > half) | ((rest == half) & (whole % 2 != 0))).astype(np.int64)
    return whole + upward


def _bounded(points: Ints, rule: ActivityRule) -> Ints:
    if rule.points > 0:
        return points if rule.cap is None else np.minimum(points, rule.cap)
    return points if rule.floor is None else np.maximum(points, rule.floor)


def _more(rule: ActivityRule, points: Ints) -> Ints:
    """What one more act could add, windows aside."""
    return rule.points - points if rule.counting == "once" else _bounded(points + rule.points, rule) - points


def of_silence(rule: InactivityRule, crowd: Crowd) -> Given:
    """The points of an inactivity rule (``scoring/standing.py``)."""
    sure, perhaps = (_since(rule, crowd, verdicts) for verdicts in (HUMAN, HUMAN_OR_UNSURE))
    worst, points = (_silent(rule, crowd, since) for since in (sure, perhaps))
    lost = (sure == NOBODY_KNOWS) | (perhaps == NOBODY_KNOWS)
    if crowd.missing_sources & sources_of(rule.activities or ("any",), rule.sources):
        lost |= worst != 0
    return Given(np.where(lost, 0, points), lost | (worst != points))


def _since(rule: InactivityRule, crowd: Crowd, verdicts: frozenset[str]) -> Ints:
    """Since when each contact has been silent."""
    acts = crowd.acts
    places = acts.of_kinds(rule.activities or [kind for kind in acts.kinds if kind and kind not in PASSIVE])
    mine = places[np.array([one in verdicts for one in VERDICTS])[acts.verdict[places]]]
    since = _came(crowd)
    last = _last_of_each(acts.who[mine], mine)
    since[acts.who[last]] = acts.at_ms[last]
    return since


def _came(crowd: Crowd) -> Ints:
    told = crowd.properties.get("createdate")
    if told is None:
        return np.full(len(crowd), NOBODY_KNOWS, np.int64)
    days = [day(value) if value else None for value in told.values]
    at = [NOBODY_KNOWS if one is None else min(one * DAY, crowd.now_ms) for one in days]
    return np.array(at, np.int64)[told.codes]


def _silent(rule: InactivityRule, crowd: Crowd, since: Ints) -> Ints:
    after, every = rule.after_days * DAY, (rule.every_days or 0) * DAY
    silent = crowd.now_ms - since
    times = 1 + (silent - after) // every if every else np.ones(len(crowd), np.int64)
    worth: Ints = np.where(silent < after, 0, rule.points * times)
    return worth if rule.floor is None else np.maximum(worth, rule.floor)
