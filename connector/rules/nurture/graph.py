"""A published ``workflows`` document ready to advance contacts with: its nurtures compiled, its versions side by side.

Not here: advancing (``advance.py``). A contact inside a nurture stays with the version it entered by, so the book holds
every version that somebody is still inside of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from hashlib import blake2b

from connector.model.plan import PortalView
from connector.rules.compiled import Documents
from connector.rules.conditions import Question
from connector.rules.documents.conditions import Condition
from connector.rules.documents.nurture import Asset, BranchStep, Nurture, Step
from connector.rules.documents.workflows import Workflow, WorkflowsDocument
from connector.rules.nurture.calendar import Calendar


class Graph:
    """One nurture of one version."""

    def __init__(self, nurture: Nurture, document: WorkflowsDocument, version: int) -> None:
        self.nurture = nurture
        self.name = nurture.name
        self.version = version
        self.steps: Mapping[str, Step] = {step.name: step for step in nurture.steps}
        self.first = nurture.steps[0].name
        self.goal = _question(nurture.goal.when if nurture.goal else None)
        self.unless = _question(nurture.unless)
        self.exits = tuple((leaving, Question(leaving.when)) for leaving in nurture.exits)
        self.starts = tuple((start, _question(start.when)) for start in nurture.starts)
        self.ways = {
            step.name: tuple((way, Question(way.when)) for way in step.ways)
            for step in nurture.steps
            if isinstance(step, BranchStep)
        }
        self.assets: Mapping[str, Asset] = {one.name: one for one in document.assets}
        self.workflows: Mapping[str, Workflow] = {one.name: one for one in document.workflows}

    def holds_out(self, key: str, contact_id: int) -> bool:
        """Whether the contact belongs to the group that is watched only: the same answer for ever, evenly spread."""
        if not self.nurture.hold_out:
            return False
        told = blake2b(f"{self.name}:{contact_id}".encode(), key=key.encode()[:64], digest_size=8)
        return int.from_bytes(told.digest(), "big") % 10_000 < self.nurture.hold_out * 100


def _question(condition: Condition | None) -> Question | None:
    return None if condition is None else Question(condition)


@dataclass(frozen=True, slots=True)
class Book:
    """Everything advancing needs beside the contact: the current nurtures by priority, all versions, calendar, gates.

    ``key`` makes the hold-out of one portal independent of another's; it must never change.
    """

    documents: Documents
    portal: PortalView
    current: tuple[Graph, ...]
    versions: Mapping[tuple[str, int], Graph]
    calendar: Calendar
    key: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def graph(self, name: str, version: int) -> Graph | None:
        return self.versions.get((name, version))

    def newest(self, name: str) -> Graph | None:
        """The published nurture of that name, if it is switched on."""
        return next((graph for graph in self.current if graph.name == name), None)


def open_book(
    documents: Documents,
    portal: PortalView,
    *,
    zone: tzinfo = UTC,
    key: str = "",
    earlier: Iterable[tuple[int, WorkflowsDocument]] = (),
) -> Book:
    """Compile the published document, and the earlier versions that somebody is still inside of."""
    document, version = documents.workflows, documents.version("workflows")
    graphs = [Graph(one, document, version) for one in document.nurtures]
    versions = {(graph.name, graph.version): graph for graph in graphs}
    for number, old in earlier:
        versions.update({(one.name, number): Graph(one, old, number) for one in old.nurtures if number != version})
    current = sorted((one for one in graphs if one.nurture.enabled), key=lambda one: (-one.nurture.priority, one.name))
    labels = {one.name: one.label or one.name for one in document.nurtures}
    return Book(documents, portal, tuple(current), versions, Calendar(document.pace, zone), key, labels)
