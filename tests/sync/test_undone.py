"""What a person took back stays taken back: no cycle writes the same value again, a new verdict does."""

from __future__ import annotations

import pytest

from connector.errors import ConfigError
from connector.store import undone
from tests.journeys.steps import OURS, go_live, people
from tests.rig import Rig, rig
from tests.sync.steps import look, ripe, watched, wired

SCORE = "leadwright_score"


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 4)
        go_live(made)
        yield made


def applied(r: Rig) -> str:
    return r.run("apply", plan_hash=r.run("plan")["hash"])["run"]


def ours(r: Rig, contact: int) -> dict[str, str]:
    return {n: v for n, v in r.twin.get("contacts", contact).items() if n in OURS}


def cycles(r: Rig, count: int = 2) -> list:
    ran = []
    for _ in range(count):
        r.clock.advance(24 * 3600)
        ran.append(r.run("cycle"))
    return ran


def test_after_an_undo_no_cycle_writes_the_same_values_again(r):
    r.run("undo", applied(r))
    with watched(r) as calls:
        assert all(ran["ok"] and ran["apply"] is None for ran in cycles(r))
    assert [call for call in calls if call.writing] == []
    assert {tuple(ours(r, i)) for i in r.ids} == {()}


def test_the_plan_says_who_holds_it_and_what_would_change_it(r):
    run = applied(r)
    r.run("undo", run)
    plan = r.run("plan")
    assert (plan["contacts"], set(plan["held_by_gate"])) == (0, {"undone"})
    held = next(h for h in plan["held"] if h["effect"] == f"write:{SCORE}")
    assert run in held["why"]
    assert "2026-11-22" in held["why"]
    assert f"leadwright undo acme {run} --release" in held["remedy"]


def test_explain_shows_the_hold(r):
    r.run("undo", applied(r))
    held = r.run("explain", str(r.ids[0]))["held"]
    assert {h["gate"] for h in held} == {"undone"}
    assert f"write:{SCORE}" in {h["effect"] for h in held}


def test_a_new_verdict_writes_again_and_only_what_is_new(r):
    r.run("undo", applied(r))
    r.clock.advance(60)
    r.twin.edit("contacts", r.ids[0], {"jobtitle": "Geschäftsführer", "company": "Werk GmbH"})
    r.run("cycle")
    bill = r.run("explain", str(r.ids[0]))
    assert r.twin.get("contacts", r.ids[0])[SCORE] == str(bill["score"])
    assert "leadwright_engagement" not in ours(r, r.ids[0])
    assert ours(r, r.ids[1]) == {}


def test_one_contact_alone_is_held_the_others_keep_what_they_have(r):
    r.run("undo", applied(r), str(r.ids[2]))
    cycles(r, 1)
    assert ours(r, r.ids[2]) == {}
    assert SCORE in ours(r, r.ids[1])


def test_released_it_is_in_the_next_plan(r):
    run = applied(r)
    before = ours(r, r.ids[0])
    r.run("undo", run)
    r.run("cycle")
    with watched(r) as calls:
        assert r.run("release", run) == {"portal": "acme", "run": run, "released": 4, "ok": True}
    assert calls == []
    assert r.run("plan")["contacts"] == 4
    applied(r)
    assert ours(r, r.ids[0]) == before


def test_released_for_one_contact(r):
    run = applied(r)
    r.run("undo", run)
    assert r.run("release", run, str(r.ids[3]))["released"] == 1
    assert [c["contact"] for c in r.run("plan")["changes"]] == [str(r.ids[3])]


def test_releasing_what_is_not_held_is_a_mistake_of_use(r):
    with pytest.raises(ConfigError) as told:
        r.run("release", applied(r))
    assert told.value.exit_code == 2


def test_a_stage_taken_back_is_not_taken_again_and_nobody_is_enrolled_for_it(r):
    lead = ripe(r, "anna@werk.example")
    r.run("sync")
    r.run("undo", applied(r), str(lead))
    cycles(r)
    assert r.twin.get("contacts", lead)["lifecyclestage"] == "lead"
    held = {h["effect"]: h["gate"] for h in r.run("explain", str(lead))["held"]}
    assert held["write:lifecyclestage"] == "undone"
    assert {gate for effect, gate in held.items() if effect.startswith("enrol:")} <= {"undone", "workflow"}


def test_killed_after_the_portal_took_it_back(r):
    """Booked before the call: the next cycle knows that a person wanted it so."""
    run = applied(r)

    def dying(call):
        def last(*args, **options):
            call(*args, **options)
            raise KeyboardInterrupt

        return last

    with wired(r, "write", dying) as service, pytest.raises(KeyboardInterrupt):
        service.undo(r.name, run)
    cycles(r)
    assert {tuple(ours(r, i)) for i in r.ids} == {()}


def test_what_the_portal_did_not_take_back_is_not_held(r):
    run = applied(r)
    r.twin.dials.validations = {"leadwright_grade": {"required_when": {"property": "email", "requires": "city"}}}
    r.run("undo", run)
    held = look(r, lambda u, portal: undone.of(u, portal, r.ids))
    restored = {i for i in r.ids if SCORE not in ours(r, i)}
    assert {contact for contact, _ in held} == restored


def test_what_others_changed_since_is_not_held(r):
    run = applied(r)
    r.clock.advance(60)
    r.twin.edit("contacts", r.ids[1], {"leadwright_grade": "B"})
    r.run("undo", run)
    held = look(r, lambda u, portal: undone.of(u, portal, [r.ids[1]]))
    assert (r.ids[1], "leadwright_grade") not in held
    assert (r.ids[1], SCORE) in held
