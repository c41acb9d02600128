"""Nurtures in the living service: entered, sent once, waited, answered, left; through plan, outbox and gates."""

from __future__ import annotations

from typing import Any

import pytest

from connector.store import holds, nurtures, outbox
from connector.sync.context import Context
from connector.sync.doorkeeper import Doorkeeper
from tests.journeys.steps import go_live
from tests.rig import Rig, rig
from tests.sync.steps import context, cut, document, look, publish

FIRST, SECOND = 91002, 91003
HOURS = {"send_from": "00:00", "send_until": "23:59", "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
SAID = {"call": "Get it", "landing_page": "https://example.com", "delivery": "By mail"}
MAIL = {"name": "mail", "do": "enrol", "label": "Mail", "workflow": "first", "offers": ["guide"]}
WAIT = {"name": "wait", "do": "wait", "days": 3}
NEXT = {"name": "next", "do": "enrol", "label": "Next", "workflow": "second"}
END = {"name": "over", "do": "end"}
BOUGHT = {"name": "bought", "when": {"property": "lifecyclestage", "equals": "customer"}}


def paper(*steps: Any, **keys: Any) -> dict[str, Any]:
    """A document with one nurture that a request for a white paper opens."""
    body = document("workflows")
    nurture = {
        "name": "welcome", "enabled": True, "goal": {"kind": "inform", "measured_by": "clicks"}, "exits": [BOUGHT],
        "starts": [{"did": ["white_paper"]}], "steps": [*(steps or (MAIL, WAIT, NEXT)), END], **keys,
    }  # fmt: skip
    rows = [
        {"name": "first", "on": "nurture", "workflow_id": str(FIRST)},
        {"name": "second", "on": "nurture", "workflow_id": str(SECOND)},
        {"name": "keyed", "on": "nurture", "by": "property", "property": "city"},
    ]
    asset = {"name": "guide", "kind": "e_book", **SAID}
    return {**body, "workflows": [*body["workflows"], *rows], "assets": [asset], "pace": HOURS, "nurtures": [nurture]}


@pytest.fixture
def r(tmp_path):
    """Two people, of whom Anna has just asked for the white paper; the portal is live."""
    with rig(tmp_path) as made:
        made.folder = tmp_path
        go_live(made)
        made.clock.advance(60)
        made.anna = made.twin.submit_form("White Paper Anforderung", "anna@werk.example", {"lastname": "Müller"})
        made.twin.create_contact({"email": "paul@werk.example", "lastname": "Maier"})
        made.clock.advance(60)
        yield made


def enrolled(r: Rig) -> list[tuple[int, int]]:
    return [(e.workflow_id, e.contact_id) for e in r.twin.ledger.enrolments]


def stays(r: Rig, contact: int | None = None) -> list[tuple[str, str | None]]:
    """Where Anna stands: the step, and how the stay ended."""
    found = look(r, lambda u, portal: nurtures.of(u, portal, [contact or r.anna]))
    return [(one.step, one.ended) for places in found.values() for one in places]


def days(r: Rig, count: int) -> None:
    """A cycle a day, as the clock runs it."""
    for _ in range(count):
        r.clock.advance(24 * 3600)
        r.run("cycle")


def test_step_by_step_each_mail_once(r):
    publish(r, r.folder, "workflows", paper())
    r.run("cycle")
    assert enrolled(r) == [(FIRST, r.anna)]
    r.run("cycle")
    assert stays(r) == [("wait", None)]
    days(r, 2)
    assert enrolled(r) == [(FIRST, r.anna)]
    days(r, 3)
    assert enrolled(r) == [(FIRST, r.anna), (SECOND, r.anna)]
    assert stays(r) == [("over", "done")]
    days(r, 10)
    assert len(enrolled(r)) == 2


def test_time_alone_makes_a_contact_due(r):
    """No new fact, no webhook: the delay is over, and the clock's cycle finds the contact."""
    publish(r, r.folder, "workflows", paper())
    for _ in range(3):
        r.run("cycle")
    r.clock.advance(3 * 24 * 3600)
    plan = r.run("plan")
    assert [(e["contact"], e["workflow"]) for e in plan["enrolments"]] == [(str(r.anna), "second")]


def test_in_observe_mode_it_is_shown_and_nothing_is_kept(tmp_path):
    with rig(tmp_path) as r:
        r.folder = tmp_path
        r.run("sync")
        publish(r, tmp_path, "workflows", paper())
        r.anna = r.twin.submit_form("White Paper Anforderung", "anna@werk.example", {"lastname": "Müller"})
        r.clock.advance(60)
        r.run("sync")
        assert [e["workflow"] for e in r.run("plan")["enrolments"]] == ["first"]
        assert stays(r) == []
        assert enrolled(r) == []


@pytest.mark.parametrize("heard", [True, False])
def test_killed_in_the_middle_of_an_enrolment_it_happens_once(r, heard):
    publish(r, r.folder, "workflows", paper())
    r.run("sync")
    cut(r, "enrol", heard=heard)
    days(r, 2)
    assert enrolled(r) == [(FIRST, r.anna)]
    assert stays(r) == [("wait", None)]


def test_who_opts_out_gets_no_mail_and_the_reason_is_told(r):
    publish(r, r.folder, "workflows", paper())
    r.run("cycle")
    r.run("cycle")
    r.twin.edit("contacts", r.anna, {"hs_email_optout": "true"})
    days(r, 5)
    assert enrolled(r) == [(FIRST, r.anna)]
    found = look(r, lambda u, portal: holds.of(u, portal, r.anna))
    assert [(one.effect, one.gate) for one in found if "nurture" in one.effect] == [
        ("nurture:welcome:next", "opted_out")
    ]


def test_who_opts_out_between_plan_and_run_is_not_mailed_either(r):
    """The gate is asked once more at the moment of the enrolment."""
    publish(r, r.folder, "workflows", paper())
    r.run("sync")
    cut(r, "enrol", heard=False)
    r.twin.edit("contacts", r.anna, {"hs_email_optout": "true"})
    days(r, 3)
    assert enrolled(r) == []


def test_who_buys_between_plan_and_run_is_left_alone(r):
    publish(r, r.folder, "workflows", paper())
    r.run("sync")
    cut(r, "enrol", heard=False)
    r.twin.edit("contacts", r.anna, {"lifecyclestage": "customer"})
    days(r, 3)
    assert enrolled(r) == []
    assert stays(r) == [("mail", "left")]


def test_an_enrolment_that_waited_into_the_night_waits_for_the_morning(r):
    """A run broke off; when the next one comes, mails do not go out at that hour."""
    publish(r, r.folder, "workflows", paper())
    r.run("sync")
    cut(r, "enrol", heard=False)
    body = paper()
    body["pace"] = {**HOURS, "send_until": "00:01"}
    publish(r, r.folder, "workflows", body)
    r.clock.advance(3600)
    with context(r) as ctx:
        (entry,) = waiting(ctx)
        assert Doorkeeper(ctx).ask(entry).what == "wait"


def waiting(ctx: Context) -> tuple[Any, ...]:
    with ctx.store.view() as u:
        return outbox.due(u, ctx.portal_id, 10)


def test_leaving_and_lists_are_carried_out(r):
    """Enrolled by list, taken off it again, and out of a workflow."""
    made = r.twin.lists.make("Leads on SEO")
    list_id = made.head["listId"]
    body = paper(
        MAIL,
        {"name": "listed", "do": "enrol", "label": "List", "workflow": "list", "mails": 0},
        {"name": "out", "do": "leave", "workflow": "first"},
        WAIT,
        {"name": "off", "do": "leave", "workflow": "list"},
    )
    body["workflows"].append({"name": "list", "on": "nurture", "by": "list", "list_id": str(list_id)})
    publish(r, r.folder, "workflows", body)
    for _ in range(4):
        r.run("cycle")
    assert r.anna in made.members
    assert r.anna not in r.twin.workflows.enrolled[FIRST]
    days(r, 5)
    assert r.anna not in made.members
    assert stays(r) == [("over", "done")]


def test_being_put_on_a_list_opens_a_nurture(r):
    """A lead that lands on a topic list is enrolled, whoever put it there, and nobody else is."""
    made = r.twin.lists.make("Leads on SEO")
    publish(r, r.folder, "workflows", paper(starts=[{"when": {"in_list": [made.head["listId"]]}}]))
    r.run("cycle")
    assert stays(r) == []
    r.twin.lists.change(made, [r.anna], [])
    r.run("cycle")
    r.run("cycle")
    assert enrolled(r) == [(FIRST, r.anna)]
    assert stays(r) == [("wait", None)]
    r.twin.lists.change(made, [], [r.anna])
    days(r, 4)
    assert enrolled(r) == [(FIRST, r.anna), (SECOND, r.anna)]


def test_whoever_is_inside_an_earlier_version_still_leaves_by_its_list(r):
    made = r.twin.lists.make("Do not mail")
    leaving = {"name": "unwanted", "when": {"in_list": [made.head["listId"]]}}
    publish(r, r.folder, "workflows", paper(exits=[leaving], on_publish="stay"))
    for _ in range(2):
        r.run("cycle")
    assert stays(r) == [("wait", None)]
    publish(r, r.folder, "workflows", paper(on_publish="stay"))
    r.run("cycle")
    r.twin.lists.change(made, [r.anna], [])
    days(r, 1)
    assert stays(r) == [("wait", "left")]


def test_a_property_sets_off_a_workflow_and_is_asked_for_until_it_stands_there(r):
    publish(r, r.folder, "workflows", paper(MAIL, {**NEXT, "workflow": "keyed", "mails": 0}))
    for _ in range(3):
        r.run("cycle")
    assert r.twin.get("contacts", r.anna)["city"] == "welcome:next:1.1"
    days(r, 1)
    assert stays(r) == [("over", "done")]


def test_publishing_anew_asks_the_document_what_becomes_of_those_inside(r):
    publish(r, r.folder, "workflows", paper())
    r.run("cycle")
    r.run("cycle")
    publish(r, r.folder, "workflows", paper(MAIL, WAIT, {**NEXT, "workflow": "first"}))
    days(r, 5)
    assert enrolled(r)[-1] == (SECOND, r.anna)  # she kept to the version she had entered by


@pytest.mark.parametrize(("choice", "second", "ended"), [("move", True, "done"), ("leave", False, "published")])
def test_or_they_move_or_leave(r, choice, second, ended):
    publish(r, r.folder, "workflows", paper())
    r.run("cycle")
    r.run("cycle")
    publish(r, r.folder, "workflows", paper(MAIL, WAIT, {**NEXT, "label": "New"}, on_publish=choice))
    days(r, 6)
    assert ((SECOND, r.anna) in enrolled(r)) is second
    assert [end for _, end in stays(r)] == [ended]


def test_merged_contacts_go_on_once_under_the_survivors_id(r):
    publish(r, r.folder, "workflows", paper())
    r.run("cycle")
    r.run("cycle")
    other = r.twin.create_contact({"email": "anna.mueller@werk.example", "lastname": "Müller"})
    r.clock.advance(60)
    r.run("cycle")
    survivor = r.twin.merge(other, r.anna)
    days(r, 6)
    assert [workflow for workflow, _ in enrolled(r)] == [FIRST, SECOND]
    assert stays(r, survivor) == [("over", "done")]


def test_whoever_is_erased_has_no_stay_any_more(r):
    publish(r, r.folder, "workflows", paper())
    r.run("cycle")
    assert stays(r)
    r.run("erase", str(r.anna))
    assert stays(r) == []


def test_a_portal_without_nurtures_keeps_none(r):
    days(r, 2)
    assert stays(r) == []
    assert look(r, nurtures.versions) == frozenset()


def test_new_mqls_are_enrolled_as_before_beside_a_nurture(r):
    body = paper()
    body["workflows"][0]["workflow_id"] = "91001"
    publish(r, r.folder, "workflows", body)
    r.run("cycle")
    assert (FIRST, r.anna) in enrolled(r)
    assert 91001 not in [workflow for workflow, _ in enrolled(r)]


def test_explain_tells_the_way_through_nurtures_also_of_a_past_minute(r):
    publish(r, r.folder, "workflows", paper())
    r.run("cycle")
    (stay,) = r.run("explain", str(r.anna))["nurtures"]
    assert (stay["nurture"], stay["step"], stay["ended"], stay["held_out"]) == ("welcome", "Mail", None, False)
    before = r.clock.now_ms() - 3_600_000
    assert r.run("explain", str(r.anna), at_ms=before)["nurtures"] == []
