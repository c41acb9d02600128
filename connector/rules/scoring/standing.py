"""Rules that look at no act of the contact's own: lists it is on, silence, what stands beside it, its persona."""

from __future__ import annotations

from collections.abc import Iterator

from connector.model.judgement import Circle, Line, UnknownLine
from connector.model.records import Activity
from connector.rules.conditions import on_any, unread
from connector.rules.documents.scoring_rules import AssociationRule, InactivityRule, ListRule, PersonaRule
from connector.rules.scoring.acts import WHEN, bounded, evidence_of
from connector.rules.scoring.behaviour import HUMAN, HUMAN_OR_UNSURE
from connector.rules.scoring.finding import NOTHING, Finding, label_of
from connector.rules.values import day
from connector.rules.view import DAY, View, sources_of
from connector.rules.words import say

PASSIVE = frozenset(
    {
        "mail_sent", "mail_delivered", "mail_bounced", "sales_mail", "call_attempted", "note", "task", "list_added",
        "webinar_missed", "meeting_missed",
    }
)  # fmt: skip


class OnList:
    """Points for being on one of the lists."""

    def __init__(self, rule: ListRule) -> None:
        self.name, self.family, self.label = rule.name, rule.family, label_of(rule)
        self.effort, self.profile = rule.effort or 3, False
        self._points, self._lists = rule.points, rule.lists

    def find(self, view: View, _persona: int) -> Finding:
        on = on_any(view, self._lists)
        if on is None:
            return None, UnknownLine(self.name, self.family, self._points, unread(view, self._lists)), 0
        if not on:
            return NOTHING
        hit = next(one for one in self._lists if view.facts.lists.get(one))
        reason = say("on_list", label=self.label)
        return Line(self.name, self.family, self._points, f"list {hit}", reason), None, 0

    def edges(self, _view: View, _persona: int) -> Iterator[int]:
        yield from ()


