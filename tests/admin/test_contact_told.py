"""What a data provider told, on a contact's page: which fields, who told them, since when; nothing where nobody did."""

from __future__ import annotations

import json

import pytest

from connector.model.enrichment import Told
from connector.rules.enrichment import domain_of
from connector.store import associations, enrichments, records
from connector.sync.mapping_text import rewritten
from tests.admin.hands import text
from tests.sync.enrichment import enriched_mapping

ASKED = {"group_membership": "group", "company_size": "size"}
VALUES = {"group": "Works & Sons", "size": "1"}


@pytest.fixture
def somebody(house, tmp_path) -> int:
    """A contact of whose company the provider told something that the portal does not hold."""
    file = tmp_path / "mapping.yaml"
    file.write_text(json.dumps(enriched_mapping("https://firms.example", fields=ASKED)), encoding="utf-8")
    house.service.config_publish("acme", file, "admin", "as asked")
    portal = house.portal_id("acme")
    with house.service.store.unit() as u:
        people = [one for page in records.stream(u, portal, "contacts") for one in page]
        led = associations.companies_of(u, portal, [one.id for one in people])
        firms = records.get_many(u, portal, "companies", set(led.values()))
        belongs = {one.id: domain_of(one.properties, firms[led[one.id]].properties) for one in people if one.id in led}
        who, domain = next((ident, domain) for ident, domain in belongs.items() if domain)
        at = house.rig.clock.now_ms()
        told = [Told("firms", domain, at, VALUES, frozenset(ASKED.values()), at, at + 10**9)]
        enrichments.keep(u, portal, told)
    return who


def test_it_is_marked_as_told_and_not_entered(house, somebody):
    page = text(house.get(f"/portals/acme/contacts/{somebody}"))
    assert "From a data provider HubSpot holds nothing for these fields" in page
    assert "Group membership Works & Sons firms, since" in page
    assert page.count("firms, since") == 1  # the portal holds the size


def test_in_german_too(house, somebody):
    house.signed_in("owner", language="de")
    page = text(house.get(f"/portals/acme/contacts/{somebody}"))
    assert "Von einem Datenanbieter" in page
    assert "Konzernzugehörigkeit Works & Sons firms, seit" in page


def test_who_is_told_nothing_about_has_no_such_card(house):
    who = next(iter(house.service.export("acme", "contacts")))["id"]
    assert "From a data provider" not in house.get(f"/portals/acme/contacts/{who}")


def test_the_mappings_page_works_with_a_provider_in_the_document(house, somebody):
    assert "company_size" in house.get("/portals/acme/mapping")


def test_a_row_that_is_changed_leaves_the_provider_alone():
    text_ = "rows:\n  - {field: email, property: email}\nenrichment:  # ours\n  provider: firms\n  dry: example\n"
    row = {"field": "email", "property": "work_email"}
    assert rewritten(text_, {0: row}) == text_.replace("property: email", "property: work_email")
