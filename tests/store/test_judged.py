"""What was judged: the latest receipt and the steps that led there, decisions run by run, refusals with their age."""

from __future__ import annotations

import pytest

from connector.model.judgement import Enrol, Hold, MoveStage, SetProperty
from connector.store import decisions, holds, quarantine, receipts, records
from connector.store.receipts import Distribution
from tests.store.builders import T0, receipt, snapshot


@pytest.fixture
def people(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(n, 1) for n in range(1, 6)], T0)


def steps(u, portal, contact=1):
    return [
        (step.at_ms - T0, step.score, step.grade, step.stage, step.cause)
        for step in receipts.history(u, portal, contact)
    ]


def test_the_latest_receipt_replaces(u, portal):
    receipts.save_many(u, portal, [receipt(1, 10, at=1), receipt(2, 20, due=5)], "first")
    receipts.save_many(u, portal, [receipt(1, 30, at=2)], "second")
    assert receipts.get(u, portal, 1) == receipt(1, 30, at=2)
    assert receipts.get_many(u, portal, [1, 2, 3]) == {1: receipt(1, 30, at=2), 2: receipt(2, 20, due=5)}
    assert receipts.get(u, portal, 3) is None
    assert receipts.save_many(u, portal, [], "nothing") == 0


def test_history_grows_only_with_score_grade_or_stage(u, portal):
    given = [
        receipt(1, 10, at=1),
        receipt(1, 10, at=2, due=9),
        receipt(1, 20, at=3),
        receipt(1, 20, at=4, grade="B"),
        receipt(1, 20, at=5, grade="B", stage="mql"),
        receipt(1, 20, at=6, grade="B", stage="mql"),
    ]
    assert [receipts.save_many(u, portal, [one], f"c{n}") for n, one in enumerate(given)] == [1, 0, 1, 1, 1, 0]
    assert steps(u, portal) == [
        (1, 10, "C", "lead", "c0"),
        (3, 20, "C", "lead", "c2"),
        (4, 20, "B", "lead", "c3"),
        (5, 20, "B", "mql", "c4"),
    ]
    assert [step.score for page in receipts.changes_between(u, portal, T0 + 3, T0 + 5) for step in page] == [20, 20]


def test_the_best_are_alive_and_highest_first(u, portal, people):
    rows = [receipt(n, 10 * n, stage="customer" if n == 4 else "lead") for n in range(1, 6)]
    receipts.save_many(u, portal, rows, "test")
    records.bury(u, portal, "contacts", [5], T0)
    assert [row.contact_id for row in receipts.best(u, portal, 3)] == [4, 3, 2]
    assert [row.contact_id for row in receipts.best(u, portal, 3, skip_stages=["customer"])] == [3, 2, 1]


def test_the_distribution_counts_the_living(u, portal, people):
    rows = [receipt(n, 10, grade="A" if n < 3 else "B", stage="mql" if n == 1 else "lead") for n in range(1, 6)]
    receipts.save_many(u, portal, rows, "test")
    records.bury(u, portal, "contacts", [5], T0)
    assert receipts.distribution(u, portal) == Distribution({"A": 2, "B": 2}, {"mql": 1, "lead": 3}, 4)


@pytest.mark.parametrize("count", [3, 250])
def test_receipts_stream_in_contact_order(u, portal, count):
    receipts.save_many(u, portal, [receipt(n, n) for n in range(count, 0, -1)], "test")
    pages = list(receipts.stream(u, portal, chunk=100))
    assert [row.contact_id for page in pages for row in page] == list(range(1, count + 1))


def test_decisions_are_kept_as_they_were_made(u, portal):
    made = [
        SetProperty(1, "hs_lead_status", "OPEN", "c1"),
        MoveStage(1, "lead", "mql", "lead", "marketingqualifiedlead", False, "c2"),
        Enrol(2, "a@example.com", "nurture", "99", "c3"),
        Hold(1, "enrol", "consent", "no consent", "ask"),
    ]
    assert decisions.add(u, portal, "apply-1", made, T0) == 4
    assert decisions.add(u, portal, "apply-2", made[:1], T0 + 1) == 1
    of_one = decisions.of(u, portal, 1)
    assert [(row.id, row.kind, row.run_id) for row in of_one] == [
        (5, "set_property", "apply-2"),
        (4, "hold", "apply-1"),
        (2, "move_stage", "apply-1"),
        (1, "set_property", "apply-1"),
    ]
    assert of_one[2].body["to_value"] == "marketingqualifiedlead"
    assert [row.kind for page in decisions.of_run(u, portal, "apply-1") for row in page] == [
        "set_property",
        "move_stage",
        "enrol",
        "hold",
    ]
    assert sum(len(page) for page in decisions.stream(u, portal)) == 5
    assert decisions.expire(u, portal, T0 + 1) == 4


def hold(contact, gate="consent", why="no consent", effect="enrol"):
    return Hold(contact, effect, gate, why, "ask")


def test_since_stays_while_the_same_gate_says_no(u, portal):
    assert holds.replace_holds(u, portal, [1, 2], [hold(1), hold(2)], T0) == 2
    assert holds.replace_holds(u, portal, [1, 2], [hold(1), hold(2, why="withdrawn")], T0 + 5) == 1
    assert [(row.why, row.since_ms) for row in holds.of(u, portal, 2)] == [("withdrawn", T0)]


def test_since_begins_anew_after_a_yes(u, portal):
    holds.replace_holds(u, portal, [1], [hold(1)], T0)
    assert holds.replace_holds(u, portal, [1], [], T0 + 1) == 1
    holds.replace_holds(u, portal, [1], [hold(1), hold(1, "cap")], T0 + 2)
    assert [(row.gate, row.since_ms) for row in holds.of(u, portal, 1)] == [("cap", T0 + 2), ("consent", T0 + 2)]


def test_holds_of_contacts_not_named_stay(u, portal):
    holds.replace_holds(u, portal, [1, 2], [hold(1), hold(2), hold(2, "cap")], T0)
    holds.replace_holds(u, portal, [1], [], T0)
    assert holds.summary(u, portal) == {("consent", "enrol"): 1, ("cap", "enrol"): 1}
    assert [row.contact_id for row in holds.held_by(u, portal, "cap")] == [2]
    assert holds.held_by(u, portal, "cap", after_id=2) == ()


def test_a_value_that_does_not_fit_is_held_with_its_age(u, portal):
    faults = {1: [("revenue", "1234;5678", "no number"), ("city", None, "missing")], 2: [("revenue", "x", "no number")]}
    assert quarantine.replace(u, portal, "contacts", faults, T0) == 3
    assert quarantine.replace(u, portal, "contacts", {1: [("revenue", "1234;5678", "no number")]}, T0 + 9) == 1
    kept = quarantine.of(u, portal, "contacts", 1)
    assert [(row.property, row.raw, row.since_ms) for row in kept] == [("revenue", "1234;5678", T0)]
    assert quarantine.replace(u, portal, "contacts", {1: [("revenue", "9;9", "no number")]}, T0 + 9) == 1
    assert quarantine.of(u, portal, "contacts", 1)[0].since_ms == T0 + 9
    assert quarantine.summary(u, portal) == {("contacts", "revenue", "no number"): 2}
    assert quarantine.replace(u, portal, "contacts", {1: [], 2: []}, T0) == 2
    assert quarantine.summary(u, portal) == {}
    assert quarantine.replace(u, portal, "contacts", {}, T0) == 0