class Inactivity:
    """Points off for silence, since the newest act of a person, or since the contact came."""

    def __init__(self, rule: InactivityRule) -> None:
        self.name, self.family, self.label = rule.name, rule.family, label_of(rule)
        self.effort, self.profile = rule.effort or 3, False
        self.sources = sources_of(rule.activities or ("any",), rule.sources)
        self._rule = rule
        self._after = rule.after_days * DAY
        self._every = (rule.every_days or 0) * DAY

    def find(self, view: View, _persona: int) -> Finding:
        since, perhaps = self._since(view, HUMAN), self._since(view, HUMAN_OR_UNSURE)
        if since is None or perhaps is None:
            return None, UnknownLine(self.name, self.family, self._rule.points, "createdate: empty"), 0
        worst, points = self._worth(since, view.now), self._worth(perhaps, view.now)
        if worst and view.missing and self.sources & view.missing:
            off = ", ".join(sorted(self.sources & view.missing))
            return None, UnknownLine(self.name, self.family, worst, f"source off: {off}"), 0
        line = self._line(view, perhaps, points) if points else None
        if worst == points:
            return line, None, 0
        return line, UnknownLine(self.name, self.family, worst - points, "the newest act is not certainly human"), 0

    def edges(self, view: View, _persona: int) -> Iterator[int]:
        for verdicts in (HUMAN, HUMAN_OR_UNSURE):
            since = self._since(view, verdicts)
            if since is None:
                continue
            yield since + self._after
            # The reason names the days of silence, so that it changes once a day from the first time on.
            if view.now >= since + self._after:
                yield since + ((view.now - since) // DAY + 1) * DAY

    def _worth(self, since: int, now: int) -> int:
        return bounded(self._rule.points * self._times(since, now), None, self._rule.floor)

    def _times(self, since: int, now: int) -> int:
        silent = now - since
        if silent < self._after:
            return 0
        return 1 + (silent - self._after) // self._every if self._every else 1

    def _line(self, view: View, since: int, points: int) -> Line:
        times, last = self._times(since, view.now), self._last(view, HUMAN_OR_UNSURE)
        parts = [say("inactive", label=self.label, days=(view.now - since) // DAY, times=times)]
        if points != self._rule.points * times:
            parts.append(say("floored", points=points))
        evidence = evidence_of([last]) if last else "nothing since the contact came"
        return Line(self.name, self.family, points, evidence, "; ".join(parts), times)

    def _since(self, view: View, verdicts: frozenset[str]) -> int | None:
        last = self._last(view, verdicts)
        if last is not None:
            return last.at_ms
        said = view.properties.get("createdate")
        days = None if not said else day(said)
        return None if days is None else min(days * DAY, view.now)

    def _last(self, view: View, verdicts: frozenset[str]) -> Activity | None:
        wanted = self._rule.activities or tuple(kind for kind in view.groups if kind and kind not in PASSIVE)
        acts = (one for kind in wanted for one in view.groups.get(kind, ()) if one.verdict in verdicts)
        return max(acts, key=WHEN, default=None)


class Beside:
    """Points for colleagues or deals."""

    def __init__(self, rule: AssociationRule) -> None:
        self.name, self.family, self.label = rule.name, rule.family, label_of(rule)
        self.effort, self.profile = rule.effort or 5, False
        self.sources = sources_of(rule.activities) if rule.activities else frozenset()
        self._rule = rule
        self._span = (rule.within_days or 0) * DAY

    def find(self, view: View, _persona: int) -> Finding:
        circle = view.facts.circle
        number = self._colleagues(circle, view) if self._rule.of == "colleagues" else self._deals(circle)
        if number is not None and number >= self._rule.at_least:
            return self._line(number), None, 0
        if missing := self._missing(circle, number, view):
            return None, UnknownLine(self.name, self.family, self._rule.points, missing), 0
        return NOTHING

    def edges(self, view: View, _persona: int) -> Iterator[int]:
        if self._span:
            for one in view.facts.circle.colleagues or ():
                yield from (act.at_ms + self._span for act in one.activities if act.kind in self._rule.activities)

    def _colleagues(self, circle: Circle, view: View) -> int | None:
        if circle.colleagues is None:
            return None
        if not self._rule.activities:
            return len(circle.colleagues)
        since = view.now - self._span if self._span else -(10**18)
        kinds = self._rule.activities
        return sum(
            any(act.kind in kinds and act.verdict == "human" and since < act.at_ms for act in one.activities)
            for one in circle.colleagues
        )

    def _deals(self, circle: Circle) -> int | None:
        if circle.deals is None:
            return None
        state = self._rule.state or "any"
        return sum(state in ("any", one) for one in circle.deals)

    def _missing(self, circle: Circle, number: int | None, view: View) -> str:
        if number is None:
            return f"{self._rule.of}: {circle.why if self._rule.of == 'colleagues' else circle.why_deals}"
        if self._rule.of == "deals":
            unsaid = sum(one == "unknown" for one in circle.deals or ())
            return f"{unsaid} deals do not say whether they are closed" if unsaid and self._rule.state != "any" else ""
        if circle.cut:
            return "the company has more people than were read"
        off = ", ".join(sorted(self.sources & view.missing))
        return f"source off: {off}" if off else ""

    def _line(self, number: int) -> Line:
        rule = self._rule
        if rule.of == "deals":
            reason, evidence = say("deals", label=self.label, deals=number), f"{rule.state or 'any'} deals: {number}"
        elif rule.activities and rule.within_days:
            reason = say("colleagues_did", label=self.label, people=number, days=rule.within_days)
            evidence = f"{number} colleagues: {', '.join(rule.activities)}"
        else:
            reason, evidence = say("colleagues", label=self.label, people=number), f"{number} colleagues"
        return Line(self.name, self.family, rule.points, evidence, reason, number)


class IsPersona:
    """Points for resembling a persona."""

    def __init__(self, rule: PersonaRule, names: tuple[str, ...]) -> None:
        self.name, self.family, self.label = rule.name, rule.family, label_of(rule)
        self.effort, self.profile = rule.effort or 1, True
        self._rule, self._names = rule, names

    def find(self, view: View, persona: int) -> Finding:
        rule, name = self._rule, self._names[persona]
        answers = [one.verdict for one in view.answers.values()]
        met, unknown, of = answers.count(True), answers.count(None), len(answers)
        bar = rule.share * of - 1e-9
        evidence = f"{name}: {met} of {of}"
        mine = not rule.personas or name in rule.personas
        if mine and met >= bar:
            reason = say("persona_is", label=self.label, persona=name, met=met, of=of)
            return Line(self.name, self.family, rule.points, evidence, reason), None, 0
        if unknown and met + unknown >= bar:
            missing = "; ".join(dict.fromkeys(one.missing for one in view.answers.values() if one.verdict is None))
            return None, UnknownLine(self.name, self.family, rule.points, missing), max(rule.points, 0) * mine
        if rule.points < 0:
            return NOTHING
        return Line(self.name, self.family, 0, evidence, say("fits_not", label=self.label)), None, 0

    def edges(self, _view: View, _persona: int) -> Iterator[int]:
        yield from ()
