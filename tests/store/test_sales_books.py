"""The books of sales: steps through the stages, and who has whom in hand."""

from dataclasses import replace

from connector.model.judgement import StageStep
from connector.store import handoffs, records, stages
from connector.store.handoffs import Handoff
from tests.store.builders import T0, snapshot

STEP = StageStep(T0, "lead", "mql", "rule")
FIRST = Handoff(1, T0, 501, "everybody", "mql")


def test_steps_are_kept_in_order_and_read_up_to_an_instant(store, portal):
    later = StageStep(T0 + 5, "mql", "sal", "sales:accepted")
    with store.unit() as u:
        assert stages.add(u, portal, {1: STEP, 2: STEP}) == 2
        stages.add(u, portal, {1: later})
        stages.add(u, portal, {1: later})
        assert stages.of(u, portal, [1, 3]) == {1: (STEP, later)}
        assert stages.of(u, portal, [1], T0 + 4) == {1: (STEP,)}
        assert stages.counts(u, portal, T0, T0 + 5) == {("lead", "mql"): 2}
        assert stages.standing(u, portal, [1]) == {}


def test_a_new_hand_over_ends_the_open_one(store, portal):
    with store.unit() as u:
        records.upsert(u, portal, "contacts", [snapshot(1, 1)], T0)
        handoffs.put(u, portal, [FIRST])
        assert handoffs.in_hand(u, portal) == {501: 1}
        handoffs.put(u, portal, [replace(FIRST, at_ms=T0 + 9, owner_id=502)])
        old, new = handoffs.of(u, portal, [1])[1]
        assert (old.answer, old.closed_ms, new.closed_ms) == ("escalated", T0 + 9, None)
        assert handoffs.in_hand(u, portal) == {502: 1}
        assert handoffs.since(u, portal, T0 + 1) == {502: 1}
        assert handoffs.log(u, portal) == [("everybody", 501), ("everybody", 502)]
        assert handoffs.log(u, portal, 1) == [("everybody", 502)]


def test_the_answered_and_the_closed_wait_no_longer(store, portal):
    with store.unit() as u:
        records.upsert(u, portal, "contacts", [snapshot(1, 1), snapshot(2, 1)], T0)
        handoffs.put(u, portal, [FIRST, replace(FIRST, contact_id=2)])
        assert [row.contact_id for row in handoffs.unanswered(u, portal)] == [1, 2]
        handoffs.put(u, portal, [replace(FIRST, answer="accepted", answered_ms=T0 + 1)])
        assert [row.contact_id for row in handoffs.unanswered(u, portal)] == [2]
        assert handoffs.in_hand(u, portal) == {501: 2}
        assert handoffs.answers(u, portal, T0, T0 + 1) == {("accepted", ""): 1, ("", ""): 1}
        handoffs.put(u, portal, [replace(FIRST, answer="rejected", closed_ms=T0 + 2)])
        assert handoffs.in_hand(u, portal) == {501: 1}


def test_whom_the_portal_deleted_nobody_has_in_hand(store, portal):
    with store.unit() as u:
        records.upsert(u, portal, "contacts", [snapshot(1, 1)], T0)
        handoffs.put(u, portal, [FIRST])
        records.bury(u, portal, "contacts", [1], T0 + 10**9)
        assert handoffs.in_hand(u, portal) == {}


def test_a_merge_takes_both_along(store, portal):
    with store.unit() as u:
        records.upsert(u, portal, "contacts", [snapshot(1, 1), snapshot(2, 1)], T0)
        handoffs.put(u, portal, [FIRST])
        stages.add(u, portal, {1: STEP})
        records.merge(u, portal, "contacts", 1, 2, T0 + 10**9)
        assert handoffs.of(u, portal, [1, 2]) == {2: (replace(FIRST, contact_id=2),)}
        assert stages.of(u, portal, [1, 2]) == {2: (STEP,)}
        assert handoffs.in_hand(u, portal) == {501: 1}
