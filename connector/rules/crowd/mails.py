"""Mails that nobody opens, over a crowd: what became of each mail, and the rows of unopened ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from connector.rules.crowd.columns import VERDICTS, Crowd, Ints
from connector.rules.crowd.deeds import Given, matching
from connector.rules.documents.scoring_rules import UnopenedRule
from connector.rules.view import DAY, sources_of

PENDING, UNOPENED, UNKNOWN, OPENED = range(4)
"""What became of a mail (``scoring/unopened.py``)."""
HUMAN = VERDICTS.index("human")
Fates = NDArray[np.int8]


def of_unopened(rule: UnopenedRule, crowd: Crowd) -> Given:
    """The points of a rule about unopened mails (``scoring/unopened.py``)."""
    nothing = np.zeros(len(crowd), np.int64)
    if crowd.missing_sources & sources_of((*rule.sent, *rule.opened), rule.sources):
        return Given(nothing, np.ones(len(crowd), np.bool_))
    acts = crowd.acts
    mails = acts.of_kinds(rule.sent)
    if rule.within_days:
        mails = mails[acts.at_ms[mails] > crowd.now_ms - rule.within_days * DAY]
    if rule.match is not None:
        mails = mails[matching(rule.match, acts, mails)]
    # The rule takes the mails in time order, whatever their kinds; ours come so.
    mails = mails[np.bincount(acts.who[mails], minlength=len(crowd))[acts.who[mails]] >= rule.in_a_row]
    if not len(mails):
        return Given(nothing, nothing != 0)
    fates = _fates(rule, crowd, mails)
    points = _points(rule, acts.who[mails], fates, len(crowd))
    worst = _points(rule, acts.who[mails], np.where(fates == UNKNOWN, UNOPENED, fates).astype(np.int8), len(crowd))
    return Given(points, worst != points)


def _fates(rule: UnopenedRule, crowd: Crowd, mails: Ints) -> Fates:
    """Opened by a person after it was sent, by a machine only, by nobody for long enough, or too young to tell."""
    acts = crowd.acts
    names: dict[str, int] = {}
    of_words = np.array([names.setdefault(one.ref or one.asset, len(names)) for one in acts.said], np.int64)

    def last(opens: Ints) -> Ints:
        of_opens, of_mails = (acts.who[one] * len(names) + of_words[acts.words[one]] for one in (opens, mails))
        return _last(of_opens, acts.at_ms[opens], of_mails)

    opens = acts.of_kinds(rule.opened)
    touched = last(opens) >= acts.at_ms[mails]
    opened = last(opens[acts.verdict[opens] == HUMAN]) >= acts.at_ms[mails]
    old = crowd.now_ms - acts.at_ms[mails] >= rule.after_days * DAY
    fates = np.where(old, UNOPENED, PENDING)
    return np.where(opened, OPENED, np.where(touched, UNKNOWN, fates)).astype(np.int8)


def _last(of_opens: Ints, at_ms: Ints, of_mails: Ints) -> Ints:
    """For each mail when it was opened last; long ago where it never was."""
    never = np.full(len(of_mails), -(1 << 62), np.int64)
    if not len(of_opens):
        return never
    order = np.lexsort((at_ms, of_opens))
    place = np.searchsorted(of_opens[order], of_mails, side="right") - 1
    found = (place >= 0) & (of_opens[order][place] == of_mails)
    return np.where(found, at_ms[order][place], never)


def _points(rule: UnopenedRule, who: Ints, fates: Fates, size: int) -> Ints:
    """Once per so many unopened in a row; what is still too young is passed over."""
    told = fates != PENDING
    who, shut = who[told], fates[told] == UNOPENED
    if not len(who):
        return np.zeros(size, np.int64)
    ends = np.flatnonzero(~shut | (np.diff(who, prepend=-1) != 0))
    # A row begins behind each mail that was opened, and with each contact.
    row = np.searchsorted(ends, np.arange(len(who)), side="right")
    length = np.bincount(row[shut], minlength=len(ends) + 1)
    owner = np.append(0, who[ends])
    steps = np.bincount(owner, length // rule.in_a_row, size).astype(np.int64)
    total = steps * rule.points
    return total if rule.floor is None else np.maximum(total, rule.floor)
