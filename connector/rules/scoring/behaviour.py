"""Activity rules: points for what a contact did, counted once, each time or per window, bounded, perhaps fading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from connector.model.judgement import Line, UnknownLine
from connector.model.records import Activity
from connector.rules.conditions import MEMO
from connector.rules.documents.scoring_rules import ActivityRule, Match
from connector.rules.patterns import pattern
from connector.rules.scoring.decay import Fade
from connector.rules.scoring.finding import Finding, label_of
from connector.rules.view import DAY, View, day_text, sources_of
from connector.rules.words import say

EFFORT: Final = {
    "mail_opened": 1, "mail_clicked": 1, "site_visit": 1, "newsletter_subscribed": 2, "white_paper": 2, "e_book": 2,
    "webinar_attended": 4, "contact_request": 5, "demo_request": 5, "meeting": 5,
}  # fmt: skip
EVER = -(10**18)
HUMAN = frozenset({"human"})
HUMAN_OR_UNSURE = frozenset({"human", "unsure"})
ALL = frozenset({"human", "unsure", "machine"})


class Deed:
    """An activity rule, compiled."""

    __slots__ = (
        "_bound", "_counting", "_each", "_fading", "_idle", "_kind", "_lacking", "_matches", "_most", "_reasons",
        "_rule", "_span", "_verdicts", "_window", "_worth",
        "effort", "family", "kinds", "label", "name", "profile", "sources",
    )  # fmt: skip

    def __init__(self, rule: ActivityRule) -> None:
        self._rule = rule
        self.name, self.family, self.label = rule.name, rule.family, label_of(rule)
        self.kinds = rule.activities
        self.effort = rule.effort or EFFORT.get(rule.activities[0], 3)
        self.profile = False
        self.sources = sources_of(rule.activities, rule.sources)
        self._matches = matcher(rule.match) if rule.match else None
        self._span = (rule.within_days or 0) * DAY
        self._window = (rule.window_days or 0) * DAY
        self._most = rule.max_per_window
        self._bound = rule.cap if rule.points > 0 else rule.floor
        self._fading = Fade(rule.decay) if rule.decay else None
        counted = HUMAN_OR_UNSURE if rule.count_unsure else HUMAN
        self._verdicts = counted if rule.human_only else ALL
        self._idle: Finding = (None, None, max(rule.points, 0))
        plain = len(rule.activities) == 1 and not self._span and self._matches is None
        self._kind = rule.activities[0] if plain else ""
        self._each, self._counting = rule.points, rule.counting
        self._worth: dict[int, tuple[int, int]] = {}
        self._reasons: dict[tuple[int, int, int], str] = {}
        self._lacking: dict[tuple[int, frozenset[str]], UnknownLine] = {}

    def find(self, view: View, _persona: int) -> Finding:
        seen = view.groups.get(self._kind) if self._kind else self._seen(view)
        if not seen:
            return (None, self._unread(0, view), 0) if view.missing and self.sources & view.missing else self._idle
        events = [one for one in seen if one.verdict in self._verdicts]
        unsure = len(events) < len(seen) and any(one.verdict == "unsure" for one in seen)
        counted = events if self._counting == "per_event" else self._counted(events)
        points, room = self._worth.get(len(counted)) or self._worth_of(counted, view.now)
        if room and self._window and self._closed(counted, view.now):
            room = 0
        line = self._line(len(events), counted, points) if counted else None
        if view.missing and self.sources & view.missing:
            return line, self._unread(points, view), 0
        if unsure and self._more(points):
            missing = f"{len(seen) - len(events)} not certainly human"
            return line, UnknownLine(self.name, self.family, self._more(points), missing), room
        return line, None, room

    def edges(self, view: View, _persona: int) -> Iterator[int]:
        seen = self._seen(view)
        if self._span:
            yield from (one.at_ms + self._span for one in seen)
        counted = self._counted([one for one in seen if one.verdict in self._verdicts])
        if self._window and len(counted) >= self._most:
            yield counted[-self._most].at_ms + self._window
        if self._fading and counted:
            step = self._fading.next_step_ms(self._each, counted, view.now)
            yield from () if step is None else (step,)

    def _seen(self, view: View) -> Sequence[Activity]:
        """What happened within the look-back and matches, whoever did it."""
        kinds = self.kinds
        found = view.groups.get(kinds[0], ()) if len(kinds) == 1 else view.did(kinds)
        if found and self._span:
            since = view.now - self._span
            found = [one for one in found if one.at_ms > since]
        if found and self._matches is not None:
            found = [one for one in found if self._matches(one)]
        return found

    def _counted(self, events: list[Activity]) -> list[Activity]:
        """The events that count. With ``once`` the newest, since it fades last."""
        if self._counting == "per_event":
            return events
        if self._counting == "once":
            return events[-1:]
        counted: list[Activity] = []
        for event in events:
            if len(counted) < self._most or counted[-self._most].at_ms <= event.at_ms - self._window:
                counted.append(event)
        return counted

    def _worth_of(self, counted: list[Activity], now: int) -> tuple[int, int]:
        """The points, and how many one more event would add; remembered by number where nothing fades."""
        if self._fading:
            points = self._bounded(self._fading.faded(self._each, counted, now))
            return points, max(self._more(points), 0)
        points = self._bounded(self._each * len(counted))
        worth = points, max(self._more(points), 0)
        if len(counted) < MEMO:
            self._worth[len(counted)] = worth
        return worth

    def _bounded(self, total: int) -> int:
        if self._bound is None:
            return total
        return min(total, self._bound) if self._bound > 0 else max(total, self._bound)

    def _more(self, points: int) -> int:
        """What one more event could add at most, windows aside."""
        if self._counting == "once":
            return self._each - points
        return self._bounded(points + self._each) - points

    def _closed(self, counted: list[Activity], now: int) -> bool:
        """Whether the window is full, so that an event right now would not count."""
        return len(counted) >= self._most and counted[-self._most].at_ms > now - self._window

    def _unread(self, points: int, view: View) -> UnknownLine | None:
        if (more := self._more(points)) == 0:
            return None
        key = more, view.missing
        line = self._lacking.get(key)
        if line is None:
            off = ", ".join(sorted(self.sources & view.missing))
            line = self._lacking[key] = UnknownLine(self.name, self.family, more, f"source off: {off}")
        return line

    def _line(self, times: int, counted: Sequence[Activity], points: int) -> Line:
        newest = counted[-1]
        evidence = f"{newest.asset or newest.title or newest.url or newest.kind} on {day_text(newest.at_ms)}"
        if len(counted) > 1:
            evidence = f"{evidence}, the newest of {len(counted)}"
        key = (times, len(counted), points)
        reason = self._reasons.get(key)
        if reason is None:
            if len(self._reasons) >= MEMO:
                self._reasons.clear()
            reason = self._reasons[key] = self._reason(*key)
        return Line(self.name, self.family, points, evidence, reason, len(counted))

    def _reason(self, times: int, counted: int, points: int) -> str:
        full = self._each * counted
        parts = [say("times", label=self.label, times=times) if times > 1 else self.label]
        if self._window and counted < times:
            days = self._window // DAY
            parts.append(say("window", counted=counted, times=times, most=self._most, days=days))
        elif self._counting == "once" and times > 1:
            parts.append(say("once"))
        if self._fading and points != full and points != self._bound:
            parts.append(self._fading.say(points, full))
        elif points != full:
            parts.append(say("capped" if points > 0 else "floored", points=points))
        return "; ".join(parts)


def matcher(match: Match) -> Callable[[Activity], bool]:
    """One test for all that the document asks of an activity; words are compared without regard to case."""
    titles = tuple(part.casefold() for part in match.title_contains)
    urls = tuple(part.casefold() for part in match.url_contains)
    assets, refs = frozenset(match.assets), frozenset(match.refs)
    patterns = _patterns(match)

    def matches(one: Activity) -> bool:
        if match.phases and one.detail.get("phase", "").casefold() not in match.phases:
            return False
        if (assets and one.asset not in assets) or (refs and one.ref not in refs):
            return False
        if titles and not any(part in one.title.casefold() for part in titles):
            return False
        if urls and not any(part in one.url.casefold() for part in urls):
            return False
        if patterns and not all(fits(one) for fits in patterns):
            return False
        return match.min_seconds is None or (millis(one) or 0) >= match.min_seconds * 1000

    return matches


def _patterns(match: Match) -> tuple[Callable[[Activity], bool], ...]:
    found: list[Callable[[Activity], bool]] = []
    if match.title_matches is not None:
        title = pattern(match.title_matches).found_in
        found.append(lambda one: title(one.title))
    if match.url_matches is not None:
        url = pattern(match.url_matches).found_in
        found.append(lambda one: url(one.url))
    return tuple(found)


def millis(one: Activity) -> int | None:
    """How long the act took, in milliseconds; None where the portal does not say."""
    text = one.detail.get("duration_ms", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
