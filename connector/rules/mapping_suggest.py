"""Which property could feed which field: by name, by type, and by how often both hold the same value. Pure.

A suggestion is never more than one: whoever wants it adds the row. Without values the share of equal ones is unknown,
and said to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connector.model.judgement import Field, Known
from connector.model.records import Properties, PropertyDefinition
from connector.rules.documents.fields import FIELDS, CanonicalField
from connector.rules.documents.mapping import OBJECTS, MappingDocument, Row
from connector.rules.mapping import compile_mapping, locale_of, to_fields
from connector.rules.mapping_check import findings

LEAST_SHARE = 0.5
LEAST_EQUAL = 5
NEAR = 0.5
_WORD = re.compile(r"[^\W_]+")
_NOISE = frozenset({"hs", "the", "of", "der", "des", "in", "von", "contact", "kontakt", "company"})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``equal`` of ``both`` contacts have the same value in the property and in the field now; ``filled`` have one."""

    field: str
    property: str
    label: str
    by_name: bool
    equal: int
    both: int
    filled: int
    seen: int

    def share(self) -> float | None:
        """How many of the contacts with both hold the same value; None where that is unknown."""
        return self.equal / self.both if self.both else None


def suggestions(
    document: MappingDocument,
    known: Mapping[str, PropertyDefinition],
    people: Sequence[tuple[Properties, Mapping[str, Field]]],
    most: int = 12,
) -> tuple[Suggestion, ...]:
    """The best of them, over contact properties that no row names. ``people``: some contacts with their fields now."""
    used = {name for row in document.rows for where, name in row.sources() if where == "contact"}
    free = [one for name, one in known.items() if name not in used and _is_peoples(one)]
    there = frozenset(name for contact, _ in people for name in contact)
    found = [_weighed(one, field, document, people, there) for one in free for field in _candidates(one, there)]
    good = [one for one in found if one is not None]
    best: dict[str, Suggestion] = {}
    for one in sorted(good, key=_weight, reverse=True):
        best.setdefault(one.property, one)
    return tuple(list(best.values())[:most])


def _is_peoples(one: PropertyDefinition) -> bool:
    """What people fill in: HubSpot's own machinery is not suggested."""
    return not (one.archived or one.calculated or one.name.startswith(("hs_", "leadwright_", "num_", "notes_")))


def _candidates(one: PropertyDefinition, there: Iterable[str]) -> list[CanonicalField]:
    """Fields of a fitting type: those alike by name, and all of them where values can be compared."""
    fields = [field for field in FIELDS.values() if field.object == "contact" and _fits(one, field)]
    return fields if one.name in there else [field for field in fields if _alike(one, field)]


def _fits(one: PropertyDefinition, field: CanonicalField) -> bool:
    row = Row(field=field.name, property=one.name)
    return all(finding.kind != "type" for finding in findings(row, {"contacts": {one.name: one}}))


def _words(*texts: str) -> frozenset[str]:
    return frozenset(word for text in texts for word in _WORD.findall(text.casefold().replace("_", " "))) - _NOISE


def _alike(one: PropertyDefinition, field: CanonicalField) -> bool:
    theirs = (_words(one.name), _words(one.label))
    ours = (_words(field.name), _words(field.en), _words(field.de))
    return any(len(a & b) / len(a | b) >= NEAR for a in theirs for b in ours if a and b)


def _weighed(
    one: PropertyDefinition, field: CanonicalField, document: MappingDocument,
    people: Sequence[tuple[Properties, Mapping[str, Field]]], there: frozenset[str],
) -> Suggestion | None:  # fmt: skip
    by_name = _alike(one, field)
    equal = both = filled = 0
    if one.name in there:
        alone = MappingDocument.model_construct(
            locale=document.locale, rows=(Row(field=field.name, property=one.name),)
        )
        compiled = compile_mapping(alone, {OBJECTS["contact"]: [one]}, locale_of(document.locale))
        for contact, fields in people:
            if not contact.get(one.name):
                continue
            filled += 1
            mine, theirs = to_fields(compiled, contact, None).fields[field.name], fields.get(field.name)
            if isinstance(mine, Known) and isinstance(theirs, Known):
                both += 1
                equal += mine.value == theirs.value
    if not by_name and (equal < LEAST_EQUAL or equal / both < LEAST_SHARE):
        return None
    return Suggestion(field.name, one.name, one.label, by_name, equal, both, filled, len(people) * (one.name in there))


def _weight(one: Suggestion) -> tuple[float, bool, int]:
    return (one.share() or 0.0) + (0.5 if one.by_name else 0.0), one.by_name, one.filled
