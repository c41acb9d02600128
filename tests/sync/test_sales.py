"""Sales answers in HubSpot, and the contact's path is kept: what moved it, when, and that it may come back."""

import pytest

from connector.store import stages
from tests.journeys.steps import go_live, people
from tests.rig import rig
from tests.sync.steps import context, document, look, publish

DAY = 24 * 3600
MQL = "marketingqualifiedlead"


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 2, lifecyclestage=MQL)
        go_live(made)
        made.run("apply", plan_hash=made.run("plan")["hash"])
        made.run("cycle")
        yield made


def answered(r, contact: int, **answer: str) -> None:
    r.clock.advance(60)
    r.twin.edit("contacts", contact, {f"leadwright_{name}": value for name, value in answer.items()})
    for _ in range(2):  # the first writes what follows, the second sees it
        r.clock.advance(60)
        r.run("cycle")


def told(r, contact: int) -> dict[str, str | None]:
    return r.twin.truth("contacts")[contact]


def path(r, contact: int) -> list[tuple[str, str, str]]:
    steps = look(r, lambda u, portal: stages.of(u, portal, [contact])).get(contact, ())
    return [(step.before, step.stage, step.cause) for step in steps]


def test_the_first_sight_of_a_contact_is_no_step(r):
    assert path(r, r.ids[0]) == []


def test_a_hand_back_is_written_dated_and_remembered_with_its_cause(r):
    answered(r, r.ids[0], sales_answer="not_now", sales_reason="bad_timing")
    now = told(r, r.ids[0])
    assert (now["leadwright_stage"], now["leadwright_not_before"]) == ("recycled", "2027-02-20")
    assert now["lifecyclestage"] == MQL, "HubSpot's own stage stays, unless the document says otherwise"
    assert path(r, r.ids[0]) == [("mql", "recycled", "sales:not_now:bad_timing")]
    assert path(r, r.ids[1]) == []


def test_what_a_person_moves_in_hubspot_is_the_portals_step(r):
    r.clock.advance(60)
    r.twin.edit("contacts", r.ids[0], {"lifecyclestage": "opportunity"})
    r.run("cycle")
    assert path(r, r.ids[0]) == [("mql", "opportunity", "portal")]


def test_accepted_and_handed_back_are_two_steps(r):
    answered(r, r.ids[0], sales_answer="accepted")
    assert told(r, r.ids[0])["leadwright_stage"] == "sal"
    answered(r, r.ids[0], sales_answer="not_now")
    assert [step[1] for step in path(r, r.ids[0])] == ["sal", "recycled"]
    counted = look(r, lambda u, portal: stages.counts(u, portal, 0, r.clock.now_ms() + 1))
    assert counted == {("mql", "sal"): 1, ("sal", "recycled"): 1}


def test_back_to_lead_in_hubspot_is_cleared_and_set(r, tmp_path):
    """O20: the portal accepts no step backwards, so two requests, the first of which empties the stage."""
    body = {**document("lifecycle"), "allow_backward": True}
    body["recycle"] = {**body["recycle"], "portal_stage": "lead"}
    publish(r, tmp_path, "lifecycle", body)
    answered(r, r.ids[0], sales_answer="not_now")
    assert told(r, r.ids[0])["lifecyclestage"] == "lead"
    assert told(r, r.ids[0])["leadwright_stage"] == "recycled"
    r.clock.advance(60)
    assert r.run("plan")["contacts"] == 0, "nothing is asked for twice"


def test_the_path_is_part_of_what_the_rules_see_now_and_then(r):
    answered(r, r.ids[0], sales_answer="not_now")
    with context(r) as ctx, ctx.store.view() as u:
        (step,) = stages.of(u, ctx.portal_id, [r.ids[0]])[r.ids[0]]
        assert stages.of(u, ctx.portal_id, [r.ids[0]], step.at_ms - 1) == {}
        assert stages.of(u, ctx.portal_id, []) == {}
    before = r.run("explain", str(r.ids[0]), step.at_ms - 90_000)
    assert before["stage"] == "mql"
    assert r.run("explain", str(r.ids[0]), None)["stage"] == "recycled"


def test_explain_shows_the_way_and_the_evidence_file(r):
    answered(r, r.ids[0], sales_answer="not_now")
    told = r.run("explain", str(r.ids[0]), None)
    assert [(step["from"], step["to"], step["cause"]) for step in told["path"]] == [
        ("mql", "recycled", "sales:not_now")
    ]
    assert {one["about"]: one["says"] for one in told["consent"]}["all e-mail"] == "not opted out"
    assert told["handed_over"] == []
