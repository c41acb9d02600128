"""The properties that write-back needs, created once; and taking back what a run wrote, three-way."""

from __future__ import annotations

import pytest

from connector.errors import ConfigError
from connector.rules.decide import ALL_PROPERTIES
from tests.journeys.steps import OURS, go_live, people, stream, wrong
from tests.rig import Rig, rig
from tests.sync.steps import UPDATE, document, paths, publish, ripe, watched


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 4)
        made.run("sync")
        yield made


def defined(r: Rig) -> set[str]:
    return {name for name in r.twin.state.definitions.properties["contacts"] if name.startswith("leadwright_")}


def applied(r: Rig) -> str:
    return r.run("apply", plan_hash=r.run("plan")["hash"])["run"]


# provision --------------------------------------------------------------------------------------------------------


def test_the_preview_shows_and_creates_nothing(r):
    shown = r.run("provision_preview")
    assert {p["name"] for p in shown["properties"]} == set(ALL_PROPERTIES)
    assert {p["state"] for p in shown["properties"]} == {"missing"}
    assert (defined(r), r.twin.ledger.writes()) == (set(), [])


def test_provisioning_twice_creates_once(r):
    assert r.run("provision")["created"] == len(ALL_PROPERTIES)
    assert defined(r) == set(ALL_PROPERTIES)
    with watched(r) as calls:
        again = r.run("provision")
    assert (again["created"], {p["state"] for p in again["properties"]}) == (0, {"exists"})
    assert [c for c in calls if c.writing] == []


def test_only_what_is_missing_is_created(r):
    r.run("provision")
    del r.twin.state.definitions.properties["contacts"]["leadwright_grade"]
    again = r.run("provision")
    assert [p["name"] for p in again["properties"] if p["state"] == "created"] == ["leadwright_grade"]


def test_provisioning_reads_nobody_again_and_plans_everybody(r):
    """New properties are empty everywhere: nothing to fill in, but every verdict can be written now."""
    r.run("plan")
    r.run("provision")
    assert not stream(r.run("sync"), "contacts")["full"]
    assert r.run("plan")["contacts"] == 4
    assert wrong(r) == []


def test_provisioning_before_the_first_sync(tmp_path):
    with rig(tmp_path) as r:
        people(r, 2)
        assert r.run("provision")["created"] == len(ALL_PROPERTIES)
        r.run("sync")
        assert r.run("plan")["contacts"] == 2


# undo --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def live(r):
    r.run("provision")
    r.run("live")
    return r


def test_what_is_still_ours_goes_back_and_what_others_changed_stays(live):
    run = applied(live)
    live.clock.advance(60)
    live.twin.edit("contacts", live.ids[1], {"leadwright_grade": "B"})
    undone = live.run("undo", run)
    assert (undone["restored"], undone["ok"]) == (4, False)
    assert [(k["contact"], k["why"]) for k in undone["kept"]] == [
        (str(live.ids[1]), "leadwright_grade was changed by somebody since")
    ]
    truth = live.twin.truth("contacts")
    assert {i: OURS & truth[i].keys() for i in live.ids if OURS & truth[i].keys()} == {
        live.ids[1]: {"leadwright_grade"}
    }
    assert wrong(live) == []


def test_one_contact_alone(live):
    run = applied(live)
    assert live.run("undo", run, "p2@kunde2.example")["restored"] == 1
    truth = live.twin.truth("contacts")
    assert [i for i in live.ids if "leadwright_grade" not in truth[i]] == [live.ids[1]]


def test_a_stage_goes_back_although_the_portal_only_lets_it_rise(live):
    lead = ripe(live, "anna@werk.example")
    live.run("sync")
    run = applied(live)
    assert live.twin.get("contacts", lead)["lifecyclestage"] == "marketingqualifiedlead"
    with watched(live) as calls:
        assert live.run("undo", run, str(lead))["ok"]
    assert live.twin.get("contacts", lead)["lifecyclestage"] == "lead"
    assert len(paths(calls, UPDATE)) == 2
    assert wrong(live) == []


def test_who_is_gone_is_said(live):
    run = applied(live)
    live.twin.delete("contacts", live.ids[0])
    undone = live.run("undo", run)
    assert undone["restored"] == 3
    assert undone["kept"] == [{"contact": str(live.ids[0]), "why": "the contact is gone"}]


def test_undoing_twice_changes_nothing_more(live):
    run = applied(live)
    live.run("undo", run)
    before = live.twin.truth("contacts")
    with watched(live) as calls:
        again = live.run("undo", run)
    assert again["restored"] == 0
    assert [c for c in paths(calls, UPDATE) if c.writing] == []
    assert {i: {n: v for n, v in p.items() if n in OURS} for i, p in live.twin.truth("contacts").items()} == {
        i: {n: v for n, v in p.items() if n in OURS} for i, p in before.items()
    }


def test_the_older_of_two_runs_gives_back_only_what_the_newer_left(live, tmp_path):
    first = applied(live)
    live.clock.advance(60)
    body = document("scoring")
    for rule in body["rules"]:
        if rule["name"] == "function":
            rule["points"] = 11
    publish(live, tmp_path, "scoring", body)
    live.twin.edit("contacts", live.ids[0], {"jobtitle": "Leiterin Einkauf"})
    live.run("sync")
    applied(live)
    undone = live.run("undo", first)
    kept = {k["contact"] for k in undone["kept"]}
    assert kept == {str(live.ids[0])}
    assert live.twin.get("contacts", live.ids[0])["leadwright_score"] == "11"


@pytest.mark.parametrize("run", ["", "unsinn", "1"])
def test_a_run_that_wrote_nothing_is_a_mistake_of_use(live, run):
    with pytest.raises(ConfigError) as told:
        live.run("undo", run)
    assert told.value.exit_code == 2


def test_in_observe_mode_nothing_is_undone(live):
    run = applied(live)
    live.run("observe")
    with pytest.raises(ConfigError, match="observe"):
        live.run("undo", run)


def test_going_live_before_provisioning_writes_nothing_of_ours(r):
    r.run("live")
    assert r.run("cycle")["apply"] is None
    assert r.twin.ledger.effects == []


def test_go_live_then_the_first_plan_is_whole(tmp_path):
    with rig(tmp_path) as r:
        people(r, 3)
        go_live(r)
        assert r.run("plan")["by_property"]["leadwright_grade"] == 3
