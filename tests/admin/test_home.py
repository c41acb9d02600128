"""All portals: one sentence each, those that need somebody first, and none that are not the visitor's business."""

from __future__ import annotations

import re

import pytest

from connector.store import cursors, portals, runs, usage
from tests.admin.hands import follow, second, text


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="name"><a href="/admin/portals/([^"]+)">', page)


def test_one_portal_says_in_a_sentence_how_it_is(house):
    page = house.get("/")
    assert names(page) == ["acme"]
    assert "60 contacts mirrored; nothing is written (observe mode)." in text(page)
    assert "leadwright " not in text(page).lower().replace("leadwright ·", ""), "no command to type"
    house.service.live("acme")
    assert "60 contacts mirrored; everything it shows is written back." in text(house.get("/"))


def test_without_a_portal_it_offers_to_connect_the_first(empty_house):
    page = empty_house.get("/")
    assert "Connect your first portal" in page
    assert 'href="/admin/connect"' in page
    empty_house.signed_in(None)
    other = empty_house.get("/")
    assert "No portal is open to you" in other
    assert "/admin/connect" not in other


def test_trouble_comes_first_and_is_named(house):
    second(house, "aaa-fine", 2)
    second(house, "zzz-broken", 3)
    with house.service.store.unit() as u:
        for name, state in (("aaa-fine", "done"), ("zzz-broken", "failed")):
            run = runs.start(u, portals.by_name(u, name).id, "pull", 1)
            runs.finish(u, portals.by_name(u, name).id, run, state, {}, "", 2)
    page = house.get("/")
    assert names(page) == ["zzz-broken", "aaa-fine", "acme"]
    assert "Somebody is needed at 1 of 3 portals: zzz-broken." in text(page)
    assert "The last sync failed; what it read is kept." in text(page)


def test_a_pause_by_hand_is_known_and_stands_below_real_trouble(house):
    other = second(house, "token-gone", 2)
    with house.service.store.unit() as u:
        why = "HubSpot does not accept the token. Enter it again: leadwright portal add token-gone"
        portals.pause(u, other, why, 5)
    house.service.pause("acme")
    page = house.get("/")
    assert names(page) == ["token-gone", "acme"]
    assert "Paused: HubSpot does not accept the token." in text(page)
    assert "leadwright portal add" not in page
    assert "Paused: by hand." in text(page)


def test_what_holds_writing_back_is_told_without_commands(house):
    house.service.live("acme")
    with house.service.store.unit() as u:
        why = "A storm: 900 records changed within a minute. See leadwright plan acme; then apply it by its hash."
        cursors.save(u, house.portal_id("acme"), "held_back", {"since_ms": 5, "why": why}, 5)
    page = text(house.get("/"))
    assert "60 contacts mirrored; nothing is written. A storm: 900 records changed within a minute" in page
    assert "leadwright plan" not in page
    assert "Needs you" in page


def test_calls_today_stand_against_the_days_limit(house):
    rates = {"burst": 190, "daily": 650_000, "daily_used": 1}
    with house.service.store.unit() as u:
        portals.keep_setting(u, house.portal_id("acme"), "rates", rates)
        before = usage.get(u, house.portal_id("acme"), "2026-11-22")
        usage.add_calls(u, house.portal_id("acme"), "2026-11-22", 1234 - before)
    page = text(house.get("/"))
    assert "1,234 of 650,000" in page


def test_a_person_sees_only_portals_with_a_role_in_them(house):
    second(house, "secret-client", 2)
    house.signed_in("viewer", "acme")
    page = house.get("/")
    assert names(page) == ["acme"]
    assert "secret-client" not in page
    assert "Connect a portal" not in page
    assert "Pause" not in text(page)


@pytest.mark.parametrize(("act", "after"), [("pause", True), ("resume", False)])
def test_pause_and_resume_stand_in_the_row_and_are_booked(house, act, after):
    if act == "resume":
        house.service.pause("acme")
    answer = house.post(f"/portals/acme/{act}", **{"from": "home"})
    assert answer.headers["Location"] == "/admin/"
    assert "acme" in follow(house, answer)
    with house.service.store.view() as u:
        assert (portals.by_name(u, "acme").paused_ms is not None) is after
    assert house.porter.booked[-1][1] == house.portal_id("acme")
    assert house.woken == ([] if act == "pause" else [(house.portal_id("acme"), "cycle")])


def test_an_editor_cannot_pause(house):
    house.signed_in("editor", "acme")
    house.post("/portals/acme/pause", 404)
    with house.service.store.view() as u:
        assert portals.by_name(u, "acme").paused_ms is None
    assert house.porter.booked == []
