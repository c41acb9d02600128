"""Whatever happens in the portal, to its notices and to us: the mirror ends equal, and every effect happened once.

People create, edit, merge, delete and erase; notices come doubled, late, in any order, or never; somebody turns our
own values; documents are published; our process is restarted and killed at any step; its clock is wrong.
"""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from connector.store import records
from tests.live.living import Living, Merge, enrolled_twice, idle_writes
from tests.live.steps import states
from tests.rig import rig
from tests.sync.steps import document, publish

WELCOME = 91001
# A few courses in CI, hundreds when somebody hunts (LEADWRIGHT_MACHINE=300). A course found is made shorter by hand or,
# with LEADWRIGHT_SHRINK=1, by Hypothesis: that takes longer than a test may.
COURSES = int(os.environ.get("LEADWRIGHT_MACHINE", "6"))
PHASES = tuple(Phase) if os.environ.get("LEADWRIGHT_SHRINK") else (Phase.explicit, Phase.generate)
TITLES = st.sampled_from(["Geschäftsführer", "Leiterin Einkauf", "Werkstudent", ""])
OURS = st.sampled_from(["leadwright_score", "leadwright_reasons", "leadwright_stage"])
FORMS = ("Demo Anfrage", "White Paper Anforderung", "E-Book Download", "White Paper Anforderung")
LEAD = {"firstname": "Anna", "company": "Werk GmbH", "jobtitle": "Leiterin Einkauf"}
BODIES = st.sampled_from([1, 3, 100])


def some(chance: random.Random, items: list[Any]) -> list[Any]:
    """Each with even odds, in their order."""
    return [item for item in items if chance.random() < 0.5]


