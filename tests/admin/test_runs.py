"""Runs: what each did, and taking one back in two steps that name how many."""

from __future__ import annotations

import pytest

from connector.store import runs
from tests.admin.hands import follow, links, second, text, with_worker


@pytest.fixture
def applied(house):
    """One apply run of 60 contacts; its id."""
    house.service.live("acme")
    return house.service.apply("acme", plan_hash=house.service.plan("acme")["hash"])["run"]


def score_of(house) -> list:
    return [values.get("leadwright_score") for values in house.rig.twin.truth().values()]


def test_each_run_says_what_it_did(house, applied):
    seen = text(house.get("/portals/acme/runs"))
    assert "Write-back 2 apply-2" in seen
    assert "60 contacts written" in seen
    assert "Sync 1 pull-1" in seen
    assert "60 contacts read, 15 companies read, 9 deals read" in seen


def test_no_run_yet_says_so(house):
    second(house, "fresh")
    assert "No run yet" in house.get("/portals/fresh/runs")


def test_many_runs_are_leafed_through(house):
    with house.service.store.unit() as u:
        number = house.portal_id("acme")
        for _ in range(60):
            runs.finish(u, number, runs.start(u, number, "pull", 5), "failed", {}, "", 6)
    page = house.get("/portals/acme/runs")
    assert page.count('<th scope="row"') == 50
    older = next(link for link in links(page) if "before=" in link)
    page = house.get(older.removeprefix("/admin"))
    assert page.count('<th scope="row"') == 11
    assert "failed" in text(page)
    house.get("/portals/acme/runs?before=x")


def test_undoing_names_how_many_before_and_after(house, applied):
    with_worker(house)
    page = house.get("/portals/acme/runs")
    assert f"/admin/portals/acme/runs/{applied}/undo" in links(page)
    page = text(house.get(f"/portals/acme/runs/{applied}/undo"))
    assert "Up to 60 contacts get the values back that they had before" in page
    assert "Take back 60 contacts" in page
    assert all(score_of(house)), "looking takes nothing back"
    page = text(follow(house, house.post(f"/portals/acme/runs/{applied}/undo")))
    assert "60 contacts have their old values again." in page
    assert not any(score_of(house))
    assert house.porter.booked[-1][:2] == (f"Undid the run {applied}", house.portal_id("acme"))


def test_what_somebody_changed_since_stays_and_is_told(house, applied):
    with_worker(house)
    who = next(iter(house.rig.twin.truth()))
    house.rig.twin.edit("contacts", who, {"leadwright_score": "999"})
    page = text(follow(house, house.post(f"/portals/acme/runs/{applied}/undo")))
    assert "1 were changed by somebody since and were left as they are." in page
    assert house.rig.twin.truth()[who]["leadwright_score"] == "999"


def test_in_observe_mode_nothing_can_be_taken_back(house, applied):
    house.service.observe("acme")
    page = text(house.get(f"/portals/acme/runs/{applied}/undo"))
    assert "In observe mode nothing is written, so nothing can be taken back either." in page
    assert "Take back" not in page
    house.service.pause("acme")
    assert "This portal is paused." in text(house.post(f"/portals/acme/runs/{applied}/undo", 422).text)
    assert all(score_of(house))


@pytest.mark.parametrize("run", ["pull-1", "apply-99", "nothing", "..%2Fx"])
def test_what_is_no_write_back_cannot_be_undone(house, run):
    house.get(f"/portals/acme/runs/{run}/undo", 404)


def test_a_run_of_another_portal_is_not_there(house, applied):
    second(house, "other")
    house.get(f"/portals/other/runs/{applied}/undo", 404)


def test_undoing_is_for_admins(house, applied):
    house.signed_in("editor", "acme")
    assert "undo" not in house.get("/portals/acme/runs")
    house.get(f"/portals/acme/runs/{applied}/undo", 404)
    house.post(f"/portals/acme/runs/{applied}/undo", 404)
    assert all(score_of(house))
