"""The columns of a sheet of people: which of them name the contact, and which row of the mapping takes a value.

A column is named as a canonical field, as a HubSpot property or by the property's label. Only rows that write take
values; every other column is told with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connector.model.records import PropertyDefinition
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.mapping import MappingDocument, Row
from connector.rules.documents.wording import did_you_mean
from connector.rules.mapping import CompiledMapping, Source, compile_mapping

IDS = ("record_id", "id", "contact_id", "hs_object_id", "record-id", "datensatz-id")
EMAILS = ("email", "e-mail", "e_mail", "mail", "e-mail-adresse", "email_address", "properties.email")
OUR_OWN = ("archived", "merged_into", "modified_at")
"""Columns of our own export that say nothing to write."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A column with one row of the mapping that takes its values: ``source`` reads a cell, ``mapping`` holds the row
    alone, for the way to the portal."""

    column: str
    row: Row
    source: Source
    mapping: CompiledMapping


@dataclass(frozen=True, slots=True)
class Unused:
    """A column that nothing is made of, and why."""

    column: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a sheet mean. ``ident`` and ``email`` are the key columns, '' where there is none."""

    ident: str
    email: str
    asked: tuple[Asked, ...]
    unused: tuple[Unused, ...]


def understood(
    names: Sequence[str], mapping: CompiledMapping, known: Mapping[str, PropertyDefinition]
) -> Columns:  # fmt: skip
    """What these columns mean in a portal with this mapping and these properties of contacts."""
    ident = next((name for name in names if name in IDS), "")
    email = next((name for name in names if name in EMAILS), "")
    asked: list[Asked] = []
    unused: list[Unused] = []
    taken: dict[str, str] = {}
    for name in names:
        if name in ("", ident, email, *OUR_OWN):
            continue
        found = _rows(name, mapping.document, known)
        if isinstance(found, Unused):
            unused.append(found)
            continue
        for row in found:
            if other := taken.get(row.property):
                why = f"{row.property} is given by the column {other} already"
                unused.append(Unused(name, why, "Keep one of the two."))
                continue
            taken[row.property] = name
            asked.append(_asked(name, row, mapping))
    # A country that is written may be the region of the phone number beside it.
    asked.sort(key=lambda one: one.row.field != "country")
    return Columns(ident, email, tuple(asked), tuple(unused))


def _rows(name: str, document: MappingDocument, known: Mapping[str, PropertyDefinition]) -> list[Row] | Unused:
    """The writing rows that a column means, or why there is none."""
    kind, dot, bare = name.partition(".")
    kind = kind if dot and kind in ("fields", "properties") else ""
    bare = bare if kind else name
    by_field = [row for row in document.rows if row.field == bare and kind != "properties"]
    by_property = [row for row in document.rows if row.property == bare and kind != "fields"]
    named = [row for row in by_property if row.where() == "contact"]
    if not (by_field or by_property or kind or bare in FIELDS or bare in known):
        named = [row for row in document.rows if row.where() == "contact" and row.property in _labelled(bare, known)]
    writing = [row for row in by_field if _writes(row)]
    others = [row for row in named if _writes(row) and row not in writing]
    if writing and others:
        why = f"{bare} is a field and, in another row of the mapping, a property"
        return Unused(name, why, f"Call the column fields.{bare} or properties.{bare}.")
    return (writing or others) or _nobody(name, bare, [*by_field, *named, *by_property], document, known)


def _writes(row: Row) -> bool:
    return row.writes() and row.where() == "contact"


def _labelled(label: str, known: Mapping[str, PropertyDefinition]) -> list[str]:
    """The property of that label, unless several are called so."""
    found = [one.name for one in known.values() if "_".join(one.label.strip().casefold().split()) == label]
    return found if len(found) == 1 else []


def _nobody(
    name: str, bare: str, rows: Sequence[Row], document: MappingDocument, known: Mapping[str, PropertyDefinition]
) -> Unused:
    """Why no row takes this column's values."""
    if rows:
        row = rows[0]
        number = document.rows.index(row) + 1
        if row.where() == "company":
            return Unused(name, f"row {number} of the mapping is about companies", "Only contacts are written.")
        if row.mode == "identifier":
            return Unused(name, f"row {number} of the mapping says who the contact is", "It is never written.")
        remedy = "Write `direction: both` and `mode: overwrite` or `fill_if_empty` in the mapping."
        return Unused(name, f"row {number} of the mapping only reads {row.property}", remedy)
    if bare in FIELDS or bare in known:
        remedy = "Add a row with `direction: both` and `mode: overwrite` or `fill_if_empty` to the mapping."
        return Unused(name, "no row of the mapping writes it", remedy)
    names = dict.fromkeys(word for row in document.rows if _writes(row) for word in (row.field, row.property))
    hint = did_you_mean(bare, list(names))
    return Unused(name, "there is no such field or property", f"{hint}Written are: {', '.join(names) or 'none'}.")


def _asked(name: str, row: Row, mapping: CompiledMapping) -> Asked:
    """The row alone. Cells are read as people write them, also where the property itself holds machine text."""
    document = mapping.document
    reading = row.model_copy(update={"direction": "both", "fallbacks": ()})
    alone = document.model_copy(update={"rows": (reading,), "enrichment": None})
    source = compile_mapping(alone, locale=mapping.locale).rows[0].sources[0]
    return Asked(name, row, source, replace(mapping, document=document.model_copy(update={"rows": (row,)})))
