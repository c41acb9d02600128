"""Definitions: what the portal is made of, as read last, and what a fresh reading changed."""

from __future__ import annotations

from contextlib import suppress

from connector.model.records import Owner, Pipeline, PropertyDefinition, PropertyOption, Stage
from connector.store import Store, definitions
from connector.store.definitions import Difference
from tests.store.builders import T0


def prop(name: str, *options: str, label: str = "Label") -> PropertyDefinition:
    made = tuple(PropertyOption(value, value.title(), order) for order, value in enumerate(options))
    return PropertyDefinition("contacts", name, label, "enumeration", "select", "group", made, has_unique_value=True)


def test_property_definitions_come_back_as_they_were(u, portal):
    given = [prop("stage", "lead", "mql"), prop("größe")]
    definitions.replace_properties(u, portal, "contacts", given, T0)
    assert definitions.properties(u, portal, "contacts") == {"stage": given[0], "größe": given[1]}
    assert definitions.properties(u, portal, "companies") == {}


def test_a_fresh_reading_tells_what_it_changed(u, portal):
    first = [prop("a"), prop("b"), prop("c")]
    assert definitions.replace_properties(u, portal, "contacts", first, T0) == Difference(added=("a", "b", "c"))
    second = [prop("a"), prop("b", "new"), prop("d")]
    difference = definitions.replace_properties(u, portal, "contacts", second, T0 + 1)
    assert difference == Difference(added=("d",), changed=("b",), removed=("c",))
    assert list(definitions.properties(u, portal, "contacts")) == ["a", "b", "d"]


def test_when_it_was_read_is_known(u, portal):
    assert definitions.read_ms(u, portal, "properties:contacts") is None
    definitions.replace_properties(u, portal, "contacts", [], T0)
    definitions.replace_owners(u, portal, [], T0 + 1)
    definitions.replace_pipelines(u, portal, "deals", [], T0 + 2)
    whats = ("properties:contacts", "owners", "pipelines:deals")
    assert [definitions.read_ms(u, portal, what) for what in whats] == [T0, T0 + 1, T0 + 2]


def test_owners_come_back_with_teams_and_whether_they_left(u, portal):
    jo = Owner(1, "jo@example.com", "Jo", "Doe", 11, active=True, teams=("Sales", "DACH"))
    kim = Owner(2, "kim@example.com", "Kim", "Roe", None, active=False)
    definitions.replace_owners(u, portal, [kim, jo], T0)
    assert definitions.owners(u, portal) == (jo, kim)
    assert definitions.replace_owners(u, portal, [jo], T0) == Difference(removed=("2",))


def test_pipelines_come_back_with_their_stages_in_order(u, portal):
    stages = (Stage("b", "Won", 1, closed=True, probability=1.0), Stage("a", "Open", 0, probability=0.2))
    sales = Pipeline("deals", "default", "Sales", tuple(sorted(stages, key=lambda stage: stage.order)))
    old = Pipeline("deals", "old", "Old", (), archived=True)
    definitions.replace_pipelines(u, portal, "deals", [sales, old], T0)
    assert definitions.pipelines(u, portal, "deals") == (sales, old)
    assert definitions.pipelines(u, portal, "contacts") == ()
    assert definitions.replace_pipelines(u, portal, "deals", [sales], T0) == Difference(removed=("old",))


def test_what_another_process_read_anew_is_seen_at_once(store, url, portal):
    other = Store.open(url)
    with store.unit() as u:
        definitions.replace_properties(u, portal, "contacts", [prop("a")], T0)
    with other.view() as u:
        assert list(definitions.properties(u, portal, "contacts")) == ["a"]
    with store.unit() as u:
        definitions.replace_properties(u, portal, "contacts", [prop("b")], T0 + 1)
    with other.view() as u:
        assert list(definitions.properties(u, portal, "contacts")) == ["b"]
    other.close()


def test_a_reading_that_was_not_kept_is_not_believed(store, portal):
    with store.unit() as u:
        definitions.replace_properties(u, portal, "contacts", [prop("a")], T0)
    with suppress(LookupError), store.unit() as u:
        definitions.replace_properties(u, portal, "contacts", [prop("b")], T0 + 1)
        assert list(definitions.properties(u, portal, "contacts")) == ["b"]
        raise LookupError
    with store.view() as u:
        assert list(definitions.properties(u, portal, "contacts")) == ["a"]


def test_six_hundred_properties(u, portal):
    given = [prop(f"p{n:03}", "x", "y") for n in range(600)]
    definitions.replace_properties(u, portal, "contacts", given, T0)
    assert len(definitions.properties(u, portal, "contacts")) == 600
