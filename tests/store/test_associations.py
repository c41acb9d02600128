"""Associations: what the portal reports is what there is; adding and removing are changes of the contacts concerned."""

from __future__ import annotations

import pytest

from connector.model.records import Association
from connector.store import associations, records
from tests.store.builders import T0, company_link, snapshot


@pytest.fixture
def people(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(n, 1) for n in (1, 2, 3)], T0)
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))


def link(u, portal, links, from_type="contacts", to_type="companies"):
    return associations.replace(u, portal, from_type, links, to_type, T0)


def marked(u, portal):
    return set(records.dirty_or_due(u, portal, T0))


def test_links_come_back_with_the_primary_one_first(u, portal):
    given = (company_link(10, label="Partner", type_id=5), company_link(20, primary=True, type_id=1))
    assert link(u, portal, {1: given, 2: ()}) == {1}
    assert associations.of(u, portal, "contacts", [1, 2], "companies") == {1: (given[1], given[0])}
    assert associations.of(u, portal, "contacts", [1], "deals") == {}
    assert associations.of(u, portal, "contacts", [], "companies") == {}


def test_one_pair_may_have_several_labels(u, portal):
    given = (company_link(10), company_link(10, label="Partner", type_id=5), company_link(10, label="Board", type_id=6))
    link(u, portal, {1: given})
    assert set(associations.of(u, portal, "contacts", [1], "companies")[1]) == set(given)


def test_a_link_without_a_type_stays_without(u, portal):
    link(u, portal, {1: (company_link(10, type_id=None),)})
    assert associations.of(u, portal, "contacts", [1], "companies")[1][0].type_id is None


def test_adding_and_removing_mark_the_contact(u, portal, people):
    assert link(u, portal, {1: (company_link(10),), 2: ()}) == {1}
    assert marked(u, portal) == {1}
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))
    assert link(u, portal, {1: ()}) == {1}
    assert marked(u, portal) == {1}
    assert associations.of(u, portal, "contacts", [1], "companies") == {}


def test_the_same_again_is_no_change(u, portal, people):
    link(u, portal, {1: (company_link(10), company_link(20))})
    assert link(u, portal, {1: (company_link(20), company_link(10), company_link(10))}) == set()


def test_a_new_primary_is_a_change(u, portal):
    link(u, portal, {1: (company_link(10, primary=True), company_link(20))})
    assert link(u, portal, {1: (company_link(10), company_link(20, primary=True))}) == {1}
    assert associations.companies_of(u, portal, [1]) == {1: 20}


def test_only_the_records_named_are_replaced(u, portal):
    link(u, portal, {1: (company_link(10),), 2: (company_link(10),)})
    link(u, portal, {1: ()})
    assert associations.of(u, portal, "contacts", [1, 2], "companies").keys() == {2}


def test_links_read_from_the_company_mark_its_contacts(u, portal, people):
    to_contact = [Association("contacts", n, 280) for n in (1, 2, 3)]
    link(u, portal, {10: tuple(to_contact[:2])}, "companies", "contacts")
    assert marked(u, portal) == {1, 2}
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))
    link(u, portal, {10: tuple(to_contact[1:])}, "companies", "contacts")
    assert marked(u, portal) == {1, 3}
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))
    records.upsert(u, portal, "companies", [snapshot(10, 1, object_type="companies", name="Acme")], T0)
    assert marked(u, portal) == {2, 3}


def test_the_company_that_counts(u, portal):
    link(u, portal, {1: (company_link(30), company_link(20), company_link(40, primary=True)), 2: (company_link(9),)})
    assert associations.companies_of(u, portal, [1, 2, 3]) == {1: 40, 2: 9}
    records.bury(u, portal, "companies", [40, 9], T0)
    assert associations.companies_of(u, portal, [1, 2, 3]) == {1: 20}
    assert associations.companies_of(u, portal, []) == {}


def test_the_contacts_of_a_company(u, portal):
    link(u, portal, {2: (company_link(10),), 1: (company_link(10, label="x"), company_link(10)), 3: ()})
    assert associations.contacts_of(u, portal, [10, 11]) == {10: (1, 2)}


def test_merged_ends_lead_to_their_survivors(u, portal):
    records.merge(u, portal, "companies", 10, 20, T0)
    records.merge(u, portal, "contacts", 1, 2, T0)
    link(u, portal, {1: (company_link(5),), 2: (company_link(10), company_link(20))})
    found = associations.of(u, portal, "contacts", [1, 2], "companies")
    assert {record: [one.to_id for one in many] for record, many in found.items()} == {2: [20]}
