"""Raw deliveries: kept with whom they concern, done when everybody has his notices, held with a reason."""

from __future__ import annotations

import pytest

from connector.store import deliveries
from connector.store.deliveries import Delivery, Incoming
from tests.store.builders import T0

FIRST, SECOND = 7, 8


@pytest.fixture
def f(front):
    with front.unit() as u:
        yield u


def add(u, body: bytes = b"[1]", *portal_ids: int, at: int = T0, reason: str = "") -> int:
    return deliveries.add(u, [Incoming(body, at, portal_ids, reason)])[0]


def test_bodies_come_back_byte_for_byte_the_oldest_first(f) -> None:
    bodies = [b"\x00\xff", b"", "Gr\u00fcn".encode(), b"[]" * 5_000]
    ids = deliveries.add(f, [Incoming(body, T0 + at, (FIRST,)) for at, body in enumerate(bodies)])
    assert ids == sorted(set(ids))
    assert [one.body for one in deliveries.addressed(f, FIRST)] == bodies
    assert [one.id for one in deliveries.addressed(f, FIRST)] == ids


def test_ids_stand_in_the_order_of_the_deliveries(f) -> None:
    many = [Incoming(str(number).encode(), T0 + number, (FIRST,)) for number in range(500)]
    ids = deliveries.add(f, many)
    told = {one.id: one.body for one in deliveries.addressed(f, FIRST, limit=500)}
    assert [told[number] for number in ids] == [one.body for one in many]


def test_a_portal_sees_what_concerns_it_and_nothing_else(f) -> None:
    mine, both, others = add(f, b"a", FIRST), add(f, b"b", FIRST, SECOND), add(f, b"c", SECOND)
    assert [one.id for one in deliveries.addressed(f, FIRST)] == [mine, both]
    assert [one.id for one in deliveries.addressed(f, SECOND)] == [both, others]


def test_what_waits_is_read_in_portions(f) -> None:
    ids = [add(f, b"a", FIRST) for _ in range(5)]
    assert [one.id for one in deliveries.addressed(f, FIRST, limit=2)] == ids[:2]
    assert [one.id for one in deliveries.addressed(f, FIRST, limit=9, after_id=ids[1])] == ids[2:]


def test_a_delivery_is_done_when_the_last_portal_has_its_notices(f) -> None:
    both = add(f, b"b", FIRST, SECOND)
    assert deliveries.done(f, FIRST, [both]) == 1
    assert deliveries.counts(f) == {"new": 1, "done": 0, "held": 0}
    assert deliveries.addressed(f, FIRST) == ()
    assert deliveries.done(f, SECOND, [both]) == 1
    assert deliveries.counts(f) == {"new": 0, "done": 1, "held": 0}


def test_done_twice_is_done_once(f) -> None:
    one = add(f, b"b", FIRST)
    assert [deliveries.done(f, FIRST, [one]) for _ in range(2)] == [1, 0]
    assert deliveries.done(f, FIRST, []) == 0


def test_what_nobody_can_read_is_held_with_its_reason(f) -> None:
    one = add(f, b"junk", reason="unreadable")
    assert deliveries.held(f) == (Delivery(one, T0, b"junk", "unreadable"),)
    assert deliveries.waiting(f) == {}


def test_a_held_delivery_waits_for_a_person_and_goes_on_where_it_was(f) -> None:
    one = add(f, b"b", FIRST, SECOND)
    deliveries.done(f, FIRST, [one])
    deliveries.hold(f, one, "killed the drain five times")
    assert deliveries.addressed(f, SECOND) == ()
    assert deliveries.release(f, one) == (SECOND,)
    assert [row.id for row in deliveries.addressed(f, SECOND)] == [one]
    assert deliveries.release(f, one) == ()


def test_releasing_what_addresses_nobody_ends_it(f) -> None:
    one = add(f, b"junk", reason="unreadable")
    assert deliveries.release(f, one) == ()
    assert deliveries.counts(f)["done"] == 1


def test_a_held_delivery_can_be_given_up(f) -> None:
    one = add(f, b"b", FIRST)
    assert deliveries.discard(f, one) is False
    deliveries.hold(f, one, "why")
    assert deliveries.discard(f, one) is True
    assert (deliveries.held(f), deliveries.waiting(f), deliveries.addressed(f, FIRST)) == ((), {}, ())


def test_bodies_are_forgotten_only_where_everything_is_done_and_old(f) -> None:
    old, young, waiting = add(f, b"a", FIRST), add(f, b"b", FIRST, at=T0 + 10), add(f, b"c", FIRST)
    deliveries.done(f, FIRST, [old, young])
    assert deliveries.forget_bodies(f, T0 + 5) == 1
    assert deliveries.forget_bodies(f, T0 + 5) == 0
    assert [one.id for one in deliveries.addressed(f, FIRST)] == [waiting]
    assert deliveries.counts(f) == {"new": 1, "done": 2, "held": 0}
    assert deliveries.drop(f, T0 + 5) == 1
    assert deliveries.counts(f) == {"new": 1, "done": 1, "held": 0}


def test_who_waits_and_since_when(f) -> None:
    add(f, b"a", FIRST, at=T0 + 5)
    add(f, b"b", FIRST, SECOND, at=T0 + 9)
    assert deliveries.waiting(f) == {FIRST: (2, T0 + 5), SECOND: (1, T0 + 9)}
