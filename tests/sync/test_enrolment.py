"""Enrolment in the portal's workflows: once per cause, ever, and never past the consent gate (promises 5 and 7)."""

from __future__ import annotations

from typing import Any

import pytest

from connector.store import outbox
from tests.journeys.steps import go_live, people
from tests.rig import Rig, rig
from tests.sync.steps import cut, document, look, paths, publish, ripe, watched

WELCOME = 91001
SWITCHED_OFF = 91005
ENROL = "/automation/v2/workflows"


def workflow(r: Rig, folder, ident: int | str = WELCOME) -> None:
    """Name the welcome workflow, as an admin does."""
    body = document("workflows")
    body["workflows"][0]["workflow_id"] = str(ident)
    publish(r, folder, "workflows", body)


@pytest.fixture
def r(tmp_path):
    """Three ripe leads and some that are not; the welcome workflow is named."""
    with rig(tmp_path) as made:
        people(made, 5)
        made.folder = tmp_path
        made.ripe = [ripe(made, f"anna{i}@werk{i}.example") for i in range(3)]
        workflow(made, tmp_path)
        go_live(made)
        yield made


def enrolled(r: Rig) -> list[int]:
    return [e.contact_id for e in r.twin.ledger.enrolments if e.workflow_id == WELCOME]


def booked(r: Rig) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in r.rows("writes"):
        if row["kind"] == "enrol":
            found[row["state"]] = found.get(row["state"], 0) + 1
    return found


def apply(r: Rig) -> dict[str, Any]:
    return r.run("apply", plan_hash=r.run("plan")["hash"])


def day_by_day(r: Rig, days: int = 3) -> None:
    for _ in range(days):
        r.clock.advance(24 * 3600)
        r.run("cycle")


def broken_off(r: Rig, **fault: Any) -> None:
    """A run whose enrolments meet a portal that goes away."""
    r.twin.dials.faults = [{"match": ENROL, "times": 99, **fault}]
    assert not apply(r)["ok"]
    r.twin.dials.faults = []


def test_new_mqls_are_enrolled_exactly_once(r):
    plan = r.run("plan")
    assert {e["contact"] for e in plan["enrolments"]} == {str(i) for i in r.ripe}
    assert plan["new_mqls"] == 3
    ran = apply(r)
    assert (ran["enrolled"], ran["ok"]) == (3, True)
    assert sorted(enrolled(r)) == r.ripe
    assert {r.twin.get("contacts", i)["lifecyclestage"] for i in r.ripe} == {"marketingqualifiedlead"}
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe


def test_who_falls_back_and_rises_again_is_not_enrolled_again(r):
    """The same cause has its effect once, ever."""
    apply(r)
    r.clock.advance(60)
    r.twin.edit("contacts", r.ripe[0], {"lifecyclestage": "lead"})
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe


def test_two_workflows_are_two_causes(r):
    body = document("workflows")
    first = {**body["workflows"][0], "workflow_id": str(WELCOME)}
    body["workflows"] = [first, {**first, "name": "pflege", "label": "Pflege", "workflow_id": "91002"}]
    publish(r, r.folder, "workflows", body)
    assert apply(r)["enrolled"] == 6
    assert {e.workflow_id for e in r.twin.ledger.enrolments} == {WELCOME, 91002}


@pytest.mark.parametrize(
    ("gate", "name", "value"),
    [
        ("opted_out", "hs_email_optout", "true"),
        ("hard_bounce", "hs_email_hard_bounce_reason_enum", "UNKNOWN_USER"),
        ("not_marketable", "hs_marketable_status", "false"),
    ],
)
def test_who_must_not_be_mailed_is_held_with_the_reason(r, gate, name, value):
    r.twin.edit("contacts", r.ripe[1], {name: value})
    r.clock.advance(60)
    r.run("sync")
    plan = r.run("plan")
    held = [h for h in plan["held"] if h["effect"] == "enrol:welcome"]
    assert [(h["contact"], h["gate"]) for h in held] == [(str(r.ripe[1]), gate)]
    apply(r)
    assert r.ripe[1] not in enrolled(r)
    assert r.twin.get("contacts", r.ripe[1])["lifecyclestage"] == "marketingqualifiedlead"


@pytest.mark.parametrize(
    ("ident", "why"), [(SWITCHED_OFF, "switched off"), (12345, "no workflow 12345"), ("", "named")]
)
def test_a_workflow_that_cannot_be_used_holds_everybody(r, ident, why):
    workflow(r, r.folder, ident)
    plan = r.run("plan")
    held = [h for h in plan["held"] if h["effect"] == "enrol:welcome"]
    assert len(held) == 3
    assert all(why in h["why"] for h in held)
    assert plan["enrolments"] == []


