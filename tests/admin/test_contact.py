"""One contact: its score as a bill that adds up, what is held and why, its story; who may see what of it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from connector.model.records import Activity
from connector.store import activities, records
from tests.admin.hands import best, follow, links, second, text
from tests.store.builders import snapshot


def lines(page: str) -> list[int]:
    """The points of every line of the bill as the page shows them."""
    rows = re.findall(r'<tr(?: class="idle")?><td>.*?<td class="number [^"]*">([+−]?[\d,]+)</td></tr>', page, re.DOTALL)
    return [points(one) for one in rows]


def points(told: str) -> int:
    return int(told.replace("−", "-").replace(",", "").replace("+", ""))


def subtotals(page: str) -> list[int]:
    return [
        points(one)
        for one in re.findall(r'<tr class="family">.*?<td class="number">([+−]?[\d,]+)</td>', page, re.DOTALL)
    ]


def total(page: str) -> int:
    return points(re.search(r'<tr class="total">.*?<td class="number">([−\-\d,]+)</td>', page, re.DOTALL)[1])


def address(house, ident: str) -> str:
    row = next(row for row in house.service.export("acme", "contacts") if row["id"] == ident)
    return row["email"]


def test_the_bill_of_every_contact_adds_up_to_its_score(house):
    scores = {row["contact"]: row["score"] for row in house.service.export("acme", "receipts")}
    assert len(scores) == 60
    for ident, score in scores.items():
        page = house.get(f"/portals/acme/contacts/{ident}")
        assert sum(lines(page)) == sum(subtotals(page)) == total(page) == score, ident


def test_a_line_names_its_rule_its_evidence_and_why_and_what_is_unknown_is_named(house):
    page = house.get(f"/portals/acme/contacts/{best(house)}")
    seen = text(page)
    assert "e_book" in seen
    assert "E-Book Download on 2026-11-09" in seen
    assert "E-book downloaded" in seen
    assert "unknown age age: not in this portal up to +5" in seen
    assert "Model standard-b2b, version 1." in seen


def test_it_says_what_is_missing_for_an_mql_and_what_is_held_back(house):
    seen = text(house.get(f"/portals/acme/contacts/{best(house)}"))
    assert "met: The record is complete" in seen
    assert "not met: Right function: no (role_level=intern (from jobtitle))" in seen
    assert "Becoming MQL Right function: no" in seen
    assert "since Nov 22, 2026" in seen
    assert "What would bring points" in seen


def test_the_head_links_to_the_record_in_hubspot(house):
    who = best(house)
    page = house.get(f"/portals/acme/contacts/{who}")
    assert f"https://app-eu1.hubspot.com/contacts/27418063/record/0-1/{who}" in links(page)


def test_whether_somebody_may_be_mailed_is_told_with_the_reason(house):
    seen = text(house.get(f"/portals/acme/contacts/{best(house)}"))
    assert "May be mailed no Not a marketing contact in HubSpot (Make it a marketing contact in HubSpot)" in seen


def test_the_nearest_threshold_is_told_in_points(house):
    seen = text(house.get(f"/portals/acme/contacts/{best(house)}"))
    assert "7 points of fit to grade B (at 16)" in seen


def test_a_past_minute_can_be_asked_and_its_bill_adds_up_too(house):
    who = best(house)
    now = total(house.get(f"/portals/acme/contacts/{who}"))
    page = house.get(f"/portals/acme/contacts/{who}?at=2026-07-01T10:00")
    then = house.service.explain("acme", who, 1_782_900_000_000)["score"]
    assert total(page) == then == sum(lines(page)) < now
    assert "As it was on" in text(page)


@pytest.mark.parametrize("moment", ["yesterday", "2026-13-01T00:00", "2099-01-01T00:00", "99999-01-01", "\x00"])
def test_a_minute_that_is_none_or_not_yet_is_told_and_now_is_shown(house, moment):
    page = house.get(f"/portals/acme/contacts/{best(house)}?at={moment}")
    assert 'aria-invalid="true"' in page
    assert "As it was on" not in page


def test_its_story_is_told_newest_first_and_paged(house):
    who = best(house)
    house.service.live("acme")
    house.service.apply("acme", plan_hash=house.service.plan("acme")["hash"])
    house.service.sync("acme")
    page = house.get(f"/portals/acme/contacts/{who}")
    seen = text(page)
    assert "First judged: 94 points, grade C, Subscriber" in seen
    assert "Webinar: attended" in seen
    assert "Write-back, run apply-" in seen
    assert "written and read back" in seen
    with house.service.store.unit() as u:
        known = activities.of(u, house.portal_id("acme"), [int(who)])[int(who)][0]
        fresh = replace(known, id="new", kind="newsletter_subscribed", at_ms=house.rig.clock.now_ms() - 5000)
        activities.add(u, house.portal_id("acme"), [fresh])
    house.service.apply("acme", plan_hash=house.service.plan("acme")["hash"])
    seen = text(house.get(f"/portals/acme/contacts/{who}"))
    assert "leadwright_score changed by Leadwright leadwright_score 94 → 109" in seen
    assert "+15: now 109 points, grade C, Subscriber" in seen
    with house.service.store.unit() as u:
        many = [replace(known, id=f"x{n}", at_ms=known.at_ms - n * 1000) for n in range(1, 90)]
        activities.add(u, house.portal_id("acme"), many)
    first = house.get(f"/portals/acme/contacts/{who}")
    onward = next(link for link in links(first) if "before=" in link)
    second_page = house.get(onward.removeprefix("/admin"))
    assert "First judged" not in second_page
    assert second_page.count('<li class="activity') > 10
    house.get(f"/portals/acme/contacts/{who}?before=nonsense")


def test_addresses_are_hidden_until_somebody_who_may_asks_and_that_is_booked(house):
    who = best(house)
    email = address(house, who)
    assert email not in house.get(f"/portals/acme/contacts/{who}")
    assert house.porter.booked == []
    house.signed_in("analyst", "acme")
    page = house.post(f"/portals/acme/contacts/{who}/shown", 200).text
    assert email in page
    what, portal, _, _ = house.porter.booked[-1]
    assert who in what
    assert portal == house.portal_id("acme")
    assert email not in what
    house.signed_in("viewer", "acme")
    assert "Show address and number" not in house.get(f"/portals/acme/contacts/{who}")
    house.post(f"/portals/acme/contacts/{who}/shown", 404)
    assert len(house.porter.booked) == 1


def test_an_old_number_of_a_merged_contact_leads_to_the_one_it_lives_on_in(house):
    ids = [row["id"] for row in house.service.export("acme", "contacts")][:2]
    with house.service.store.unit() as u:
        records.merge(u, house.portal_id("acme"), "contacts", int(ids[0]), int(ids[1]), house.rig.clock.now_ms())
    page = house.get(f"/portals/acme/contacts/{ids[0]}")
    assert f"Contact {ids[0]} was merged into this one" in text(page)
    assert f"record/0-1/{ids[1]}" in page


@pytest.mark.parametrize("ident", ["1", "abc", "0", "-5", "99999999999999999999999", "1%27", "%00"])
def test_an_unknown_contact_is_a_page_that_says_so(house, ident):
    page = house.get(f"/portals/acme/contacts/{ident}", 404)
    assert "There is no such contact here" in page


def test_an_erased_person_is_told_apart_and_nothing_of_it_is_left(house):
    who = best(house)
    email = address(house, who)
    house.service.erase("acme", who)
    page = house.get(f"/portals/acme/contacts/{who}", 404)
    assert "This person was erased" in page
    assert email not in page
    assert "No contact matches" in house.get(f"/portals/acme/contacts?q={email}"), "not even the search knows it"


def test_judging_again_takes_what_the_mirror_holds_now(house):
    who = best(house)
    with house.service.store.unit() as u:
        known = activities.of(u, house.portal_id("acme"), [int(who)])[int(who)][0]
        fresh = replace(known, id="new", kind="newsletter_subscribed", at_ms=house.rig.clock.now_ms() - 5000)
        activities.add(u, house.portal_id("acme"), [fresh])
    page = follow(house, house.post(f"/portals/acme/contacts/{who}/judge"))
    assert "Judged again: 109 points." in page
    assert "109 points" in text(house.get(f"/portals/acme/contacts/{who}"))
    assert house.porter.booked[-1][0] == f"Judged contact {who} again"
    house.signed_in("analyst", "acme")
    house.post(f"/portals/acme/contacts/{who}/judge", 404)
    house.signed_in("editor")
    house.post("/portals/acme/contacts/1/judge", 404)


def test_markup_and_addresses_that_run_code_are_text(house):
    now = house.rig.clock.now_ms()
    with house.service.store.unit() as u:
        evil = snapshot(4242, 0, firstname="<script>alert(1)</script>", company="<i>x</i>", email="m@x.example")
        records.upsert(u, house.portal_id("acme"), "contacts", [evil], now)
        acts = [
            Activity(4242, now - 5000, "1", "site_visit", "page_view", "VISIT", title="<svg onload=alert(1)>",
                     url="javascript:alert(1)"),
            Activity(4242, now - 6000, "2", "", "page_view", "<u>t</u>", url="https://ok.example/?a=<b>&m=m@x.example"),
        ]  # fmt: skip
        activities.add(u, house.portal_id("acme"), acts)
    house.service.judge_again("acme", "4242")
    page = house.get("/portals/acme/contacts/4242")
    assert "javascript:alert(1)" in text(page)
    assert not [link for link in links(page) if link.startswith("javascript")]
    assert any(link.startswith("https://ok.example/") for link in links(page))
    for raw in ("<script>alert", "<svg onload", "<i>x</i>", "<u>t</u>", "a=<b>", "m@x.example"):
        assert raw not in page


def test_a_contact_of_another_portal_is_not_there(house):
    second(house, "other")
    house.get(f"/portals/other/contacts/{best(house)}", 404)
    house.signed_in("owner", "other")
    house.get(f"/portals/acme/contacts/{best(house)}", 404)
