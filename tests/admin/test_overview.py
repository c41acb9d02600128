"""One portal's overview: is it fine, what waits, what was done; going live takes the portal's name."""

from __future__ import annotations

import pytest

from connector.rules.decide import ALL_PROPERTIES
from connector.store import cursors, gaps, portals, runs
from tests.admin.hands import follow, links, second, text, with_worker

PAGES = ("/portals/acme", "/portals/acme/live", "/portals/acme/properties")


def test_it_says_how_the_portal_is_and_what_it_holds(house):
    page = house.get("/portals/acme")
    seen = text(page)
    assert "60 contacts mirrored; nothing is written (observe mode)." in seen
    assert "15 companies, 9 deals" in seen
    assert "Behind HubSpot by nothing" in seen
    assert "60 contacts read" in seen, "the last run in words"
    assert "60 contacts would be written" in seen
    assert "It was not verified yet." in seen
    assert "http-equiv" not in page, "only a first sync renews the page"


def test_a_portal_that_was_never_read_says_what_comes_next(house):
    second(house, "fresh")
    page = house.get("/portals/fresh")
    assert "Nothing is mirrored yet" in page
    assert "/admin/portals/fresh/start" in links(page)


def test_a_first_sync_shows_how_far_it_is_and_renews_the_page(house):
    number = second(house, "fresh")
    with house.service.store.unit() as u:
        runs.start(u, number, "pull", house.rig.clock.now_ms() - 20_000)
        state = {"signpost_ms": 1, "top": 9, "lanes": [], "properties": [], "laned": False, "total": 50_000}
        cursors.save(u, number, "fill/contacts", state, house.rig.clock.now_ms())
    page = house.get("/portals/fresh")
    assert '<meta http-equiv="refresh" content="5">' in page
    assert "0 of 50,000" in text(page)
    assert "Too early to say how long it takes." in text(page)


def test_what_waits_and_what_holds_is_named_with_its_reason(house):
    house.service.live("acme")
    with house.service.store.unit() as u:
        number = house.portal_id("acme")
        why = "The plan touches 60 of 60 contacts. Read it, then run: leadwright apply acme --hash 1"
        cursors.save(u, number, "held_back", {"since_ms": house.rig.clock.now_ms(), "why": why}, 5)
        gaps.open(u, number, 1000, 2000, "down")
    page = text(house.get("/portals/acme"))
    assert "The plan touches 60 of 60 contacts." in page
    assert "leadwright apply" not in page
    assert "may be missing; the next sync heals that" in page


def test_the_certificate_of_the_last_verification_stands_there(house):
    with_worker(house)
    page = text(follow(house, house.post("/portals/acme/verify")))
    assert "Complete" in page
    assert "60 of 60 contacts" in page


def test_sync_now_wakes_the_worker_unless_the_portal_rests(house):
    house.post("/portals/acme/sync")
    assert house.woken == [(house.portal_id("acme"), "cycle")]
    house.service.pause("acme")
    page = follow(house, house.post("/portals/acme/sync"))
    assert "acme is paused; resume it first." in page
    assert len(house.woken) == 1
    assert "Sync now" not in page


def test_going_live_names_its_effect_and_takes_the_name_of_the_portal(house):
    page = text(house.get("/portals/acme/live"))
    assert "60 contacts would be written: 2 become MQL, 0 enrolments in workflows, 1 call." in page
    assert "This plan is above it (25)" in page
    refused = house.post("/portals/acme/live", 422, name="acm")
    assert "Type the portal" in refused.text
    with house.service.store.view() as u:
        assert not portals.by_name(u, "acme").live
    house.post("/portals/acme/live", name="acme")
    with house.service.store.view() as u:
        assert portals.by_name(u, "acme").live
    assert house.porter.booked[-1] == ("Left observe mode", house.portal_id("acme"), "observe mode", "live")
    house.post("/portals/acme/observe")
    with house.service.store.view() as u:
        assert not portals.by_name(u, "acme").live


def test_missing_properties_are_shown_before_they_are_created(house):
    number = second(house, "bare", 5)
    page = text(house.get("/portals/bare/properties"))
    assert f"{len(ALL_PROPERTIES)} properties are missing in HubSpot." in page
    assert "leadwright_score" in page
    assert f"HubSpot lacks {len(ALL_PROPERTIES)} properties" in text(house.get("/portals/bare/live"))
    with house.service.store.unit() as u:
        runs.finish(u, number, runs.start(u, number, "pull", 1), "done", {}, "", 2)
    assert f"HubSpot lacks {len(ALL_PROPERTIES)} properties" in text(house.get("/portals/bare"))
    assert "HubSpot has all the properties" in text(house.get("/portals/acme/properties"))


def test_properties_that_cannot_be_created_leave_the_page_with_a_sentence(house):
    second(house, "bare", 5)  # its token opens nothing
    house.service.pause("bare")
    answer = house.post("/portals/bare/properties", 422)
    assert "This portal is paused." in answer.text
    assert house.porter.booked == []


def test_properties_are_created_once_and_booked(house):
    there = house.rig.twin.state.definitions.properties["contacts"]
    del there["leadwright_grade"]
    assert "1 properties were created" in follow(house, house.post("/portals/acme/properties"))
    assert "leadwright_grade" in there
    what, portal, _, after = house.porter.booked[-1]
    assert (what, portal, after) == ("Created properties in HubSpot", house.portal_id("acme"), "Leadwright grade")
    assert "0 properties were created" in follow(house, house.post("/portals/acme/properties"))


@pytest.mark.parametrize("path", PAGES[1:])
def test_what_changes_the_portal_is_for_admins(house, path):
    house.signed_in("editor", "acme")
    house.get(path, 404)
    house.post(path, 404, name="acme")
    assert house.porter.booked == []


def test_a_viewer_reads_and_is_offered_nothing_to_do(house):
    house.signed_in("viewer", "acme")
    page = house.get("/portals/acme")
    for act in ("Sync now", "Verify now", "Pause", "Leave observe mode", "Look at the plan", "All runs"):
        assert act not in text(page)
    house.post("/portals/acme/sync", 404)
    assert house.woken == []


def test_a_data_provider_that_failed_is_told_with_its_reason_in_both_languages(house):
    kept = {"provider": "firms", "why": "it answers with status 503", "until_ms": house.rig.clock.now_ms() + 600_000}
    with house.service.store.unit() as u:
        cursors.save(u, house.portal_id("acme"), "enrichment", kept, 5)
    page = text(house.get("/portals/acme"))
    assert "The data provider firms failed: it answers with status 503. It is asked again from" in page
    house.signed_in("owner", language="de")
    assert "Der Datenanbieter firms hat versagt: er antwortet mit Status 503. Ab" in text(house.get("/portals/acme"))
    with house.service.store.unit() as u:
        cursors.save(u, house.portal_id("acme"), "enrichment", kept | {"until_ms": 0}, 5)
    assert "firms" not in text(house.get("/portals/acme"))