def test_a_workflow_switched_off_after_the_plan_is_a_refusal_for_each(r):
    r.twin.workflows.find(WELCOME)["enabled"] = False
    ran = apply(r)
    assert (ran["enrolled"], ran["ok"]) == (0, False)
    assert "refused" in ran["refused"][0]["why"]
    assert booked(r) == {"refused": 3}


def test_killed_before_the_portal_heard_of_it(r):
    cut(r, "enrol", heard=False)
    assert booked(r) == {"unknown": 1, "planned": 2}
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe
    assert booked(r) == {"sent": 3}


def test_killed_between_the_call_and_its_booking(r):
    """It may have happened: looked up before it is tried again."""
    cut(r, "enrol", heard=True)
    assert len(enrolled(r)) == 1
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe
    assert booked(r) == {"confirmed": 1, "sent": 2}


def test_a_portal_that_goes_away_while_enrolling(r):
    broken_off(r, status=503)
    assert enrolled(r) == []
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe


def test_an_answer_that_is_lost(r):
    broken_off(r, status=504, after_effect=True)
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe


def test_who_opted_out_before_a_broken_run_was_taken_up_again_is_not_enrolled(r):
    """The gate is asked at the moment of the effect, not only when it was planned."""
    broken_off(r, status=503)
    r.clock.advance(3600)
    r.twin.edit("contacts", r.ripe[0], {"hs_email_optout": "true"})
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe[1:]
    (left,) = [e for e in look(r, lambda u, portal: outbox.of(u, portal, r.ripe[0])) if e.kind == "enrol"]
    assert left.state == "dropped"
    assert "opted out" in left.reason


def test_who_became_a_customer_before_a_broken_run_was_taken_up_again_is_not_enrolled(r):
    broken_off(r, status=503)
    r.clock.advance(3600)
    r.twin.edit("contacts", r.ripe[0], {"lifecyclestage": "customer"})
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe[1:]


def test_who_was_sold_to_between_plan_and_apply_is_not_enrolled_as_an_mql(r):
    """The customer's stage stays; a customer gets no mail for new MQLs."""
    plan = r.run("plan")
    r.twin.edit("contacts", r.ripe[0], {"lifecyclestage": "customer"})
    ran = r.run("apply", plan_hash=plan["hash"])
    assert [row["contact"] for row in ran["overtaken"]] == [str(r.ripe[0])]
    assert sorted(enrolled(r)) == r.ripe[1:]
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe[1:]


def test_whose_stage_the_portal_refuses_is_enrolled_once_it_takes_it(r):
    """No MQL yet, so no mail for MQLs; nothing is forgotten either."""
    r.twin.edit("contacts", r.ripe[0], {"message": "Azubi"})
    rule = {"property": "message", "value": "Azubi", "requires": "city"}
    r.twin.dials.validations = {"lifecyclestage": {"required_when": rule}}
    r.clock.advance(60)
    r.run("sync")
    ran = apply(r)
    assert (ran["enrolled"], len(ran["refused"])) == (2, 1)
    assert sorted(enrolled(r)) == r.ripe[1:]
    r.twin.dials.validations = {}
    day_by_day(r, 2)
    assert sorted(enrolled(r)) == r.ripe


def test_who_is_gone_is_not_enrolled(r):
    broken_off(r, status=503)
    r.twin.delete("contacts", r.ripe[0])
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe[1:]


# An answer that was lost: decided once (docs/decisions/0011) -------------------------------------------------------


def lost(r: Rig) -> None:
    """The portal did it and its answer never came."""
    broken_off(r, status=504, after_effect=True)
    assert sorted(enrolled(r)) == r.ripe


def test_a_workflow_that_ended_before_anybody_looked_is_not_run_twice(r):
    lost(r)
    r.clock.advance(60)
    for contact in r.ripe:
        r.twin.workflows.leave(r.twin.workflows.find(WELCOME), r.twin.state.table("contacts").records[contact])
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe
    assert booked(r) == {"confirmed": 3}


def test_an_accepted_enrolment_is_given_time_to_show(r):
    broken_off(r, status=503)
    r.clock.advance(5 * 60)
    r.run("cycle")
    assert booked(r) == {"unknown": 3}
    assert enrolled(r) == []
    r.clock.advance(6 * 60)
    r.run("cycle")
    assert sorted(enrolled(r)) == r.ripe


def test_where_nobody_can_tell_nothing_is_repeated_and_a_person_is_told(r):
    """In another workflow all along: the portal shows no trace of ours either way."""
    other = r.twin.workflows.find(91002)
    for contact in r.ripe:
        r.twin.workflows.enrol(other, r.twin.state.table("contacts").records[contact])
    r.clock.advance(3600)
    r.run("sync")
    broken_off(r, status=503)
    r.clock.advance(3600)
    told = r.run("cycle")["apply"]
    assert [row["contact"] for row in told["refused"]] == [str(i) for i in r.ripe]
    assert "look in HubSpot" in told["refused"][0]["why"]
    day_by_day(r, 2)
    r.run("plan")
    assert (enrolled(r), booked(r)) == ([], {"refused": 3})
    assert "look in HubSpot" in r.run("explain", str(r.ripe[0]))["not_done"][0]["why"]


