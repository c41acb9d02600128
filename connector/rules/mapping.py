"""From properties to fields. A document is compiled once per portal; every distinct value is worked out once.

Not here: the document and its checks (``documents/mapping.py``), the steps (``transforms/``), the way back
(``write_back.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from connector.model.enrichment import Told
from connector.model.judgement import Field, Known, Unknown
from connector.model.records import Properties, PropertyDefinition
from connector.rules.documents.base import Part
from connector.rules.documents.fields import FIELDS, CanonicalField, FieldObject, FieldType
from connector.rules.documents.mapping import OBJECTS, LocaleSpec, MappingDocument, ObjectName, Row
from connector.rules.documents.steps import name_of, with_options
from connector.rules.transforms import find
from connector.rules.transforms.base import Ambiguous, Invalid, Locale, Nothing, Outcome, Value, each
from connector.rules.transforms.machine import machine_number

Definitions = Mapping[str, PropertyDefinition]
NOT_MAPPED = Unknown("not mapped")
EMPTY = Unknown("empty")
NO_COMPANY = Unknown("no company")
NOT_HERE = Unknown("not in this portal")

UNSAID = frozenset(one.why for one in (NOT_MAPPED, EMPTY, NO_COMPANY, NOT_HERE))
"""Reasons that leave a field open for a provider's answer: nobody has written anything there."""

