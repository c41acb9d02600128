"""Points off for mails that nobody opens, once per so many in a row.

Each mail that went out is one of: *opened* (a person opened or clicked it; ends the row), *unopened* (old enough and
nothing), *unknown* (only a machine opened it: it ends the row too, since "in a row" can no longer be said), *pending*
(not old enough; says nothing yet).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from connector.model.judgement import Line, UnknownLine
from connector.model.records import Activity
from connector.rules.documents.scoring_rules import UnopenedRule
from connector.rules.scoring.behaviour import matcher
from connector.rules.scoring.finding import NOTHING, Finding, label_of
from connector.rules.view import DAY, View, day_text, sources_of
from connector.rules.words import say

Fate = Literal["opened", "unopened", "unknown", "pending"]


class Unopened:
    """The rule ``unopened_mails``, compiled."""

    __slots__ = (
        "_age",
        "_in_a_row",
        "_matches",
        "_rule",
        "_span",
        "effort",
        "family",
        "kinds",
        "label",
        "name",
        "profile",
        "sources",
    )

    def __init__(self, rule: UnopenedRule) -> None:
        self._rule = rule
        self.name, self.family, self.label = rule.name, rule.family, label_of(rule)
        self.kinds = (*rule.sent, *rule.opened)
        self.effort = 5
        self.profile = False
        self.sources = sources_of(self.kinds, rule.sources)
        self._in_a_row = rule.in_a_row
        self._age = rule.after_days * DAY
        self._span = (rule.within_days or 0) * DAY
        self._matches = matcher(rule.match) if rule.match else None

    def find(self, view: View, _persona: int) -> Finding:
        if view.missing and self.sources & view.missing:
            off = ", ".join(sorted(self.sources & view.missing))
            return None, UnknownLine(self.name, self.family, self._rule.points, f"source off: {off}"), 0
        mails = self._mails(view)
        if len(mails) < self._in_a_row:
            return NOTHING
        fates = self._fates(mails, view)
        points = self._points(fates)
        line = self._line(mails, fates, points) if points else None
        if "unknown" not in fates:
            return line, None, 0
        worst = self._points(["unopened" if fate == "unknown" else fate for fate in fates])
        if worst == points:
            return line, None, 0
        missing = f"{fates.count('unknown')} mails opened by a machine only"
        return line, UnknownLine(self.name, self.family, worst - points, missing), 0

    def edges(self, view: View, _persona: int) -> Iterator[int]:
        for mail in self._mails(view):
            yield mail.at_ms + self._age
            if self._span:
                yield mail.at_ms + self._span

    def _mails(self, view: View) -> Sequence[Activity]:
        since = view.now - self._span if self._span else -(10**18)
        sent = view.did(self._rule.sent)
        if not self._span and self._matches is None:
            return sent
        return [one for one in sent if one.at_ms > since and (self._matches is None or self._matches(one))]

    def _fates(self, mails: Sequence[Activity], view: View) -> list[Fate]:
        opened: dict[str, list[Activity]] = {}
        for one in view.did(self._rule.opened):
            key = one.ref or one.asset
            if key in opened:
                opened[key].append(one)
            else:
                opened[key] = [one]
        return [self._fate(mail, opened.get(mail.ref or mail.asset, ()), view.now) for mail in mails]

    def _fate(self, mail: Activity, opened: Sequence[Activity], now: int) -> Fate:
        touched = False
        for one in opened:
            if one.at_ms >= mail.at_ms:
                if one.verdict == "human":
                    return "opened"
                touched = True
        if touched:
            return "unknown"
        return "unopened" if now - mail.at_ms >= self._age else "pending"

    def _points(self, fates: Sequence[Fate]) -> int:
        steps = row = 0
        for fate in fates:
            if fate == "unopened":
                row += 1
                steps += row % self._in_a_row == 0
            elif fate != "pending":
                row = 0
        total = steps * self._rule.points
        return total if self._rule.floor is None else max(total, self._rule.floor)

    def _line(self, mails: Sequence[Activity], fates: Sequence[Fate], points: int) -> Line:
        unread = [mail for mail, fate in zip(mails, fates, strict=True) if fate == "unopened"]
        newest = unread[-1]
        name = newest.asset or newest.title or newest.ref or newest.kind
        evidence = f"{name} on {day_text(newest.at_ms)}, the newest of {len(unread)}"
        parts = [say("unopened", label=self.label, mails=len(unread), row=self._rule.in_a_row)]
        if points == self._rule.floor and points != self._rule.points:
            parts.append(say("floored", points=points))
        return Line(self.name, self.family, points, evidence, "; ".join(parts), len(unread))
