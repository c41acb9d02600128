"""On a contact's page: by which way it came, and what interested it first."""

from __future__ import annotations

from tests.admin.hands import text
from tests.sync.steps import document, publish

TOPIC = {
    "name": "paper", "kind": "white_paper", "topic": "Energie sparen", "match": "White Paper Anforderung",
    "call": "Get it", "landing_page": "https://www.example.com", "delivery": "By mail",
}  # fmt: skip


def somebody(house, source: str | None, form: str = "") -> int:
    who = house.rig.twin.create_contact({"email": "neu@werk.example", "hs_analytics_source": source})
    if form:
        house.rig.twin.submit_form(form, "neu@werk.example")
    house.service.sync("acme")
    house.service.plan("acme")
    return who


def page(house, who: int) -> str:
    return text(house.get(f"/portals/acme/contacts/{who}"))


def test_the_source_stands_there_with_its_side_in_both_languages(house):
    who = somebody(house, "ORGANIC_SEARCH")
    assert "Lead source Search engines (inbound)" in page(house, who)
    house.signed_in("owner", language="de")
    assert "Herkunft Suchmaschinen (Inbound)" in page(house, who)


def test_an_unknown_source_is_called_unknown(house):
    assert "Lead source unknown" in page(house, somebody(house, None))


def test_the_first_interest_stands_there_where_it_is_known(house, tmp_path):
    publish(house.rig, tmp_path, "workflows", {**document("workflows"), "assets": [TOPIC]})
    who = somebody(house, "PAID_SEARCH", "White Paper Anforderung")
    seen = page(house, who)
    assert "Lead source Ads (outbound) First interest Energie sparen" in seen


def test_without_a_topic_there_is_no_such_line(house):
    assert "First interest" not in page(house, somebody(house, "PAID_SEARCH", "White Paper Anforderung"))
