"""The flag and the job: no wake-up is lost, one waiting job covers all, and what was lost is found again."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
import sqlalchemy as sa

from connector.clock import VirtualClock
from connector.engine.port import Job
from connector.engine.yielding import Yielded
from connector.store import wakes
from connector.store.front_schema import ADDRESSEES, DELIVERIES
from connector.sync.waking import LOST_MS, PATIENCE_MS, SLICE_SECONDS, Turnstile, mend, request, wake
from tests.engine.crew import rolled_back, until, working

T0 = 1_795_305_600_000


def deliver(u, portal_id: int, at_ms: int) -> int:
    made = u.run(sa.insert(DELIVERIES).values(received_ms=at_ms, body=b"[]", state="new", reason=""))
    number = made.inserted_primary_key[0]
    u.run(sa.insert(ADDRESSEES).values(portal_id=portal_id, delivery_id=number, done=False))
    return number


def open_deliveries(u, portal_id: int) -> list[int]:
    query = sa.select(ADDRESSEES.c.delivery_id).where(ADDRESSEES.c.portal_id == portal_id, ~ADDRESSEES.c.done)
    return [row[0] for row in u.rows(query)]


class TestFlag:
    """Raised once until it is lowered."""

    def test_only_the_first_finds_it_down(self, front):
        with front.unit() as u:
            assert wakes.raise_flag(u, 1, "drain", T0)
            assert not wakes.raise_flag(u, 1, "drain", T0 + 1)
            assert wakes.raise_flag(u, 1, "cycle", T0 + 2)
            assert wakes.raise_flag(u, 2, "drain", T0 + 3)
            wakes.lower(u, 1, "drain")
            assert [(flag.portal_id, flag.kind) for flag in wakes.raised(u)] == [(1, "cycle"), (2, "drain")]
            assert wakes.raise_flag(u, 1, "drain", T0 + 4)
            wakes.forget(u, 1)
            assert wakes.raised(u) == (wakes.Wake(2, "drain", T0 + 3),)

    def test_live_work_is_a_drain_or_an_erasure(self, front):
        with front.unit() as u:
            wakes.raise_flag(u, 1, "cycle", T0)
            assert wakes.live_work_since(u) is None
            wakes.raise_flag(u, 1, "erase", T0 + 1)
            assert wakes.live_work_since(u) == T0 + 1
            assert wakes.live_work_waits(u, 1)
            assert not wakes.live_work_waits(u, 2)


def test_a_wake_up_rolled_back_leaves_neither_flag_nor_job(front, engine):
    with rolled_back(front) as u:
        wake(engine)(u, 1)
    with front.view() as u:
        assert wakes.raised(u) == ()
    assert not engine.has(1, "drain")


def test_a_slot_that_was_served_leaves_the_flag_down(front, engine):
    engine.enqueue(Job(1, "cycle", "1000"))
    with front.unit() as u:
        assert not request(u, engine, Job(1, "cycle", "1000"), T0)
        assert wakes.raised(u) == ()
        assert request(u, engine, Job(1, "cycle", "2000"), T0)
        assert not request(u, engine, Job(1, "cycle", "3000"), T0)
    assert engine.enqueue(Job(1, "cycle", "3000"))


def test_no_wake_up_is_lost_between_many_deliveries_and_drains(front, engine):
    """Receivers store deliveries and wake while jobs lower the flag and read: in the end nothing is open, and nobody
    is left asleep beside an open delivery. Without the row's lock PostgreSQL loses some here."""
    rounds, receivers = 25, 4
    drained, call = Counter(), wake(engine)

    def receive(first: int) -> None:
        for turn in range(rounds):
            with front.unit() as u:
                # The flag first: the delivery becomes visible only after somebody may have lowered it in vain.
                call(u, 1)
                deliver(u, 1, T0 + first + turn)

    def drain(job: Job) -> None:
        with front.unit() as u:
            wakes.lower(u, job.portal_id, "drain")
        with front.unit() as u:
            found = open_deliveries(u, job.portal_id)
            u.run(sa.update(ADDRESSEES).where(ADDRESSEES.c.delivery_id.in_(found)).values(done=True))
        drained.update(found)

    threads = [threading.Thread(target=receive, args=(number,)) for number in range(receivers)]
    with working(engine, drain):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        until(lambda: not engine.has(1, "drain"))
    with front.view() as u:
        assert open_deliveries(u, 1) == []
        assert wakes.raised(u) == ()
    assert len(drained) == rounds * receivers
    assert set(drained.values()) == {1}


