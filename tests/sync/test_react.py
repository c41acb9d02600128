"""From facts to a plan: who is judged, what is kept of it, and that a plan stands until it is carried out."""

from __future__ import annotations

import orjson
import pytest

from connector.store import holds, plans, quarantine, receipts, records
from connector.sync.react import is_shown, make_plan
from tests.journeys.steps import go_live, people, written_back
from tests.rig import rig
from tests.sync.steps import context, document, look, publish, ripe

DAY = 24 * 3600


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 5)
        go_live(made)
        yield made


def dirty(r) -> int:
    return look(r, records.dirty_count)


def receipt(r, contact: int):
    return look(r, lambda u, portal: receipts.get(u, portal, contact))


def settled(r) -> None:
    r.run("apply", plan_hash=r.run("plan")["hash"])
    r.run("sync")
    r.run("plan")
    assert dirty(r) == 0


def test_a_plan_planned_twice_is_the_same_plan(r):
    first = r.run("plan")
    r.clock.advance(60)
    again = r.run("plan")
    assert (first["hash"], first["changes"]) == (again["hash"], again["changes"])
    assert first["contacts"] == 5


def test_a_contact_is_judged_again_until_nothing_is_open(r):
    assert dirty(r) == 5
    r.run("plan")
    assert dirty(r) == 5
    r.run("apply", plan_hash=r.run("plan")["hash"])
    assert r.run("plan")["judged"] == 5
    assert (dirty(r), r.run("plan")["judged"]) == (0, 0)


def test_what_does_not_concern_us_is_judged_and_settled_at_once(r):
    settled(r)
    r.clock.advance(60)
    r.twin.edit("contacts", r.ids[0], {"city": "Ulm"})
    r.run("sync")
    assert dirty(r) == 1
    plan = r.run("plan")
    assert (plan["judged"], plan["contacts"], dirty(r)) == (1, 0, 0)


def test_in_observe_mode_people_stay_open(tmp_path):
    """Nothing is written, so nothing is settled: going live later writes them all."""
    with rig(tmp_path) as r:
        people(r, 3)
        r.run("sync")
        r.run("provision")
        for _ in range(2):
            assert r.run("cycle")["plan"]["contacts"] == 3


def test_every_judged_contact_has_its_receipt(r):
    r.run("plan")
    for contact in r.ids:
        kept = receipt(r, contact)
        body = orjson.loads(kept.body)
        assert sum(line["points"] for line in body["lines"]) == kept.score
        assert body["contact"] == str(contact)


def test_the_history_of_a_score_names_what_moved_it(r):
    settled(r)
    r.clock.advance(60)
    r.twin.submit_form("White Paper Anforderung", "p1@kunde1.example")
    r.run("sync")
    r.run("plan")
    r.run("plan")
    steps = look(r, lambda u, portal: receipts.history(u, portal, r.ids[0]))
    assert [step.score for step in steps] == [steps[0].score, steps[0].score + 15]


def test_a_plan_is_kept_under_its_hash(r):
    plan = r.run("plan")
    kept = look(r, lambda u, portal: plans.get(u, portal, plan["hash"]))
    assert orjson.loads(kept.body)["contacts"] == 5


@pytest.mark.parametrize(("cut", "shown"), [(64, True), (12, True), (11, False), (0, False)])
def test_a_hash_may_be_shortened_to_twelve_digits(r, cut, shown):
    with context(r) as ctx:
        plan = make_plan(ctx)
    assert is_shown(plan, plan.hash[:cut].upper()) is shown
    assert not is_shown(plan, "0" * 64)


def test_a_refusal_keeps_the_day_it_began(r):
    contact = ripe(r, "anna@werk.example", country="Brazil")
    r.run("sync")
    r.run("plan")
    began = look(r, lambda u, portal: holds.of(u, portal, contact))
    assert began
    r.clock.advance(DAY)
    r.twin.edit("contacts", contact, {"city": "Ulm"})
    r.run("sync")
    r.run("plan")
    assert [h.since_ms for h in look(r, lambda u, portal: holds.of(u, portal, contact))] == [h.since_ms for h in began]