_NO_VALUE = (Ambiguous, Invalid, Nothing)
_REMEMBERED = 1024
"""Distinct values remembered per property; bounded, since every portal has a compiled mapping of its own."""
_FINISH: dict[FieldType, tuple[str, ...]] = {
    "text": (), "email": ("email",), "phone": ("phone",), "country": ("country",), "domain": ("domain",),
    "number": ("number",), "date": ("date",), "datetime": ("datetime",), "boolean": ("boolean",), "multi": (),
    "level": ("role_level",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ValueFault:
    """One value that could not be used. The record still lands; the raw value stays with the portal's copy (P9).

    ``kind``: ``ambiguous``, ``invalid`` or ``held`` (no entry in the row's value map). ``raw`` and ``reason`` may hold
    personal data: for the admin's screen, not for logs.
    """

    object: ObjectName
    property: str
    field: str
    raw: str
    kind: Literal["ambiguous", "invalid", "held"]
    reason: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one contact gives: every canonical field, and the values that were put aside."""

    fields: dict[str, Field]
    faults: tuple[ValueFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """A property the mapping names and the portal does not define: said once per portal, no fault."""

    object: ObjectName
    property: str
    field: str


_Reading = Callable[[str, str], tuple[Field, ValueFault | None]]


@dataclass(frozen=True, slots=True)
class Source:
    """One property a row may read: ``read(raw, region)``; ``region`` counts for phone numbers alone. ``chain`` are the
    steps that ``read`` goes through, for whoever shows them one by one."""

    of_company: bool
    property: str
    read: _Reading
    by_region: bool
    chain: tuple[Step, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """Where a provider's answer holds the value of a field, and how it is read."""

    path: str
    read: Callable[[str], Field]

    def known(self, told: Told | None) -> Known | None:
        """The value that was told, marked with who told it and since when."""
        raw = told.values.get(self.path) if told is not None else None
        found = self.read(raw) if raw else None
        if told is None or type(found) is not Known:
            return None
        return Known(found.value, told.said, told.at_ms, told=True)


@dataclass(frozen=True, slots=True)
class CompiledRow:
    """One reading row: its sources in order, and what the field is when none of them has a value.

    ``answered``: where a provider is asked for the field, for who has nothing in any of the sources.
    """

    field: str
    sources: tuple[Source, ...]
    empty: Unknown
    only_company: bool
    answered: Answered | None = None


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """A mapping ready for use. ``absent`` lists what the portal lacks; ``definitions`` are its own, when given."""

    document: MappingDocument
    locale: Locale
    rows: tuple[CompiledRow, ...]
    absent: tuple[Absent, ...] = ()
    definitions: Mapping[ObjectName, Definitions] | None = field(default=None, repr=False)


def locale_of(spec: LocaleSpec) -> Locale:
    return Locale(spec.languages, spec.numbers or spec.languages, spec.date_order, spec.region, spec.time_zone)


@lru_cache(maxsize=1024)
def regional(locale: Locale, region: str) -> Locale:
    """The same locale with the contact's own country as region of its phone numbers."""
    return replace(locale, region=region)


def compile_mapping(
    doc: MappingDocument,
    definitions: Mapping[ObjectName, Iterable[PropertyDefinition]] | None = None,
    locale: Locale | None = None,
) -> CompiledMapping:
    """Ready for many contacts. With the portal's ``definitions``, properties it lacks are left out (and listed), and
    number properties are read as the machine text they are, whatever the locale."""
    known = (
        None if definitions is None else {kind: {one.name: one for one in some} for kind, some in definitions.items()}
    )
    spoken = locale or locale_of(doc.locale)
    absent: list[Absent] = []
    rows = _enriched(doc, [_compiled(row, spoken, known, absent) for row in doc.rows if row.reads()], spoken)
    rows.sort(key=lambda row: row.field != "country")  # the country is the region of the phone numbers
    return CompiledMapping(doc, spoken, tuple(rows), tuple(absent), known)


def to_fields(
    mapping: CompiledMapping | MappingDocument,
    contact: Properties,
    company: Properties | None,
    locale: Locale | None = None,
    told: Told | None = None,
) -> Mapped:
    """Every canonical field of one contact. Nothing raises: what cannot be read is unknown, with a fault beside it.

    Give the compiled mapping wherever more than a few contacts are read; ``locale`` counts for a bare document only.
    ``told``: what a provider said of the contact's company; it fills what is empty.
    """
    compiled = mapping if isinstance(mapping, CompiledMapping) else compile_mapping(mapping, locale=locale)
    fields = dict(_BLANK)
    faults: list[ValueFault] = []
    region = compiled.locale.region
    for row in compiled.rows:
        found = read_row(row, contact, company, region, faults, told)
        fields[row.field] = found
        if row.field == "country" and type(found) is Known:
            region = str(found.value)
    return Mapped(fields, tuple(faults))


def read_row(
    row: CompiledRow,
    contact: Properties,
    company: Properties | None,
    region: str,
    faults: list[ValueFault],
    told: Told | None = None,
) -> Field:
    """One field of one contact: what the portal holds, else what a provider told, else why there is no value."""
    found = _held(row, contact, company, region, faults)
    if told is None or row.answered is None or type(found) is not Unknown or found.why not in UNSAID:
        return found
    return row.answered.known(told) or found


def _held(
    row: CompiledRow, contact: Properties, company: Properties | None, region: str, faults: list[ValueFault]
) -> Field:
    """The first property with a usable value, else the first reason why there is none."""
    reason: Unknown | None = None
    for source in row.sources:
        record = company if source.of_company else contact
        raw = record.get(source.property) if record is not None else None
        if not raw:
            continue
        found, fault = source.read(raw, region if source.by_region else "")
        if fault is not None:
            faults.append(fault)
        if type(found) is Known:
            return found
        if reason is None and type(found) is Unknown and found.why != "empty":
            reason = found
    if reason is not None:
        return reason
    return NO_COMPANY if row.only_company and company is None else row.empty


def _compiled(
    row: Row, locale: Locale, known: Mapping[ObjectName, Definitions] | None, absent: list[Absent]
) -> CompiledRow:
    sources = []
    for where, name in row.sources():
        definition = None
        if known is not None:
            definition = known.get(OBJECTS[where], {}).get(name)
            if definition is None:
                absent.append(Absent(OBJECTS[where], name, row.field))
                continue
        sources.append(_source(row, where, name, locale, definition))
    only_company = bool(sources) and all(source.of_company for source in sources)
    return CompiledRow(row.field, tuple(sources), EMPTY if sources else NOT_HERE, only_company)


def _enriched(doc: MappingDocument, rows: list[CompiledRow], locale: Locale) -> list[CompiledRow]:
    """The rows with what the provider is asked for; a field that no row reads gets one without any source."""
    asked = doc.enrichment.fields if doc.enrichment is not None else {}
    if not asked:
        return rows
    own = {row.field: row for row in doc.rows if row.reads()}
    answered = {name: _answered(name, path, own.get(name), locale) for name, path in asked.items()}
    bare = [CompiledRow(name, (), NOT_MAPPED, only_company=False) for name in asked if name not in own]
    return [replace(row, answered=answered.get(row.field)) for row in [*rows, *bare]]


def _answered(name: str, path: str, row: Row | None, locale: Locale) -> Answered:
    """An answer is machine text: numbers are read as such, whatever the portal's locale. The row's value map counts."""
    target = FIELDS[name]
    own = [Step("machine", _machine)] if target.type == "number" else []
    own += [Step("values", _valued(row))] if row is not None and row.values else []
    chain = (_bound("trim"), *own, *map(_bound, _FINISH[target.type]), Step("shape", _shaped(target.type)))

    @lru_cache(maxsize=_REMEMBERED)
    def read(raw: str) -> Field:
        outcome = run(chain, raw, locale)
        return Unknown("invalid", raw) if isinstance(outcome, _NO_VALUE) else Known(outcome)

    return Answered(path, read)


def _source(row: Row, where: FieldObject, name: str, locale: Locale, definition: PropertyDefinition | None) -> Source:
    chain = _chain(row, FIELDS[row.field], is_number=definition is not None and definition.type == "number")
    said = name if where == "contact" else f"company.{name}"

    @lru_cache(maxsize=_REMEMBERED)
    def read(raw: str, region: str) -> tuple[Field, ValueFault | None]:
        outcome = run(chain, raw, regional(locale, region) if region else locale)
        if isinstance(outcome, Nothing):
            return Unknown(outcome.why, raw), None
        if isinstance(outcome, Ambiguous | Invalid):
            kind = kind_of(outcome)
            return Unknown(kind, raw), ValueFault(OBJECTS[where], name, row.field, raw, kind, outcome.reason)
        return Known(outcome, said), None

    by_region = any(step.name == "phone" for step in chain)
    return Source(where == "company", name, read, by_region, chain)


def kind_of(outcome: Ambiguous | Invalid) -> Literal["ambiguous", "invalid", "held"]:
    if isinstance(outcome, Ambiguous):
        return "ambiguous"
    return "held" if isinstance(outcome, _Held) else "invalid"


# --- the chain of one row ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """A step with its options bound."""

    name: str
    apply: Callable[[Value, Locale], Outcome]


class _Held(Invalid):
    """A value without an entry in the row's value map, where the row says ``unknown: hold``."""


def run(chain: Iterable[Step], raw: str, locale: Locale) -> Outcome:
    """The value through all steps; the first that gives no value ends it."""
    value: Value = raw
    for step in chain:
        outcome = step.apply(value, locale)
        if isinstance(outcome, _NO_VALUE):
            return outcome
        value = outcome
    return value


def _chain(row: Row, target: CanonicalField, *, is_number: bool) -> tuple[Step, ...]:
    """Trim, the row's own steps, its value map, and what the field's type asks for at the end."""
    own = {name_of(step) for step in row.transforms}
    steps = [_bound("trim")]
    if is_number and target.type == "number":
        steps.append(Step("machine", _machine))
    if target.type == "multi" and "multi" not in own:
        steps.append(_bound("multi"))
    steps += [_bound(step) for step in row.transforms]
    if row.values:
        steps.append(Step("values", _valued(row)))
    steps += [_bound(name) for name in _FINISH[target.type] if name not in own or row.values]
    return (*steps, Step("shape", _shaped(target.type)))


def _bound(step: str | Part) -> Step:
    name = name_of(step)
    transform, options = find(name), with_options(step)
    return Step(name, lambda value, locale: transform.apply(value, options, locale))


def _machine(value: Value, _locale: Locale) -> Outcome:
    """A property of type number holds machine text: ``1.234`` is no thousand there, in whatever language."""
    return machine_number(value) if isinstance(value, str) else value


def _valued(row: Row) -> Callable[[Value, Locale], Outcome]:
    table = {raw.strip().casefold(): meaning for raw, meaning in row.values.items()}
    meanings = frozenset(table.values())

    def one(value: Value) -> Outcome:
        found = table.get(str(value).strip().casefold())
        if found is not None or value in meanings:
            return value if found is None else found
        if row.unknown == "hold":
            return _Held("has no entry in the value map")
        return Nothing("dropped") if row.unknown == "drop" else value

    return lambda value, _locale: each(value, one) if isinstance(value, tuple) else one(value)


def _shaped(kind: FieldType) -> Callable[[Value, Locale], Outcome]:
    """The last word: a field has the type the schema says, or it has no value."""

    def text(value: Value, _locale: Locale) -> Outcome:
        if isinstance(value, bool):
            return "true" if value else "false"
        return "; ".join(value) if isinstance(value, tuple) else str(value)

    def several(value: Value, _locale: Locale) -> Outcome:
        return value if isinstance(value, tuple) else (str(value),)

    def single(value: Value, locale: Locale) -> Outcome:
        return value if isinstance(value, str) else text(value, locale)

    def exact(value: Value, _locale: Locale) -> Outcome:
        return value

    if kind == "multi":
        return several
    return {"number": exact, "datetime": exact, "boolean": exact, "text": text}.get(kind, single)


_BLANK: dict[str, Field] = dict.fromkeys(FIELDS, NOT_MAPPED)
