"""Rows against the portal's own properties, the menu of steps, and suggestions with their evidence."""

from __future__ import annotations

import json

import pytest

from connector.model.judgement import Known, Unknown
from connector.model.records import PropertyDefinition, PropertyOption
from connector.rules.documents.mapping import MappingDocument, Row
from connector.rules.documents.steps import STEP_NAMES
from connector.rules.mapping_check import findings
from connector.rules.mapping_suggest import suggestions
from connector.rules.step_menu import menu


def prop(name: str, kind: str = "string", label: str = "", **more) -> PropertyDefinition:
    return PropertyDefinition("contacts", name, label or name, kind, "text", **more)


PORTAL = {
    "contacts": {
        one.name: one
        for one in (
            prop("city"), prop("age", "number"), prop("optin", "bool"), prop("born", "date"),
            prop("made", "datetime", read_only=True), prop("sum", "number", calculated=True),
            prop("color", "enumeration", options=(PropertyOption("red", "Rot"), PropertyOption("blue", "Blau"))),
            prop("owner", "enumeration", external_options=True),
        )
    },
    "companies": {},
}  # fmt: skip
BOTH = {"direction": "both", "mode": "overwrite"}


def kinds(**row) -> list[str]:
    return [one.kind for one in findings(Row.model_validate_json(json.dumps(row)), PORTAL)]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"field": "city", "property": "city"}, []),
        ({"field": "city", "property": "city", **BOTH}, []),
        ({"field": "city", "property": "citty"}, ["gone"]),
        ({"field": "city", "property": "gone", "fallbacks": ["city"]}, []),
        ({"field": "city", "property": "gone", "fallbacks": ["city"], **BOTH}, ["gone"]),
        ({"field": "planned_purchase_date", "property": "made", **BOTH}, ["read_only"]),
        ({"field": "age", "property": "sum", **BOTH}, ["read_only"]),
        ({"field": "age", "property": "sum"}, []),
        ({"field": "city", "property": "age", **BOTH}, ["type"]),
        ({"field": "age", "property": "born"}, ["type"]),
        ({"field": "has_budget", "property": "optin", **BOTH}, []),
        ({"field": "planned_purchase_date", "property": "born", **BOTH}, []),
        ({"field": "city", "property": "color", "values": {"Rot": "r", "blue": "b"}}, []),
        ({"field": "city", "property": "color", "values": {"red": "r", "green": "g"}}, []),
        ({"field": "city", "property": "color", "values": {"red": "r", "green": "g"}, **BOTH}, ["option"]),
        ({"field": "city", "property": "color", "values": {"green": "g"}}, ["option"]),
        ({"field": "owner", "property": "owner", "values": {"7": "Kim"}}, []),
        ({"field": "industry", "property": "industry", **BOTH}, ["not_written", "gone"]),
    ],
)
def test_each_row_is_told_what_the_portal_says_against_it(row, told):
    assert kinds(**row) == told


def test_the_nearest_name_is_offered():
    (one,) = findings(Row(field="city", property="citty"), PORTAL)
    assert one.nearest == "city"


def test_a_portal_that_was_never_read_says_nothing():
    assert findings(Row(field="city", property="gone"), {"contacts": {}, "companies": {}}) == ()


def test_every_step_has_an_example_that_changes_something():
    shown = {one.name: one for one in menu()}
    assert tuple(shown) == STEP_NAMES
    for one in shown.values():
        assert one.after, one.name
        assert one.after != one.before, one.name
    assert shown["role_level"].lossy
    assert not shown["phone"].lossy
    assert shown["phone"].options == {"region": "DE"}


DOCUMENT = MappingDocument.model_validate({"rows": ({"field": "city", "property": "city"},)}, strict=False)


def people(count: int, *, equal: int, mirrored: bool = True):
    made = []
    for i in range(count):
        contact = {"city": f"c{i}", **({"sitz_x": f"c{i}" if i < equal else f"x{i}"} if mirrored else {})}
        made.append((contact, {"city": Known(f"c{i}", "city"), "website": Unknown("empty")}))
    return made


def suggested(*properties: PropertyDefinition, some=()):
    known = {one.name: one for one in properties}
    return [(one.property, one.field) for one in suggestions(DOCUMENT, known, some)]


def test_equal_values_are_evidence_with_their_share():
    known = {"sitz_x": prop("sitz_x", label="Sitz")}
    (one,) = suggestions(DOCUMENT, known, people(10, equal=8))
    assert (one.property, one.field, one.equal, one.both, one.filled, one.seen) == ("sitz_x", "city", 8, 10, 10, 10)
    assert one.share() == 0.8
    assert not one.by_name


def test_few_equal_values_are_none():
    known = {"sitz_x": prop("sitz_x", label="Sitz")}
    assert suggestions(DOCUMENT, known, people(20, equal=4)) == ()


def test_a_name_is_evidence_where_values_are_not_mirrored():
    known = {"planned_use_text": prop("planned_use_text", label="Planned use")}
    (one,) = suggestions(DOCUMENT, known, people(5, equal=0, mirrored=False))
    assert (one.field, one.by_name, one.both, one.share(), one.seen) == ("planned_use", True, 0, None, 0)


def test_what_is_mapped_or_hubspots_own_or_of_another_type_is_not_suggested():
    assert suggested(prop("city")) == []
    assert suggested(prop("hs_language_x", label="Language"), prop("leadwright_city", label="City")) == []
    assert suggested(prop("alter_x", "bool", label="Alter")) == []
    assert suggested(prop("alter_x", "number", label="Alter")) == [("alter_x", "age")]
