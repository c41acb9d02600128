"""Pages, searches, reads and links: tolerance, splitting of what does not fit, survivors."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
import requests_mock

from connector.errors import NotFound, ProtocolBroken, Refused
from connector.model.records import Association
from connector.portal.gateway import Filter
from tests.portal.conftest import URL

CONTACTS = f"{URL}/crm/v3/objects/contacts"
MANY = [f"custom_property_number_{n:04d}" for n in range(1200)]


def record(ident: int, **properties: str | None) -> dict:
    stamp = "2026-11-20T10:11:12.345Z"
    return {"id": str(ident), "properties": properties, "createdAt": stamp, "updatedAt": stamp, "archived": False}


class TestPage:
    def test_reads_values_as_sent_and_survives_absent_fields(self, portal, web, payload):
        web.get(CONTACTS, json=payload("contacts_page"))
        page = portal.page("contacts", after=None, properties=["email"], associations=["companies"])
        ada, bob, bare = page.records
        assert page.after == "104"
        assert (ada.id, ada.properties["firstname"], ada.modified_ms) == (101, None, 1795169472345)
        assert (bob.id, bob.modified_ms, bob.created_ms) == (102, 1795305600000, None)
        assert (bob.properties["score"], bob.properties["flag"]) == ("12", "true")
        assert (bare.properties, bare.associations) == ({}, ())

    def test_links_of_a_listing_are_joined_and_the_plain_kind_is_primary(self, portal, web, payload):
        web.get(CONTACTS, json=payload("contacts_page"))
        page = portal.page("contacts", after=None, properties=["email"], associations=["companies"])
        assert page.records[0].associations == (
            Association("companies", 9, None, "", primary=True),
            Association("companies", 8),
            Association("companies", 7, None, "billing_contact"),
        )

    def test_associations_not_asked_for_are_unknown(self, portal, web, payload):
        web.get(CONTACTS, json=payload("contacts_page"))
        assert portal.page("contacts", after=None, properties=["email"]).records[0].associations is None

    def test_more_links_than_a_listing_shows_are_read(self, portal, web):
        listed = record(1, email="a@b.co")
        block = {"results": [{"id": "5", "type": "contact_to_company"}], "paging": {"next": {"after": "6"}}}
        listed["associations"] = {"companies": block}
        web.get(CONTACTS, json={"results": [listed]})
        full = [{"toObjectId": n, "associationTypes": [{"typeId": 279}]} for n in (5, 6, 7)]
        web.post(
            f"{URL}/crm/v4/associations/contacts/companies/batch/read",
            json={"results": [{"from": {"id": "1"}, "to": full}]},
        )
        page = portal.page("contacts", after=None, properties=["email"], associations=["companies"])
        assert [link.to_id for link in page.records[0].associations] == [5, 6, 7]

    def linked(self, web, *words: tuple[str, str], first: int = 1) -> None:
        """A listing of one contact with these links, and what a direct read says of them."""
        listed = record(1, email="a@b.co")
        listed["associations"] = {"companies": {"results": [{"id": i, "type": word} for i, word in words]}}
        web.get(CONTACTS, json={"results": [listed]})
        to = [{"toObjectId": 5, "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": first}]}]
        self.read = web.post(
            f"{URL}/crm/v4/associations/contacts/companies/batch/read",
            json={"results": [{"from": {"id": "1"}, "to": to}]},
        )

    @pytest.mark.parametrize("first", [1, 279])
    def test_a_word_nobody_knows_is_looked_up_not_guessed(self, portal, web, first):
        """It may be HubSpot's new word for the primary link; the number of its kind tells."""
        self.linked(web, ("5", "contact_to_primary_company"), first=first)
        page = portal.page("contacts", after=None, properties=["email"], associations=["companies"])
        assert [link.primary for link in page.records[0].associations] == [first == 1]
        assert self.read.call_count == 1

    @pytest.mark.parametrize(
        "words",
        [
            (("5", "contact_to_company"), ("5", "billing_contact")),
            (("5", "billing_contact"), ("6", "contact_to_company")),
            (("5", "contact_to_company_unlabeled"),),
        ],
    )
    def test_where_the_words_tell_nothing_is_asked(self, portal, web, words):
        self.linked(web, *words)
        portal.page("contacts", after=None, properties=["email"], associations=["companies"])
        assert self.read.call_count == 0

    def test_sends_what_was_asked(self, portal, web):
        web.get(CONTACTS, json={"results": []})
        portal.page("contacts", after="7", properties=["a", "b"], associations=["deals"], archived=True, limit=50)
        query = parse_qs(urlsplit(web.last_request.url).query)
        assert query == {
            "limit": ["50"], "after": ["7"], "properties": ["a,b"], "associations": ["deals"], "archived": ["true"]
        }  # fmt: skip

    def test_a_token_that_repeats_is_an_error_not_a_loop(self, portal, web):
        web.get(CONTACTS, json={"results": [record(1)], "paging": {"next": {"after": "7"}}})
        with pytest.raises(ProtocolBroken):
            portal.page("contacts", after="7", properties=["email"])

    def test_a_record_without_an_id_is_an_error(self, portal, web):
        web.get(CONTACTS, json={"results": [{"properties": {}}]})
        with pytest.raises(ProtocolBroken):
            portal.page("contacts", after=None, properties=["email"])


