"""A person's edit between plan and write is never overwritten unseen (O14); who was merged meanwhile (O15)."""

from __future__ import annotations

from math import ceil
from typing import Any

import pytest

from tests.journeys.steps import go_live, people, wrong
from tests.rig import Rig, rig
from tests.sync.steps import UPDATE, document, paths, publish, ripe, watched

READ = "/crm/v3/objects/contacts/batch/read"
ROUGH, NEAT, THEIRS = "0731 / 123-456", "+49731123456", "0731 999"


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.folder = tmp_path
        yield made


def phones(r: Rig, **more: Any) -> None:
    """The mapping tidies phone numbers and writes them back."""
    mapping = document("mapping")
    steps = [{"step": "phone", "region": "DE"}]
    row = {"field": "phone", "property": "phone", "transforms": steps, "direction": "both", "mode": "overwrite", **more}
    mapping["rows"] = [one for one in mapping["rows"] if one["field"] != "phone"] + [row]
    publish(r, r.folder, "mapping", mapping)


def planned(r: Rig, count: int, **conflict: Any) -> list[int]:
    """So many contacts whose phone number would be tidied."""
    ids = people(r, count, phone=ROUGH)
    phones(r, **conflict)
    go_live(r)
    r.shown = r.run("plan")
    return ids


def edited(r: Rig, contact: int, **properties: str) -> None:
    r.clock.advance(60)
    r.twin.edit("contacts", contact, properties)


def applied(r: Rig) -> dict[str, Any]:
    return r.run("apply", plan_hash=r.shown["hash"])


@pytest.mark.parametrize(("conflict", "wins"), [("newer", THEIRS), ("theirs", THEIRS), ("ours", NEAT)])
def test_whoever_the_mapping_names_wins(r, conflict, wins):
    ids = planned(r, 3, conflict=conflict)
    edited(r, ids[1], phone=THEIRS)
    ran = applied(r)
    assert [r.twin.get("contacts", i)["phone"] for i in ids] == [NEAT, wins, NEAT]
    assert [row["contact"] for row in ran["overtaken"]] == ([str(ids[1])] if wins == THEIRS else [])
    assert wrong(r) == []


def test_a_dropped_write_is_said_in_the_run_in_the_book_and_in_explain_without_the_value(r):
    ids = planned(r, 3)
    edited(r, ids[1], phone=THEIRS)
    ran = applied(r)
    why = "phone was changed in HubSpot since the plan"
    assert (ran["written"], ran["ok"], ran["overtaken"]) == (2, False, [{"contact": str(ids[1]), "why": why}])
    assert [row["reason"] for row in r.rows("writes") if row["state"] == "dropped"] == [why]
    (told,) = r.run("explain", str(ids[1]))["not_done"]
    assert (told["run"], told["state"], told["why"]) == (ran["run"], "dropped", why)


def test_the_contact_is_judged_anew_with_what_the_person_wrote(r):
    ids = planned(r, 3)
    edited(r, ids[1], phone=THEIRS)
    applied(r)
    (change,) = r.run("plan")["changes"]
    assert change["contact"] == str(ids[1])
    assert change["properties"]["phone"] == {"before": THEIRS, "after": "+49731999"}
    assert "leadwright_score" in change["properties"]


def test_the_stage_somebody_chose_is_named(r):
    lead = ripe(r, "anna@werk.example")
    go_live(r)
    r.shown = r.run("plan")
    edited(r, lead, lifecyclestage="customer")
    ran = applied(r)
    assert ran["overtaken"][0]["why"] == "lifecyclestage was changed in HubSpot to customer since the plan"
    assert r.twin.get("contacts", lead)["lifecyclestage"] == "customer"
    r.clock.advance(60)
    assert r.run("cycle")["ok"]
    assert r.twin.get("contacts", lead)["leadwright_stage"] == "customer"


def test_a_row_that_only_fills_gaps_never_overrules_anybody(r):
    ids = planned(r, 2, mode="fill_if_empty", conflict="ours")
    assert not any("phone" in change["properties"] for change in r.shown["changes"])
    edited(r, ids[0], phone=THEIRS)
    applied(r)
    assert r.twin.get("contacts", ids[0])["phone"] == THEIRS


def test_somebody_who_wrote_the_very_value_is_no_conflict(r):
    ids = planned(r, 2)
    edited(r, ids[0], phone=NEAT)
    ran = applied(r)
    assert (ran["written"], ran["overtaken"]) == (2, [])


def test_a_change_of_another_property_is_no_conflict(r):
    ids = planned(r, 2)
    edited(r, ids[0], city="Ulm")
    assert applied(r)["overtaken"] == []
    assert r.twin.get("contacts", ids[0])["city"] == "Ulm"


def test_looking_costs_one_read_a_hundred_contested_and_nothing_for_our_own(r):
    people(r, 150)
    planned(r, 130)
    with watched(r) as calls:
        ran = applied(r)
    assert ran["written"] == 280
    reads = paths(calls, READ)
    read_back = 1
    assert len(reads) == ceil(130 / 100) + read_back
    assert len(paths(calls, UPDATE)) == ceil(280 / 100)


def test_every_edit_made_meanwhile_survives(r):
    ids = planned(r, 250)
    r.clock.advance(60)
    for contact in ids[::5]:
        r.twin.edit("contacts", contact, {"phone": THEIRS})
    ran = applied(r)
    assert (ran["written"], len(ran["overtaken"])) == (200, 50)
    assert {r.twin.get("contacts", i)["phone"] for i in ids[::5]} == {THEIRS}
    assert wrong(r) == []


def test_a_write_for_somebody_merged_meanwhile_goes_once_to_the_survivor(r):
    ids = planned(r, 4)
    r.clock.advance(60)
    survivor = r.twin.merge(ids[0], ids[1])
    with watched(r) as calls:
        ran = applied(r)
    assert (ran["written"], ran["dropped"]) == (2, 2)
    assert len(paths(calls, UPDATE)) == 1
    r.clock.advance(60)
    r.run("cycle")
    assert r.twin.get("contacts", survivor)["phone"] == NEAT
    with watched(r) as calls:
        r.run("cycle")
    assert [call for call in calls if call.writing] == []
