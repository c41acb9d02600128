"""What stands beside a contact: colleagues and deals reach the rules from the mirror, and only where a rule asks."""

from __future__ import annotations

import pytest

from connector.sync import beside
from connector.sync.beside import state_of
from tests.rig import rig
from tests.sync.steps import document, publish

COMMITTEE = {
    "name": "committee", "kind": "association", "of": "colleagues", "family": "readiness", "points": 15,
    "activities": ["e_book"], "within_days": 30,
}  # fmt: skip
KNOWN = {"name": "known_firm", "kind": "association", "of": "colleagues", "family": "firmographic", "points": 3}
WON = {"name": "won", "kind": "association", "of": "deals", "family": "readiness", "points": 8, "state": "won"}
LISTED = {"name": "listed", "kind": "list", "family": "engagement", "points": 5, "lists": ["4"]}


@pytest.fixture
def r(tmp_path):
    """Anna and Ben work at Werk, Cara for nobody; the rules look beside them."""
    with rig(tmp_path) as made:
        people = [{"email": f"{name}@werk.example", "lastname": name} for name in ("anna", "ben", "cara")]
        made.anna, made.ben, made.cara = map(made.twin.create_contact, people)
        made.werk = made.twin.create("companies", {"name": "Werk", "domain": "werk.example"})
        for contact in (made.anna, made.ben):
            made.twin.associate("contacts", contact, "companies", made.werk)
        publish(made, tmp_path, "scoring", {**document("scoring"), "rules": [COMMITTEE, KNOWN, WON, LISTED]})
        made.run("sync")
        yield made


def points(r, contact: int, at_ms: int | None = None) -> dict[str, int]:
    return {line["rule"]: line["points"] for line in r.run("explain", str(contact), at_ms)["lines"]}


def unknown(r, contact: int) -> dict[str, str]:
    return {line["rule"]: line["missing"] for line in r.run("explain", str(contact))["unknown"]}


def test_a_colleague_counts_for_both(r):
    assert points(r, r.anna) == points(r, r.ben) == {"known_firm": 3}
    assert points(r, r.cara) == {}


def test_who_has_no_company_is_unknown_not_alone(r):
    found = unknown(r, r.cara)
    assert found["known_firm"] == found["committee"] == "colleagues: no company"


def test_a_list_that_the_portal_does_not_have_is_unknown_not_empty(r):
    assert unknown(r, r.anna)["listed"] == "list not read: 4"


def test_what_a_colleague_does_is_judged_at_the_next_plan(r):
    r.run("plan")
    r.twin.submit_form("E-Book Download", "ben@werk.example")
    r.run("sync")
    r.run("plan")
    assert points(r, r.anna) == {"committee": 15, "known_firm": 3}
    kept = {int(row["contact"]): row["score"] for row in r.rows("receipts")}
    assert (kept[r.anna], kept[r.ben]) == (18, 3)


def test_a_past_minute_knows_nothing_of_what_colleagues_did_later(r):
    then = r.clock.now_ms()
    r.clock.advance(3600)
    r.twin.submit_form("E-Book Download", "ben@werk.example")
    r.run("sync")
    assert "committee" in points(r, r.anna)
    assert "committee" not in points(r, r.anna, then)


def test_a_deal_that_is_won_counts_for_its_contact(r):
    closed = {"hs_is_closed": "true", "hs_is_closed_won": "true"}
    deal = r.twin.create("deals", {"dealname": "A machine", "dealstage": "closedwon", **closed})
    r.twin.associate("deals", deal, "contacts", r.anna)
    r.run("sync", full=True)
    assert points(r, r.anna) == {"won": 8, "known_firm": 3}
    assert "won" not in points(r, r.ben)


def test_of_a_large_company_only_some_are_looked_at_and_the_rest_is_unknown(r, monkeypatch):
    monkeypatch.setattr(beside, "MOST_COLLEAGUES", 1)
    assert "committee" not in unknown(r, r.anna)
    more = r.twin.create_contact({"email": "dora@werk.example", "lastname": "Dora"})
    r.twin.associate("contacts", more, "companies", r.werk)
    r.run("sync")
    assert unknown(r, r.anna)["committee"] == "the company has more people than were read"


@pytest.mark.parametrize(
    ("closed", "won", "state"),
    [
        ("true", "true", "won"), ("true", "false", "lost"), ("false", "false", "open"), ("false", None, "open"),
        (None, None, "unknown"), ("true", None, "unknown"),
    ],
)  # fmt: skip
def test_a_deal_is_open_won_lost_or_unknown(closed, won, state):
    assert state_of({"hs_is_closed": closed, "hs_is_closed_won": won}) == state
