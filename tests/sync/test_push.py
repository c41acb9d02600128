"""Writing back: the culprit of a refused batch is found cheaply, and a killed run leaves nothing behind."""

from __future__ import annotations

from math import ceil, log2

import pytest

from connector.store import cursors, outbox, runs
from connector.sync.push import same
from tests.journeys.steps import go_live, people, scores, wrong
from tests.rig import Rig, rig
from tests.sync.steps import UPDATE, cut, killed, look, paths, ripe, watched, wired


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 100)
        go_live(made)
        yield made


def difficult(r: Rig, *contacts: int) -> None:
    """The portal has a rule of its own that these contacts break."""
    for contact in contacts:
        r.twin.edit("contacts", contact, {"jobtitle": "Azubi"})
    rule = {"property": "jobtitle", "value": "Azubi", "requires": "city"}
    r.twin.dials.validations = {"leadwright_score": {"required_when": rule}}
    r.clock.advance(60)
    r.run("sync")


def states(r: Rig) -> dict[str, int]:
    return look(r, outbox.counts)


@pytest.mark.parametrize("places", [[0], [99], [57], [0, 99], [10, 11], [3, 50, 51, 97]])
def test_exactly_the_culprits_are_refused_and_found_cheaply(r, places):
    culprits = [r.ids[i] for i in places]
    difficult(r, *culprits)
    with watched(r) as calls:
        ran = r.run("apply", plan_hash=r.run("plan")["hash"])
    assert [row["contact"] for row in ran["refused"]] == [str(i) for i in culprits]
    assert len(paths(calls, UPDATE)) <= 2 + len(culprits) * (2 * ceil(log2(100)) + 2)
    assert [i for i, score in scores(r).items() if score is None] == culprits
    assert states(r)["refused"] == len(culprits)
    assert all("leadwright_grade" in p for p in r.twin.truth("contacts").values())


def test_a_refusal_names_the_property_and_the_portals_reason(r):
    difficult(r, r.ids[4])
    ran = r.run("apply", plan_hash=r.run("plan")["hash"])
    assert ran["refused"][0]["why"].startswith("leadwright_score: ")
    booked = [row for row in r.rows("writes") if row["state"] == "refused"]
    assert [row["reason"] for row in booked] == [ran["refused"][0]["why"]]


def test_a_run_done_in_part_is_booked_so(r):
    difficult(r, r.ids[4])
    ran = r.run("apply", plan_hash=r.run("plan")["hash"])
    run = look(r, lambda u, portal: runs.get(u, portal, ran["run"]))
    assert (run.state, run.counts["refused"]) == ("part", 1)


def test_everybody_refused_is_said_for_everybody(r):
    difficult(r, *r.ids[:3])
    for contact in r.ids[3:]:
        r.twin.delete("contacts", contact)
    r.run("sync")
    ran = r.run("apply", plan_hash=r.run("plan")["hash"])
    assert (len(ran["refused"]), ran["ok"]) == (3, False)
    assert set(scores(r).values()) == {None}


def test_whoever_went_meanwhile_is_dropped_and_buried(r):
    plan = r.run("plan")
    r.twin.delete("contacts", r.ids[7])
    with watched(r) as calls:
        ran = r.run("apply", plan_hash=plan["hash"])
    assert (ran["written"], ran["dropped"], ran["refused"]) == (99, 1, [])
    assert len(paths(calls, UPDATE)) == 1
    assert r.ids[7] not in r.mirrored()
    assert states(r)["dropped"] == 1
    assert r.run("plan")["contacts"] == 0


def test_what_a_killed_run_left_is_superseded_by_the_next(tmp_path):
    """Its values may be old by now: the next plan says what is to be written."""
    with rig(tmp_path) as r:
        ids = people(r, 250)
        go_live(r)
        killed(r, "write-back", 1, "apply", plan_hash=r.run("plan")["hash"])
        assert states(r) == {"sent": 100, "planned": 150}
        r.clock.advance(60)
        r.twin.edit("contacts", ids[200], {"jobtitle": "Geschäftsführer"})
        r.run("sync")
        rest = r.run("plan")
        assert rest["contacts"] == 150
        assert r.run("apply", plan_hash=rest["hash"])["written"] == 150
        assert states(r)["dropped"] == 150
        assert {row["reason"] for row in r.rows("writes") if row["state"] == "dropped"} == {
            "superseded by a newer plan"
        }
        bill = r.run("explain", str(ids[200]))
        assert r.twin.get("contacts", ids[200])["leadwright_score"] == str(bill["score"])
        assert r.run("plan")["contacts"] == 0


