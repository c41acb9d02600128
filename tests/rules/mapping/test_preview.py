"""What an edited mapping makes of one contact: one word for each row, for every mode and every reason."""

from __future__ import annotations

import json

import pytest

from connector.model.judgement import Hold, Known, SetProperty, Unknown
from connector.model.records import PropertyDefinition
from connector.rules.documents.mapping import MappingDocument
from connector.rules.mapping import compile_mapping
from connector.rules.mapping_counts import Counting, Looks, Page
from connector.rules.mapping_preview import MappingPreview, by_property, read_effect
from connector.rules.write_back import write_back


def prop(name: str, kind: str = "string", **more) -> PropertyDefinition:
    return PropertyDefinition("contacts", name, name, kind, "text", **more)


PROPERTIES = [prop("city"), prop("ort"), prop("country"), prop("phone"), prop("zip"), prop("age", "number")]


def compiled(*rows: dict, properties=PROPERTIES, **more):
    document = MappingDocument.model_validate_json(json.dumps({"rows": list(rows), **more}))
    return compile_mapping(document, {"contacts": properties, "companies": []})


def seen(after, contact: dict, before=None, **decided):
    preview = MappingPreview(before or after, after)
    return preview.seen(contact, None, decided)


def decisions(after, contact: dict) -> dict:
    """What a plan would decide, without anybody's history."""
    preview = MappingPreview(after, after)
    _, fields, _ = preview.fields(contact, None)
    writes = write_back(after, fields, contact)
    made = [SetProperty(1, name, value, "mapping") for name, value in writes.properties.items()]
    return by_property([*made, *(Hold(1, f"write:{h.property}", "mapping", h.reason, h.remedy) for h in writes.held)])


CITY = {"field": "city", "property": "city"}
WRITTEN = {**CITY, "direction": "both", "mode": "overwrite", "transforms": ["upper"]}


def to(name: str, mode: str = "overwrite", **more) -> dict:
    """A row that writes the city elsewhere."""
    return {"field": "city", "property": name, "direction": "write", "mode": mode, **more}


class TestReading:
    """Our field is the target; what is there now comes from the published mapping."""

    @pytest.mark.parametrize(
        ("found", "was", "never", "effect"),
        [
            (Known("a"), Unknown("empty"), False, "fill"),
            (Known("a"), Known("b"), False, "change"),
            (Known("a"), Known("a"), False, "same"),
            (Known(1), Known(True), False, "change"),
            (Unknown("empty"), Known("a"), False, "clear"),
            (Unknown("empty"), Unknown("empty"), False, "nothing"),
            (Unknown("empty"), Unknown("empty"), True, "unread"),
            (Unknown("ambiguous"), Unknown("empty"), False, "fail"),
            (Unknown("invalid"), Known("a"), False, "fail"),
            (Unknown("held"), Known("a"), True, "fail"),
        ],
    )
    def test_has_one_word_for_each_pair(self, found, was, never, effect):
        assert read_effect(found, was, never_read=never) == effect

    def test_compares_with_the_published_mapping(self):
        before, after = compiled(CITY), compiled({**CITY, "property": "ort"})
        (row,) = seen(after, {"city": "Ulm", "ort": "Bonn"}, before)
        assert (row.reads, row.was, row.found, row.source, row.raw) == (
            "change", Known("Ulm", "city"), Known("Bonn", "ort"), "ort", "Bonn"
        )  # fmt: skip

    def test_a_new_row_fills_and_a_field_nobody_read_counts_as_empty(self):
        before, after = compiled({"field": "age", "property": "age"}), compiled(CITY)
        assert seen(after, {"city": "Ulm", "age": "3"}, before)[0].reads == "fill"
        preview = MappingPreview(before, after)
        counting = Counting(preview)
        looks = Looks(frozenset({"city", "age"}), {"city": "Ulm", "age": "3"})
        counting.take(Page([1], [looks], [None]), lambda *_: {})
        assert counting.gone["age"]["clear"] == 1

    def test_a_property_that_was_never_read_is_not_empty(self):
        assert seen(compiled(CITY), {"ort": "Ulm"})[0].reads == "unread"
        assert seen(compiled(CITY), {"city": None})[0].reads == "nothing"

    def test_a_property_the_portal_lacks_is_nothing(self):
        assert seen(compiled({**CITY, "property": "gone"}), {"ort": "Ulm"})[0].reads == "nothing"

    def test_what_cannot_be_read_fails_with_its_reason(self):
        after = compiled({"field": "age", "property": "age", "transforms": ["number"]}, properties=[prop("age")])
        (row,) = seen(after, {"age": "about forty"})
        assert row.reads == "fail"
        assert row.reason

    def test_the_country_moves_how_phones_are_read(self):
        phone = {"field": "phone", "property": "phone"}
        before = compiled({"field": "country", "property": "country"}, phone)
        after = compiled({"field": "country", "property": "ort"}, phone)
        contact = {"country": "DE", "ort": "AT", "phone": "0731 123456"}
        row = seen(after, contact, before)[1]
        assert (row.was.value, row.found.value) == ("+49731123456", "+43731123456")


