"""The ``mapping`` document: which HubSpot property feeds which canonical field, and what may be written back.

Not here: applying it (``connector/rules/mapping.py``), the schema (``fields.py``), what the steps do (``transforms/``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from connector.rules.documents import wording
from connector.rules.documents.base import Check, Complaint, Document, Part, Problem
from connector.rules.documents.enrichment import Enrichment
from connector.rules.documents.fields import FIELDS, FieldObject
from connector.rules.documents.sources import LEAD_SOURCE, unknown_sources
from connector.rules.documents.steps import LOSSY, STEP_NAMES, Step, chains, name_of

Direction = Literal["read", "write", "both"]
Mode = Literal["identifier", "overwrite", "fill_if_empty", "never"]
Clear = Literal["keep", "clear", "hold"]
Conflict = Literal["newer", "ours", "theirs"]
UnknownOption = Literal["hold", "drop", "keep", "create_option"]
ObjectName = Literal["contacts", "companies"]

OBJECTS: dict[FieldObject, ObjectName] = {"contact": "contacts", "company": "companies"}
_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,99}\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}([_-][A-Z]{2})?\Z")
_REGION = re.compile(r"[A-Z]{2}\Z")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


class LocaleSpec(Part):
    """How people write in this portal. ``languages`` in order of preference; ``numbers`` are the locales numbers may
    be written in (default: the languages); no ``date_order`` means 03/04/2026 is never guessed."""

    languages: Annotated[tuple[str, ...], Field(min_length=1)] = ("en",)
    numbers: tuple[str, ...] = ()
    date_order: Literal["", "DMY", "MDY", "YMD"] = ""
    region: str = ""
    time_zone: str = "UTC"

    def problems(self) -> Iterator[Problem]:
        for key, words in (("languages", self.languages), ("numbers", self.numbers)):
            for at, word in enumerate(words):
                if not _LANGUAGE.match(word):
                    yield Problem((key, at), f'"{word}" is no language.', "Write it like `de`, `en` or `de_CH`.")
        if self.region and not _REGION.match(self.region):
            yield Problem(("region",), f'"{self.region}" is no region.', "Write the two capital letters, like `DE`.")
        if not _is_zone(self.time_zone):
            yield Problem(("time_zone",), f'"{self.time_zone}" is no time zone.', "Write it like `Europe/Berlin`.")


class Row(Part):
    """One line of the mapping: a field, the property behind it, and what may happen between them.

    ``conflict``: who wins when somebody changed the property in HubSpot after a write was planned.
    """

    field: str
    property: str
    object: FieldObject | None = None
    direction: Direction = "read"
    mode: Mode = "never"
    clear: Clear = "keep"
    conflict: Conflict = "newer"
    values: dict[str, str | int | float | bool] = Field(default={})
    unknown: UnknownOption = "keep"
    transforms: tuple[Step, ...] = ()
    fallbacks: tuple[str, ...] = ()

    @field_validator("field")
    @classmethod
    def _known_field(cls, value: str) -> str:
        if value not in FIELDS:
            raise Complaint(f'"{value}" is no field.', wording.suggest(value, FIELDS, "Fields"))
        return value

    @field_validator("property")
    @classmethod
    def _good_property(cls, value: str) -> str:
        if not _PROPERTY.match(value):
            raise Complaint(
                f'"{value}" cannot be a HubSpot property.',
                "Use its internal name: small letters, digits and underscores, beginning with a letter.",
            )
        return value

    def where(self) -> FieldObject:
        return self.object or FIELDS[self.field].object

    def reads(self) -> bool:
        return self.direction != "write"

    def writes(self) -> bool:
        return self.direction != "read" and self.mode in ("overwrite", "fill_if_empty")

    def sources(self) -> tuple[tuple[FieldObject, str], ...]:
        """The property and its fallbacks in order, each with its object."""
        return ((self.where(), self.property), *(split_source(text, self.where()) for text in self.fallbacks))

    def problems(self) -> Iterator[Problem]:
        yield from _fallback_problems(self)
        yield from _mode_problems(self)
        yield from chains(self.values, "values")
        yield from _way_back_problems(self)
        if self.field == LEAD_SOURCE:
            yield from unknown_sources((("values", raw), meaning) for raw, meaning in self.values.items())


class MappingDocument(Document):
    """The mapping of one portal."""

    locale: LocaleSpec = LocaleSpec()
    read_more: Literal["used", "all"] | tuple[str, ...] = "used"
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]
    enrichment: Enrichment | None = None

    def problems(self) -> Iterator[Problem]:
        names = self.read_more if isinstance(self.read_more, tuple) else ()
        for at, text in enumerate(names):
            if not _PROPERTY.match(split_source(text, "contact")[1]):
                yield Problem(("read_more", at), f'"{text}" cannot be a HubSpot property.', "Use its internal name.")


def split_source(text: str, around: FieldObject) -> tuple[FieldObject, str]:
    """``company.industry`` → company and industry; a bare name stays with the row's own object."""
    head, dot, tail = text.partition(".")
    if dot and head in ("contact", "company"):
        return ("company" if head == "company" else "contact"), tail
    return around, text


