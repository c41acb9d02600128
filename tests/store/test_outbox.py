"""The outbox: a cause is entered once for good, and an entry goes only where its state allows."""

from __future__ import annotations

import pytest

from connector.store import outbox
from connector.store.outbox import NewEntry
from tests.store.builders import T0


def entry(contact: int, cause: str, kind="write", **payload) -> NewEntry:
    return NewEntry(contact, kind, cause, payload, dict.fromkeys(payload))


def enter(u, portal, *entries, run="apply-1"):
    return outbox.enter(u, portal, run, entries, T0)


def state(u, portal, number=1):
    return next(one for page in outbox.stream(u, portal) for one in page if one.id == number)


def test_an_entry_keeps_what_to_send_and_what_was_before(u, portal):
    given = NewEntry(7, "write", "score:7:v1", {"score": "63", "tags": ["a"]}, {"score": "47", "tier": None})
    assert enter(u, portal, given) == 1
    (kept,) = outbox.due(u, portal, 10)
    assert (kept.id, kept.run_id, kept.contact_id, kept.kind, kept.cause) == (1, "apply-1", 7, "write", "score:7:v1")
    assert (kept.payload, kept.before) == (given.payload, given.before)
    assert (kept.state, kept.attempts, kept.reason) == ("planned", 0, "")


@pytest.mark.parametrize("count", [2, 200])
def test_a_cause_is_entered_once(u, portal, count):
    batch = [entry(n, f"c{n}") for n in range(count)]
    assert enter(u, portal, *batch, *batch) == count
    assert enter(u, portal, *batch, entry(9, "new")) == 1
    assert outbox.waiting(u, portal) == count + 1
    assert outbox.enter(u, portal + 1, "apply-1", batch, T0) == count


def ended(u, portal, end, reason="no"):
    mark = {
        "confirmed": lambda: outbox.mark_confirmed(u, portal, [1], T0),
        "sent": lambda: outbox.mark_sent(u, portal, [1], T0),
        "refused": lambda: outbox.mark_refused(u, portal, [1], reason),
        "dropped": lambda: outbox.mark_dropped(u, portal, [1], reason),
    }[end]
    assert mark() == 1


@pytest.mark.parametrize("end", ["confirmed", "sent"])
def test_a_cause_that_had_its_effect_is_not_entered_again(u, portal, end):
    enter(u, portal, entry(1, "c1", "enrol"))
    ended(u, portal, end)
    assert enter(u, portal, entry(1, "c1", "enrol")) == 0
    assert outbox.counts(u, portal) == {end: 1}


@pytest.mark.parametrize("end", ["refused", "dropped"])
def test_an_enrolment_that_did_not_happen_may_be_asked_for_again(u, portal, end):
    enter(u, portal, entry(1, "c1", "enrol", email="old@x.example"))
    ended(u, portal, end)
    assert enter(u, portal, entry(1, "c1", "enrol", email="new@x.example"), run="apply-2") == 1
    (kept,) = outbox.due(u, portal, 10)
    assert (kept.id, kept.run_id, kept.payload, kept.reason) == (1, "apply-2", {"email": "new@x.example"}, "")


@pytest.mark.parametrize("end", ["refused", "dropped"])
def test_a_write_that_ended_is_over(u, portal, end):
    enter(u, portal, entry(1, "c1"))
    ended(u, portal, end)
    assert enter(u, portal, entry(1, "c1")) == 0


def test_an_enrolment_nobody_knows_about_is_never_repeated(u, portal):
    enter(u, portal, entry(1, "c1", "enrol"))
    ended(u, portal, "refused", outbox.UNTOLD)
    assert enter(u, portal, entry(1, "c1", "enrol")) == 0
    assert outbox.refused_enrolments(u, portal) == {}


