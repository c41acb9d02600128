"""One contact's bill, now or at a past minute, by the same functions that judge everybody (promise 2)."""

from __future__ import annotations

import pytest

from connector.errors import UnknownContact
from tests.journeys.steps import go_live
from tests.rig import rig
from tests.sync.steps import document, publish

DAY = 24 * 3600


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with rig(tmp_path_factory.mktemp("explain")) as made:
        go_live(made)
        yield made


@pytest.fixture
def r(shared):
    """One portal whose days go on from test to test; each asks for an Anna of its own."""
    shared.clock.advance(DAY)
    shared.name_of = f"Anna{len(shared.twin.ids('contacts'))}"
    values = {"email": f"{shared.name_of}@Werk.example", "lastname": "Müller", "jobtitle": "Azubi"}
    shared.anna = shared.twin.create_contact(values)
    shared.run("sync")
    return shared


def bill(r, at_ms: int | None = None) -> dict:
    return r.run("explain", str(r.anna), at_ms)


def rules(body: dict) -> set[str]:
    return {line["rule"] for line in body["lines"] if line["points"]}


def test_what_was_done_later_is_not_on_the_bill_of_a_past_minute(r):
    before, then = bill(r), r.clock.now_ms()
    r.clock.advance(DAY)
    r.twin.submit_form("White Paper Anforderung", f"{r.name_of.lower()}@werk.example")
    r.run("sync")
    assert bill(r)["score"] == before["score"] + 15
    past = bill(r, then)
    assert (past["score"], past["lines"]) == (before["score"], before["lines"])
    assert "white_paper" not in rules(past)


def test_properties_are_those_of_the_minute(r):
    then = r.clock.now_ms()
    r.clock.advance(DAY)
    r.twin.edit("contacts", r.anna, {"jobtitle": "Leiterin Einkauf"})
    r.run("sync")
    assert "function" in rules(bill(r))
    assert "function" not in rules(bill(r, then))
    assert bill(r, then)["at"] != bill(r)["at"]


def test_what_was_shown_then_is_what_is_explained_later(r):
    r.twin.submit_form("E-Book Download", f"{r.name_of.lower()}@werk.example")
    r.run("sync")
    shown, then = bill(r), r.clock.now_ms()
    for _ in range(3):
        r.clock.advance(DAY)
        r.twin.submit_form("White Paper Anforderung", f"{r.name_of.lower()}@werk.example")
        r.twin.edit("contacts", r.anna, {"city": "Ulm", "jobtitle": "Geschäftsführerin"})
        r.run("sync")
    past = bill(r, then)
    assert {k: past[k] for k in ("score", "grade", "lines", "families")} == {
        k: shown[k] for k in ("score", "grade", "lines", "families")
    }


def test_the_rules_are_those_of_the_minute(r, tmp_path):
    """Whatever was published since: the bill then is the bill of then."""
    r.twin.submit_form("White Paper Anforderung", f"{r.name_of.lower()}@werk.example")
    r.run("sync")
    shown, then = bill(r), r.clock.now_ms()
    r.clock.advance(DAY)
    body = document("scoring")
    for rule in body["rules"]:
        if rule["name"] == "white_paper":
            rule["points"] = 29
    publish(r, tmp_path, "scoring", body)
    assert bill(r)["score"] == shown["score"] + 14
    assert bill(r, then)["score"] == shown["score"]
    r.run("config_rollback", "scoring", 1, "admin")


def test_before_there_was_a_contact_nothing_is_known_of_it(r):
    """No points, nothing invented."""
    past = bill(r, r.clock.now_ms() - 365 * DAY * 1000)
    assert past["score"] == 0
    assert rules(past) == set()


@pytest.mark.parametrize("written", ["{}@werk.example", "{}@WERK.EXAMPLE", "  {}@Werk.example "])
def test_an_address_names_the_contact_however_it_is_written(r, written):
    assert r.run("explain", written.format(r.name_of))["contact"] == str(r.anna)


def test_an_additional_address_names_the_contact_too(r):
    r.clock.advance(60)
    r.twin.edit("contacts", r.anna, {"hs_additional_emails": "a.mueller@alt.example"})
    r.run("sync")
    assert r.run("explain", "A.Mueller@alt.example")["contact"] == str(r.anna)


@pytest.mark.parametrize("word", ["1", "99999999999999999999999", "niemand@x.example", "", "²", "-5", "anna"])
def test_nobody_is_told_as_nobody(shared, word):
    with pytest.raises(UnknownContact) as told:
        shared.run("explain", word)
    assert "sync" in told.value.remedy


def test_explaining_asks_the_portal_nothing(r):
    before = r.twin.ledger.count()
    bill(r)
    assert r.twin.ledger.count() == before


def test_what_lies_ahead_and_what_stands_against_is_said_in_the_language_asked_for(r):
    german = r.run("explain", str(r.anna), None, "de")
    assert german["outlook"]["stage"] == "mql"
    assert german["outlook"]["short"] == 50 - german["score"]
    assert all(way["points"] >= 50 for way in german["outlook"]["ways"])
    reasons = {(one["topic"], one["gate"]): one["text"] for one in german["why_not"]}
    assert reasons["mql", "threshold"] == f"Der Kontakt hat {german['score']} von 50 Punkten."
    assert ("routing", "no_rules") in reasons
    english = {(one["topic"], one["gate"]): one["text"] for one in bill(r)["why_not"]}
    assert english["mql", "threshold"] == f"It has {german['score']} of 50 points."
    assert english.keys() == reasons.keys()


def test_several_models_stand_on_one_receipt(r, tmp_path):
    further = {
        "name": "readiness_to_buy", "threshold": 10,
        "rules": [{"name": "demo", "kind": "activity", "family": "readiness", "points": 25,
                   "activities": ["white_paper"]}],
    }  # fmt: skip
    publish(r, tmp_path, "scoring", {**document("scoring"), "models": [further]})
    r.twin.submit_form("White Paper Anforderung", f"{r.name_of.lower()}@werk.example")
    r.run("sync")
    body = bill(r)
    assert [(one["name"], one["score"]) for one in body["models"]] == [("readiness_to_buy", 25)]
    assert [(one["stage"], one["points"]) for one in body["levels"]] == [("mql", 50)]
    assert body["persona"]["name"] == "Ideal customer"
    publish(r, tmp_path, "scoring", document("scoring"))