class TestWriting:
    """HubSpot's property is the target; the decision is the plan's."""

    @pytest.mark.parametrize(
        ("row", "contact", "effect"),
        [
            (WRITTEN, {"city": "Ulm"}, "change"),
            (WRITTEN, {"city": "ULM"}, "same"),
            (WRITTEN, {"city": ""}, "nothing"),
            (to("zip"), {"city": "Ulm", "zip": None}, "fill"),
            (to("zip"), {"city": "Ulm"}, "unread"),
            (to("zip", "fill_if_empty"), {"city": "Ulm", "zip": "1"}, "conflict"),
            (to("zip", "fill_if_empty"), {"city": "Ulm", "zip": "Ulm"}, "same"),
            (to("zip", clear="clear"), {"city": "", "zip": "1"}, "clear"),
            (to("zip", clear="hold"), {"city": "", "zip": "1"}, "fail"),
            (to("zip", clear="keep"), {"city": "", "zip": "1"}, "nothing"),
            (to("age"), {"city": "Ulm", "age": "1"}, "fail"),
            (to("gone"), {"city": "Ulm"}, "fail"),
        ],
    )
    def test_has_one_word_for_each_mode(self, row, contact, effect):
        rows = [row] if row["direction"] == "both" else [CITY, row]
        after = compiled(*rows)
        shown = seen(after, contact, **decisions(after, contact))[-1]
        assert shown.writes == effect
        assert shown.effect == effect

    @pytest.mark.parametrize(
        ("gate", "effect"), [("undone", "conflict"), ("frozen", "conflict"), ("option", "fail"), ("refused", "fail")]
    )
    def test_what_stands_against_it_is_a_conflict_of_wills_or_a_failure(self, gate, effect):
        hold = Hold(1, "write:city", gate, "because", "do this")
        (row,) = seen(compiled(WRITTEN), {"city": "Ulm"}, city=hold)
        assert (row.writes, row.reason, row.remedy) == (effect, "because", "do this")

    def test_says_what_would_stand_there(self):
        after = compiled(WRITTEN)
        (row,) = seen(after, {"city": "Ulm"}, **decisions(after, {"city": "Ulm"}))
        assert (row.now, row.text, row.reads, row.writes) == ("Ulm", "ULM", "same", "change")

    def test_properties_of_companies_are_not_written(self):
        row = {"field": "industry", "property": "industry", "direction": "both", "mode": "overwrite"}
        assert MappingPreview(compiled(row), compiled(row)).writers == ()


def test_decisions_are_found_by_their_property():
    held = Hold(1, "write:zip", "option", "why")
    assert by_property([SetProperty(1, "city", "Ulm", "mapping"), held]) == {
        "city": SetProperty(1, "city", "Ulm", "mapping"), "zip": held
    }  # fmt: skip


def test_counting_keeps_no_more_than_it_may(monkeypatch):
    """Every contact has a value of its own: what is remembered is let go, and the counts stay right."""
    monkeypatch.setattr("connector.rules.mapping_counts.REMEMBERED", 10)
    after = compiled(CITY, {"field": "country", "property": "country"})
    counting = Counting(MappingPreview(after, after))
    names = frozenset({"city", "country"})
    for start in range(0, 100, 20):
        looks = [Looks(names, {"city": f"c{i}", "country": "DE" if i % 2 else "AT"}) for i in range(start, start + 20)]
        counting.take(Page(list(range(start, start + 20)), looks, [None] * 20), lambda *_: {})
    assert counting.rows[0].reads["same"] == counting.contacts == 100
    assert all(len(task._memory) <= 20 for task in counting._readers)


def test_nobody_to_count_gives_nobody_to_look_at():
    after = compiled(CITY)
    counting = Counting(MappingPreview(after, after))
    counting.take(Page([], [], []), lambda *_: {})
    assert counting.worth_seeing() == (0, 0, 0)


def test_the_three_worth_seeing():
    after = compiled(
        CITY, {"field": "age", "property": "age", "transforms": ["number"]}, properties=[prop("city"), prop("age")]
    )
    counting = Counting(MappingPreview(after, after))
    names = frozenset({"city", "age"})
    people = [{"city": "Ulm", "age": "4"}, {"city": "Ulm"}, {}, {"city": "Bonn"}, {"age": "old"}]
    counting.take(Page([1, 2, 3, 4, 5], [Looks(names, one) for one in people], [None] * 5), lambda *_: {})
    assert counting.worth_seeing() == (2, 3, 5)
