"""The published documents of one portal, parsed and compiled once for a flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from connector.model.records import ObjectType, PropertyDefinition
from connector.presets import load_yaml, preset_text
from connector.rules.activities import CompiledActivities, compile_activities
from connector.rules.compiled import Compiled, Documents, compile_documents
from connector.rules.documents import KINDS, parse_document
from connector.rules.documents.mapping import properties_used as mapped_properties
from connector.rules.documents.workflows import WorkflowsDocument
from connector.rules.mapping import CompiledMapping, compile_mapping
from connector.rules.needs import circle_of, properties_used
from connector.store import Store, Unit, definitions, documents, nurtures

MAPPED: tuple[ObjectType, ...] = ("contacts", "companies")
SHIPPED: dict[str, tuple[str, str]] = {
    "mapping": ("mapping", "standard-b2b"),
    "activities": ("activities", "standard"),
    "scoring": ("scoring", "standard-b2b"),
    "lifecycle": ("lifecycle", "standard"),
    "routing": ("routing", "standard"),
    "workflows": ("workflows", "standard"),
    "consent": ("consent", "standard"),
    "schedule": ("schedule", "standard"),
    "goals": ("goals", "standard"),
}
# What tells whether a deal is open, won or lost, whatever the pipeline (HubSpot docs: default deal properties).
DEAL_STATE = ("hs_is_closed", "hs_is_closed_won")
# The documents that judge. The schedule is read by the clock (``schedule``), the goals by reports.
JUDGING = tuple(kind for kind in SHIPPED if kind not in ("schedule", "goals"))


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What judges a portal: mapping, activities and the rules, with the properties they need to be read."""

    mapping: CompiledMapping
    activities: CompiledActivities
    rules: Compiled
    versions: Mapping[str, int]
    used_properties: Mapping[str, frozenset[str]] = field(default_factory=dict)
    reads_everything: bool = False
    writes_fields: bool = False

    def used(self, object_type: ObjectType) -> frozenset[str]:
        """Names of the properties of ``object_type`` that some document names."""
        return self.used_properties.get(object_type, frozenset())


def publish_shipped(u: Unit, portal_id: int, config_dir: Path | None, now_ms: int) -> None:
    """Publish the shipped documents as version 1 of a new portal."""
    for kind, (folder, name) in SHIPPED.items():
        body = preset_text(folder, name, config_dir)
        documents.publish(u, portal_id, kind, body, "leadwright", "shipped with Leadwright", now_ms)


def parse_text(kind: str, text: str, file: str) -> Any:
    """YAML → document; ``DocumentInvalid`` with all faults."""
    data, lines = load_yaml(text, file)
    return parse_document(kind, data, lines, file)


def earlier_workflows(u: Unit, portal_id: int, current: int) -> list[tuple[int, WorkflowsDocument]]:
    """The versions of the workflows document, but for the current one, that contacts are still inside of."""
    inside = sorted(nurtures.versions(u, portal_id) - {current})
    rows = [documents.get(u, portal_id, "workflows", version) for version in inside]
    return [(row.version, _workflows(row.body, row.version)) for row in rows if row is not None]


@lru_cache(maxsize=16)
def _workflows(body: str, version: int) -> WorkflowsDocument:
    """A published version never changes, and every cycle asks for it more than once."""
    found: WorkflowsDocument = parse_text("workflows", body, f"workflows (version {version})")
    return found


def load(
    store: Store, portal_id: int, at_ms: int | None = None, *, instead: Mapping[str, tuple[Any, int]] | None = None
) -> Rulebook:
    """Read, parse and compile what is published for a portal, or what was at a past minute.

    ``instead``: documents, each with the version it would have, that take the published ones' place.
    """
    parsed: dict[str, Any] = {}
    versions: dict[str, int] = {}
    with store.view() as u:
        for kind in JUDGING:
            row = documents.current(u, portal_id, kind) if at_ms is None else _published_at(u, portal_id, kind, at_ms)
            if row is not None:
                parsed[kind], versions[kind] = (
                    parse_text(kind, row.body, f"{kind} (version {row.version})"),
                    row.version,
                )
            else:  # a portal connected before there was such a document works by the shipped one
                parsed[kind] = parse_text(kind, preset_text(*SHIPPED[kind]), f"{kind} (shipped)")
        known = {kind: definitions.properties(u, portal_id, kind).values() for kind in MAPPED}
    for kind, (document, version) in (instead or {}).items():
        parsed[kind], versions[kind] = document, version
    return assemble(parsed, versions, known if known["contacts"] else None)


def edition(store: Store, portal_id: int) -> tuple[int | None, ...]:
    """What a compiled rulebook rests on: the version of each document, and when the definitions were read."""
    with store.view() as u:
        versions = documents.versions(u, portal_id)
        return (
            *(versions.get(kind) for kind in SHIPPED),
            *(definitions.read_ms(u, portal_id, f"properties:{kind}") for kind in MAPPED),
        )


def _published_at(u: Unit, portal_id: int, kind: str, at_ms: int) -> documents.DocumentRow | None:
    """The version in force at a time; before the first one, the first one."""
    published = [row for row in documents.history(u, portal_id, kind) if row.published_ms is not None]
    return next((row for row in published if (row.published_ms or 0) <= at_ms), published[-1] if published else None)


def assemble(
    parsed: Mapping[str, Any],
    versions: Mapping[str, int],
    known: Mapping[Any, Iterable[PropertyDefinition]] | None = None,
) -> Rulebook:
    """Compile parsed documents into a rulebook; ``known`` are the portal's property definitions, once mirrored."""
    rules = Documents(
        scoring=parsed["scoring"],
        lifecycle=parsed["lifecycle"],
        workflows=parsed["workflows"],
        consent=parsed["consent"],
        versions=dict(versions),
        routing=parsed["routing"],
    )
    mapping = parsed["mapping"]
    used: dict[str, set[str]] = {kind: set(names) for kind, names in mapped_properties(mapping).items()}
    used.setdefault("contacts", set()).update(properties_used(rules))
    if "deals" in circle_of(rules.scoring):
        used.setdefault("deals", set()).update(DEAL_STATE)
    return Rulebook(
        mapping=compile_mapping(mapping, known),
        activities=compile_activities(parsed["activities"]),
        rules=compile_documents(rules),
        versions=dict(versions),
        used_properties={kind: frozenset(names) for kind, names in used.items()},
        reads_everything=cast("str", mapping.read_more) == "all",
        writes_fields=any(row.writes() and row.where() == "contact" for row in mapping.rows),
    )


def kinds() -> tuple[str, ...]:
    """All kinds of documents."""
    return tuple(KINDS)