class TestTooManyProperties:
    def test_page_lists_ids_and_reads_the_rest_by_post(self, portal, web):
        listed = [record(n, hs_object_id=str(n)) for n in (1, 2, 3)]
        listed[0]["associations"] = {"deals": {"results": [{"id": "4", "type": "contact_to_deal"}]}}
        web.get(CONTACTS, json={"results": listed, "paging": {"next": {"after": "4"}}})
        web.post(f"{CONTACTS}/batch/read", json={"results": [record(2, **{MANY[0]: "y"}), record(1, **{MANY[0]: "x"})]})
        page = portal.page("contacts", after=None, properties=MANY, associations=["deals"], archived=True)
        assert [(one.id, one.properties[MANY[0]]) for one in page.records] == [(1, "x"), (2, "y")]
        assert [link.to_id for link in page.records[0].associations] == [4]
        assert page.after == "4"
        listing, reading = web.request_history
        assert len(listing.url) < 7_500
        assert reading.qs["archived"] == ["true"]
        assert len(reading.json()["inputs"]) == 3
        assert reading.json()["properties"] == MANY

    def test_the_longest_list_that_fits_stays_one_call(self, portal, web):
        web.get(CONTACTS, json={"results": []})
        portal.page("contacts", after=None, properties=MANY[:250])
        assert web.call_count == 1
        assert len(web.last_request.url) <= 7_500

    def test_read_one_does_the_same(self, portal, web):
        web.get(f"{CONTACTS}/1", json=record(1))
        web.post(f"{CONTACTS}/batch/read", json={"results": [record(1, **{MANY[0]: "x"})]})
        assert portal.read_one("contacts", 1, MANY).properties[MANY[0]] == "x"

    def test_a_search_body_stays_under_three_thousand_characters(self, portal, web):
        found = [record(n, hs_object_id=str(n)) for n in range(1, 151)]
        web.post(f"{CONTACTS}/search", json={"total": 150, "results": found, "paging": {"next": {"after": "150"}}})
        web.post(
            f"{CONTACTS}/batch/read",
            json=lambda request, _: {
                "results": [record(int(one["id"]), **{MANY[0]: one["id"]}) for one in request.json()["inputs"]]
            },
        )
        filters = [[Filter("lastmodifieddate", "GTE", "1795305600000")]]
        page = portal.search("contacts", groups=filters, sort="hs_object_id", properties=MANY)
        search, *reads = web.request_history
        assert len(search.text) <= 3_000
        assert [len(one.json()["inputs"]) for one in reads] == [100, 50]
        assert [one.properties[MANY[0]] for one in page.records] == [str(n) for n in range(1, 151)]
        assert (page.total, page.after) == (150, "150")

    def test_filters_alone_beyond_the_limit_are_refused_before_sending(self, portal, web):
        with pytest.raises(Refused):
            portal.search("contacts", groups=[[Filter("email", "IN", values=tuple(MANY))]], sort="", properties=[])
        assert web.call_count == 0


def test_search_speaks_the_documented_shape(portal, web):
    web.post(f"{CONTACTS}/search", json={"total": 0, "results": []})
    groups = [[Filter("a", "BETWEEN", "1", high="2"), Filter("b", "IN", values=("x", "y"))], [Filter("c", "EQ", "z")]]
    portal.search("contacts", groups=groups, sort="-createdate", properties=["email"], limit=10, after="20")
    assert web.last_request.json() == {
        "filterGroups": [
            {"filters": [
                {"propertyName": "a", "operator": "BETWEEN", "value": "1", "highValue": "2"},
                {"propertyName": "b", "operator": "IN", "values": ["x", "y"]}]},
            {"filters": [{"propertyName": "c", "operator": "EQ", "value": "z"}]}],
        "properties": ["email"], "limit": 10, "after": "20",
        "sorts": [{"propertyName": "createdate", "direction": "DESCENDING"}],
    }  # fmt: skip