@pytest.mark.parametrize("status", [429, 423])
def test_what_the_portal_certainly_did_not_do_waits_without_a_look_up(r, status):
    broken_off(r, status=status)
    assert booked(r) == {"planned": 3}
    with watched(r) as calls:
        day_by_day(r, 1)
    assert paths(calls, "/workflows/enrollments/contacts/") == []
    assert sorted(enrolled(r)) == r.ripe


# A refusal does not use up its cause --------------------------------------------------------------------------------


def refused(r: Rig) -> None:
    r.twin.dials.faults = [{"match": ENROL, "times": 99, "status": 400}]
    assert not apply(r)["ok"]
    assert booked(r) == {"refused": 3}


def test_a_refused_enrolment_is_tried_again_by_the_clock_after_a_day(r):
    refused(r)
    r.twin.dials.faults = []
    r.clock.advance(3600)
    r.run("cycle")
    assert enrolled(r) == []
    r.clock.advance(24 * 3600)
    assert r.run("cycle")["plan"]["enrolled"] == 3
    assert sorted(enrolled(r)) == r.ripe
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe


def test_a_person_who_mended_the_cause_gets_it_tried_at_once(r):
    refused(r)
    r.twin.dials.faults = []
    assert len(r.run("plan")["enrolments"]) == 3
    assert apply(r)["enrolled"] == 3
    assert sorted(enrolled(r)) == r.ripe


def test_who_is_no_mql_any_more_when_it_is_tried_again_is_left_alone(r):
    refused(r)
    r.twin.dials.faults = []
    r.clock.advance(60)
    r.twin.edit("contacts", r.ripe[0], {"lifecyclestage": "customer"})
    day_by_day(r, 2)
    assert sorted(enrolled(r)) == r.ripe[1:]


def test_who_may_not_be_mailed_any_more_when_it_is_tried_again_is_held(r):
    refused(r)
    r.twin.dials.faults = []
    r.clock.advance(60)
    r.twin.edit("contacts", r.ripe[0], {"hs_email_optout": "true"})
    r.run("sync")
    held = [h for h in r.run("plan")["held"] if h["effect"] == "enrol:welcome"]
    assert [(h["contact"], h["gate"]) for h in held] == [(str(r.ripe[0]), "opted_out")]


# Merged while it was queued (O15) -----------------------------------------------------------------------------------


def test_two_that_wait_and_become_one_are_enrolled_once(r):
    broken_off(r, status=423)
    r.clock.advance(60)
    survivor = r.twin.merge(r.ripe[0], r.ripe[1])
    day_by_day(r)
    assert sorted(enrolled(r)) == sorted([r.ripe[2], survivor])


def test_who_was_enrolled_and_is_merged_into_another_lead_is_not_enrolled_again(r):
    apply(r)
    r.clock.advance(60)
    late = ripe(r, "spaet@werk9.example")
    survivor = r.twin.merge(late, r.ripe[0])
    r.twin.edit("contacts", survivor, {"lifecyclestage": "lead"})
    day_by_day(r)
    assert sorted(enrolled(r)) == r.ripe


def test_merged_between_the_last_look_and_the_call(r):
    """404 for the old address: the survivor takes the place, without a loop."""
    broken_off(r, status=423)
    r.clock.advance(60)
    survivor = r.twin.merge(r.ripe[0], r.ripe[1])
    gone = [r.twin.state.table("contacts").by_email.pop(f"anna{i}@werk{i}.example", None) for i in (0, 1)]
    with watched(r) as calls:
        shown = r.run("plan")["hash"]
        r.run("apply", plan_hash=shown)
    assert len([c for c in paths(calls, ENROL) if c.writing]) <= 3
    assert gone != [None, None]
    r.twin.state.table("contacts").by_email["anna0@werk0.example"] = survivor
    r.twin.state.table("contacts").by_email["anna1@werk1.example"] = survivor
    day_by_day(r, 2)
    assert sorted(enrolled(r)) == sorted([r.ripe[2], survivor])


def test_in_observe_mode_nobody_is_enrolled(tmp_path):
    with rig(tmp_path) as r:
        ripe(r, "anna@werk.example")
        workflow(r, tmp_path)
        r.run("sync")
        r.run("provision")
        assert r.run("cycle")["plan"]["enrolled"] == 1
        assert r.twin.ledger.enrolments == []
