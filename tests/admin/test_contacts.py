"""The list of contacts: found by what people remember, filtered, sorted, leafed through; addresses are hidden."""

from __future__ import annotations

import re

import pytest

from connector.store import portals, records
from tests.admin.hands import links, second, text
from tests.store.builders import snapshot


def ids(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="name"><a href="/admin/portals/acme/contacts/(\d+)">', page)


def scores(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'<td class="number"><strong>(-?\d+)</strong>', page)]


def truth(house) -> dict[str, dict]:
    return {row["id"]: row for row in house.service.export("acme", "contacts")}


def test_everybody_stands_there_once_best_first(house):
    first = house.get("/portals/acme/contacts")
    assert "60 contacts" in text(first)
    assert scores(first) == sorted(scores(first), reverse=True)
    onward = next(link for link in links(first) if "after=" in link)
    rest = house.get(onward.removeprefix("/admin"))
    assert len(ids(first)) == 50
    assert set(ids(first)) | set(ids(rest)) == set(truth(house))
    assert not set(ids(first)) & set(ids(rest))
    assert scores(rest)[0] <= scores(first)[-1]
    assert 'rel="next"' not in rest


def test_a_contact_is_found_by_name_company_address_and_id(house):
    who = next(row for row in truth(house).values() if row["properties"].get("company") and row["email"])
    told = who["properties"]
    for words in (f"{told['firstname']} {told['lastname']}".upper(), told["company"], who["email"], who["id"]):
        assert who["id"] in ids(house.get(f"/portals/acme/contacts?q={words.replace('&', '%26')}")), words


def test_filters_narrow_and_stay_in_the_form(house):
    page = house.get("/portals/acme/contacts?grade=A&least=50&most=90&stage=mql&sort=changed")
    assert ids(page)
    assert all(50 <= score <= 90 for score in scores(page))
    assert "<option selected>A</option>" in page
    assert 'value="mql" selected' in page
    assert "stage MQL, grade A, at least 50 points, at most 90 points" in text(page)


def test_new_mqls_since_a_day_are_those_that_became_it(house):
    house.service.live("acme")
    house.service.apply("acme", plan_hash=house.service.plan("acme")["hash"])
    house.service.plan("acme")
    assert len(ids(house.get("/portals/acme/contacts?since=2026-11-22"))) == 2
    assert ids(house.get("/portals/acme/contacts?since=2026-11-23")) == []


def test_nobody_found_names_the_filters_that_are_active(house):
    page = text(house.get("/portals/acme/contacts?q=zzzz&grade=D&least=99"))
    assert "No contact matches" in page
    assert "Looked for: “zzzz”, grade D, at least 99 points." in page


def test_before_the_first_sync_it_says_so_and_during_it_shows_who_is_there(house):
    number = second(house, "fresh")
    assert "No contact is mirrored yet" in house.get("/portals/fresh/contacts")
    with house.service.store.unit() as u:
        people = [snapshot(n, 0, firstname=f"P{n}", email=f"p{n}@x.example") for n in range(1, 61)]
        records.upsert(u, number, "contacts", people, 5)
    page = house.get("/portals/fresh/contacts")
    assert "Nobody is judged yet" in page
    assert "60 contacts" in text(page)
    onward = next(link for link in links(page) if "after=" in link)
    assert "P60" in house.get(onward.removeprefix("/admin"))


@pytest.mark.parametrize("role", ["viewer", "analyst", "owner"])
def test_no_address_stands_in_the_list_for_anybody(house, role):
    house.signed_in(role, "acme")
    page = house.get("/portals/acme/contacts")
    for row in truth(house).values():
        if row["email"]:
            assert row["email"] not in page
    assert "***@" in page


@pytest.mark.parametrize(
    "query",
    [
        "after=x", "after=1.2.3", "after=-5.7", "after=9999999999999999999.1", "after=%F0%9F%98%80.1", "least=abc",
        "least=9999999999", "most=-", "since=2026-99-99", "since=tomorrow", "sort=name;drop", "stage=none", "grade=%27",
        "q=%27%3B--", "q=%25", "q=%00", "q=" + "a" * 3000,
    ],
)  # fmt: skip
def test_an_address_that_was_cut_or_forged_is_a_page_all_the_same(house, query):
    house.get(f"/portals/acme/contacts?{query}")


def test_names_with_markup_are_shown_as_text(house):
    with house.service.store.unit() as u:
        evil = snapshot(4242, 0, firstname="<script>alert(1)</script>", lastname='"><img src=x onerror=alert(1)>',
                        company="{{ 7*7 }}", email="x@<b>y</b>.example")  # fmt: skip
        records.upsert(u, house.portal_id("acme"), "contacts", [evil], house.rig.clock.now_ms())
    house.service.judge_again("acme", "4242")
    page = house.get("/portals/acme/contacts?q=script")
    assert ids(page) == ["4242"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    for raw in ("<script>alert", "<img src=x", "<b>y</b>", ">49<"):
        assert raw not in page
    shown = house.get("/portals/acme/contacts?q=%3Cscript%3E")
    assert "<script>" not in shown.split("<main", 1)[1]


def test_a_list_is_for_those_with_a_role_in_its_portal(house):
    second(house, "other")
    house.signed_in("viewer", "other")
    house.get("/portals/acme/contacts", 404)
    house.get("/portals/other/contacts")
    with house.service.store.view() as u:
        assert portals.by_name(u, "acme").id != portals.by_name(u, "other").id