class LiveMachine(RuleBasedStateMachine):
    """A live portal in use, and an installation that follows it by its notices."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="leadwright-")
        self.folder = Path(self._folder.name)
        self._rig = rig(self.folder)
        self.rig = self._rig.__enter__()
        self.twin = self.rig.twin
        self.number = 0
        self.lost = self.loses = False
        self.kills = 0
        self.deleted: list[int] = []
        self.erased: dict[int, str] = {}
        self.merges: list[Merge] = []

    @initialize(survivor=st.sampled_from(["new", "primary"]), loses=st.sampled_from([False, False, True]))
    def begin(self, survivor: str, loses: bool) -> None:
        """Live, and written back once. Where no notice is ever lost, nothing else may be needed to heal the mirror."""
        self.loses = loses
        self.twin.dials.survivor = survivor
        for _ in range(2):
            self.create("Leiterin Einkauf")
        self.twin.create("companies", {"name": "Werk GmbH", "domain": "werk.example", "numberofemployees": "40"})
        for command in ("sync", "provision", "live"):
            self.rig.run(command)
        body = document("workflows")
        body["workflows"][0]["workflow_id"] = str(WELCOME)
        publish(self.rig, self.folder, "workflows", body)
        self.living = Living(self.rig)
        self.living.run("cycle")

    # in the portal -----------------------------------------------------------------------------------------------

    @property
    def people(self) -> list[int]:
        return self.twin.ids("contacts")

    def pick(self, seed: int, kind: str = "contacts") -> int:
        return random.Random(seed).choice(self.twin.ids(kind))

    def named(self) -> str:
        self.number += 1
        return f"person{self.number:03}"

    @rule(title=TITLES)
    def create(self, title: str) -> None:
        name = self.named()
        self.twin.create_contact({"email": f"{name}@kunde.example", "lastname": name, "jobtitle": title or None})

    @rule()
    def a_lead_grows_ripe(self) -> None:
        name = self.named()
        for form in FORMS:
            self.twin.submit_form(form, f"{name}@werk.example", {**LEAD, "lastname": name})
            self.rig.clock.advance(1)

    @precondition(lambda self: self.people)
    @rule(seed=st.integers(0, 99), title=TITLES)
    def edit(self, seed: int, title: str) -> None:
        self.number += 1
        self.twin.edit("contacts", self.pick(seed), {"jobtitle": title or None, "city": f"Ort {self.number}"})

    @precondition(lambda self: self.people)
    @rule(seed=st.integers(0, 99), name=OURS)
    def somebody_edits_what_we_write(self, seed: int, name: str) -> None:
        self.number += 1
        value = "lead" if name == "leadwright_stage" else str(self.number)
        self.twin.edit("contacts", self.pick(seed), {name: value})

    @precondition(lambda self: self.people)
    @rule(seed=st.integers(0, 99), stage=st.sampled_from(["customer", "lead", "marketingqualifiedlead"]))
    def promote(self, seed: int, stage: str) -> None:
        self.twin.edit("contacts", self.pick(seed), {"lifecyclestage": stage})

    @precondition(lambda self: len(self.people) > 1)
    @rule(seed=st.integers(0, 99))
    def delete(self, seed: int) -> None:
        contact = self.pick(seed)
        self.twin.delete("contacts", contact)
        self.deleted.append(contact)

    @precondition(lambda self: self.deleted)
    @rule()
    def restore(self) -> None:
        self.twin.restore("contacts", self.deleted.pop())

    @precondition(lambda self: len(self.people) > 1)
    @rule(seed=st.integers(0, 99))
    def merge(self, seed: int) -> None:
        pair = random.Random(seed).sample(self.people, 2)
        survivor = self.twin.merge(*pair)
        self.merges += [(loser, survivor, self.twin.clock.now()) for loser in pair if loser != survivor]

    @precondition(lambda self: len(self.people) > 1)
    @rule(seed=st.integers(0, 99))
    def delete_for_good(self, seed: int) -> None:
        contact = self.pick(seed)
        email = self.twin.get("contacts", contact)["email"]
        self.twin.gdpr_delete(contact)
        self.erased[contact] = email.partition("@")[0]

    @precondition(lambda self: self.people and self.twin.ids("companies"))
    @rule(seed=st.integers(0, 99))
    def associate(self, seed: int) -> None:
        self.twin.associate("contacts", self.pick(seed), "companies", self.pick(seed, "companies"))

    @precondition(lambda self: self.people and self.twin.ids("companies"))
    @rule(seed=st.integers(0, 99))
    def dissociate(self, seed: int) -> None:
        self.twin.dissociate("contacts", self.pick(seed), "companies", self.pick(seed, "companies"))

    @precondition(lambda self: self.twin.ids("companies"))
    @rule(seed=st.integers(0, 99), employees=st.sampled_from(["5", "250", None]))
    def a_company_changes(self, seed: int, employees: str | None) -> None:
        self.number += 1
        new = {"name": f"Firma {self.number}", "numberofemployees": employees, "industry": "MACHINERY"}
        self.twin.edit("companies", self.pick(seed, "companies"), new)

    @rule()
    def a_company_comes(self) -> None:
        self.number += 1
        self.twin.create("companies", {"name": f"Firma {self.number}", "domain": f"firma{self.number}.example"})

    # its notices -------------------------------------------------------------------------------------------------

    @rule(seed=st.integers(0, 99), which=st.sampled_from(["all", "some"]), times=st.sampled_from([1, 1, 2]),
          shuffled=st.booleans(), size=BODIES)  # fmt: skip
    def deliver(self, seed: int, which: str, times: int, shuffled: bool, size: int) -> None:
        chance, waiting = random.Random(seed), self.living.listen()
        items = list(waiting) if which == "all" else some(chance, waiting)
        self.living.waiting = [item for item in waiting if item not in items]
        bodies = items * times
        if shuffled:
            chance.shuffle(bodies)
        self.living.deliver(bodies, size)

    @precondition(lambda self: self.loses)
    @rule(seed=st.integers(0, 99))
    def notices_are_lost(self, seed: int) -> None:
        """Any but those of erasures: of what nobody tells us, nobody can expect us to know."""
        waiting = self.living.listen()
        gone = [i for i in some(random.Random(seed), waiting) if i["subscriptionType"] != "contact.privacyDeletion"]
        self.living.waiting = [item for item in waiting if item not in gone]
        self.lost = self.lost or bool(gone)

    # ourselves ---------------------------------------------------------------------------------------------------

    @rule()
    def drain(self) -> None:
        self.living.run("drain")

    @rule()
    def cycle(self) -> None:
        self.living.run("cycle")

    @rule(command=st.sampled_from(["drain", "drain", "cycle"]), heard=st.booleans(),
          method=st.sampled_from(["write", "enrol", "read", "associations"]))  # fmt: skip
    def killed_at_a_call(self, command: str, method: str, heard: bool) -> None:
        self.kills += self.living.killed(command, method, heard=heard)

    @rule(command=st.sampled_from(["drain", "drain", "cycle"]), transaction=st.integers(1, 14))
    def killed_between_transactions(self, command: str, transaction: int) -> None:
        self.kills += self.living.killed_before(command, transaction)

    @rule()
    def restart(self) -> None:
        self.living.stop()

    @rule(points=st.sampled_from([5, 15]))
    def publish(self, points: int) -> None:
        self.number += 1
        body = document("scoring")
        body["description"] = f"Edition {self.number}"
        body["rules"][0]["points"] = points
        publish(self.rig, self.folder, "scoring", body)

    @rule(seconds=st.sampled_from([0.001, 1, 60, 400]))
    def time_passes(self, seconds: float) -> None:
        self.rig.clock.advance(seconds)

    @rule(minutes=st.sampled_from([-12, -2, 0, 3, 15]))
    def our_clock_is_wrong(self, minutes: int) -> None:
        self.living.clock.off = type(self.living.clock.off)(minutes=minutes)

    # in the end --------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if hasattr(self, "living"):
                self.settle()
                self.holds_true()
        finally:
            if hasattr(self, "living"):
                self.living.stop()
            self._rig.__exit__(None, None, None)
            self._folder.cleanup()

    def settle(self) -> None:
        """Deliver what is left; where notices were lost, what heals them; then drain until it is quiet."""
        living = self.living
        living.quiet()
        if not self.lost:
            assert living.wrong() == []
        # An enrolment whose answer was lost is looked up after ten minutes, all links are read within a day.
        for seconds in (1200, 21 * 3600):
            self.rig.clock.advance(seconds)
            living.run("cycle")
        if self.lost:
            living.run("verify")
        living.quiet()

    def holds_true(self) -> None:
        living = self.living
        assert living.wrong() == []
        assert not enrolled_twice(self.twin, self.merges)
        idle = idle_writes(self.twin)
        assert len(idle) <= self.kills, f"{len(idle)} writes changed nothing, {self.kills} kills"
        assert not set(states(self.rig)) & {"new", "held"}
        assert living.open() == 0
        self.nobody_erased_is_left()
        self.judged_anew_nothing_is_open()

    def nobody_erased_is_left(self) -> None:
        self.living.stop()
        files = [(file.name, file.read_bytes()) for file in self.folder.glob("*.db*")]
        left = [(who, name) for who in self.erased.values() for name, content in files if f"{who}@".encode() in content]
        assert not left, left

    def judged_anew_nothing_is_open(self) -> None:
        with self.living.service.store.unit() as u:
            records.mark_dirty(u, 1, None)
        plan = self.living.run("plan")
        assert plan["contacts"] == 0, plan["changes"]
        assert plan["enrolled"] == 0


class TestLive(LiveMachine.TestCase):
    """A few courses at every run of the tests, always the same ones."""

    settings = settings(
        max_examples=COURSES, stateful_step_count=40, deadline=None, derandomize=True, print_blob=True,
        suppress_health_check=list(HealthCheck), phases=PHASES,
    )  # fmt: skip
