"""Nurtures as they went: who came in, who stands on which step, how stays ended, and what mailing was worth (L72, L96).

A stay belongs to the period in which it began. Contacts that are held out go the same way without any mail, so the
difference between the two shares of goals is what the mails have done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connector.model.nurture import Ending, Place
from connector.reports.figures import Figure, Section, Span, count, none, share
from connector.reports.targets import of_nurture
from connector.rules.documents.goals import GoalsDocument
from connector.rules.documents.nurture import Nurture

ENDINGS: tuple[Ending, ...] = (
    "goal", "done", "silent", "declined", "left", "jumped", "interrupted", "published", "lost",
)  # fmt: skip


@dataclass
class _Way:
    """The stays in one nurture."""

    inside: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    mailed: list[Place] = field(default_factory=list)
    held_out: list[Place] = field(default_factory=list)

    def see(self, place: Place, span: Span) -> None:
        if place.active:
            self.inside[place.step].append(place.contact_id)
        if place.entered_ms in span:
            (self.held_out if place.held_out else self.mailed).append(place)


def nurtures(
    pages: Iterable[Sequence[Place]], span: Span, known: Sequence[Nurture], goals: GoalsDocument | None = None
) -> tuple[Section, ...]:
    """A section for each nurture of the document, and for each that somebody is or was inside of."""
    labels = {one.name: (one.label or one.name, _steps(one)) for one in known}
    ways: dict[str, _Way] = {name: _Way() for name in labels}
    for page in pages:
        for place in page:
            ways.setdefault(place.nurture, _Way()).see(place, span)
    if not ways:
        return (Section("nurture", "period", (none("nurtures", "no_nurtures"),)),)
    return tuple(
        Section(
            "nurture", "period", tuple(_figures(name, ways[name], labels.get(name, ("", {}))[1], goals)),
            row=_called(name, labels),
        )
        for name in sorted(ways)
    )  # fmt: skip


def _steps(nurture: Nurture) -> dict[str, str]:
    return {step.name: step.label or step.name for step in nurture.steps}


def _called(name: str, labels: Mapping[str, tuple[str, dict[str, str]]]) -> str:
    return labels[name][0] if name in labels else name


def _figures(name: str, way: _Way, steps: Mapping[str, str], goals: GoalsDocument | None) -> Iterator[Figure]:
    everybody = [*way.mailed, *way.held_out]
    yield count(f"{name}.entered", _who(everybody), "nurture_entered")
    order = {step: index for index, step in enumerate(steps)}
    for step in sorted(way.inside, key=lambda one: (order.get(one, len(order)), one)):
        yield count(f"{name}.at.{step}", way.inside[step], "nurture_at", step=steps.get(step, step))
    over = [one for one in way.mailed if not one.active]
    aimed = goals is not None and any(one.nurture == name for one in goals.targets)
    for ending in ENDINGS:
        hits = [one for one in over if one.ended == ending]
        if hits or (aimed and ending == "goal"):
            told = share(f"{name}.{ending}", _who(hits), _who(over), f"nurture_{ending}")
            yield of_nurture(told, name, goals) if goals is not None and ending == "goal" else told
    if way.held_out:
        for key, group in (("mailed", way.mailed), ("held_out", way.held_out)):
            done = [one for one in group if not one.active]
            yield share(f"{name}.goal_{key}", _who(o for o in done if o.ended == "goal"), _who(done), f"nurture_{key}")


def _who(places: Iterable[Place]) -> list[int]:
    return [one.contact_id for one in places]
