"""The way back: the truth table of modes and clearing (P26), HubSpot's forms, and what is held with its reason."""

from __future__ import annotations

import pytest

from connector.model.judgement import Known, Unknown
from connector.rules.mapping import compile_mapping
from connector.rules.write_back import NewOption, write_back
from tests.rules.mapping.portal import cases, definition, mapping

TABLE = cases("writing.yaml")


def field_from(written):
    if isinstance(written, str) and written.startswith("("):
        return Unknown(written.strip("()"))
    return Known(tuple(written) if isinstance(written, list) else written, "x")


def happened(writes, name):
    if writes.held:
        assert not writes.properties
        return "(held)"
    return writes.properties.get(name, "(nothing)")


@pytest.mark.parametrize("row", TABLE["rows"], ids=lambda row: " ".join(map(str, row[:4])))
def test_the_truth_table_of_modes_and_clearing(row):
    mode, clear, written, now, expected = row
    text = f"{{field: planned_use, property: planned_use, direction: both, mode: {mode}, clear: {clear}}}"
    compiled = compile_mapping(mapping(text))
    for current in [{"planned_use": now}, {"planned_use": now or None}] + ([{}] if not now else []):
        writes = write_back(compiled, {"planned_use": field_from(written)}, current)
        assert happened(writes, "planned_use") == expected


@pytest.mark.parametrize("row", TABLE["forms"], ids=str)
def test_values_are_written_in_the_form_hubspot_wants(row):
    kind, field_type, options, value, now, expected = row
    doc = mapping(
        "{field: planned_use, property: x, direction: both, mode: overwrite}", locale="{time_zone: Europe/Berlin}"
    )
    known = {"x": definition("x", kind, field_type, options)}
    writes = write_back(compile_mapping(doc), {"planned_use": field_from(value)}, {"x": now}, known)
    assert happened(writes, "x") == expected


class TestOptions:
    """Words of the rules back into the portal's (P29)."""

    def _writes(self, policy, value):
        doc = mapping(
            f"{{field: interests, property: x, direction: both, mode: overwrite, values: {{w: Wartung, s: Schulung}},"
            f" unknown: {policy}}}"
        )
        known = {"x": definition("x", "enumeration", "checkbox", ["w", "s", "Neu"])}
        return write_back(compile_mapping(doc), {"interests": Known(value)}, {}, known)

    def test_the_value_map_is_turned_round(self):
        assert self._writes("hold", ("Schulung", "Wartung")).properties == {"x": "s;w"}

    def test_a_word_without_entry_is_held_dropped_or_created(self):
        assert "value map" in self._writes("hold", ("Chips",)).held[0].reason
        assert self._writes("drop", ("Chips", "Wartung")).properties == {"x": "w"}
        created = self._writes("create_option", ("Chips", "Wartung"))
        assert created.properties == {"x": "w;Chips"}
        assert created.options == (NewOption("contacts", "x", "Chips"),)
        assert "no such option" in self._writes("keep", ("Chips",)).held[0].reason
        assert self._writes("keep", ("Neu",)).properties == {"x": "Neu"}


class TestRefusals:
    """Every no has a reason and a remedy."""

    def _held(self, known):
        doc = mapping("{field: planned_use, property: x, direction: both, mode: overwrite}")
        (held,) = write_back(compile_mapping(doc), {"planned_use": Known("Neu")}, {"x": "Alt"}, known).held
        return held

    def test_what_the_portal_lacks_or_locks_is_held(self):
        assert self._held({}).reason == "the portal has no such property"
        assert self._held({"x": definition("x", read_only=True)}).reason == "the property is read-only in the portal"
        assert self._held({"x": definition("x", calculated=True)}).remedy

    def test_owners_and_other_outside_lists_are_not_checked_against_options(self):
        doc = mapping("{field: owner, property: hubspot_owner_id, direction: both, mode: overwrite}")
        known = {"hubspot_owner_id": definition("hubspot_owner_id", "enumeration", "select", external_options=True)}
        writes = write_back(compile_mapping(doc), {"owner": Known("77")}, {}, known)
        assert writes.properties == {"hubspot_owner_id": "77"}


def test_a_companys_rows_are_written_to_the_company_alone():
    doc = mapping(
        "{field: industry, property: industry, direction: both, mode: overwrite}",
        "{field: planned_use, property: x, direction: both, mode: overwrite}",
    )
    fields = {"industry": Known("IT"), "planned_use": Known("Neu")}
    assert write_back(compile_mapping(doc), fields, {}).properties == {"x": "Neu"}
    assert write_back(compile_mapping(doc), fields, {}, object_type="company").properties == {"industry": "IT"}


def test_the_definitions_of_the_compiled_mapping_count_when_none_are_given():
    doc = mapping("{field: planned_use, property: x, direction: both, mode: overwrite}")
    compiled = compile_mapping(doc, {"contacts": [definition("x", read_only=True)]})
    assert write_back(compiled, {"planned_use": Known("Neu")}, {}).held