def properties_used(doc: MappingDocument) -> dict[ObjectName, set[str]]:
    """Every property the mapping itself needs from the portal, by object; ``read_more`` names included."""
    used: dict[ObjectName, set[str]] = {"contacts": set(), "companies": set()}
    for row in doc.rows:
        for where, name in row.sources():
            used[OBJECTS[where]].add(name)
    if isinstance(doc.read_more, tuple):
        for text in doc.read_more:
            where, name = split_source(text, "contact")
            used[OBJECTS[where]].add(name)
    if doc.enrichment is not None:
        used["contacts"].add("email")
        used["companies"].add("domain")
    return used


# --- checks ------------------------------------------------------------------------------------------------------


def _fallback_problems(row: Row) -> Iterator[Problem]:
    seen = {(row.where(), row.property)}
    for at, text in enumerate(row.fallbacks):
        source = split_source(text, row.where())
        if not _PROPERTY.match(source[1]):
            yield Problem(("fallbacks", at), f'"{text}" cannot be a HubSpot property.', "Use its internal name.")
        elif source in seen:
            yield Problem(("fallbacks", at), f'"{text}" is already read by this row.', "Remove it.")
        seen.add(source)


def _mode_problems(row: Row) -> Iterator[Problem]:
    if row.direction == "read" and row.mode in ("overwrite", "fill_if_empty"):
        yield Problem(
            ("mode",),
            f'"{row.mode}" has no effect: this row is only read.',
            "Write `direction: both`, or `mode: never`.",
        )
    if row.direction == "write" and row.mode in ("identifier", "never"):
        yield Problem(
            ("mode",),
            f'A row that is only written cannot have the mode "{row.mode}".',
            "Use overwrite or fill_if_empty.",
        )
    if not row.writes() and row.clear != "keep":
        yield Problem(("clear",), "Nothing is written by this row, so nothing can be cleared.", "Remove `clear`.")
    if not row.writes() and row.conflict != "newer":
        yield Problem(
            ("conflict",), "Nothing is written by this row, so nobody can be overruled.", "Remove `conflict`."
        )


def _way_back_problems(row: Row) -> Iterator[Problem]:
    """A row that writes must be able to say the portal's own value again (P27)."""
    if not row.writes():
        return
    for at, step in enumerate(row.transforms):
        if name_of(step) in LOSSY:
            yield Problem(
                ("transforms", at), f'The step "{name_of(step)}" has no way back, but this row is written.',
                "Write `direction: read`, or take the step out.",
            )  # fmt: skip
    first: dict[str, str] = {}
    for raw, meaning in row.values.items():
        other = first.setdefault(_folded(meaning), raw)
        if other != raw:
            yield Problem(
                ("values", raw), f'"{other}" and "{raw}" both mean "{meaning}": which one should be written?',
                "Keep one of them, or write `direction: read`.",
            )  # fmt: skip


def _folded(meaning: str | float | bool) -> str:
    return str(meaning).casefold()


def _one_reader_per_field(doc: MappingDocument) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for at, row in enumerate(doc.rows):
        if row.reads() and seen.setdefault(row.field, at) != at:
            yield Problem(
                ("rows", at, "field"), f'"{row.field}" is already read by row {seen[row.field] + 1}.',
                "Put the second property under `fallbacks` of that row.",
            )  # fmt: skip


def _one_writer_per_property(doc: MappingDocument) -> Iterator[Problem]:
    seen: dict[tuple[str, str], int] = {}
    for at, row in enumerate(doc.rows):
        target = (row.where(), row.property)
        if row.writes() and seen.setdefault(target, at) != at:
            yield Problem(
                ("rows", at, "property"), f'"{row.property}" is already written by row {seen[target] + 1}.',
                "Two rows writing one property would take turns; let one of them only read.",
            )  # fmt: skip


CHECKS: tuple[Check, ...] = (_one_reader_per_field, _one_writer_per_property)

__all__ = ["CHECKS", "STEP_NAMES", "LocaleSpec", "MappingDocument", "Row", "properties_used", "split_source"]
