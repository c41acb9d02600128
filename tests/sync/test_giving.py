"""What sales is given with a hand-over: a note or a task in HubSpot, exactly once, whatever breaks on the way."""

from __future__ import annotations

from typing import Any

import pytest

from connector.store import outbox
from tests.journeys.steps import go_live, people
from tests.rig import Rig, rig
from tests.sync.steps import cut, look
from tests.sync.test_dispatch import MQL, cycles, owners, ready, route, told

NOTES = "/notes"


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 3, lifecyclestage="lead", jobtitle="Geschäftsführer")
        made.twin.submit_form("White Paper Anforderung", "p1@kunde1.example")
        go_live(made)
        made.run("apply", plan_hash=made.run("plan")["hash"])
        made.run("cycle")
        yield made


def given(r: Rig, contact: int, kind: str = "notes") -> list[dict[str, str | None]]:
    """Our notes (or tasks) on a contact, as HubSpot holds them."""
    name = {"notes": "hs_note_body", "tasks": "hs_task_body"}[kind]
    found = [r.twin.truth(kind)[i] for i in r.twin.links("contacts", contact, kind) if i in r.twin.truth(kind)]
    return [one for one in found if "Leadwright ·" in (one.get(name) or "")]


def entries(r: Rig, contact: int) -> list[Any]:
    return [e for e in look(r, lambda u, portal: outbox.of(u, portal, contact)) if e.kind == "note"]


def hold_up(r: Rig, contact: int) -> None:
    """The contact becomes ready, is mirrored and waits in the plan."""
    r.clock.advance(60)
    r.twin.edit("contacts", contact, {"lifecyclestage": MQL})
    r.clock.advance(60)
    r.run("sync")


def test_a_note_says_why_now_and_belongs_to_the_owner(r, tmp_path):
    route(r, tmp_path, {"owner": owners(r)[0]})
    hold_up(r, r.ids[0])
    assert r.run("plan")["handed_over"] == 1
    ran = r.run("cycle")["apply"]
    assert (ran["given"], ran["ok"]) == (1, True)
    (note,) = given(r, r.ids[0])
    assert note["hubspot_owner_id"] == owners(r)[0]
    body = note["hs_note_body"] or ""
    assert "<strong>Why now</strong>" in body
    assert "<strong>Open questions</strong>" in body
    assert body.endswith(f"<p>Leadwright · {told(r, r.ids[0])['leadwright_handed_over_at']}</p>")


def test_it_is_given_once_however_often_the_clock_runs(r, tmp_path):
    route(r, tmp_path, {"owner": owners(r)[0]})
    ready(r, *r.ids)
    cycles(r, 3)
    assert [len(given(r, contact)) for contact in r.ids] == [1, 1, 1]


def test_as_a_task_it_is_due_when_the_answer_is(r, tmp_path):
    route(r, tmp_path, {"owner": owners(r)[0]}, package="task")
    ready(r, r.ids[0])
    (task,) = given(r, r.ids[0], "tasks")
    assert (task["hs_task_status"], task["hs_task_subject"]) == ("NOT_STARTED", "Hand-over: ready for sales")
    handed = told(r, r.ids[0])["leadwright_handed_over_at"] or ""
    assert (task["hs_timestamp"] or "") > handed
    assert given(r, r.ids[0]) == []


def test_a_document_may_do_without(r, tmp_path):
    route(r, tmp_path, {"owner": owners(r)[0]}, package="none")
    ready(r, r.ids[0])
    assert told(r, r.ids[0])["leadwright_handed_over_at"]
    assert entries(r, r.ids[0]) == []
    assert given(r, r.ids[0]) == []


@pytest.mark.parametrize("heard", [True, False])
def test_killed_in_the_call_it_is_there_once(r, tmp_path, heard):
    """Whether HubSpot heard of it before the process died or not."""
    route(r, tmp_path, {"owner": owners(r)[0]})
    hold_up(r, r.ids[0])
    cut(r, "give_note", heard=heard)
    assert len(given(r, r.ids[0])) == heard
    r.clock.advance(120)
    cycles(r)
    assert len(given(r, r.ids[0])) == 1
    (entry,) = entries(r, r.ids[0])
    assert entry.state in ("sent", "confirmed")


def test_an_answer_that_is_lost_is_looked_for_before_anything_is_given_again(r, tmp_path):
    route(r, tmp_path, {"owner": owners(r)[0]})
    hold_up(r, r.ids[0])
    plan = r.run("plan")
    r.twin.dials.faults = [{"match": NOTES, "times": 1, "status": 504, "after_effect": True}]
    r.run("apply", plan_hash=plan["hash"])
    assert [entry.state for entry in entries(r, r.ids[0])] == ["unknown"]
    r.twin.dials.faults = []
    r.clock.advance(120)
    cycles(r)
    assert len(given(r, r.ids[0])) == 1
    assert [entry.state for entry in entries(r, r.ids[0])] == ["confirmed"]


def test_who_is_handed_over_again_gets_another_note(r, tmp_path):
    """After a hand-back and a pause the contact is a new hand-over, with what is known then."""
    one, two = owners(r)[:2]
    speed = {"alert_after_hours": 4, "escalations": 1}
    route(r, tmp_path, {"owner": one}, {"owner": two}, speed=speed)
    ready(r, r.ids[0])
    r.clock.advance(3 * 24 * 3600)
    cycles(r)
    notes = given(r, r.ids[0])
    assert {note["hubspot_owner_id"] for note in notes} == {one, two}
    assert len(notes) == 2


def test_without_the_right_to_write_notes_the_hand_over_stands_and_the_reason_is_told(r, tmp_path):
    route(r, tmp_path, {"owner": owners(r)[0]})
    hold_up(r, r.ids[0])
    plan = r.run("plan")
    r.twin.dials.faults = [{"match": NOTES, "times": 5, "status": 403}]
    ran = r.run("apply", plan_hash=plan["hash"])
    assert told(r, r.ids[0])["hubspot_owner_id"] == owners(r)[0]
    assert [row["contact"] for row in ran["refused"]] == [str(r.ids[0])]
    (entry,) = entries(r, r.ids[0])
    assert entry.state == "refused"
    assert entry.reason


def test_in_observe_mode_nothing_is_given(r, tmp_path):
    route(r, tmp_path, {"owner": owners(r)[0]})
    r.run("observe")
    ready(r, r.ids[0])
    assert given(r, r.ids[0]) == []
