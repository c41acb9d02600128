"""The funnel: who stands where now, how far a cohort came, time in stage, which part of the way was before sales took
over, backward moves, score and outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from connector.model.judgement import SIDE_STAGES, STAGES
from connector.reports.figures import Figure, Section, count, days, share, typical
from connector.reports.stories import Fold, Ground, Story, fold
from connector.rules.journey import UNMAPPED, UNSET

BAND = 25
TAKEN = ("sal", "sql", "opportunity")


class Snapshot:
    """All living contacts by their stage this instant. Unset and unknown stages are rows like all others."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._at: dict[str, list[int]] = defaultdict(list)

    def see(self, story: Story) -> None:
        self._at[story.journey.current].append(story.id)

    def sections(self) -> tuple[Section, ...]:
        labels = self._ground.ways.labels
        figures = [count(stage, self._at[stage], "stage", stage=labels[stage]) for stage in (*STAGES, *SIDE_STAGES)]
        figures += [count(key, self._at[key]) for key in (UNSET, UNMAPPED)]
        return (Section("snapshot", "snapshot", tuple(figures)),)


class Cohort:
    """Contacts created within the span: how many ever reached each stage, and how many of those went on."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._came: list[int] = []
        self._nowhere: list[int] = []
        self._reached: dict[str, list[int]] = defaultdict(list)
        self._undated: dict[str, list[int]] = defaultdict(list)

    def see(self, story: Story) -> None:
        if story.person.created_ms not in self._ground.span:
            return
        self._came.append(story.id)
        if not story.journey.furthest:
            self._nowhere.append(story.id)
        for stage in STAGES:
            if story.journey.reached(stage):
                self._reached[stage].append(story.id)
                if story.journey.reached_ms(stage) is None:
                    self._undated[stage].append(story.id)

    def sections(self) -> tuple[Section, ...]:
        return (Section("cohort", "cohort", tuple(self._figures())),)

    def _figures(self) -> Iterator[Figure]:
        yield count("created", self._came)
        labels, last = self._ground.ways.labels, self._came
        for stage in STAGES:
            if stage == "sal" and len(self._reached["sal"]) == len(self._reached["sql"]):
                continue  # this portal has no such step
            yield share(f"reached_{stage}", self._reached[stage], last, "reached", stage=labels[stage])
            last = self._reached[stage]
        yield count("nowhere", self._nowhere)
        undated = {who for many in self._undated.values() for who in many}
        yield count("undated", undated)


class Times:
    """How long contacts stay in a stage: the median of those who left it within the span, and who is still in it."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._stayed: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._waiting: dict[str, list[tuple[int, float]]] = defaultdict(list)

    def see(self, story: Story) -> None:
        for stage in STAGES[:-1]:
            began, ended = story.journey.entered_ms(stage), story.journey.left_ms(stage)
            if began is None:
                continue
            if ended is not None and ended in self._ground.span:
                self._stayed[stage].append((story.id, days(began, ended)))
            elif ended is None and story.journey.current == stage:
                self._waiting[stage].append((story.id, days(began, self._ground.now_ms)))

    def sections(self) -> tuple[Section, ...]:
        labels, figures = self._ground.ways.labels, []
        for stage in STAGES[:-1]:
            if self._stayed[stage] or self._waiting[stage]:
                figures.append(typical(f"stay_{stage}", self._stayed[stage], "days", "stay", stage=labels[stage]))
                figures.append(typical(f"wait_{stage}", self._waiting[stage], "days", "wait", stage=labels[stage]))
        return (Section("time_in_stage", "period", tuple(figures)),)


class Cycle:
    """Which part of the way to a first purchase lay before sales took over (L56). Of those who bought in the span.

    Sales takes over when the contact first becomes SAL, SQL or opportunity; without such a date nothing is guessed.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._bought: list[int] = []
        self._undated: list[int] = []
        self._share: list[tuple[int, float]] = []
        self._before: list[tuple[int, float]] = []
        self._after: list[tuple[int, float]] = []

    def see(self, story: Story) -> None:
        came, won = story.person.created_ms, story.won_ms
        if won is None or won not in self._ground.span:
            return
        self._bought.append(story.id)
        taken = min((at for stage in TAKEN if (at := story.journey.entered_ms(stage)) is not None), default=None)
        if came is None or taken is None or came >= won:
            self._undated.append(story.id)
            return
        taken = min(max(taken, came), won)
        self._share.append((story.id, (taken - came) / (won - came)))
        self._before.append((story.id, days(came, taken)))
        self._after.append((story.id, days(taken, won)))

    def sections(self) -> tuple[Section, ...]:
        figures = (
            count("cycle_bought", self._bought),
            typical("cycle_share", self._share, "share"),
            typical("cycle_before", self._before),
            typical("cycle_after", self._after),
            count("cycle_undated", self._undated),
        )
        return (Section("cycle", "period", figures),)


class Backward:
    """Moves to an earlier stage within the span: shown, never netted out."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._moves: dict[tuple[str, str], list[int]] = defaultdict(list)

    def see(self, story: Story) -> None:
        for back in story.journey.backward():
            if back.at_ms in self._ground.span:
                self._moves[back.before, back.after].append(story.id)

    def sections(self) -> tuple[Section, ...]:
        labels = self._ground.ways.labels
        every = {who for many in self._moves.values() for who in many}
        rows = (
            count(f"back_{start}_{end}", who, "back", start=labels[start], end=labels[end])
            for (start, end), who in sorted(self._moves.items())
        )
        return (Section("backward", "period", (count("backward", every), *rows)),)


class Bands:
    """Scores as they stand now, in bands, and which share of each band has bought (L39)."""

    def __init__(self, scores: Mapping[int, int]) -> None:
        self._scores = scores
        self._all: dict[int, list[int]] = defaultdict(list)
        self._won: dict[int, list[int]] = defaultdict(list)

    def see(self, story: Story) -> None:
        score = self._scores.get(story.id)
        if score is None:
            return
        band = score // BAND * BAND
        self._all[band].append(story.id)
        if story.won:
            self._won[band].append(story.id)

    def sections(self) -> tuple[Section, ...]:
        rows = (
            share(f"band_{low}", self._won[low], who, "band", low=low, high=low + BAND - 1, contacts=len(who))
            for low, who in sorted(self._all.items())
        )
        return (Section("bands", "snapshot", tuple(rows)),)


def funnel(found: Iterable[Story], ground: Ground, scores: Mapping[int, int]) -> tuple[Section, ...]:
    """All sections of the funnel."""
    folds: list[Fold] = [
        Snapshot(ground),
        Cohort(ground),
        Times(ground),
        Cycle(ground),
        Backward(ground),
        Bands(scores),
    ]
    fold(found, folds)
    return tuple(section for one in folds for section in one.sections())
