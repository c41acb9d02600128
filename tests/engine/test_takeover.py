"""kill -9 of a worker, an end in peace, and a job that kills whoever runs it (S01, S02)."""

from __future__ import annotations

import time
from collections import Counter

from connector.engine.claims import take, take_free
from connector.engine.port import Job
from tests.engine.crew import Hand, hands, lines, until


def began(log, kind):
    return [line for line in lines(log) if line[:1] == ["begin"] and line[2] == kind]


def test_two_workers_one_killed_and_every_job_is_done_one_at_a_time(engine, url, tmp_path):
    log = tmp_path / "log"
    jobs = [Job(portal, "cycle", str(slot)) for portal in range(1, 7) for slot in range(4)]
    for job in jobs:
        engine.enqueue(job)
    with hands(url, log, 2) as (first, second):
        for victim in (first, second):
            count = len(lines(log))
            pid = str(victim.child.pid)
            until(
                lambda count=count, pid=pid: pid in {line[4] for line in lines(log)[count:]} or done(log) == len(jobs)
            )
            victim.kill()
            victim.child = Hand(url, log).child
        until(lambda: done(log) == len(jobs))
        until(lambda: not any(engine.has(portal, "cycle") for portal in range(1, 7)))
    assert engine.held() == ()
    ends = Counter((portal, slot) for what, portal, _, slot, _ in lines(log) if what == "done")
    assert len(ends) == len(jobs)
    assert_never_two_at_once(log)


def done(log):
    return len({(portal, slot) for what, portal, _, slot, _ in lines(log) if what == "done"})


def assert_never_two_at_once(log):
    """Within a portal a job begins when the one before ended, or when its process was killed (another one goes on)."""
    running = {}
    for what, portal, _, slot, pid in lines(log):
        if what == "done":
            assert running.pop(portal) == (slot, pid)
        else:
            assert portal not in running or running[portal][1] != pid
            running[portal] = (slot, pid)


def test_a_job_that_kills_its_process_is_held_after_three_deaths_and_then_left_alone(engine, url, tmp_path):
    log = tmp_path / "log"
    engine.enqueue(Job(1, "retention", "1000"))
    engine.enqueue(Job(2, "cycle", "1000"))
    with hands(url, log, 1) as (hand,):
        while not engine.held():
            if hand.child.poll() is not None:
                hand.child = Hand(url, log).child
            time.sleep(0.05)
        assert len(began(log, "retention")) == 3
        assert engine.held()[0].why == "Its process died 3 times while it ran."
        engine.enqueue(Job(1, "retention", "2000"))
        engine.enqueue(Job(3, "cycle", "1000"))
        until(lambda: not engine.has(3, "cycle"))
        until(lambda: len(engine.running()) == 0)
        assert hand.child.poll() is None
    assert len(began(log, "retention")) == 3
    assert len(engine.held()) == 1


def test_a_worker_that_ends_in_peace_leaves_its_job_to_the_next_without_counting_it(engine, url, tmp_path):
    log = tmp_path / "log"
    engine.enqueue(Job(1, "verify", "1000"))
    for turn in range(1, 3):
        with hands(url, log, 1) as (hand,):
            until(lambda turn=turn: len(began(log, "verify")) == turn)
            assert hand.stop() == 0
        assert engine.has(1, "verify")
    assert [turn.ticket.attempt for turn in engine.running()] == []
    with hands(url, log, 1):
        until(lambda: len(began(log, "verify")) == 3)
        assert [turn.ticket.attempt for turn in engine.running()] == [1]


class TestClaims:
    """A name is held while its process lives, by one of them."""

    def test_a_name_is_held_once_and_free_again_when_released(self, engine):
        first = take(engine.place, "here/worker-1")
        assert first is not None
        assert first.held()
        assert take(engine.place, "here/worker-1") is None
        first.release()
        again = take(engine.place, "here/worker-1")
        assert again is not None
        again.release()

    def test_the_first_free_name_is_taken(self, engine):
        claims = [take_free(engine.place, "here/worker") for _ in range(3)]
        assert [claim.name for claim in claims] == ["here/worker-1", "here/worker-2", "here/worker-3"]
        claims[1].release()
        fourth = take_free(engine.place, "here/worker")
        assert fourth.name == "here/worker-2"
        for claim in (claims[0], claims[2], fourth):
            claim.release()
