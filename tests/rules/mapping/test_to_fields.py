"""From properties to fields: whole contacts, portals that lack things, and what the compiled mapping promises."""

from __future__ import annotations

import pytest

from connector.model.judgement import Known, Unknown
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.mapping import properties_used
from connector.rules.mapping import Absent, ValueFault, compile_mapping, to_fields
from tests.rules.mapping.odd import ODD
from tests.rules.mapping.portal import cases, definition, mapping, preset


def said(field):
    if isinstance(field, Unknown):
        return f"({field.why})"
    return list(field.value) if isinstance(field.value, tuple) else field.value


@pytest.mark.parametrize("case", cases("contacts.yaml"), ids=lambda case: case["it"])
def test_a_contact_gives_the_fields_of_the_table(case):
    mapped = to_fields(compile_mapping(preset("mapping", case["preset"])), case["contact"], case["company"])
    assert {name: said(mapped.fields[name]) for name in case["fields"]} == case["fields"]
    assert [fault.property for fault in mapped.faults] == case["faults"]


def test_every_canonical_field_is_always_there():
    mapped = to_fields(mapping("{field: email, property: email}"), {}, None)
    assert set(mapped.fields) == set(FIELDS)
    assert mapped.fields["email"] == Unknown("empty")
    assert mapped.fields["age"] == Unknown("not mapped")


def test_a_known_field_names_its_property_and_its_object():
    doc = mapping("{field: industry, property: industry, fallbacks: [contact.branche]}")
    assert to_fields(doc, {"branche": "Bau"}, {"industry": "IT"}).fields["industry"] == Known("IT", "company.industry")
    assert to_fields(doc, {"branche": "Bau"}, {}).fields["industry"] == Known("Bau", "branche")


def test_an_unknown_field_keeps_what_was_sent():
    mapped = to_fields(mapping("{field: age, property: alter}"), {"alter": "1234;5678"}, None)
    assert mapped.fields["age"] == Unknown("invalid", "1234;5678")
    assert mapped.faults == (ValueFault("contacts", "alter", "age", "1234;5678", "invalid", mapped.faults[0].reason),)


class TestDefinitions:
    """What the portal's own definitions add."""

    def test_a_property_the_portal_lacks_is_unknown_and_said_once(self):
        doc = mapping("{field: age, property: alter}", "{field: phone, property: phone, fallbacks: [mobilephone]}")
        compiled = compile_mapping(doc, {"contacts": [definition("phone")], "companies": []})
        mapped = to_fields(compiled, {"phone": "+4989123456"}, None)
        assert mapped.fields["age"] == Unknown("not in this portal")
        assert said(mapped.fields["phone"]) == "+4989123456"
        assert mapped.faults == ()
        assert compiled.absent == (Absent("contacts", "alter", "age"), Absent("contacts", "mobilephone", "phone"))

    def test_a_number_property_is_machine_text_in_every_language(self):
        doc = mapping("{field: annual_revenue, property: annualrevenue}", locale="{languages: [de, en]}")
        known = {
            "contacts": [],
            "companies": [definition("annualrevenue", "number", "number", object_type="companies")],
        }
        company = {"annualrevenue": "1.234"}
        assert said(to_fields(doc, {}, company).fields["annual_revenue"]) == "(ambiguous)"
        assert said(to_fields(compile_mapping(doc, known), {}, company).fields["annual_revenue"]) == 1.234

    def test_a_number_property_with_two_values_is_put_aside(self):
        doc = mapping("{field: age, property: alter}")
        compiled = compile_mapping(doc, {"contacts": [definition("alter", "number", "number")]})
        mapped = to_fields(compiled, {"alter": "1234;5678"}, None)
        assert (said(mapped.fields["age"]), mapped.faults[0].kind) == ("(invalid)", "invalid")


class TestValues:
    """The value map and what becomes of words it does not know."""

    @pytest.mark.parametrize(
        ("policy", "expected", "faults"),
        [("keep", "Divers", 0), ("create_option", "Divers", 0), ("drop", "(dropped)", 0), ("hold", "(held)", 1)],
    )
    def test_an_unknown_word_follows_the_policy(self, policy, expected, faults):
        doc = mapping(f"{{field: planned_use, property: x, values: {{alt: neu}}, unknown: {policy}}}")
        assert said(to_fields(doc, {"x": "ALT"}, None).fields["planned_use"]) == "neu"
        mapped = to_fields(doc, {"x": "Divers"}, None)
        assert (said(mapped.fields["planned_use"]), len(mapped.faults)) == (expected, faults)

    def test_every_option_of_a_list_is_translated(self):
        doc = mapping("{field: interests, property: x, values: {a: Antriebe, c: Chips}, unknown: drop}")
        assert said(to_fields(doc, {"x": "a;b;c;A"}, None).fields["interests"]) == ["Antriebe", "Chips"]

    def test_words_become_what_the_field_is(self):
        doc = mapping(
            '{field: has_budget, property: x, values: {"Ja, unterschrieben": true}}',
            '{field: company_size, property: groesse, object: contact, values: {klein: 10, "groß": 1000}}',
        )
        fields = to_fields(doc, {"x": "ja, unterschrieben", "groesse": "Groß"}, None).fields
        assert (said(fields["has_budget"]), said(fields["company_size"])) == (True, 1000)


def test_a_written_only_row_does_not_feed_its_field():
    doc = mapping("{field: planned_use, property: x, direction: write, mode: overwrite}")
    assert to_fields(doc, {"x": "Alt"}, None).fields["planned_use"] == Unknown("not mapped")


def test_properties_used_names_fallbacks_and_further_reading():
    doc = preset("mapping", "german-b2b")
    used = properties_used(doc)
    assert {"rolle_kaufentscheidung", "hs_buying_role", "messe_kontakt"} <= used["contacts"]
    assert {"rechtsform", "numberofemployees", "kundennummer"} <= used["companies"]
    assert "messe_kontakt" not in used["companies"]


@pytest.mark.parametrize("name", ["standard-b2b", "german-b2b"])
def test_a_thousand_odd_values_in_every_property_never_stop_a_contact(name):
    doc = preset("mapping", name)
    compiled = compile_mapping(doc)
    used = properties_used(doc)
    for raw in ODD:
        contact = dict.fromkeys(used["contacts"], raw)
        mapped = to_fields(compiled, contact, dict.fromkeys(used["companies"], raw))
        again = to_fields(compiled, contact, dict.fromkeys(used["companies"], raw))
        assert mapped == again
        for field, value in mapped.fields.items():
            if isinstance(value, Known):
                assert isinstance(value.value, TYPES[FIELDS[field].type]), (raw, field)


TYPES = {
    "number": (int, float), "datetime": int, "boolean": bool, "multi": tuple,
    **dict.fromkeys(["text", "email", "phone", "country", "domain", "date", "level"], str),
}  # fmt: skip
