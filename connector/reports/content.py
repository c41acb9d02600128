"""Content beyond the leaderboard: readers of posts, what landing pages turn into (L96), gaps of the catalogue (L91).

Only what HubSpot tells is counted; what its API does not have stands there as unknown, with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from connector.reports.figures import DAY_MS, Figure, Section, count, none, share
from connector.reports.stories import Ground, Story
from connector.rules.documents.nurture import PHASES, Asset

MOST = 50


class Readers:
    """Who read which post within the span, and which landing page led to a form within a day of the first look."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._read: dict[str, list[int]] = defaultdict(list)
        self._landed: dict[str, list[int]] = defaultdict(list)
        self._filled: dict[str, list[int]] = defaultdict(list)

    def see(self, story: Story) -> None:
        landed: dict[str, int] = {}
        for act in story.own:
            if act.at_ms not in self._ground.span or act.source != "page_view":
                continue
            name = act.asset or act.title
            if act.kind == "blog_post":
                self._read[name].append(story.id)
            elif act.kind == "landing_page":
                landed.setdefault(name, act.at_ms)
        for name, at in landed.items():
            self._landed[name].append(story.id)
            if any(one.source == "form_submission" and 0 <= one.at_ms - at <= DAY_MS for one in story.own):
                self._filled[name].append(story.id)

    def sections(self) -> tuple[Section, ...]:
        if "page_view" in self._ground.off:
            off = tuple(none(key, "page_views_off") for key in ("readers", "landing_rate"))
            return (Section("content_numbers", "period", (*off, _shares())),)
        return (Section("content_numbers", "period", (*self._rows(), _shares())),)

    def _rows(self) -> Iterator[Figure]:
        if not self._read:
            yield none("readers", "nobody")
        for name in _widest(self._read):
            yield count(f"read:{name}", self._read[name], "readers_of", asset=name)
        if not self._landed:
            yield none("landing_rate", "nobody", "share")
        for name in _widest(self._landed):
            yield share(f"landing:{name}", self._filled[name], self._landed[name], "landing_of", asset=name)


def _shares() -> Figure:
    return none("social_shares", "not_in_api")


def _widest(by_name: dict[str, list[int]]) -> list[str]:
    return sorted(by_name, key=lambda name: (-len(set(by_name[name])), name))[:MOST]


def catalogue(assets: Sequence[Asset]) -> tuple[Section, ...]:
    """What there is to offer in each phase of the funnel, and what is missing there: for nobody, or for a persona."""
    if not assets:
        return (Section("catalogue", "snapshot", (none("catalogue", "no_assets"),)),)
    personas = sorted({name for one in assets for name in one.personas})
    return (Section("catalogue", "snapshot", tuple(_of_phases(assets, personas))),)


def _of_phases(assets: Sequence[Asset], personas: Sequence[str]) -> Iterator[Figure]:
    for phase in PHASES:
        there = [one for one in assets if (one.phase or one.natural_phase()) == phase]
        silent = [one.label or one.name for one in there if not one.question]
        lacking = [who for who in personas if not any(who in one.personas or not one.personas for one in there)]
        note = "content_gap" if not there else "content_for" if lacking else "content_silent" if silent else ""
        values: dict[str, object] = {"phase": phase, "personas": ", ".join(lacking), "silent": ", ".join(silent)}
        yield Figure(f"phase_{phase}", len(there), label="content_phase", values=values, note=note)
    if loose := [one.label or one.name for one in assets if (one.phase or one.natural_phase()) not in PHASES]:
        yield Figure("phase_none", len(loose), label="content_no_phase", values={"names": ", ".join(loose)})
