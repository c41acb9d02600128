"""Loops between rules: one reads what another one writes, and that one's writing rests on the first.

    score ─▶ leadwright_score ─▶ a rule of the score          the score would feed on itself
    score ─▶ stage ─▶ lifecyclestage ─▶ a rule of the score   what follows from it would change it

Who writes what: a model its scores, the lifecycle its stage, the mapping the properties it writes fields back to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connector.rules.decide import STAMP, WRITTEN
from connector.rules.documents.conditions import Condition
from connector.rules.documents.shape import Place
from connector.rules.lint.advice import Advice, Papers, gate_leaves, scoring_leaves

SCORE, STAGE, MAPPING = "the score", "the stage", "the mapping"
OF_STAGE = frozenset({"lifecyclestage", "leadwright_stage", "leadwright_next_step"})


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody reads a property, at a place of a document."""

    reader: str
    property: str
    kind: str
    place: Place
    rule: str


def loops(papers: Papers) -> Iterator[Advice]:
    readings = tuple(_readings(papers))
    writers = _writers(papers)
    follows = {(SCORE, STAGE), *((writers[one.property], one.reader) for one in readings if one.property in writers)}
    for one in readings:
        writer = writers.get(one.property)
        if writer is None or one.kind == "mapping" or not (way := _way(one.reader, writer, follows)):
            continue
        told = " → ".join((*way, one.property, one.reader))
        message = f'"{one.rule}" reads {one.property}, which {writer} writes: a loop ({told}).'
        yield Advice("loop", one.kind, one.place, message, "Let it look at what people and the portal say instead.")


def _writers(papers: Papers) -> dict[str, str]:
    writers = dict.fromkeys((*WRITTEN, STAMP), SCORE)
    writers.update(dict.fromkeys(OF_STAGE, STAGE))
    writers.update({one.property: _model(one.name) for one in papers.scoring.models if one.property})
    if papers.mapping is not None:
        for row in papers.mapping.rows:
            if row.writes() and row.where() == "contact":
                writers.setdefault(row.property, MAPPING)
    return writers


def _readings(papers: Papers) -> Iterator[Reading]:
    feeds = _feeds(papers)
    for place, name, leaf in scoring_leaves(papers):
        reader = _model(papers.scoring.models[int(place[1])].name) if place[0] == "models" else SCORE
        yield from _of_leaf(leaf, reader, "scoring", place, name, feeds)
    for place, name, leaf in gate_leaves(papers):
        yield from _of_leaf(leaf, STAGE, "lifecycle", place, name, feeds)
    if papers.mapping is None:
        return
    for index, row in enumerate(papers.mapping.rows):
        if row.writes():
            for prop in feeds.get(row.field, ()):
                if prop != row.property:
                    yield Reading(MAPPING, prop, "mapping", ("rows", index), row.field)


def _of_leaf(
    leaf: Condition, reader: str, kind: str, place: Place, name: str, feeds: Mapping[str, tuple[str, ...]]
) -> Iterator[Reading]:
    for prop in (*((leaf.property,) if leaf.property else ()), *feeds.get(leaf.field or "", ())):
        yield Reading(reader, prop, kind, place, name)


def _feeds(papers: Papers) -> dict[str, tuple[str, ...]]:
    """The contact properties each field is read from."""
    found: dict[str, tuple[str, ...]] = {}
    for row in papers.mapping.rows if papers.mapping is not None else ():
        if row.reads():
            props = tuple(prop for where, prop in row.sources() if where == "contact")
            found[row.field] = (*found.get(row.field, ()), *props)
    return found


def _way(start: str, end: str, follows: set[tuple[str, str]]) -> tuple[str, ...]:
    """The shortest way along "this follows from that"; empty when there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while ways:
        way = ways.pop(0)
        if way[-1] == end:
            return way
        for before, after in sorted(follows):
            if before == way[-1] and after not in seen:
                seen.add(after)
                ways.append((*way, after))
    return ()


def _model(name: str) -> str:
    return f"the model {name}"