def test_a_refusal_ends_when_its_reason_does(r):
    contact = ripe(r, "anna@werk.example", country="Brazil")
    r.run("sync")
    assert r.run("plan")["held"]
    r.clock.advance(60)
    r.twin.edit("contacts", contact, {"country": "Germany"})
    r.run("sync")
    plan = r.run("plan")
    assert plan["new_mqls"] == 1
    kept = look(r, lambda u, portal: holds.of(u, portal, contact))
    assert {h.effect for h in kept} <= {"enrol:welcome"}


def test_a_value_that_cannot_be_read_is_shown_not_guessed(r, tmp_path):
    mapping = document("mapping")
    mapping["rows"] = [row for row in mapping["rows"] if row["field"] != "planned_purchase_date"]
    mapping["rows"].append({"field": "planned_purchase_date", "property": "message"})
    publish(r, tmp_path, "mapping", mapping)
    r.twin.edit("contacts", r.ids[0], {"message": "03/04/2026"})
    r.run("sync")
    r.run("plan")
    (fault,) = look(r, lambda u, portal: quarantine.of(u, portal, "contacts", r.ids[0]))
    assert (fault.property, fault.raw) == ("message", "03/04/2026")
    assert r.run("explain", str(r.ids[0]))["quarantined"][0]["property"] == "message"
    r.clock.advance(60)
    r.twin.edit("contacts", r.ids[0], {"message": "2026-04-03"})
    r.run("sync")
    r.run("plan")
    assert look(r, lambda u, portal: quarantine.of(u, portal, "contacts", r.ids[0])) == ()


def fading(r, folder) -> None:
    """White papers count for thirty days."""
    scoring = document("scoring")
    for rule in scoring["rules"]:
        if rule["name"] == "white_paper":
            rule["within_days"] = 30
    publish(r, folder, "scoring", scoring)


def test_time_alone_makes_a_contact_due(r, tmp_path):
    fading(r, tmp_path)
    r.twin.submit_form("White Paper Anforderung", "p1@kunde1.example")
    r.run("sync")
    settled(r)
    high = receipt(r, r.ids[0]).score
    r.clock.advance(29 * DAY)
    assert r.run("plan")["judged"] == 0
    r.clock.advance(2 * DAY)
    plan = r.run("plan")
    assert [change["contact"] for change in plan["changes"]] == [str(r.ids[0])]
    assert receipt(r, r.ids[0]).score == high - 15


def test_what_time_alone_brought_stays_in_the_plan_until_it_is_done(r, tmp_path):
    """The plan that was shown is the plan that is applied, also when nobody touched the contact."""
    fading(r, tmp_path)
    r.twin.submit_form("White Paper Anforderung", "p1@kunde1.example")
    r.run("sync")
    settled(r)
    r.clock.advance(31 * DAY)
    shown = r.run("plan")
    assert shown["contacts"] == 1
    r.clock.advance(60)
    assert r.run("plan")["hash"] == shown["hash"]
    assert r.run("apply", plan_hash=shown["hash"])["written"] == 1
    assert r.twin.get("contacts", r.ids[0])["leadwright_score"] == str(receipt(r, r.ids[0]).score)
    assert (r.run("plan")["contacts"], dirty(r)) == (0, 0)


def test_contacts_that_are_gone_are_judged_no_more(r):
    r.run("plan")
    r.twin.delete("contacts", r.ids[0])
    survivor = r.twin.merge(r.ids[1], r.ids[2])
    r.run("sync")
    plan = r.run("plan")
    assert {change["contact"] for change in plan["changes"]} == {str(i) for i in (survivor, *r.ids[3:])}
    assert dirty(r) == plan["judged"] == 3


def test_more_contacts_than_one_chunk_are_all_judged(tmp_path):
    with rig(tmp_path) as r:
        people(r, 1050)
        r.run("sync")
        r.run("provision")
        plan = r.run("plan")
        assert plan["judged"] == plan["contacts"] == 1050


def test_a_blast_radius_is_part_of_the_plan(tmp_path):
    with rig(tmp_path) as r:
        people(r, 60)
        written_back(r)
        r.clock.advance(60)
        r.twin.bulk_touch(r.twin.ids("contacts")[:26], {"jobtitle": "Leiterin Einkauf"})
        r.run("sync")
        plan = r.run("plan")
        assert (plan["contacts"], plan["limit"], plan["over_limit"]) == (26, 25, True)
