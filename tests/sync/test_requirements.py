"""What the portal requires of values is known before anything is sent (P17)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.steps import go_live, people, scores, stream
from tests.rig import Rig, rig
from tests.sync.steps import paths, watched

RULES = "/crm/property-validations/"
DAY = 24 * 3600


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        people(made, 3)
        yield made


def ruled(r: Rig, **rules: dict[str, Any]) -> dict[str, Any]:
    """The portal's rules were there before the first sync; the plan under them."""
    r.twin.dials.validations = rules
    go_live(r)
    return r.run("plan")


@pytest.mark.parametrize(
    ("rule", "requires"), [({"min": 1000}, "at least 1000"), ({"regex": "9[0-9]"}, r"the form 9[0-9]")]
)
def test_a_value_the_portal_would_refuse_is_held_with_its_rule_and_never_sent(r, rule, requires):
    plan = ruled(r, leadwright_score=rule)
    held = [h for h in plan["held"] if h["gate"] == "portal_rule"]
    assert {h["why"] for h in held} == {f"The portal requires {requires} in leadwright_score"}
    assert len(held) == 3
    ran = r.run("apply", plan_hash=plan["hash"])
    assert (ran["written"], ran["refused"]) == (3, [])
    assert set(scores(r).values()) == {None}
    assert all("leadwright_grade" in p for p in r.twin.truth("contacts").values())


def test_a_rule_that_is_kept_holds_nobody(r):
    plan = ruled(r, leadwright_score={"max": 1000, "min": -1000})
    assert "portal_rule" not in plan["held_by_gate"]


def test_explain_shows_it_too(r):
    plan = ruled(r, leadwright_score={"min": 1000})
    held = r.run("explain", plan["held"][0]["contact"])["held"]
    assert "portal_rule" in {h["gate"] for h in held}


def test_the_rules_are_asked_for_once_a_day(r):
    ruled(r)
    with watched(r) as calls:
        for _ in range(8):
            r.clock.advance(2 * 3600)
            r.run("cycle")
    assert paths(calls, RULES) == []
    r.clock.advance(DAY)
    with watched(r) as calls:
        r.run("cycle")
    assert len(paths(calls, RULES)) == 1


def test_a_portal_without_them_goes_on_as_before(r):
    r.twin.dials.faults = [{"match": RULES, "times": 99, "status": 404}]
    synced = r.run("sync")
    assert stream(synced, "requirements")["off"]
    r.run("provision")
    assert r.run("plan")["contacts"] == 3
