"""Whatever happens in the portal and to us, after a quiet pull the mirror equals the portal.

People create, edit, delete, restore and merge contacts; the search lags; calls fail; the service is restarted and
killed in the middle of a fill. Nothing may be lost, doubled or left behind.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from connector.errors import ConnectorError
from connector.progress import Silent
from tests.rig import differences, rig

NAMES = {"email", "firstname", "lastname", "company", "jobtitle", "lifecyclestage", "hubspot_owner_id"}
TEXTS = st.sampled_from(["Müller", "von Örtzen", "", "O'Neill", "Ådne", "=1+1", "名前"])


class Killer(Silent):
    """Dies at the n-th step of a flow, as a process that is killed would: nothing after that happens."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, task: str, by: int = 1) -> None:
        self.left -= 1
        if self.left <= 0:
            raise KeyboardInterrupt


class PullMachine(RuleBasedStateMachine):
    """A portal in use and a mirror that follows it."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="leadwright-")
        self._rig = rig(Path(self._folder.name))
        self.rig = self._rig.__enter__()
        self.made = 0
        self.failed = 0

    @initialize(count=st.integers(0, 6))
    def somebody_is_there(self, count: int) -> None:
        for _ in range(count):
            self.create("Müller")

    @rule(last=TEXTS)
    def create(self, last: str) -> None:
        self.made += 1
        self.rig.twin.create_contact({"email": f"p{self.made}@kunde.example", "lastname": last})

    @precondition(lambda self: self.rig.twin.ids("contacts"))
    @rule(data=st.data(), last=TEXTS)
    def edit(self, data, last: str) -> None:
        self.rig.twin.edit("contacts", self.one_of(data), {"lastname": last, "jobtitle": f"Leiter {self.made}"})

    @precondition(lambda self: self.rig.twin.ids("contacts"))
    @rule(data=st.data())
    def delete(self, data) -> None:
        self.rig.twin.delete("contacts", self.one_of(data))

    @precondition(lambda self: self.rig.twin.ids("contacts"))
    @rule(data=st.data())
    def delete_for_good(self, data) -> None:
        self.rig.twin.gdpr_delete(self.one_of(data))

    @precondition(lambda self: len(self.rig.twin.ids("contacts")) > 1)
    @rule(data=st.data(), survivor=st.sampled_from(["new", "primary"]))
    def merge(self, data, survivor: str) -> None:
        self.rig.twin.dials.survivor = survivor
        pair = data.draw(st.lists(st.sampled_from(self.rig.twin.ids("contacts")), min_size=2, max_size=2, unique=True))
        self.rig.twin.merge(pair[0], pair[1])

    @rule(seconds=st.sampled_from([0, 1, 30, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.rig.clock.advance(seconds)

    @rule(lag=st.sampled_from([0.0, 5.0, 30.0]))
    def the_search_lags(self, lag: float) -> None:
        self.rig.twin.dials.search_lag = lag

    @rule(status=st.sampled_from([429, 500, 502, 503, 423]), times=st.integers(1, 3))
    def calls_fail(self, status: int, times: int) -> None:
        if status == 429:
            self.rig.twin.dials.burst = 20
        else:
            self.rig.twin.dials.faults.append({"match": "/crm/v3/objects", "times": times, "status": status})

    @rule()
    def pull(self) -> None:
        try:
            self.rig.run("sync")
        except ConnectorError:
            self.failed += 1

    @rule(after=st.integers(1, 4))
    def pull_and_be_killed(self, after: int) -> None:
        try:
            with self.rig.service(progress=Killer(after)) as service:
                service.sync("acme", full=True)
        except (KeyboardInterrupt, ConnectorError):
            pass

    @invariant()
    def no_id_is_ever_two_contacts(self) -> None:
        ids = [row["id"] for row in self.rig.rows("contacts")]
        assert len(ids) == len(set(ids))

    def one_of(self, data) -> int:
        return data.draw(st.sampled_from(self.rig.twin.ids("contacts")))

    def teardown(self) -> None:
        try:
            self.rig.twin.dials.faults.clear()
            self.rig.twin.dials.burst = None
            self.rig.clock.advance(600)
            self.rig.run("sync")
            self.rig.run("verify", sample=50)
            found = differences(self.rig.mirrored(), self.rig.twin.truth("contacts"), NAMES)
            assert not found, found
        finally:
            self._rig.__exit__(None, None, None)
            self._folder.cleanup()


TestPull = PullMachine.TestCase
TestPull.settings = settings(
    max_examples=25, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
)