def test_a_run_that_was_killed_before_its_first_answer_is_booked_as_failed(r):
    cut(r, "write", heard=False)
    last = look(r, lambda u, portal: runs.last(u, portal, "apply"))
    assert (last.state, last.counts["written"]) == ("failed", 0)
    assert states(r) == {"planned": 100}


def test_killed_between_the_call_and_its_booking(r):
    """The portal took it, we do not know: the next cycle reads it and has nothing left to write."""
    cut(r, "write", heard=True)
    assert states(r) == {"planned": 100}
    r.clock.advance(60)
    r.run("sync")
    assert wrong(r) == []
    assert r.run("plan")["contacts"] == 0
    set_once = [e for e in r.twin.ledger.effects if e.name == "leadwright_score"]
    assert len(set_once) == 100


def test_each_write_is_stamped_and_the_stamp_is_no_change_of_its_own(r):
    r.run("apply", plan_hash=r.run("plan")["hash"])
    stamped = {p["leadwright_updated_at"] for p in r.twin.truth("contacts").values()}
    assert len(stamped) == 1
    assert all("leadwright_updated_at" not in row["after"] for row in r.rows("writes"))
    r.clock.advance(3600)
    r.run("sync")
    assert r.run("plan")["contacts"] == 0


def test_a_value_somebody_changed_under_our_hands_is_seen_by_the_read_back(r):
    """Another integration overwrites what we wrote before we look."""

    def contested(write):
        def meddled(kind, updates):
            done = write(kind, updates)
            r.twin.edit("contacts", r.ids[0], {"leadwright_score": "999"})
            return done

        return meddled

    plan = r.run("plan")
    with wired(r, "write", contested) as service:
        ran = service.apply(r.name, plan_hash=plan["hash"])
    assert ran["read_back"] == {"checked": 100, "equal": 99, "different": 1}
    assert ran["ok"] is False
    assert r.mirrored()[r.ids[0]]["leadwright_score"] == "999"
    assert [c["contact"] for c in r.run("plan")["changes"]] == [str(r.ids[0])]


def test_a_small_run_leaves_no_echo(r):
    r.run("apply", plan_hash=r.run("plan")["hash"])
    assert "echo" not in look(r, lambda u, portal: cursors.get(u, portal, "contacts"))


@pytest.mark.parametrize(
    ("theirs", "ours", "equal"),
    [
        (None, "", True), ("", "", True), ("5", "5.0", True), ("5", "5", True), ("5", "6", False),
        (None, "0", False), ("a", "a", True), ("a", "b", False), ("nan", "nan", True), ("x", "5", False),
    ],
)  # fmt: skip
def test_when_two_values_mean_the_same(theirs, ours, equal):
    assert same(theirs, ours) is equal


def test_a_property_made_read_only_is_not_halved_for(r):
    """It fails for everybody who carries it: no call for anybody alone; the other properties are written."""
    plan = r.run("plan")
    definition = r.twin.state.definitions.properties["contacts"]["leadwright_score"]
    definition["modificationMetadata"]["readOnlyValue"] = True
    with watched(r) as calls:
        ran = r.run("apply", plan_hash=plan["hash"])
    assert len(paths(calls, UPDATE)) <= 3
    assert len(ran["refused"]) == 100
    assert all("leadwright_grade" in p for p in r.twin.truth("contacts").values())


def test_an_option_somebody_took_away_is_asked_for_once_a_value(r):
    """The same value is wrong for everybody: one refusal tells."""
    plan = r.run("plan")
    definition = r.twin.state.definitions.properties["contacts"]["leadwright_grade"]
    definition["options"] = [o for o in definition["options"] if o["value"] == "A"]
    with watched(r) as calls:
        ran = r.run("apply", plan_hash=plan["hash"])
    assert len(paths(calls, UPDATE)) <= 3
    assert len(ran["refused"]) == 100
    assert None not in scores(r).values()


@pytest.mark.parametrize("room", [100, 3])
def test_everybody_whose_stage_was_moved_is_read_back(tmp_path, monkeypatch, room):
    """The portal dates a move in properties of its own; a sample read back at random might miss those few."""
    monkeypatch.setattr("connector.sync.push.READ_BACK", room)
    with rig(tmp_path) as many:
        people(many, 150)
        go_live(many)
        moved = [ripe(many, f"anna{i}@werk{i}.example") for i in range(8)]
        many.run("sync")
        many.run("apply", plan_hash=many.run("plan")["hash"])
        mirror, truth = many.mirrored(), many.twin.truth()
        for contact in moved:
            entered = truth[contact]["hs_v2_date_entered_marketingqualifiedlead"]
            assert mirror[contact]["hs_v2_date_entered_marketingqualifiedlead"] == entered
