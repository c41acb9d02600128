"""From a stage to an owner: who gets whom, through the outbox, once; and that it can be told why, or why not yet."""

from typing import Any

import pytest
import sqlalchemy as sa

from connector.store import handoffs
from connector.store.schema import DOCUMENTS
from connector.sync.rulebook import SHIPPED, load
from tests.journeys.steps import go_live, people
from tests.rig import Rig, rig
from tests.sync.steps import context, document, look, publish, tamper

HOUR = 3600
DAY = 24 * HOUR
MQL = "marketingqualifiedlead"


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 4, lifecyclestage="lead")
        go_live(made)
        made.run("apply", plan_hash=made.run("plan")["hash"])
        made.run("cycle")
        yield made


def owners(r: Rig) -> list[str]:
    return [str(one["id"]) for one in r.twin.account.owners if not one["archived"]]


def route(r: Rig, folder, *entries: dict[str, Any], **more: Any) -> None:
    publish(r, folder, "routing", {**document("routing"), "owners": list(entries), **more})


def ready(r: Rig, *contacts: int) -> None:
    """Somebody in HubSpot makes them MQLs; what follows is judged and written."""
    r.clock.advance(60)
    for contact in contacts:
        r.twin.edit("contacts", contact, {"lifecyclestage": MQL})
    cycles(r)


def cycles(r: Rig, times: int = 2) -> None:
    for _ in range(times):
        r.clock.advance(60)
        r.run("cycle")


def told(r: Rig, contact: int) -> dict[str, str | None]:
    return r.twin.truth("contacts")[contact]


def rows(r: Rig, contact: int) -> tuple[handoffs.Handoff, ...]:
    return look(r, lambda u, portal: handoffs.of(u, portal, [contact])).get(contact, ())


def held(r: Rig, contact: int) -> dict[str, str]:
    return {h["gate"]: h["why"] for h in r.run("explain", str(contact), None)["held"] if h["effect"] == "hand_over"}


def test_without_owners_nobody_is_ever_routed(r):
    ready(r, r.ids[0])
    assert not told(r, r.ids[0]).get("hubspot_owner_id")
    assert "leadwright_handed_over_at" not in {k for k, v in told(r, r.ids[0]).items() if v}
    assert rows(r, r.ids[0]) == ()


def test_a_portal_from_before_there_was_such_a_document_works_by_the_shipped_one(r):
    tamper(r, lambda u: u.change(sa.delete(DOCUMENTS).where(DOCUMENTS.c.portal_id == 1, DOCUMENTS.c.kind == "routing")))
    with context(r) as ctx:
        assert load(ctx.store, ctx.portal_id).rules.documents.routing.owners == ()
    assert "routing" in SHIPPED
    ready(r, r.ids[0])
    assert r.run("plan")["contacts"] == 0


def test_who_becomes_ready_takes_turns_and_is_told_why(r, tmp_path):
    one, two = owners(r)[:2]
    route(r, tmp_path, {"owner": one}, {"owner": two})
    ready(r, *r.ids[:4])
    got = [told(r, contact)["hubspot_owner_id"] for contact in r.ids]
    assert sorted(got) == sorted([one, two] * 2)
    first = told(r, r.ids[0])
    assert first["leadwright_routing"].startswith("everybody: ")
    assert first["leadwright_handed_over_at"]
    (row,) = rows(r, r.ids[0])
    assert (str(row.owner_id), row.pool, row.answer, row.closed_ms) == (got[0], "everybody", "", None)
    r.clock.advance(60)
    assert r.run("plan")["contacts"] == 0, "handed over once"


def test_a_plan_shows_the_hand_over_and_stays_the_same_plan(r, tmp_path):
    route(r, tmp_path, {"owner": owners(r)[0]})
    r.twin.edit("contacts", r.ids[0], {"lifecyclestage": MQL})
    r.clock.advance(60)
    r.run("sync")
    first = r.run("plan")
    r.clock.advance(60)
    assert r.run("plan")["hash"] == first["hash"]


