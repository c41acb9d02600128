"""The way back: from fields to what one record's properties should be. Only mapped properties of that one record.

The rows' modes decide (P26): identifier and never are not written, overwrite is, fill_if_empty only into an empty
property; an emptied field keeps, clears or holds. What would change nothing is left out; what cannot be written is
held with its reason. What a data provider told stays here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.model.judgement import Field, FieldValue, Known, Unknown
from connector.model.records import Properties, PropertyDefinition
from connector.rules.documents.fields import FieldObject
from connector.rules.documents.mapping import OBJECTS, ObjectName, Row
from connector.rules.mapping import NOT_MAPPED, CompiledMapping
from connector.rules.transforms.base import Invalid
from connector.rules.transforms.machine import (
    day_in,
    machine_day,
    machine_instant,
    machine_number,
    midnight_in,
    number_text,
)


@dataclass(frozen=True, slots=True)
class HeldValue:
    """A value that is not written, and why. ``value`` may be personal: for the screen, not for logs."""

    object: ObjectName
    property: str
    field: str
    value: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class NewOption:
    """An option the portal's drop-down lacks and the row allows to create; to be created before the write."""

    object: ObjectName
    property: str
    value: str


@dataclass(frozen=True, slots=True)
class Writes:
    """What to write to one record ('' clears), what is held, and which options must exist first."""

    properties: dict[str, str]
    held: tuple[HeldValue, ...] = ()
    options: tuple[NewOption, ...] = ()


def write_back(
    compiled: CompiledMapping,
    fields: Mapping[str, Field],
    current: Properties,
    definitions: Mapping[str, PropertyDefinition] | None = None,
    object_type: FieldObject = "contact",
) -> Writes:
    """The changes for one contact (or its company), given what the portal holds now. Without ``definitions`` those
    the mapping was compiled with count; with neither, nothing is checked against the portal."""
    if definitions is None and compiled.definitions is not None:
        definitions = compiled.definitions.get(OBJECTS[object_type], {})
    zone = compiled.locale.time_zone
    properties: dict[str, str] = {}
    held: list[HeldValue] = []
    options: list[NewOption] = []
    for row in compiled.document.rows:
        if not row.writes() or row.where() != object_type:
            continue
        found = _row(row, fields.get(row.field, NOT_MAPPED), current, definitions, zone)
        if isinstance(found, HeldValue):
            held.append(found)
        elif found is not None:
            properties[row.property] = found.text
            options += [NewOption(OBJECTS[object_type], row.property, text) for text in found.new_options]
    return Writes(properties, tuple(held), tuple(options))


@dataclass(frozen=True, slots=True)
class _Text:
    """What will be written, and the options it needs."""

    text: str
    new_options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _No:
    """Why a value cannot be written."""

    reason: str
    remedy: str = "Map the value under `values`."


def _row(
    row: Row, field: Field, current: Properties, definitions: Mapping[str, PropertyDefinition] | None, zone: str
) -> _Text | HeldValue | None:
    now = current.get(row.property) or ""
    if isinstance(field, Known) and field.told:
        return None  # written back it would pass for what people entered, and never be asked for again
    if row.mode == "fill_if_empty" and now:
        return None
    if isinstance(field, Unknown) and (field.why != "empty" or row.clear == "keep" or not now):
        return None  # unknown is not empty: only an emptied source may empty the portal's property
    definition = definitions.get(row.property) if definitions is not None else None
    value = field.value if isinstance(field, Known) else ""
    found = _barred(definition, checked=definitions is not None)
    if found is None:
        found = _spoken(row, field.value, definition, zone) if isinstance(field, Known) else _cleared(row)
    if isinstance(found, _No):
        return HeldValue(OBJECTS[row.where()], row.property, row.field, str(value), found.reason, found.remedy)
    if found is None or same(now, found.text, definition):
        return None
    return found


def _barred(definition: PropertyDefinition | None, *, checked: bool) -> _No | _Text | None:
    if checked and definition is None:
        return _No("the portal has no such property", "Create it, or take the row out of the mapping.")
    if definition is not None and (definition.read_only or definition.calculated):
        return _No("the property is read-only in the portal", "Write `direction: read` in the mapping.")
    return None


