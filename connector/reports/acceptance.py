"""What sales made of the MQLs of each version of the scoring model, and whether that falls (L52)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from connector.reports.figures import Figure, Section, Sentence, share
from connector.reports.stories import TOUCHES, Ground, Story

FEW = 10
FALL = 0.1
"""From one version to the next acceptance may fall by so much before it is told."""
HALF = 0.5
Model = tuple[str, int]
Judged = Callable[[Mapping[int, int]], Mapping[int, Model]]
"""For contacts with an instant each: the model and version that had last judged them then."""


@dataclass
class Leads:
    """The MQLs of one version."""

    all: list[int] = field(default_factory=list)
    accepted: list[int] = field(default_factory=list)
    untouched: list[int] = field(default_factory=list)
    last_ms: int = 0

    @property
    def rate(self) -> float:
        return len(self.accepted) / len(self.all)


class Acceptance:
    """Those who became MQL within the span, followed to this day, by the version that had judged them."""

    def __init__(self, ground: Ground, judged: Judged) -> None:
        self._ground = ground
        self._judged = judged
        self._at: dict[int, int] = {}
        self._accepted: set[int] = set()
        self._untouched: set[int] = set()

    def see(self, story: Story) -> None:
        at = story.journey.entered_ms("mql")
        if at is None or at not in self._ground.span:
            return
        self._at[story.id] = at
        if story.accepted:
            self._accepted.add(story.id)
        elif not any(act.kind in TOUCHES and act.at_ms >= at for act in story.acts):
            self._untouched.add(story.id)

    def sections(self) -> tuple[Section, ...]:
        judged = self._judged(self._at)
        versions: dict[Model | None, Leads] = defaultdict(Leads)
        for who, at in self._at.items():
            leads = versions[judged.get(who)]
            leads.all.append(who)
            leads.last_ms = max(leads.last_ms, at)
            leads.accepted += [who] if who in self._accepted else []
            leads.untouched += [who] if who in self._untouched else []
        known = sorted(((model, leads) for model, leads in versions.items() if model is not None), key=_age)
        figures = [one for model, leads in known for one in _figures(model, leads)]
        if unjudged := versions.get(None):
            figures.append(share("accepted_unjudged", unjudged.accepted, unjudged.all))
            figures.append(share("untouched_unjudged", unjudged.untouched, unjudged.all))
        return (Section("acceptance", "period", tuple(figures), _sentence(known)),)


def _age(one: tuple[Model, Leads]) -> tuple[int, str, int]:
    """A model that was replaced by another of a lower version stands before it all the same."""
    (name, version), leads = one
    return leads.last_ms, name, version


def _figures(model: Model, leads: Leads) -> Iterator[Figure]:
    name, version = model
    values = {"model": name, "version": version}
    yield share(f"accepted_{name}_{version}", leads.accepted, leads.all, "accepted_by", **values)
    yield share(f"untouched_{name}_{version}", leads.untouched, leads.all, "untouched_by", **values)


def _sentence(known: list[tuple[Model, Leads]]) -> Sentence:
    enough = [(model, leads) for model, leads in known if len(leads.all) >= FEW]
    if enough:
        (_, version), leads = enough[-1]
        untouched = len(leads.untouched) / len(leads.all)
        if untouched > HALF:
            return ("acceptance_untouched", {"percent": round(100 * untouched), "version": version})
    if len(enough) < 2:
        return ("acceptance_few", {"needs": FEW, "has": len(enough)})
    ((_, before), older), ((_, version), newer) = enough[-2:]
    if round(older.rate - newer.rate, 6) > FALL:
        values = {"now": round(100 * newer.rate), "was": round(100 * older.rate)}
        return ("acceptance_falls", {**values, "version": version, "before": before})
    return ("acceptance_holds", {})
