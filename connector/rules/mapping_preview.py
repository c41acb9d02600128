"""What an edited mapping makes of one contact, row by row, against the mapping that is published. Pure.

Values come from ``to_fields`` and ``write_back`` themselves; what may not be written is decided where a plan decides it
and handed in. Here it only gets its word: fill, change, clear, conflict, fail, same, nothing, unread.

A row that reads has our field as its target: the value there now is what the published mapping gives. A row that writes
has HubSpot's property as its target. A row that does both has both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from connector.model.judgement import Decision, Field, FieldValue, Hold, Known, SetProperty, Unknown
from connector.model.records import Properties
from connector.rules.decide import same_value
from connector.rules.documents.mapping import MappingDocument, Row
from connector.rules.mapping import NOT_MAPPED, CompiledMapping, CompiledRow, ValueFault, to_fields
from connector.rules.write_back import write_back

Effect = Literal["fill", "change", "clear", "conflict", "fail", "same", "nothing", "unread"]
EFFECTS: tuple[Effect, ...] = ("fill", "change", "clear", "conflict", "fail", "same", "nothing", "unread")
MOVING: frozenset[Effect] = frozenset({"fill", "change", "clear"})
BROKEN = frozenset({"ambiguous", "invalid", "held"})
"""Why a field is unknown although its property has a value."""
DISPUTED = frozenset({"undone", "frozen"})
"""Gates that stand for another will than the mapping's: a person took it back, two writers keep turning it."""
_COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class Seen:
    """One row on one contact. ``reads`` and ``writes`` are None where the row does not.

    ``source`` and ``raw``: the property the value came from, and what it holds; ``found``: what became of it;
    ``was``: our field as the published mapping gives it; ``now``: HubSpot's property now; ``text``: what it would hold.
    """

    row: int
    source: str
    raw: str
    found: Field
    was: Field
    now: str
    text: str
    reads: Effect | None
    writes: Effect | None
    reason: str = ""
    remedy: str = ""

    @property
    def effect(self) -> Effect:
        """The one word for the row: what happens in HubSpot where it writes, else in our field."""
        return self.writes or self.reads or "nothing"


class MappingPreview:
    """Two compiled mappings held against each other; one value for many contacts."""

    def __init__(self, before: CompiledMapping, after: CompiledMapping) -> None:
        self.before, self.after = before, after
        known = (after.definitions or {}).get("contacts", {})
        self._types = {name: definition.type for name, definition in known.items()}
        self.rows: tuple[Row, ...] = after.document.rows
        self.readers = tuple((at, row) for at, row in enumerate(self.rows) if row.reads())
        self.writers = tuple((at, row) for at, row in enumerate(self.rows) if row.writes() and row.where() == "contact")
        self.moved = _moved(before, after)
        self.old = {row.field: row for row in before.rows}
        self.new = {row.field: row for row in after.rows}
        self._before = _only(before, self.moved | {_COUNTRY}) if self.moved else None
        filling = tuple(row for _, row in self.writers if row.mode == "fill_if_empty")
        self._insisting = _insisting(after, filling)

    def fields(
        self, contact: Properties, company: Properties | None
    ) -> tuple[Mapping[str, Field], Mapping[str, Field], tuple[ValueFault, ...]]:
        """The fields by the published mapping and by the edited one, with what the latter could not read.

        What both mappings read alike is read once.
        """
        new = to_fields(self.after, contact, company)
        if self._before is None:
            return new.fields, new.fields, new.faults
        old = to_fields(self._before, contact, company).fields
        was = {name: old.get(name, NOT_MAPPED) if name in self.moved else found for name, found in new.fields.items()}
        return was, new.fields, new.faults

    def write_effect(
        self,
        row: Row,
        fields: Mapping[str, Field],
        current: Properties,
        decision: Decision | None,
    ) -> Effect:
        """What a writing row does to HubSpot's property. ``decision`` is the plan's for it, if there is one."""
        now = current.get(row.property) or ""
        if isinstance(decision, SetProperty):
            if row.property not in current:
                return "unread"
            if same_value(row.property, now, decision.value, self._types):
                return "same"
            return "clear" if not decision.value else "change" if now else "fill"
        if isinstance(decision, Hold):
            return "conflict" if decision.gate in DISPUTED else "fail"
        field = fields.get(row.field, NOT_MAPPED)
        if isinstance(field, Unknown):
            return "fail" if field.why in BROKEN else "nothing"
        if row.mode == "fill_if_empty" and now and self._differs(row, fields, current):
            return "conflict"
        return "same" if now else "nothing"

    def _differs(self, row: Row, fields: Mapping[str, Field], current: Properties) -> bool:
        """Whether both sides have a value and another one: only then is HubSpot's, which stays, in the way of ours."""
        asked = write_back(self._insisting, {row.field: fields[row.field]}, current)
        return row.property in asked.properties or any(held.property == row.property for held in asked.held)

    def seen(
        self,
        contact: Properties,
        company: Properties | None,
        decisions: Mapping[str, Decision],
    ) -> tuple[Seen, ...]:
        """Every row of the edited mapping on one contact, for a person to look at."""
        was, fields, faults = self.fields(contact, company)
        told: dict[str, ValueFault] = {}
        for fault in faults:
            told.setdefault(fault.field, fault)
        return tuple(
            self._seen(at, row, contact, company, was, fields, told, decisions) for at, row in enumerate(self.rows)
        )

    def _seen(
        self, at: int, row: Row, contact: Properties, company: Properties | None, was: Mapping[str, Field],
        fields: Mapping[str, Field], told: Mapping[str, ValueFault], decisions: Mapping[str, Decision],
    ) -> Seen:  # fmt: skip
        found, before = fields.get(row.field, NOT_MAPPED), was.get(row.field, NOT_MAPPED)
        source, raw = _source_of(row, found, contact, company)
        record = contact if row.where() == "contact" else company or {}
        now = record.get(row.property) or ""
        writes = row.writes() and row.where() == "contact"
        decision = decisions.get(row.property) if writes else None
        never = unread(self.new.get(row.field), contact, company)
        fault = told.get(row.field) if isinstance(found, Unknown) else None
        why, remedy = (fault.reason, "") if fault is not None else ("", "")
        if isinstance(decision, Hold):
            why, remedy = decision.why, decision.remedy
        return Seen(
            row=at,
            source=source,
            raw=raw,
            found=found,
            was=before,
            now=now if writes else "",
            text=decision.value if isinstance(decision, SetProperty) else "",
            reads=read_effect(found, before, never_read=never) if row.reads() else None,
            writes=self.write_effect(row, fields, contact, decision) if writes else None,
            reason=why,
            remedy=remedy,
        )