def _cleared(row: Row) -> _Text | _No:
    if row.clear == "hold":
        return _No("the field was emptied, and the row says to ask first", "Clear it by hand, or fill the field.")
    return _Text("")


def _spoken(row: Row, value: FieldValue, definition: PropertyDefinition | None, zone: str) -> _Text | _No | None:
    """The value in the portal's words: the value map backwards, then the form its type wants."""
    words: list[str] = []
    several = isinstance(value, tuple)
    for one in value if isinstance(value, tuple) else (value,):
        own = _own_word(row, one)
        text = _formatted(own, definition, zone) if own is not None and not isinstance(own, _No) else own
        if isinstance(text, _No):
            return text
        if text is not None and several and ";" in text:
            return _No("an option cannot hold a semicolon")  # it would end the option; a leading one would append
        words += [text] if text else []
    if not words:
        return None
    if definition is not None and definition.type == "enumeration" and not definition.external_options:
        return _chosen(row, words, definition)
    return _Text(";".join(words))


def _own_word(row: Row, value: str | float | bool) -> str | int | float | bool | _No | None:
    if not row.values:
        return value
    for raw, meaning in row.values.items():
        if str(meaning).casefold() == str(value).casefold():
            return raw
    if row.unknown == "hold":
        return _No("the value has no entry in the value map", "Add it to `values`.")
    return None if row.unknown == "drop" else value


def _chosen(row: Row, words: list[str], definition: PropertyDefinition) -> _Text | _No | None:
    """Only options the portal has (HubSpot docs: property values; an enumeration must equal an option)."""
    exact = {option.value for option in definition.options}
    alike = {name.casefold(): option.value for option in definition.options for name in (option.label, option.value)}
    found = [word if word in exact else alike.get(word.casefold()) for word in words]
    missing = tuple(word for word, option in zip(words, found, strict=True) if option is None)
    if missing and row.unknown in ("hold", "keep"):
        return _No("the portal has no such option", "Add it to `values`, or write `unknown: create_option`.")
    if row.unknown == "drop":
        missing = ()
    kept = [option for option in found if option is not None]
    if len(kept) + len(missing) > 1 and definition.field_type != "checkbox":
        return _No("the property takes one option, and there are several", "Map it to a property with check boxes.")
    text = ";".join(dict.fromkeys([*kept, *missing]))
    return _Text(text, missing) if text else None


def _formatted(value: str | float | bool, definition: PropertyDefinition | None, zone: str) -> str | _No:
    kind = definition.type if definition is not None else ""
    if kind == "bool":
        word = str(value).casefold()
        return word if word in ("true", "false") else _No("the property wants true or false")
    if kind == "number":
        read = machine_number(value) if isinstance(value, str) else value
        if isinstance(read, bool) or not isinstance(read, int | float):
            return _No("the property wants a number")
        return number_text(read)
    if kind == "date":
        day = day_in(value, zone) if isinstance(value, int) and not isinstance(value, bool) else machine_day(str(value))
        return day or _No("the property wants a day")
    if kind == "datetime" and isinstance(value, str):
        instant = machine_instant(value)
        day = machine_day(value) if instant is None else None
        return str(midnight_in(day, zone)) if day else str(instant) if instant else _No("the property wants a time")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else number_text(value)


def same(now: str, new: str, definition: PropertyDefinition | None) -> bool:
    """Whether writing ``new`` would change nothing but the spelling HubSpot keeps anyway."""
    if now == new:
        return True
    kind: str = definition.type if definition is not None else ""
    if kind == "number":
        left, right = machine_number(now), machine_number(new)
        return not isinstance(left, Invalid) and left == right
    if kind == "bool":
        return now.casefold() == new.casefold()
    if kind == "date":
        return machine_day(now) == new
    if kind == "datetime":
        return machine_instant(now) == machine_instant(new)
    if kind == "enumeration" and definition is not None and definition.field_type == "checkbox":
        return {part for part in now.split(";") if part} == {part for part in new.split(";") if part}
    return False
