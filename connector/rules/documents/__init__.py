"""The registry of documents, written out by hand: one line per kind. The machinery is in ``base.py``."""

from __future__ import annotations

from connector.errors import ConfigError
from connector.rules.documents import (
    activities,
    consent,
    goals,
    lifecycle,
    mapping,
    nurture_checks,
    routing,
    schedule,
    scoring,
    wording,
    workflows,
)
from connector.rules.documents.base import Document, Kind, Lines, parse
from connector.rules.documents.shape import Plain

KINDS: dict[str, Kind] = {
    "activities": Kind(activities.ActivitiesDocument, activities.CHECKS),
    "mapping": Kind(mapping.MappingDocument, mapping.CHECKS),
    "scoring": Kind(scoring.ScoringDocument, (scoring.checks,)),
    "lifecycle": Kind(lifecycle.LifecycleDocument, (lifecycle.checks,)),
    "routing": Kind(routing.RoutingDocument, (routing.checks,)),
    "workflows": Kind(workflows.WorkflowsDocument, (nurture_checks.checks,)),
    "consent": Kind(consent.ConsentDocument),
    "schedule": Kind(schedule.ScheduleDocument),
    "goals": Kind(goals.GoalsDocument, (goals.checks,)),
}


def parse_document(kind: str, data: Plain, lines: Lines, file: str) -> Document:
    """The document of that kind, or ``DocumentInvalid`` with all its faults, each with file, line and remedy."""
    if kind not in KINDS:
        raise ConfigError(f'"{kind}" is no kind of document.', remedy=wording.suggest(kind, KINDS, "Kinds"))
    return parse(KINDS[kind], data, lines, file)


__all__ = ["KINDS", "Document", "Kind", "parse_document"]
