"""The eight questions (L82), the first three: how many actions, does sales succeed, must scoring move. And all of them.

Each answer is a section: figures that open their contacts, and a sentence that follows from the figures by fixed
bounds. Below ten cases the sentence says that they are too few.
"""

from __future__ import annotations

from collections.abc import Iterable

from connector.reports.acceptance import Acceptance, Judged
from connector.reports.figures import DAY_MS, Section, Sentence, count, days, share, typical
from connector.reports.messages import Following, Interval, Taken, Targeted, Wording
from connector.reports.stories import TOUCHES, Fold, Ground, Story, fold
from connector.rules.journey import LEFT

FEW = 10
HALF = 0.5
INSTANT = 0.25


def questions(found: Iterable[Story], ground: Ground, judged: Judged) -> tuple[Section, ...]:
    """The eight sections, in the order of the questions; after the second, its answer by version of the model."""
    folds: list[Fold] = [
        Actions(ground), Sales(ground), Acceptance(ground, judged), Timing(ground), Taken(ground), Targeted(ground),
        Wording(ground), Following(ground), Interval(ground),
    ]  # fmt: skip
    fold(found, folds)
    return tuple(section for one in folds for section in one.sections())


def touched_ms(story: Story, from_ms: int | None = None) -> int | None:
    """When sales first called, met or wrote (from that instant on)."""
    found = (act.at_ms for act in story.acts if act.kind in TOUCHES)
    return next((at for at in found if from_ms is None or at >= from_ms), None)


class Actions:
    """1. How many actions until somebody is qualified? Of those who became MQL within the span."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._acts: list[tuple[int, float]] = []
        self._days: list[tuple[int, float]] = []
        self._instant: list[int] = []

    def see(self, story: Story) -> None:
        at = story.journey.entered_ms("mql")
        if at is None or at not in self._ground.span:
            return
        own = [act for act in story.own if act.at_ms <= at]
        self._acts.append((story.id, len(own)))
        began = min([act.at_ms for act in own[:1]] + [story.person.created_ms or at])
        self._days.append((story.id, days(began, at)))
        if story.person.created_ms is not None and at - story.person.created_ms <= DAY_MS:
            self._instant.append(story.id)

    def sections(self) -> tuple[Section, ...]:
        mqls = [who for who, _ in self._acts]
        instant = share("instant", self._instant, mqls)
        text: Sentence = ("q1_fine", {})
        if len(mqls) < FEW:
            text = ("q1_few", {"count": len(mqls)})
        elif (instant.value or 0) > INSTANT:
            text = ("q1_instant", {"percent": round(100 * (instant.value or 0))})
        figures = (
            count("mqls", mqls),
            typical("actions", self._acts, "count"),
            typical("days_to_mql", self._days),
            instant,
        )
        return (Section("q1", "period", figures, text),)


class Sales:
    """2. Does sales succeed with qualified leads? Those who became MQL within the span, followed to this day."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._mqls: list[int] = []
        self._accepted: list[int] = []
        self._won: list[int] = []
        self._rejected: list[int] = []
        self._untouched: list[int] = []
        self._first: list[tuple[int, float]] = []

    def see(self, story: Story) -> None:
        at = story.journey.entered_ms("mql")
        if at is None or at not in self._ground.span:
            return
        self._mqls.append(story.id)
        if story.accepted:
            self._accepted.append(story.id)
        if story.won:
            self._won.append(story.id)
        if story.journey.current in LEFT:
            self._rejected.append(story.id)
        touched = touched_ms(story, at)
        if touched is not None:
            self._first.append((story.id, days(at, touched)))
        elif not story.accepted:
            self._untouched.append(story.id)

    def sections(self) -> tuple[Section, ...]:
        untouched = share("untouched", self._untouched, self._mqls)
        text: Sentence = ("q2_fine", {"won": len(set(self._won)), "count": len(self._mqls)})
        if len(self._mqls) < FEW:
            text = ("q2_few", {"count": len(self._mqls)})
        elif (untouched.value or 0) > HALF:
            text = ("q2_untouched", {"percent": round(100 * (untouched.value or 0))})
        figures = (
            count("mqls", self._mqls),
            share("accepted", self._accepted, self._mqls),
            share("won", self._won, self._mqls),
            share("rejected", self._rejected, self._mqls),
            untouched,
            typical("days_to_touch", self._first),
        )
        return (Section("q2", "period", figures, text),)


class Timing:
    """3. Must scoring move earlier or later? Buyers of the span: MQL before sales came, after, or never; and refusals.

    Earlier, when sales had found most buyers before they were MQL. Later, when most MQLs that were decided on were
    sent back.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._buyers: dict[str, list[int]] = {"in_time": [], "late": [], "never": []}
        self._lead: list[tuple[int, float]] = []
        self._decided: list[int] = []
        self._refused: list[int] = []

    def see(self, story: Story) -> None:
        at, span = story.journey.entered_ms("mql"), self._ground.span
        if story.won_ms in span and story.won_ms is not None:
            self._buyer(story, at, story.won_ms)
        if at in span:
            if story.journey.current in LEFT:
                self._refused.append(story.id)
            if story.journey.current in LEFT or story.accepted:
                self._decided.append(story.id)

    def _buyer(self, story: Story, mql_ms: int | None, won_ms: int) -> None:
        if mql_ms is None or mql_ms > won_ms:
            self._buyers["never"].append(story.id)
            return
        touched = touched_ms(story)
        began = min(won_ms, touched) if touched is not None else won_ms
        self._buyers["in_time" if mql_ms <= began else "late"].append(story.id)
        self._lead.append((story.id, days(mql_ms, began)))

    def sections(self) -> tuple[Section, ...]:
        buyers = [who for many in self._buyers.values() for who in many]
        parts = {key: share(f"buyers_{key}", who, buyers) for key, who in self._buyers.items()}
        refused = share("refused", self._refused, self._decided)
        missed = (parts["late"].value or 0) + (parts["never"].value or 0)
        text: Sentence = ("q3_fits", {})
        if len(buyers) >= FEW and missed > HALF:
            text = ("q3_earlier", {"percent": round(100 * missed)})
        elif len(self._decided) >= FEW and (refused.value or 0) > HALF:
            text = ("q3_later", {"percent": round(100 * (refused.value or 0))})
        elif len(buyers) < FEW and len(self._decided) < FEW:
            text = ("q3_few", {"buyers": len(buyers), "decided": len(self._decided)})
        figures = (count("buyers", buyers), *parts.values(), typical("lead_time", self._lead), refused)
        return (Section("q3", "period", figures, text),)