def test_a_drain_waits_for_the_delivery_that_found_the_flag_up(front, engine):
    """The race itself, step by step: B found the flag up and commits late; the job that covers it must see its work."""
    with front.unit() as u:
        wake(engine)(u, 1)
        deliver(u, 1, T0)
    stored, seen = threading.Event(), []

    def drain() -> None:
        stored.wait(30)
        with front.unit() as u:
            wakes.lower(u, 1, "drain")
        with front.view() as u:
            seen.extend(open_deliveries(u, 1))

    job = threading.Thread(target=drain)
    job.start()
    with front.unit() as u:
        wake(engine)(u, 1)
        second = deliver(u, 1, T0 + 1)
        stored.set()
        job.join(0.3)  # it tries meanwhile; with the lock it cannot go on before this block ends
    job.join()
    assert second in seen


class TestMending:
    """The belt: a flag without its job, or work without its flag, is found again."""

    def test_lost_work_is_asked_for_again_once(self, front, engine):
        with front.unit() as u:
            wakes.raise_flag(u, 1, "cycle", T0)  # its job was lost
            deliver(u, 2, T0)  # its flag was lost
        assert mend(front, engine, T0 + LOST_MS) == 0
        assert mend(front, engine, T0 + LOST_MS + 1) == 2
        assert engine.has(1, "cycle")
        assert engine.has(2, "drain")
        assert mend(front, engine, T0 + 3 * LOST_MS) == 0

    def test_work_that_waits_or_runs_is_left_alone(self, front, engine):
        with front.unit() as u:
            wake(engine, "cycle")(u, 1)
            wakes.raise_flag(u, 1, "cycle", T0)
        assert mend(front, engine, 2 * T0) == 0


class TestTurnstile:
    """When a running job gives way."""

    def give_way(self, front, clock, *, full=False, stopping=False):
        ask = Turnstile(front, clock, lambda: full, lambda: stopping)
        ask.enter(1)
        clock.advance(SLICE_SECONDS)
        return ask

    def raise_flag(self, front, portal, kind, clock):
        with front.unit() as u:
            wakes.raise_flag(u, portal, kind, clock.now_ms())

    def test_to_live_work_of_its_portal_after_its_slice(self, front):
        clock = VirtualClock()
        ask = self.give_way(front, clock)
        ask(1)
        self.raise_flag(front, 1, "drain", clock)
        ask(1)  # it asked just now
        clock.advance(SLICE_SECONDS)
        with pytest.raises(Yielded):
            ask(1)

    def test_not_to_another_backfill(self, front):
        clock = VirtualClock()
        self.raise_flag(front, 1, "cycle", clock)
        self.give_way(front, clock)(1)

    @pytest.mark.parametrize(("full", "later", "yields"), [(True, 1, True), (True, 0, False), (False, 1, False)])
    def test_to_another_portal_only_when_the_worker_is_full_and_it_waited_long(self, front, full, later, yields):
        clock = VirtualClock()
        ask = self.give_way(front, clock, full=full)
        self.raise_flag(front, 2, "drain", clock)
        clock.advance((PATIENCE_MS + 1) / 1000 * later + SLICE_SECONDS)
        if yields:
            with pytest.raises(Yielded):
                ask(1)
        else:
            ask(1)

    def test_to_the_end_of_the_process_at_once(self, front):
        ask = Turnstile(front, VirtualClock(), lambda: False, lambda: True)
        with pytest.raises(Yielded):
            ask(1)
