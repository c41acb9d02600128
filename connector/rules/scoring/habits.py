"""Burst, velocity, dwell and frequency: what each makes of the acts it looks at. What they share is in ``acts.py``."""

from __future__ import annotations

from collections.abc import Iterator

from connector.model.records import Activity
from connector.rules.documents.scoring_rules import BurstRule, DwellRule, FrequencyRule, VelocityRule
from connector.rules.scoring.acts import NOTHING_SEEN, Acts, Habit, Worth, bounded
from connector.rules.scoring.behaviour import millis
from connector.rules.scoring.decay import Fade
from connector.rules.view import DAY
from connector.rules.words import say

HOUR = 3_600_000


class Burst(Habit):
    """Many acts in a short time."""

    def __init__(self, rule: BurstRule) -> None:
        super().__init__(rule)
        self._least, self._window = rule.at_least, rule.within_hours * HOUR
        self._hours, self._once = rule.within_hours, rule.counting == "once"
        self._cap, self._floor = rule.cap, rule.floor
        self._fade = Fade(rule.decay) if rule.decay else None

    def worth(self, acts: Acts, now: int, /) -> Worth:
        ends = self._counted(acts)
        if not ends:
            return NOTHING_SEEN
        full = self.each * len(ends)
        left = self._fade.faded(self.each, ends, now) if self._fade else full
        points = bounded(left, self._cap, self._floor)
        parts = [say("burst", label=self.label, times=len(ends), least=self._least, hours=self._hours)]
        if self._fade and points != full and points == left:
            parts.append(self._fade.say(points, full))
        elif points != left:
            parts.append(say("capped" if points > 0 else "floored", points=points))
        return Worth(points, len(ends), "; ".join(parts))

    def reach(self, _acts: Acts, worth: Worth, /) -> tuple[int, int]:
        most = self.each if self._once else bounded(self.each * 1000, self._cap, self._floor)
        return worth.points, most

    def turns(self, acts: Acts, now: int, /) -> Iterator[int]:
        yield from (one.at_ms + self._window for one in acts)
        ends = self._counted(acts)
        if self._fade and ends:
            step = self._fade.next_step_ms(self.each, ends, now)
            yield from () if step is None else (step,)

    def room(self, acts: Acts, worth: Worth, now: int) -> int:
        before, after = self._counted(acts), self._counted([*acts, self.one_more(now)])
        if after == before:
            return 0
        more = self.each if self._once else bounded(worth.points + self.each, self._cap, self._floor)
        return max(more - worth.points, 0)

    def _counted(self, acts: Acts) -> list[Activity]:
        """The last act of each burst that counts; no act belongs to two. Once: of the newest."""
        if self._once:
            for last in range(len(acts) - 1, self._least - 2, -1):
                if acts[last].at_ms - acts[last - self._least + 1].at_ms < self._window:
                    return [acts[last]]
            return []
        ends: list[Activity] = []
        first = 0
        while first + self._least <= len(acts):
            last = first + self._least - 1
            if acts[last].at_ms - acts[first].at_ms < self._window:
                ends.append(acts[last])
                first = last + 1
            else:
                first += 1
        return ends


class Velocity(Habit):
    """More acts lately than before."""

    def __init__(self, rule: VelocityRule) -> None:
        super().__init__(rule)
        self._window, self._days = rule.window_days * DAY, rule.window_days
        self._least, self._factor = rule.at_least, rule.factor

    def worth(self, acts: Acts, now: int, /) -> Worth:
        lately = sum(1 for one in acts if one.at_ms > now - self._window)
        before = sum(1 for one in acts if now - 2 * self._window < one.at_ms <= now - self._window)
        if lately < self._least or lately < self._factor * before:
            return NOTHING_SEEN
        reason = say("velocity", label=self.label, lately=lately, days=self._days, before=before)
        return Worth(self.each, lately, reason)

    def reach(self, _acts: Acts, _worth: Worth, /) -> tuple[int, int]:
        return 0, self.each

    def turns(self, acts: Acts, _now: int, /) -> Iterator[int]:
        for one in acts:
            yield one.at_ms + self._window
            yield one.at_ms + 2 * self._window


class Dwell(Habit):
    """Time spent on pages."""

    def __init__(self, rule: DwellRule) -> None:
        super().__init__(rule)
        self._bar, self._once = rule.min_seconds, rule.counting == "once"
        self._cap, self._floor = rule.cap, rule.floor

    def worth(self, acts: Acts, _now: int, /) -> Worth:
        spent = sum(millis(one) or 0 for one in acts) // 1000
        spans = spent // self._bar
        if not spans:
            return NOTHING_SEEN
        total = self.each if self._once else self.each * spans
        points = bounded(total, self._cap, self._floor)
        parts = [say("dwell", label=self.label, seconds=spent, bar=self._bar)]
        if points != total:
            parts.append(say("capped" if points > 0 else "floored", points=points))
        return Worth(points, len(acts), "; ".join(parts))

    def reach(self, _acts: Acts, worth: Worth, /) -> tuple[int, int]:
        most = self.each if self._once else bounded(self.each * 1000, self._cap, self._floor)
        return worth.points, most

    def turns(self, _acts: Acts, _now: int, /) -> Iterator[int]:
        yield from ()

    def lack(self, acts: Acts, /) -> str:
        silent = sum(1 for one in acts if millis(one) is None)
        return f"the portal does not say how long {silent} of {len(acts)} visits took" if silent else ""

    def one_more(self, now: int) -> Activity:
        act = super().one_more(now)
        least = max(self._bar * 1000, int(act.detail.get("duration_ms", "0")))
        return Activity(0, now, act.id, act.kind, act.source, act.type, act.ref, act.title, act.url, act.asset,
                        detail={**act.detail, "duration_ms": str(least)})  # fmt: skip


class Frequency(Habit):
    """A number of acts within a range."""

    def __init__(self, rule: FrequencyRule) -> None:
        super().__init__(rule)
        self._least, self._most, self._days = rule.at_least, rule.at_most, rule.within_days

    def worth(self, acts: Acts, _now: int, /) -> Worth:
        number = len(acts)
        if number < self._least or (self._most is not None and number > self._most):
            return NOTHING_SEEN
        key = "frequency_days" if self._days else "frequency"
        reason = say(key, label=self.label, times=number, range=self._range(), days=self._days)
        return Worth(self.each, number, reason)

    def reach(self, acts: Acts, worth: Worth, /) -> tuple[int, int]:
        if self._most is None:
            return worth.points, self.each
        return (0, self.each) if len(acts) <= self._most else (0, 0)

    def turns(self, _acts: Acts, _now: int, /) -> Iterator[int]:
        yield from ()

    def _range(self) -> str:
        return f"{self._least}+" if self._most is None else f"{self._least}–{self._most}"


def compiled_habit(rule: BurstRule | VelocityRule | DwellRule | FrequencyRule) -> Habit:
    """The rule, ready to be asked."""
    if isinstance(rule, BurstRule):
        return Burst(rule)
    if isinstance(rule, VelocityRule):
        return Velocity(rule)
    return Dwell(rule) if isinstance(rule, DwellRule) else Frequency(rule)
