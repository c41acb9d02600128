"""What becomes of those inside when a document is published anew: they stay on their version, move, or leave.

Who moves goes on at the step of the same name; where there is none, the contact leaves. Not here: asking and keeping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from connector.model.nurture import Place
from connector.rules.documents.nurture import Nurture
from connector.rules.documents.workflows import WorkflowsDocument

Choice = Literal["stay", "move", "leave"]


@dataclass(frozen=True, slots=True)
class Inside:
    """Those inside one nurture when it is published anew: how many stand on which step of which version, and on which
    of these steps nobody could go on in the new one (None: the nurture is not there any more)."""

    nurture: str
    steps: Mapping[tuple[int, str], int]
    homeless: frozenset[str] | None

    @property
    def contacts(self) -> int:
        return sum(self.steps.values())


def inside(places: Iterable[Place], document: WorkflowsDocument) -> tuple[Inside, ...]:
    """What publishing this document would ask about, by nurture."""
    found: dict[str, Counter[tuple[int, str]]] = {}
    for place in places:
        if place.active:
            found.setdefault(place.nurture, Counter())[place.version, place.step] += 1
    new = {one.name: one for one in document.nurtures}
    return tuple(Inside(name, dict(steps), _homeless(steps, new.get(name))) for name, steps in sorted(found.items()))


def _homeless(steps: Iterable[tuple[int, str]], nurture: Nurture | None) -> frozenset[str] | None:
    if nurture is None:
        return None
    known = {one.name for one in nurture.steps}
    return frozenset(step for _, step in steps if step not in known)


def at_publishing(
    places: Iterable[Place],
    document: WorkflowsDocument,
    version: int,
    now_ms: int,
    choices: Mapping[str, Choice] | None = None,
) -> tuple[Place, ...]:
    """The places after publishing ``version``. ``choices`` are the publisher's answers by nurture; without one, what
    the nurture itself says (``on_publish``) holds, and of one that is gone those inside stay on their version."""
    new = {one.name: one for one in document.nurtures}
    chosen: dict[str, Choice] = {name: one.on_publish for name, one in new.items()}
    chosen.update(choices or {})
    return tuple(_one(place, new, version, now_ms, chosen.get(place.nurture, "stay")) for place in places)


def _one(place: Place, new: Mapping[str, Nurture], version: int, now_ms: int, choice: Choice) -> Place:
    if not place.active or choice == "stay" or place.version == version:
        return place
    nurture = new.get(place.nurture)
    if choice == "move" and nurture is not None and any(one.name == place.step for one in nurture.steps):
        return replace(place, version=version)
    why = f"version {version}" if choice == "leave" else f"version {version} has no step {place.step}"
    return replace(place, ended="published", ended_ms=now_ms, why=why)
