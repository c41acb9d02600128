"""One job of a portal at a time, live work first, nobody starves; and what becomes of a job that does not end well."""

from __future__ import annotations

import threading
import time
from collections import Counter

from connector.engine.port import Job
from connector.engine.yielding import Later, Yielded
from connector.errors import StoreError
from tests.engine.crew import until, working


class Diary(list):
    """What began, in order."""

    def note(self, job: Job) -> None:
        self.append((job.portal_id, job.kind))


def test_live_work_goes_before_a_backfill_that_waits_longer(engine):
    for kind in ("verify", "retention", "cycle", "drain"):
        engine.enqueue(Job(1, kind, "1000"))
    diary = Diary()
    with working(engine, diary.note):
        until(lambda: len(diary) == 4)
    assert [kind for _, kind in diary[:2]] == ["drain", "cycle"]


def test_one_job_of_a_portal_at_a_time_and_several_portals_at_once(engine):
    for portal in (1, 2, 3):
        for slot in range(3):
            engine.enqueue(Job(portal, "cycle", str(slot)))
    now, most, lock, met = Counter(), Counter(), threading.Lock(), threading.Barrier(3, timeout=30)

    def act(job):
        with lock:
            now[job.portal_id] += 1
            most[job.portal_id] = max(most[job.portal_id], now[job.portal_id])
        met.wait()  # the three portals' jobs run at the same time, or this breaks
        with lock:
            now[job.portal_id] -= 1
            most["done"] += 1

    with working(engine, act):
        until(lambda: most["done"] == 9)
    assert (most[1], most[2], most[3]) == (1, 1, 1)


def test_a_portal_with_a_thousand_waiting_jobs_does_not_delay_another(engine):
    """S16."""
    for slot in range(1000):
        engine.enqueue(Job(1, "cycle", str(slot)))
    engine.enqueue(Job(2, "drain"))
    diary = Diary()
    with working(engine, diary.note):
        until(lambda: (2, "drain") in diary)
    assert diary.index((2, "drain")) < 3


def test_more_noisy_portals_than_the_worker_has_hands_still_leave_room(engine):
    for portal in range(10, 16):
        for slot in range(50):
            engine.enqueue(Job(portal, "cycle", str(slot)))
    engine.enqueue(Job(2, "drain"))
    diary = Diary()
    with working(engine, diary.note, concurrency=2):
        until(lambda: (2, "drain") in diary)
    assert diary.index((2, "drain")) < 100


def test_a_job_that_stands_aside_comes_back_behind_live_work(engine):
    diary = Diary()

    def act(job):
        diary.note(job)
        if job.kind == "cycle" and len(diary) == 1:
            engine.enqueue(Job(1, "drain"))
            raise Yielded

    with working(engine, act):
        engine.enqueue(Job(1, "cycle", "1000"))
        until(lambda: len(diary) == 3)
    assert [kind for _, kind in diary] == ["cycle", "drain", "cycle"]
    assert engine.held() == ()


def test_a_job_that_has_to_wait_for_the_portal_comes_back_and_is_not_held(engine):
    times = []

    def act(_job):
        times.append(time.monotonic())
        if len(times) < 3:
            raise Later(1)

    with working(engine, act):
        engine.enqueue(Job(1, "cycle", "1000"))
        until(lambda: len(times) == 3)
    assert times[1] - times[0] >= 0.9
    assert engine.held() == ()


class TestHeld:
    """A job that fails is held with its reason until somebody retries or discards it, or a newer one settles it."""

    def test_it_is_held_with_its_sentence_and_done_when_retried(self, engine):
        faults = [StoreError("The disk is full.", remedy="Make room.")]

        def act(_job):
            if faults:
                raise faults.pop()

        with working(engine, act):
            engine.enqueue(Job(1, "cycle", "1000"))
            until(lambda: bool(engine.held()))
            held = engine.held()[0]
            assert (held.job, held.why, held.attempts) == (Job(1, "cycle", "1000"), "The disk is full. Make room.", 1)
            engine.retry(held.id)
            until(lambda: not engine.has(1, "cycle"))

    def test_it_goes_when_it_is_discarded(self, engine):
        self.fail(engine, StoreError("No."))
        engine.discard(engine.held()[0].id)
        assert engine.held() == ()

    def test_the_text_of_an_unexpected_fault_is_not_kept(self, engine):
        self.fail(engine, ValueError("jane@example.com"))
        assert engine.held()[0].why == "Something unexpected went wrong (ValueError)."

    def test_the_newest_stands_for_all_and_success_settles_it(self, engine):
        faults = [StoreError("second"), StoreError("first")]

        def act(job):
            if job.portal_id == 1 and faults:
                raise faults.pop()

        with working(engine, act):
            for slot, why in (("1000", "first"), ("2000", "second")):
                engine.enqueue(Job(1, "cycle", slot))
                until(lambda why=why: [held.why for held in engine.held()] == [why])
            engine.enqueue(Job(2, "cycle", "3000"))
            engine.enqueue(Job(1, "cycle", "3000"))
            until(lambda: engine.held() == ())

    @staticmethod
    def fail(engine, fault):
        def act(_job):
            raise fault

        with working(engine, act):
            engine.enqueue(Job(1, "cycle", "1000"))
            until(lambda: bool(engine.held()))


def test_records_of_jobs_that_ended_are_forgotten_and_of_held_ones_kept(engine):
    def act(job):
        if job.portal_id == 2:
            raise StoreError("No.")

    with working(engine, act):
        for portal in (1, 2, 3):
            engine.enqueue(Job(portal, "cycle", "1000"))
        until(lambda: bool(engine.held()) and not engine.has(1, "cycle") and not engine.has(3, "cycle"))
    assert engine.clean(1_000_000_000_000) == 0
    assert engine.clean(4_000_000_000_000) == 2
    assert len(engine.held()) == 1
    assert engine.enqueue(Job(1, "cycle", "1000"))
