"""Our own write-back comes back as changes (P24): it is told apart, and nobody else's edit is lost with it."""

from __future__ import annotations

import pytest

from tests.journeys.steps import calls_of, go_live, people, stream, written_back, wrong
from tests.rig import Rig, rig

UPDATE = "/crm/v3/objects/contacts/batch/update"
MANY = 320


def edit(r: Rig, contact: int, note: str) -> None:
    r.twin.edit("contacts", contact, {"lastname": note})


class Colleagues:
    """People at work in HubSpot while our run goes on: one edits after each batch of ours."""

    def __init__(self, r: Rig, plan: list[int]) -> None:
        self.r, self.plan, self.step = r, plan, 0

    def start(self, *_: object) -> None:
        """Nothing."""

    finish = note = start

    def advance(self, task: str, by: int = 1) -> None:
        if task == "write-back":
            self.r.clock.advance(1)
            edit(
                self.r, self.plan[min(self.step * 100 + 50, len(self.plan) - 1)], f"während {self.step}"
            )  # written in this batch or before
            edit(self.r, self.plan[-1 - self.step], f"davor {self.step}")  # to be written later
            self.r.twin.create_contact({"email": f"neu{self.step}@kunde.example"})
            self.r.clock.advance(1)
            self.step += 1


@pytest.fixture
def r(tmp_path):
    """A large run, with people editing the same contacts in the middle of it."""
    with rig(tmp_path, latency=0.05) as made:
        made.ids = people(made, MANY)
        go_live(made)
        plan = made.run("plan")
        with made.service(progress=Colleagues(made, made.ids)) as service:
            made.ran = service.apply("acme", plan_hash=plan["hash"])
        yield made


def test_the_cycle_after_a_large_run_reads_none_of_it_again(tmp_path):
    with rig(tmp_path, latency=0.05) as r:
        people(r, MANY)
        assert written_back(r)["written"] == MANY
        for _ in range(3):
            before = r.twin.ledger.count()
            again = r.run("cycle")
            assert len(calls_of(r, before)) <= 10
            assert stream(again["sync"], "contacts")["read"] <= 100
            assert again["apply"] is None
            r.clock.advance(30)


def test_edits_by_others_after_a_large_run_are_seen_at_once(tmp_path):
    with rig(tmp_path, latency=0.05) as r:
        ids = people(r, MANY)
        written_back(r)
        r.clock.advance(1)
        edit(r, ids[3], "gleich danach")
        r.twin.delete("contacts", ids[4])
        r.run("sync")
        assert wrong(r) == []


def test_edits_by_others_during_a_large_run_are_seen_soon(r):
    """At the latest when the echo has faded; nothing else has to move for that."""
    assert r.ran["written"] == MANY
    r.run("sync")
    r.clock.advance(400)
    r.run("sync")
    assert wrong(r) == []


def test_edits_during_a_large_run_on_a_quiet_portal(r):
    """Syncs every minute, nobody does anything any more: still nothing stays unseen."""
    for _ in range(10):
        r.clock.advance(60)
        r.run("sync")
    assert wrong(r) == []
    r.run("cycle")  # judges and writes those who are new
    before = r.twin.ledger.count()
    r.run("cycle")
    assert len(calls_of(r, before)) <= 10


def test_edits_between_the_plan_and_a_large_run_are_seen_with_it(tmp_path):
    """Somebody looks at the plan for twenty minutes; what others do meanwhile is not lost under our own writes."""
    with rig(tmp_path, latency=0.05) as r:
        ids = people(r, MANY)
        go_live(r)
        plan = r.run("plan")
        r.clock.advance(1200)
        for contact in ids[::7]:
            edit(r, contact, "inzwischen")
        r.clock.advance(60)
        ran = r.run("apply", plan_hash=plan["hash"])
        assert ran["written"] == MANY
        assert ran["calls"] <= -(-MANY // 100) + 3
        assert wrong(r) == []


def test_edits_by_others_during_a_large_run_are_found_by_verify(r):
    certificate = r.run("verify")
    assert certificate["complete"]
    assert wrong(r) == []


def test_a_second_large_run_within_the_echo_of_the_first(r):
    r.twin.bulk_touch(r.ids, {"jobtitle": "Leiterin Einkauf", "company": "Werk"})
    r.clock.advance(2)
    r.run("sync")
    plan = r.run("plan")
    assert plan["contacts"] > 150
    with r.service(progress=Colleagues(r, list(reversed(r.ids)))) as service:
        service.apply("acme", plan_hash=plan["hash"])
    r.run("sync")
    r.clock.advance(400)
    r.run("sync")
    assert wrong(r) == []


def test_a_large_run_that_broke_off(tmp_path):
    """Whatever was written when the portal went away is met again, and so is what others did meanwhile."""
    with rig(tmp_path, latency=0.05) as r:
        ids = people(r, MANY)
        go_live(r)
        plan = r.run("plan")
        r.twin.dials.faults = [{"match": UPDATE, "times": 2, "status": "slow", "seconds": 0}]
        r.twin.dials.faults += [{"match": UPDATE, "times": 99, "status": 504, "after_effect": True}]
        with pytest.raises(Exception, match="portal"), r.service(progress=Colleagues(r, ids)) as service:
            service.apply("acme", plan_hash=plan["hash"])
        r.twin.dials.faults = []
        r.run("sync")
        r.clock.advance(400)
        r.run("sync")
        assert wrong(r) == []