def read_effect(found: Field, was: Field, *, never_read: bool) -> Effect:
    """What a reading row does to our field. ``never_read``: see ``unread``."""
    if isinstance(found, Known):
        if isinstance(was, Known):
            return "same" if _alike(found.value, was.value) else "change"
        return "fill"
    if found.why in BROKEN:
        return "fail"
    if isinstance(was, Known):
        return "clear"
    return "unread" if never_read else "nothing"


def unread(row: CompiledRow | None, contact: Properties, company: Properties | None) -> bool:
    """Whether none of the row's properties was ever read for this contact: unknown is not empty."""
    if row is None or not row.sources:
        return False
    for source in row.sources:
        record = company if source.of_company else contact
        if record is None or source.property in record:
            return False
    return True


def by_property(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """What was decided on each property, as ``MappingPreview`` wants it."""
    found: dict[str, Decision] = {}
    for decision in decisions:
        if isinstance(decision, SetProperty):
            found[decision.property] = decision
        elif isinstance(decision, Hold):
            found[decision.effect.removeprefix("write:")] = decision
    return found


def _alike(left: FieldValue, right: FieldValue) -> bool:
    return type(left) is type(right) and left == right


def _source_of(row: Row, found: Field, contact: Properties, company: Properties | None) -> tuple[str, str]:
    """The property the value came from, else the first that holds anything, with its raw value."""
    first = ("", "")
    for where, name in row.sources():
        record = contact if where == "contact" else company
        raw = (record.get(name) or "") if record is not None else ""
        said = name if where == "contact" else f"company.{name}"
        if isinstance(found, Known) and found.source == said:
            return said, raw
        if raw and not first[0]:
            first = (said, raw)
    return first


def _moved(before: CompiledMapping, after: CompiledMapping) -> frozenset[str]:
    """The fields that the two mappings may read differently; all of them when the locale or the country differ."""
    old = {row.field: row for row in before.document.rows if row.reads()}
    new = {row.field: row for row in after.document.rows if row.reads()}
    names = old.keys() | new.keys()
    if before.locale != after.locale or _reading(old.get(_COUNTRY)) != _reading(new.get(_COUNTRY)):
        return frozenset(names)
    return frozenset(name for name in names if _reading(old.get(name)) != _reading(new.get(name)))


def _reading(row: Row | None) -> object:
    """What of a row counts for reading."""
    if row is None:
        return None
    return (row.property, row.object, row.values, row.unknown, row.transforms, row.fallbacks)


def _only(mapping: CompiledMapping, fields: frozenset[str]) -> CompiledMapping:
    return replace(mapping, rows=tuple(row for row in mapping.rows if row.field in fields))


def _insisting(mapping: CompiledMapping, filling: tuple[Row, ...]) -> CompiledMapping:
    """The rows that fill empty properties, as if they wrote always: to see whether the two sides differ."""
    rows = tuple(row.model_copy(update={"mode": "overwrite"}) for row in filling)
    document = MappingDocument.model_construct(locale=mapping.document.locale, rows=rows)
    return replace(mapping, document=document)