class TestRead:
    def test_asks_in_chunks_of_a_hundred_distinct_ids(self, portal, web):
        web.post(
            f"{CONTACTS}/batch/read",
            json=lambda request, _: {"results": [record(int(one["id"])) for one in request.json()["inputs"]]},
        )
        found = portal.read("contacts", [*range(1, 251), 1, 2], ["email"])
        assert [len(one.json()["inputs"]) for one in web.request_history] == [100, 100, 50]
        assert len(found.records) == 250
        assert found.missing == ()

    def test_a_survivor_answers_for_the_ids_merged_into_it(self, portal, web):
        survivor = record(
            30, email="a@b.co", hs_merged_object_ids="10;20", hs_calculated_merged_vids="11:1795305600000"
        )
        web.post(f"{CONTACTS}/batch/read", status_code=207, json={"results": [survivor]})
        found = portal.read("contacts", [10, 11, 20], ["email"])
        assert found.survivors == {10: 30, 11: 30, 20: 30}
        assert found.missing == ()
        assert dict(found.records[0].properties) == {"email": "a@b.co"}

    def test_hints_asked_for_are_kept(self, portal, web):
        web.post(f"{CONTACTS}/batch/read", json={"results": [record(30, hs_merged_object_ids="10")]})
        found = portal.read("contacts", [30], ["hs_merged_object_ids"])
        assert found.records[0].properties == {"hs_merged_object_ids": "10"}

    def test_what_a_batch_leaves_open_is_settled_by_single_reads(self, portal, web):
        web.post(f"{CONTACTS}/batch/read", json={"results": [record(1)]})
        web.get(f"{CONTACTS}/2", json=record(9))
        web.get(f"{CONTACTS}/3", status_code=404, json={"category": "OBJECT_NOT_FOUND"})
        found = portal.read("contacts", [1, 2, 3], ["email"])
        assert sorted(one.id for one in found.records) == [1, 9]
        assert (found.survivors, found.missing) == ({2: 9}, (3,))

    def test_at_most_twenty_single_reads(self, portal, web):
        web.post(f"{CONTACTS}/batch/read", json={"results": []})
        web.get(requests_mock.ANY, status_code=404, json={})
        found = portal.read("contacts", range(1, 101), ["email"])
        assert len(found.missing) == 100
        assert web.call_count == 21

    def test_archived_records_are_asked_for_as_such(self, portal, web):
        web.post(f"{CONTACTS}/batch/read", json={"results": [record(1)]})
        portal.read("contacts", [1], ["email"], archived=True)
        assert web.last_request.qs["archived"] == ["true"]

    def test_engagements_have_no_merge_hints(self, portal, web):
        web.post(f"{URL}/crm/v3/objects/calls/batch/read", json={"results": [record(1)]})
        portal.read("calls", [1], ["hs_call_title"])
        assert web.last_request.json()["properties"] == ["hs_call_title"]


class TestReadOne:
    def test_by_email(self, portal, web):
        web.get(f"{CONTACTS}/a%2Bb%40c.co", json=record(1, email="a+b@c.co"))
        assert portal.read_one("contacts", "a+b@c.co", ["email"]).id == 1
        assert web.last_request.qs["idproperty"] == ["email"]

    def test_unknown(self, portal, web):
        web.get(f"{CONTACTS}/1", status_code=404, text="<html>nothing here</html>")
        with pytest.raises(NotFound):
            portal.read_one("contacts", 1, ["email"])


class TestAssociations:
    ADDRESS = f"{URL}/crm/v4/associations/contacts/companies/batch/read"

    def test_pages_labels_primaries_and_none(self, portal, web, payload):
        second = {
            "results": [{"from": {"id": "101"}, "to": [{"toObjectId": 7, "associationTypes": [{"typeId": 279}]}]}]
        }
        web.post(self.ADDRESS, [{"json": payload("associations"), "status_code": 207}, {"json": second}])
        found = portal.associations("contacts", "companies", [101, 102, 103])
        assert found == {
            101: (
                Association("companies", 9, 1, "", primary=True),
                Association("companies", 8, 37, "Billing"),
                Association("companies", 7, 279),
            ),
            102: (),
        }
        assert web.last_request.json() == {"inputs": [{"id": "101", "after": "500"}]}

    def test_a_token_that_repeats_is_an_error(self, portal, web):
        to = [{"toObjectId": 7, "associationTypes": []}]
        body = {"results": [{"from": {"id": "1"}, "to": to, "paging": {"next": {"after": "5"}}}]}
        web.post(self.ADDRESS, json=body)
        with pytest.raises(ProtocolBroken):
            portal.associations("contacts", "companies", [1])

    def test_a_thousand_at_a_time(self, portal, web):
        web.post(self.ADDRESS, json={"results": []})
        assert len(portal.associations("contacts", "companies", range(1, 1502))) == 1501
        assert [len(json.loads(one.text)["inputs"]) for one in web.request_history] == [1000, 501]


def test_definitions_know_that_only_read_only_values_are_read_only(portal, web):
    metadata = {"readOnlyDefinition": True, "readOnlyValue": False}
    option = {"value": "lead", "label": "Lead", "displayOrder": 1, "hidden": False}
    raw = {"name": "lifecyclestage", "label": "Stage", "type": "enumeration", "fieldType": "radio",
           "groupName": "contactinformation", "modificationMetadata": metadata, "options": [option]}  # fmt: skip
    web.get(f"{URL}/crm/v3/properties/contacts", json={"results": [raw, {"name": "bare"}]})
    stage, bare = portal.definitions("contacts")
    assert not stage.read_only
    assert stage.options[0].order == 1
    assert (bare.type, bare.options) == ("", ())
