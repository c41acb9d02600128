"""Whatever happens between a plan and its run, and after it: the mirror ends equal, every verdict is in the portal.

People edit, delete and merge while we write; calls fail, before and after their effect; runs break off. Here a
run counts as large from five contacts on, in batches of three, so that the echo of our own writes is always in play.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from connector.errors import ConnectorError
from connector.progress import Silent
from connector.sync import push
from tests.journeys.steps import people, wrong
from tests.rig import rig

TITLES = st.sampled_from(["Geschäftsführer", "Leiterin Einkauf", "Werkstudent", ""])
FAULTS = st.sampled_from(
    [
        {"status": 502}, {"status": 502, "after_effect": True}, {"status": "reset"}, {"status": 423},
        {"status": 429}, {"status": 504, "after_effect": True, "times": 9}, {"status": 503, "times": 9},
    ]
)  # fmt: skip


class Meanwhile(Silent):
    """Somebody edits between two batches of ours."""

    def __init__(self, machine: WriteBackMachine, contacts: list[int]) -> None:
        self.machine, self.contacts = machine, contacts

    def advance(self, task: str, by: int = 1) -> None:
        if task == "write-back" and self.contacts:
            self.machine.number += 1
            self.machine.rig.clock.advance(0.5)
            contact = self.contacts.pop()
            if contact in self.machine.rig.twin.ids("contacts"):
                self.machine.rig.twin.edit("contacts", contact, {"lastname": f"Zwischen {self.machine.number}"})
            self.machine.rig.clock.advance(0.5)


class WriteBackMachine(RuleBasedStateMachine):
    """A live portal in use, and a mirror that writes back to it."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="leadwright-")
        self._rig = rig(Path(self._folder.name), latency=0.01)
        self.rig = self._rig.__enter__()
        self.number = 0

    @initialize(data=st.data(), count=st.integers(5, 14), lag=st.sampled_from([0.0, 3.0]))
    def begin(self, data, count: int, lag: float) -> None:
        people(self.rig, count)
        self.rig.twin.dials.search_lag = lag
        for command in ("sync", "provision", "live"):
            self.rig.run(command)
        self.plan_and_apply(data, 5)

    def one(self, data) -> int:
        return data.draw(st.sampled_from(self.rig.twin.ids("contacts")))

    @rule()
    def create(self) -> None:
        self.number += 1
        self.rig.twin.create_contact({"email": f"n{self.number}@kunde.example"})

    @precondition(lambda self: self.rig.twin.ids("contacts"))
    @rule(data=st.data(), title=TITLES)
    def edit(self, data, title: str) -> None:
        self.number += 1
        new = {"jobtitle": title or None, "lastname": f"Name {self.number}"}
        self.rig.twin.edit("contacts", self.one(data), new)

    @precondition(lambda self: len(self.rig.twin.ids("contacts")) > 2)
    @rule(data=st.data())
    def delete(self, data) -> None:
        self.rig.twin.delete("contacts", self.one(data))

    @precondition(lambda self: len(self.rig.twin.ids("contacts")) > 2)
    @rule(data=st.data(), survivor=st.sampled_from(["new", "primary"]))
    def merge(self, data, survivor: str) -> None:
        self.rig.twin.dials.survivor = survivor
        pair = data.draw(st.lists(st.sampled_from(self.rig.twin.ids("contacts")), min_size=2, max_size=2, unique=True))
        self.rig.twin.merge(*pair)

    @rule(data=st.data(), stage=st.sampled_from(["customer", "subscriber", "lead"]))
    @precondition(lambda self: self.rig.twin.ids("contacts"))
    def promote(self, data, stage: str) -> None:
        self.rig.twin.edit("contacts", self.one(data), {"lifecyclestage": stage})

    @rule(seconds=st.sampled_from([0.001, 1, 60, 400]))
    def time_passes(self, seconds: float) -> None:
        self.rig.clock.advance(seconds)

    @rule(fault=FAULTS, match=st.sampled_from(["/batch/update", "/batch/read", "/search"]))
    def a_call_will_fail(self, fault: dict, match: str) -> None:
        self.rig.twin.dials.faults.append({"times": 1, **fault, "match": f"/crm/v3/objects/contacts{match}"})

    @rule()
    def sync(self) -> None:
        self.attempt(lambda: self.rig.run("sync", only=("contacts",)))

    @rule(data=st.data(), looked_at=st.sampled_from([0, 5, 1200]))
    def write_back(self, data, looked_at: int) -> None:
        self.plan_and_apply(data, looked_at)

    def plan_and_apply(self, data, looked_at: int) -> None:
        """The plan is looked at for a while; people work on, then and while the run goes on."""
        plan = self.rig.run("plan")
        ids = self.rig.twin.ids("contacts")
        busy = data.draw(st.lists(st.sampled_from(ids), max_size=6)) if ids else []
        self.rig.clock.advance(looked_at)
        for contact in busy[:2]:
            self.number += 1
            self.rig.twin.edit("contacts", contact, {"lastname": f"Inzwischen {self.number}"})
        self.rig.clock.advance(1)

        def act() -> None:
            with self.rig.service(progress=Meanwhile(self, busy)) as service:
                service.apply("acme", plan_hash=plan["hash"])

        self.attempt(act)

    @rule()
    def cycle(self) -> None:
        self.attempt(lambda: self.rig.run("cycle"))

    def attempt(self, act) -> None:
        with contextlib.suppress(ConnectorError):
            act()

    def teardown(self) -> None:
        try:
            self.rig.twin.dials.faults.clear()
            for _ in range(2):
                self.rig.clock.advance(400)
                self.rig.run("sync", only=("contacts",))
            assert wrong(self.rig) == []
            for _ in range(3):
                self.rig.run("apply", plan_hash=self.rig.run("plan")["hash"])
                self.rig.clock.advance(30)
                self.rig.run("sync", only=("contacts",))
            assert wrong(self.rig) == []
            left = self.rig.run("plan")
            assert left["contacts"] == 0, left["changes"][:2]
            truth = self.rig.twin.truth("contacts")
            assert all("leadwright_score" in properties for properties in truth.values())
            states = Counter(row["state"] for row in self.rig.rows("writes"))
            assert not states.keys() & {"planned", "unknown"}
            assert self.rig.run("verify")["complete"]
            assert wrong(self.rig) == []
        finally:
            self._rig.__exit__(None, None, None)
            self._folder.cleanup()


@pytest.fixture(autouse=True)
def _small_runs_are_large(monkeypatch):
    for name, value in {"LARGE_RUN": 4, "BATCH": 3, "READ_BACK": 1}.items():
        monkeypatch.setattr(push, name, value)


class TestWriteBack(WriteBackMachine.TestCase):
    """A few courses at every run of the tests."""

    settings = settings(max_examples=4, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck))
