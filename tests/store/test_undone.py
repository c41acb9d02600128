"""Values that people took back, by contact and property."""

from __future__ import annotations

from connector.store import undone
from tests.store.builders import T0


def test_the_newest_word_on_a_property_counts(u, portal):
    undone.book(u, portal, "run-1", {7: {"score": "63", "grade": "A"}}, T0)
    undone.book(u, portal, "run-2", {7: {"score": "71"}}, T0 + 1)
    held = undone.of(u, portal, [7, 8])
    assert {key: (one.value, one.run_id, one.at_ms) for key, one in held.items()} == {
        (7, "score"): ("71", "run-2", T0 + 1),
        (7, "grade"): ("A", "run-1", T0),
    }


def test_a_cleared_property_can_be_taken_back_too(u, portal):
    undone.book(u, portal, "run-1", {7: {"step": ""}}, T0)
    assert undone.of(u, portal, [7])[7, "step"].value == ""


def test_a_run_is_released_whole_or_for_some(u, portal):
    undone.book(u, portal, "run-1", {7: {"score": "63"}, 8: {"score": "1"}, 9: {"score": "2"}}, T0)
    undone.book(u, portal, "run-2", {10: {"score": "3"}}, T0)
    assert undone.release(u, portal, "run-1", [8, 10]) == (8,)
    assert undone.release(u, portal, "run-1") == (7, 9)
    assert set(undone.of(u, portal, [7, 8, 9, 10])) == {(10, "score")}


def test_another_portals_are_left_alone(u, portal):
    undone.book(u, portal, "run-1", {7: {"score": "63"}}, T0)
    assert undone.of(u, portal + 1, [7]) == {}
    assert undone.release(u, portal + 1, "run-1") == ()
    assert len(undone.of(u, portal, [7])) == 1