def test_who_is_full_today_waits_for_tomorrow(r, tmp_path):
    route(r, tmp_path, {"owner": owners(r)[0], "per_day": 1})
    ready(r, *r.ids[:2])
    without = [contact for contact in r.ids[:2] if not told(r, contact).get("hubspot_owner_id")]
    assert len(without) == 1
    assert "1 of 1 today" in held(r, without[0])["no_owner"]
    r.clock.advance(DAY)
    cycles(r)
    assert told(r, without[0])["hubspot_owner_id"] == owners(r)[0]


def test_who_has_an_active_owner_stays_there(r, tmp_path):
    one, two = owners(r)[:2]
    r.twin.edit("contacts", r.ids[0], {"hubspot_owner_id": two})
    route(r, tmp_path, {"owner": one})
    ready(r, r.ids[0])
    assert told(r, r.ids[0])["hubspot_owner_id"] == two
    assert "looks after the contact already" in told(r, r.ids[0])["leadwright_routing"]
    assert [str(row.owner_id) for row in rows(r, r.ids[0])] == [two]


def test_sales_answer_is_booked_and_ends_the_hand_over(r, tmp_path):
    route(r, tmp_path, {"owner": owners(r)[0], "capacity": 1})
    ready(r, r.ids[0])
    r.twin.edit("contacts", r.ids[0], {"leadwright_sales_answer": "not_now", "leadwright_sales_reason": "no_budget"})
    cycles(r)
    (row,) = rows(r, r.ids[0])
    assert (row.answer, row.reason) == ("not_now", "no_budget")
    assert row.answered_ms is not None
    assert row.closed_ms is not None
    assert look(r, handoffs.in_hand) == {}, "room for the next one"
    assert look(r, lambda u, p: handoffs.answers(u, p, 0, r.clock.now_ms())) == {("not_now", "no_budget"): 1}


def test_who_lets_it_lie_loses_it_once(r, tmp_path):
    one, two = owners(r)[:2]
    speed = {**document("routing")["speed"], "escalations": 1}
    route(r, tmp_path, {"owner": one}, {"owner": two}, speed=speed)
    ready(r, r.ids[0])
    first = told(r, r.ids[0])["hubspot_owner_id"]
    assert len(look(r, handoffs.unanswered)) == 1
    for _ in range(2):
        r.clock.advance(3 * DAY)
        cycles(r)
    assert {first, told(r, r.ids[0])["hubspot_owner_id"]} == {one, two}
    assert [row.answer for row in rows(r, r.ids[0])] == ["escalated", ""], "and it goes no further than allowed"
    assert "had it before" in told(r, r.ids[0])["leadwright_routing"]


def test_who_answered_keeps_it(r, tmp_path):
    one, two = owners(r)[:2]
    speed = {**document("routing")["speed"], "escalations": 3}
    route(r, tmp_path, {"owner": one}, {"owner": two}, speed=speed)
    ready(r, r.ids[0])
    r.twin.edit("contacts", r.ids[0], {"leadwright_sales_answer": "accepted"})
    cycles(r)
    r.clock.advance(9 * DAY)
    cycles(r)
    assert [row.answer for row in rows(r, r.ids[0])] == ["accepted"]


def test_who_was_ready_before_anybody_looked_is_left_alone(tmp_path):
    with rig(tmp_path) as r:
        r.ids = people(r, 2, lifecyclestage=MQL)
        go_live(r)
        route(r, tmp_path, {"owner": owners(r)[0]})
        r.run("apply", plan_hash=r.run("plan")["hash"])
        cycles(r)
        assert rows(r, r.ids[0]) == ()


def test_an_answer_that_is_late_is_told_by_the_doctor_and_fails_nothing(r, tmp_path):
    def line() -> list[tuple[bool | None, str]]:
        return [(row["ok"], row["text"]) for row in r.run("check_portal")["checks"] if row["check"] == "sales answers"]

    assert line() == [], "nobody is routed"
    route(r, tmp_path, {"owner": owners(r)[0]})
    ready(r, r.ids[0])
    assert line() == [(True, "No hand-over waits too long.")]
    r.clock.advance(3 * DAY)
    ((ok, text),) = line()
    assert ok is None
    assert text.startswith("1 unanswered for more than 4 working hours (Katharina Lindner 1)")
    r.twin.edit("contacts", r.ids[0], {"leadwright_sales_answer": "accepted"})
    cycles(r)
    assert line()[0][0] is True