def test_the_way_of_an_effect(u, portal):
    enter(u, portal, entry(1, "c1"))
    assert outbox.mark_unknown(u, portal, [1], T0 + 1) == 1
    assert [(one.state, one.attempts) for one in outbox.due(u, portal, 10)] == [("unknown", 1)]
    assert outbox.mark_unknown(u, portal, [1], T0 + 2, "no answer") == 1
    assert outbox.mark_sent(u, portal, [1], T0 + 3) == 1
    assert (state(u, portal).state, state(u, portal).attempts) == ("sent", 2)
    assert outbox.due(u, portal, 10) == ()
    assert outbox.mark_confirmed(u, portal, [1], T0 + 4) == 1
    assert state(u, portal).state == "confirmed"


def test_sending_without_booking_first_counts_an_attempt(u, portal):
    enter(u, portal, entry(1, "c1"))
    outbox.mark_sent(u, portal, [1], T0)
    assert state(u, portal).attempts == 1


def test_what_has_ended_stays_ended(u, portal):
    enter(u, portal, entry(1, "c1"))
    outbox.mark_confirmed(u, portal, [1], T0)
    moves = [
        outbox.mark_unknown(u, portal, [1], T0),
        outbox.mark_sent(u, portal, [1], T0),
        outbox.mark_refused(u, portal, [1], "x"),
        outbox.mark_dropped(u, portal, [1], "x"),
        outbox.mark_planned(u, portal, [1]),
    ]
    assert moves == [0] * 5
    assert state(u, portal).state == "confirmed"


def test_a_refusal_has_a_reason_and_can_be_tried_again(u, portal):
    enter(u, portal, entry(1, "c1"))
    outbox.mark_unknown(u, portal, [1], T0)
    outbox.mark_refused(u, portal, [1], "the portal requires phone\x00")
    assert state(u, portal).reason == "the portal requires phone"
    assert outbox.mark_planned(u, portal, [1]) == 1
    assert (state(u, portal).reason, state(u, portal).attempts) == ("", 1)


def test_due_comes_oldest_first_in_pages(u, portal):
    enter(u, portal, *(entry(n % 3, f"c{n}") for n in range(10)))
    outbox.mark_sent(u, portal, [2, 3], T0)
    first = outbox.due(u, portal, 4)
    assert [one.id for one in first] == [1, 4, 5, 6]
    assert [one.id for one in outbox.due(u, portal, 4, after_id=6)] == [7, 8, 9, 10]
    assert outbox.waiting(u, portal) == 8


def test_what_was_sent_is_read_back_by_contact(u, portal):
    enter(u, portal, *(entry(contact, f"c{contact}") for contact in (5, 3, 9)))
    outbox.mark_sent(u, portal, [1, 2, 3], T0)
    assert [one.contact_id for one in outbox.sent_unconfirmed(u, portal, 2)] == [3, 5]
    assert [one.contact_id for one in outbox.sent_unconfirmed(u, portal, 2, 5)] == [9]


def test_entries_of_a_contact_and_of_a_run(u, portal):
    enter(u, portal, *(entry(n % 2, f"a{n}") for n in range(5)))
    enter(u, portal, entry(1, "b"), run="apply-2")
    outbox.mark_sent(u, portal, [1, 2], T0)
    assert [one.cause for one in outbox.of(u, portal, 1)] == ["a1", "a3", "b"]
    assert [one.id for page in outbox.of_run(u, portal, "apply-1", chunk=2) for one in page] == [1, 2, 3, 4, 5]
    sent = outbox.of_run(u, portal, "apply-1", states=["sent"])
    assert [one.id for page in sent for one in page] == [1, 2]
    assert outbox.counts(u, portal) == {"planned": 4, "sent": 2}
    assert outbox.counts(u, portal, "apply-2") == {"planned": 1}


def test_marking_nothing_marks_nothing(u, portal):
    enter(u, portal, entry(1, "c1"))
    assert outbox.mark_sent(u, portal, [], T0) == 0
    assert outbox.mark_dropped(u, portal + 1, [1], "x") == 0
    assert enter(u, portal) == 0
