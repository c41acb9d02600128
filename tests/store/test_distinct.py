"""The different values of a property, counted by the database itself."""

from __future__ import annotations

from collections import Counter

import pytest

from connector.store import records
from connector.store.distinct import distinct
from tests.admin.desk import standing_house
from tests.store.builders import T0, snapshot


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    yield from standing_house(tmp_path_factory.mktemp("house"))


def one_by_one(u, portal_id: int, name: str) -> Counter[str]:
    ids = records.live_ids(u, portal_id, "contacts")
    return Counter(one.properties.get(name) or "" for one in records.get_many(u, portal_id, "contacts", ids).values())


@pytest.mark.parametrize("name", ["city", "country", "email", "phone", "no_such_property"])
def test_the_grouping_gives_what_contact_after_contact_gives(house, name):
    with house.service.store.view() as u:
        portal = house.portal_id("acme")
        found = distinct(u, portal, "contacts", name, 1000)
        assert dict(found.values) == one_by_one(u, portal, name)
        assert not found.capped


def test_the_most_frequent_come_first_and_a_cap_is_told(house):
    with house.service.store.view() as u:
        portal = house.portal_id("acme")
        found = distinct(u, portal, "contacts", "city", 2)
        whole = distinct(u, portal, "contacts", "city", 1000)
    assert found.capped
    assert found.values == whole.values[:2]
    assert [n for _, n in whole.values] == sorted((n for _, n in whole.values), reverse=True)


@pytest.mark.parametrize("name", ['a"b', "a\\b", "x') --"])
def test_a_name_no_property_can_have_gives_no_value(house, name):
    with house.service.store.view() as u:
        assert {value for value, _ in distinct(u, house.portal_id("acme"), "contacts", name, 9).values} <= {""}


def test_both_databases_group_alike(u, portal):
    cities = ["Ulm", "Ulm", "Köln", "", None, 'a"b', "Ulm"]
    people = [snapshot(at, 1, city=city) for at, city in enumerate(cities, 1)]
    records.upsert(u, portal, "contacts", people, T0)
    found = distinct(u, portal, "contacts", "city", 10)
    assert dict(found.values) == {"Ulm": 3, "": 2, "Köln": 1, 'a"b': 1}
    assert dict(distinct(u, portal, "contacts", "never_read", 10).values) == {"": 7}
