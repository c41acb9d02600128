"""Which content works, and where people are lost (L83, L77): leaderboard, and the last thing before silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from connector.reports.content import Readers, catalogue
from connector.reports.figures import DAY_MS, Figure, Section, count, share
from connector.reports.stories import Fold, Ground, Story, fold
from connector.reports.targets import of_asset
from connector.rules.documents.kinds import CATALOGUE
from connector.rules.documents.nurture import Asset
from connector.rules.journey import LEFT

SILENT_DAYS = 45  # L61: without an act of one's own for so long, somebody counts as silent
MOST = 50
CONTENT = frozenset(kind.name for kind in CATALOGUE.values() if kind.phase)


class Leaderboard:
    """Content used within the span; of its users, who became MQL and who bought after they had used it."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._used: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._mql: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._won: dict[tuple[str, str], list[int]] = defaultdict(list)

    def see(self, story: Story) -> None:
        first: dict[tuple[str, str], int] = {}
        for act in story.own:
            if act.kind in CONTENT and act.at_ms in self._ground.span:
                first.setdefault((act.kind, act.asset or act.title), act.at_ms)
        mql_ms = story.journey.entered_ms("mql")
        for asset, at in first.items():
            self._used[asset].append(story.id)
            if mql_ms is not None and mql_ms >= at:
                self._mql[asset].append(story.id)
            if story.won_ms is not None and story.won_ms >= at:
                self._won[asset].append(story.id)

    def sections(self) -> tuple[Section, ...]:
        ranked = sorted(
            self._used, key=lambda one: (-len(self._won[one]), -len(self._mql[one]), -len(self._used[one]), one)
        )
        rows = (self._row(kind, asset) for kind, asset in ranked[:MOST])
        return (Section("leaderboard", "period", tuple(rows), row="asset"),)

    def _row(self, kind: str, asset: str) -> Figure:
        used, mqls = self._used[kind, asset], self._mql[kind, asset]
        row = share(
            f"{kind}:{asset}", self._won[kind, asset], used, "asset_won",
            kind=kind, asset=asset, users=len(used), mqls=len(mqls),
        )  # fmt: skip
        return of_asset(row, asset, self._ground.goals)


class DropOff:
    """Who fell silent within the span, by stage and by the last thing they looked at; customers do not count."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._silent: list[int] = []
        self._there: list[int] = []
        self._at: dict[str, list[int]] = defaultdict(list)
        self._last: dict[tuple[str, str], list[int]] = defaultdict(list)

    def see(self, story: Story) -> None:
        if story.won or story.journey.current in LEFT or not story.own:
            return
        last = story.own[-1]
        silent = self._ground.now_ms - last.at_ms >= SILENT_DAYS * DAY_MS
        if silent and last.at_ms not in self._ground.span:
            return  # it fell silent at another time
        self._there.append(story.id)
        if silent:
            self._silent.append(story.id)
            self._at[story.journey.current].append(story.id)
            self._last[last.kind, last.asset or last.title].append(story.id)

    def sections(self) -> tuple[Section, ...]:
        labels = self._ground.ways.labels
        by_stage = (
            count(f"silent_{stage}", who, "silent_in", stage=labels.get(stage, stage))
            for stage, who in sorted(self._at.items())
        )
        ranked = sorted(self._last, key=lambda one: (-len(self._last[one]), one))[:MOST]
        rows = (
            count(f"{kind}:{asset}", self._last[kind, asset], "last_seen", kind=kind, asset=asset)
            for kind, asset in ranked
        )
        head = share("silent", self._silent, self._there, days=SILENT_DAYS)
        return (
            Section("drop_off", "period", (head, *by_stage)),
            Section("last_seen", "period", tuple(rows), row="asset"),
        )


def assets(found: Iterable[Story], ground: Ground, known: Sequence[Asset] = ()) -> tuple[Section, ...]:
    """Leaderboard, drop-off, readers and landing pages; and what the catalogue of content lacks."""
    folds: list[Fold] = [Leaderboard(ground), DropOff(ground), Readers(ground)]
    fold(found, folds)
    return (*(section for one in folds for section in one.sections()), *catalogue(known))
