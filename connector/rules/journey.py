"""A contact's way through the stages, as dated entries: from the portal's own dates and from changes the mirror saw.

Pure. Not here: where a contact stands for judging and what may move it (``lifecycle.py``); what reports count of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from connector.model.judgement import SIDE_STAGES, STAGES
from connector.rules.documents.lifecycle import LifecycleDocument
from connector.rules.lifecycle import RANK

UNSET, UNMAPPED = "unset", "unmapped"
LEFT = frozenset(SIDE_STAGES)


class Entry(NamedTuple):
    """A stage was entered. Canonical names; a value that the lifecycle document does not name is ``unmapped``."""

    at_ms: int
    stage: str


class Back(NamedTuple):
    """A move to an earlier stage."""

    at_ms: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Journey:
    """``current`` may be ``unset`` or ``unmapped``; ``entries`` are in time order, no stage twice in a row."""

    current: str
    entries: tuple[Entry, ...] = ()

    @property
    def furthest(self) -> str:
        """The furthest stage that was ever seen; '' when there is none in the row of stages."""
        known = [one.stage for one in self.entries if one.stage in RANK]
        known += [self.current] if self.current in RANK else []
        return max(known, key=RANK.__getitem__, default="")

    def reached(self, stage: str) -> bool:
        """Whether the contact was ever in this stage or in a later one."""
        return bool(self.furthest) and RANK[self.furthest] >= RANK[stage]

    def reached_ms(self, stage: str) -> int | None:
        """When it first came into this stage or a later one, as far as that is dated."""
        return next((one.at_ms for one in self.entries if RANK.get(one.stage, -1) >= RANK[stage]), None)

    def entered_ms(self, stage: str) -> int | None:
        """When it first came into this very stage."""
        return next((one.at_ms for one in self.entries if one.stage == stage), None)

    def left_ms(self, stage: str) -> int | None:
        """When it left this stage after it first came into it; None while it is there, or when it never was."""
        at = next((place for place, one in enumerate(self.entries) if one.stage == stage), None)
        return self.entries[at + 1].at_ms if at is not None and at + 1 < len(self.entries) else None

    def stood(self, at_ms: int) -> str:
        """The stage it was in at that time, as far as that is dated; '' before the first entry."""
        return next((one.stage for one in reversed(self.entries) if one.at_ms <= at_ms), "")

    def backward(self) -> tuple[Back, ...]:
        """Every move to an earlier stage."""
        pairs = pairwise(self.entries)
        return tuple(
            Back(new.at_ms, old.stage, new.stage)
            for old, new in pairs
            if old.stage in RANK and new.stage in RANK and RANK[new.stage] < RANK[old.stage]
        )


class Ways:
    """The words of one portal for its stages, by its lifecycle document."""

    def __init__(self, document: LifecycleDocument) -> None:
        values = {stage: getattr(document.portal_values, stage) for stage in (*STAGES, *SIDE_STAGES)}
        self._stages = {value: stage for stage, value in values.items() if value}
        self._homeless = frozenset(stage for stage, value in values.items() if not value)
        self.labels: Mapping[str, str] = {
            stage: document.vocabularies.get(document.vocabulary, {}).get(stage, stage)  # type: ignore[call-overload]
            for stage in values
        }

    def stage(self, value: str) -> str:
        """The canonical stage of a value of ``lifecyclestage``."""
        return self._stages.get(value, UNMAPPED) if value else UNSET

    def journey(
        self, value: str, ours: str, entered: Mapping[str, int], turns: Iterable[tuple[int, str, str]]
    ) -> Journey:
        """``entered``: portal value → when. ``turns``: (when, the portal's new value or '', our own stage or '')."""
        found = {Entry(at, self.stage(told)) for told, at in entered.items()}
        for at, told, own in turns:
            if told:
                found.add(Entry(at, self.stage(told)))
            if own in self._homeless:
                found.add(Entry(at, own))
        ordered = sorted(found, key=lambda one: (one.at_ms, RANK.get(one.stage, 99)))
        kept = [one for place, one in enumerate(ordered) if not place or ordered[place - 1].stage != one.stage]
        return Journey(self._homed(self.stage(value), ours), tuple(kept))

    def _homed(self, stage: str, ours: str) -> str:
        """A stage that has no value in the portal is ours, as long as the portal shows nothing later."""
        if ours not in self._homeless or stage not in RANK:
            return stage
        last = RANK["sql"] if ours == "recycled" else RANK["lead"] if ours == "disqualified" else RANK[ours]
        return ours if RANK[stage] <= last else stage
