"""The plan: looked at without writing, applied by its very hash through the worker, or not at all."""

from __future__ import annotations

import re

import pytest

from connector.store import plans, runs
from connector.sync import errands
from tests.admin.hands import follow, links, second, text, with_worker


def shown_hash(page: str) -> str:
    return re.search(r"plan/apply\?hash=([0-9a-f]{64})", page)[1]


def written(house) -> dict:
    return {i: values.get("leadwright_score") for i, values in house.rig.twin.truth().items()}


def last_errand(house):
    with house.service.store.view() as u:
        return errands.latest(u, house.portal_id("acme"))["apply"]


@pytest.fixture
def live(house):
    house.service.live("acme")
    return house


def test_it_shows_what_would_be_written_and_why_the_rest_is_held(house):
    seen = text(house.get("/portals/acme/plan"))
    assert "60 contacts would be written, 0 enrolled; 1 call, about 1 second at this portal's limit." in seen
    assert "leadwright_score 60" in seen
    assert "become MQL 2" in seen
    assert "not the right function 3" in seen
    assert "It touches 60 contacts; a run may touch 25 unasked." in seen
    assert "leadwright plan" not in seen
    assert "leadwright apply" not in seen


def test_every_contact_stands_there_before_and_after_with_hidden_addresses(house):
    seen: list[str] = []
    page = house.get("/portals/acme/plan")
    while True:
        seen += re.findall(r'rowspan="\d+"><a href="/admin/portals/acme/contacts/(\d+)">', page)
        onward = [link for link in links(page) if "plan?after=" in link]
        if not onward:
            break
        page = house.get(onward[0].removeprefix("/admin"))
    rows = house.service.plan("acme")["changes"]
    assert seen == [row["contact"] for row in rows]
    for row in rows:
        if row["email"]:
            assert row["email"] not in page
    assert "empty" in text(page)


def test_looking_writes_nothing(live):
    before = live.rig.twin.truth()
    live.get("/portals/acme/plan")
    live.get("/portals/acme/plan?after=abc")
    live.post("/portals/acme/plan")
    assert live.rig.twin.truth() == before
    assert live.woken == [(live.portal_id("acme"), "errand")]


def test_in_observe_mode_there_is_nothing_to_apply(house):
    page = house.get("/portals/acme/plan")
    assert "In observe mode a plan cannot be applied." in page
    assert "plan/apply" not in page
    with house.service.store.view() as u:
        kept = plans.latest(u, house.portal_id("acme")).hash
    with_worker(house)
    page = follow(house, house.post("/portals/acme/plan/apply", hash=kept))
    assert "This portal is in observe mode: nothing is written." in page
    assert not any(written(house).values())


def test_applying_names_the_counts_first_and_then_says_what_was_done(live):
    with_worker(live)
    ident = shown_hash(live.get("/portals/acme/plan"))
    page = text(live.get(f"/portals/acme/plan/apply?hash={ident}"))
    assert "60 contacts are written in HubSpot, 2 of them become MQL; 0 enrolments in workflows. 1 call" in page
    assert "Write 60 contacts" in page
    page = text(follow(live, live.post("/portals/acme/plan/apply", hash=ident)))
    assert "60 contacts were written." in page
    assert "Nothing to write: HubSpot holds everything already." in page
    assert all(written(live).values())
    what, portal, before, after = live.porter.booked[-1]
    assert what == f"Applied the plan {ident[:12]}"
    assert (portal, before) == (live.portal_id("acme"), "60 contacts, 0 enrolments")
    assert "60 contacts were written." in after


def test_a_worker_that_is_busy_does_not_hold_the_page(live):
    ident = shown_hash(live.get("/portals/acme/plan"))
    began = live.rig.clock.monotonic()
    page = text(follow(live, live.post("/portals/acme/plan/apply", hash=ident)))
    assert live.rig.clock.monotonic() - began < 8
    assert "It is being done; this may take minutes at HubSpot's limit." in page
    assert not any(written(live).values())
    again = live.post("/portals/acme/plan/apply", 422, hash=ident)
    assert "This was asked for already and is not done yet." in text(again.text)
    live.service.errands("acme")
    assert "60 contacts were written." in text(live.get("/portals/acme/plan"))


def test_a_plan_that_is_another_one_by_now_is_not_carried_out_and_shown_again(live):
    with_worker(live)
    ident = shown_hash(live.get("/portals/acme/plan"))
    who = next(iter(live.rig.twin.truth()))
    live.rig.twin.edit("contacts", who, {"jobtitle": "CEO", "country": "DE"})
    live.service.sync("acme")
    page = text(follow(live, live.post("/portals/acme/plan/apply", hash=ident)))
    assert "The plan is no longer the one that was shown. Nothing was done." in page
    assert not any(written(live).values())
    assert "contacts would be written" in page
    assert last_errand(live).reason == "plan_changed"
    old = text(follow(live, live.browser.get(f"/admin/portals/acme/plan/apply?hash={ident}")))
    assert "The plan is no longer the one that was shown." in old


@pytest.mark.parametrize("hash_", ["", "0" * 64, "zz"])
def test_an_unknown_hash_does_nothing(live, hash_):
    page = text(follow(live, live.post("/portals/acme/plan/apply", hash=hash_)))
    assert "The plan is no longer the one that was shown." in page
    assert live.woken == []


def test_where_many_wait_the_worker_makes_the_plan(live, monkeypatch):
    monkeypatch.setattr("connector.admin.plan.FRESH", 10)
    page = live.get("/portals/acme/plan")
    assert "Make it anew" in page
    with_worker(live)
    assert "The plan was made anew." in follow(live, live.post("/portals/acme/plan"))


def test_a_portal_that_is_not_mirrored_or_paused_says_so(house):
    second(house, "fresh")
    page = text(house.get("/portals/fresh/plan"))
    assert "This portal is not mirrored yet, or its first sync was cut off." in page
    assert "No plan yet" in page
    house.service.pause("acme")
    page = text(house.get("/portals/acme/plan"))
    assert "This portal is paused." in page
    assert "60 contacts would be written" in page, "what was planned last is still to be read"


def test_a_refusal_of_hubspot_is_counted_and_told(live):
    with_worker(live)
    live.rig.twin.state.definitions.properties["contacts"]["leadwright_reasons"]["modificationMetadata"] = {
        "readOnlyValue": True
    }
    page = text(follow(live, live.post("/portals/acme/plan/apply", hash=shown_hash(live.get("/portals/acme/plan")))))
    told = last_errand(live)
    assert told.state == "done"
    assert f"{told.told['refused']} were refused by HubSpot." in page
    with live.service.store.view() as u:
        assert runs.last(u, live.portal_id("acme"), "apply").state == "part"


def test_analysts_look_and_admins_apply(live):
    live.signed_in("analyst", "acme")
    page = live.get("/portals/acme/plan")
    assert "plan/apply" not in page
    live.get("/portals/acme/plan/apply", 404)
    live.post("/portals/acme/plan/apply", 404, hash="x")
    live.signed_in("viewer", "acme")
    live.get("/portals/acme/plan", 404)
    assert live.woken == []
