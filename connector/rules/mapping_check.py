"""A mapping's rows held against the properties the portal has: gone, read-only, another type, options it lacks. Pure.

A row with a finding goes on working as far as it can, and all other rows are untouched; the finding says what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from connector.model.records import PropertyDefinition
from connector.rules.documents.fields import FIELDS, FieldType
from connector.rules.documents.mapping import OBJECTS, ObjectName, Row

FindingKind = Literal["gone", "read_only", "type", "option", "not_written"]
Known = Mapping[ObjectName, Mapping[str, PropertyDefinition]]

_HOLDS: dict[str, frozenset[FieldType]] = {
    "number": frozenset({"number"}),
    "bool": frozenset({"boolean"}),
    "date": frozenset({"date", "datetime"}),
    "datetime": frozenset({"date", "datetime"}),
}
"""Which of our types HubSpot's strict types can hold; text and options hold any."""
_GIVES: dict[str, frozenset[FieldType]] = {
    "bool": frozenset({"boolean", "text"}),
    "date": frozenset({"date", "datetime", "text"}),
    "datetime": frozenset({"date", "datetime", "text"}),
    "number": frozenset({"number", "text", "phone", "level", "multi", "datetime"}),
}
"""Which of our types can be read from HubSpot's strict types."""
NAMED = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong at one row. ``names`` are what the sentence speaks of: a property, a type, options."""

    kind: FindingKind
    property: str
    names: tuple[str, ...] = ()
    nearest: str = ""


def findings(row: Row, known: Known) -> tuple[Finding, ...]:
    """Everything the portal says against this row; nothing while its properties were never read."""
    return tuple(_found(row, known)) if known.get("contacts") else ()


def _found(row: Row, known: Known) -> Iterator[Finding]:
    if row.writes() and row.where() == "company":
        yield Finding("not_written", row.property)
    own = known.get(OBJECTS[row.where()], {})
    definition = own.get(row.property)
    if definition is None:
        others = any(name in known.get(OBJECTS[where], {}) for where, name in row.sources()[1:])
        if row.writes() or not others:
            near = get_close_matches(row.property, own, n=1, cutoff=0.75)
            yield Finding("gone", row.property, nearest=near[0] if near else "")
        return
    if row.writes() and (definition.read_only or definition.calculated):
        yield Finding("read_only", row.property)
    yield from _types(row, definition)
    yield from _options(row, definition)


def _types(row: Row, definition: PropertyDefinition) -> Iterator[Finding]:
    ours = FIELDS[row.field].type
    if row.values:
        return  # a value map may make anything of anything
    writable = _HOLDS.get(definition.type)
    readable = _GIVES.get(definition.type)
    if (row.writes() and writable is not None and ours not in writable) or (
        row.reads() and readable is not None and ours not in readable
    ):
        yield Finding("type", row.property, (definition.type, ours))


def _options(row: Row, definition: PropertyDefinition) -> Iterator[Finding]:
    """Words of the value map that the drop-down does not have: they never occur, and cannot be written."""
    if definition.type != "enumeration" or definition.external_options or not definition.options or not row.values:
        return
    there = {word.casefold() for option in definition.options for word in (option.value, option.label)}
    missing = [raw for raw in row.values if raw.strip().casefold() not in there]
    if missing and (row.writes() or len(missing) == len(row.values)):
        yield Finding("option", row.property, tuple(missing[:NAMED]))
