"""What the columns of a sheet of people mean: the mapping says which of them may be written."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.judgement import Known
from connector.model.records import PropertyDefinition
from connector.rules.documents.mapping import MappingDocument
from connector.rules.mapping import CompiledMapping, compile_mapping
from connector.sync.sheets.columns import Columns, understood

LABELS = {
    "email": "E-mail", "phone": "Phone Number", "jobtitle": "Job Title", "position": "Own Position", "one": "Twice",
    "two": "Twice", "budget": "Budget", "ort": "Ort", "city": "City",
}  # fmt: skip
KNOWN = {
    name: PropertyDefinition("contacts", name, label, "number" if name == "budget" else "string", "text")
    for name, label in LABELS.items()
}
ROWS: list[dict[str, Any]] = [
    {"field": "email", "property": "email", "mode": "identifier"},
    {"field": "phone", "property": "phone", "direction": "both", "mode": "overwrite"},
    {"field": "position", "property": "jobtitle", "direction": "both", "mode": "overwrite"},
]


def mapping(*rows: dict[str, Any]) -> CompiledMapping:
    document = {"locale": {"languages": ["de"]}, "rows": [*ROWS, *rows]}
    return compile_mapping(MappingDocument.model_validate(document, strict=False), {"contacts": KNOWN.values()})


def meaning(*names: str, more: tuple[dict[str, Any], ...] = ()) -> Columns:
    return understood(names, mapping(*more), KNOWN)


def asked(*names: str, more: tuple[dict[str, Any], ...] = ()) -> list[tuple[str, str]]:
    return [(one.column, one.row.property) for one in meaning(*names, more=more).asked]


@pytest.mark.parametrize("name", ["id", "record_id", "record-id", "contact_id", "hs_object_id"])
def test_a_record_id_has_many_names(name: str) -> None:
    assert meaning(name, "phone").ident == name


@pytest.mark.parametrize("name", ["email", "e-mail", "e-mail-adresse", "properties.email"])
def test_an_address_too(name: str) -> None:
    found = meaning(name, "phone")
    assert (found.email, found.ident, found.unused) == (name, "", ())


def test_a_column_is_named_as_a_field_a_property_or_by_its_label() -> None:
    for name in ("position", "jobtitle", "job_title", "fields.position", "properties.jobtitle"):
        assert asked("id", name) == [(name, "jobtitle")]


def test_a_name_that_is_field_here_and_property_there_must_be_told_apart() -> None:
    other = {"field": "department", "property": "position", "direction": "write", "mode": "overwrite"}
    (unused,) = meaning("id", "position", more=(other,)).unused
    assert unused.remedy == "Call the column fields.position or properties.position."
    assert asked("id", "fields.position", more=(other,)) == [("fields.position", "jobtitle")]
    assert asked("id", "properties.position", more=(other,)) == [("properties.position", "position")]


def test_a_field_that_feeds_two_properties_is_written_to_both() -> None:
    cities = tuple(
        {"field": "city", "property": name, "direction": "write", "mode": "overwrite"} for name in ("city", "ort")
    )
    assert asked("id", "fields.city", more=cities) == [("fields.city", "city"), ("fields.city", "ort")]
    assert asked("id", "ort", more=cities) == [("ort", "ort")]


def test_a_label_that_two_properties_share_names_none() -> None:
    rows = tuple(
        {"field": field, "property": name, "direction": "write", "mode": "overwrite"}
        for field, name in (("city", "one"), ("department", "two"))
    )
    assert meaning("id", "twice", more=rows).unused[0].why == "there is no such field or property"


def test_what_our_own_export_says_beside_is_passed_over_in_silence() -> None:
    found = meaning("id", "email", "archived", "merged_into", "modified_at", "phone", "")
    assert ([one.column for one in found.asked], found.unused) == (["phone"], ())


def test_the_country_comes_first_since_phones_ask_for_it() -> None:
    country = {"field": "country", "property": "ort", "direction": "both", "mode": "overwrite"}
    assert [name for name, _ in asked("id", "phone", "country", more=(country,))] == ["country", "phone"]


@pytest.mark.parametrize(
    ("row", "name", "why"),
    [
        ({"field": "city", "property": "city"}, "city", "row 4 of the mapping only reads city"),
        ({"field": "city", "property": "city", "object": "company"}, "city", "row 4 of the mapping is about companies"),
        ({"field": "city", "property": "city"}, "last_name", "no row of the mapping writes it"),
        ({"field": "city", "property": "city"}, "ort", "no row of the mapping writes it"),
        ({"field": "city", "property": "city"}, "fields.email", "row 1 of the mapping says who the contact is"),
        ({"field": "city", "property": "city"}, "phnoe", "there is no such field or property"),
    ],
)  # fmt: skip
def test_what_no_row_writes_is_told_with_a_remedy(row: dict[str, Any], name: str, why: str) -> None:
    (unused,) = meaning("id", name, more=(row,)).unused
    assert (unused.column, unused.why) == (name, why)
    assert unused.remedy


def test_a_cell_is_read_as_people_write_it_even_where_the_property_holds_machine_text() -> None:
    row = {"field": "age", "property": "budget", "direction": "both", "mode": "overwrite"}
    (one,) = meaning("id", "age", more=(row,)).asked
    assert one.source.read("1.234,5", "") == (Known(1234.5, "budget"), None)
