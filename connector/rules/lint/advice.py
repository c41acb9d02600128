"""What the linter looks at and what it says. Values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from connector.rules.documents.activities import ActivitiesDocument
from connector.rules.documents.conditions import Condition, walk
from connector.rules.documents.lifecycle import CRITERIA, Criterion, LifecycleDocument
from connector.rules.documents.mapping import MappingDocument
from connector.rules.documents.scoring import ScoringDocument, conditions_of, models_of
from connector.rules.documents.shape import Place
from connector.rules.documents.workflows import WorkflowsDocument


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to think about. ``code`` names the check (``loop``, ``never``, ``L28`` …)."""

    code: str
    kind: str
    place: Place
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Papers:
    """The documents to look at together, and the portal's property names by kind of record, once they are known."""

    scoring: ScoringDocument
    lifecycle: LifecycleDocument
    mapping: MappingDocument | None = None
    activities: ActivitiesDocument | None = None
    workflows: WorkflowsDocument | None = None
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)


def scoring_leaves(papers: Papers) -> Iterator[tuple[Place, str, Condition]]:
    """Every leaf of the models' conditions: place of the condition, name of its rule or persona, the leaf."""
    for at, model in models_of(papers.scoring):
        for place, condition in conditions_of(model):
            index = int(place[1])
            on = place[0] == "personas" or model.rules[index].enabled
            name = model.personas[index].name if place[0] == "personas" else model.rules[index].name
            yield from (((*at, *place), name, leaf) for leaf, _ in walk(condition) if on and not leaf.children())


def gate_conditions(papers: Papers) -> Iterator[tuple[Place, str, Condition]]:
    """Every condition of the lifecycle document: its place, its name, the whole condition."""
    mql = papers.lifecycle.mql
    for name in CRITERIA:
        criterion: Criterion = getattr(mql.criteria, name)
        if criterion.when is not None:
            yield ("mql", "criteria", name, "when"), name, criterion.when
    for index, one in enumerate(papers.lifecycle.exclusions):
        yield ("exclusions", index, "when"), one.name, one.when


def gate_leaves(papers: Papers) -> Iterator[tuple[Place, str, Condition]]:
    """Every leaf of them."""
    for place, name, condition in gate_conditions(papers):
        yield from ((place, name, leaf) for leaf, _ in walk(condition) if not leaf.children())
