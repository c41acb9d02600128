"""The clock: each slot once, whoever keeps it; caught up once; nothing for a portal that is paused or gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from connector.clock import VirtualClock
from connector.engine.opening import open_engine
from connector.engine.port import Job
from connector.rules.documents.schedule import Entry
from connector.store import Store, cursors, documents, portals, wakes
from connector.store.front import Front, front_url
from connector.sync.schedule import Appointment, Timekeeper, appointments, run_now, zone_of
from tests import databases
from tests.store.builders import IDENTITY

MINUTE, HOUR = 60, 3600
CYCLE = Entry(kind="cycle", every=5)
DOCUMENT = "name: own\nentries: [{kind: cycle, every: 10}, {kind: verify, at: ['02:30'], enabled: false}]\n"


class House:
    """An installation with a portal and a clock that stands still."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = Store.open(url)
        self.front = Front.beside(url)
        self.engine = open_engine(front_url(url))
        self.clock = VirtualClock()
        self.portal = self.connect("acme", "Europe/Berlin")
        self.seen: set[str] = set()

    def connect(self, name: str, zone: str, hub: int = 1) -> int:
        identity = replace(IDENTITY, hub_id=hub, time_zone=zone)
        with self.store.unit() as u:
            return portals.add(u, name, "https://api.hubapi.com", b"sealed", identity, self.clock.now_ms()).id

    def keeper(self) -> Timekeeper:
        return Timekeeper(self.store, self.front, self.engine, self.clock, None)

    def kept(self) -> list[Appointment]:
        with self.store.view() as u:
            return list(appointments(u, None))

    def jobs(self) -> list[Job]:
        """What was enqueued since the last look, as if it had begun: the flags are lowered."""
        rows = self.engine.client.list_workflows()
        new = [row.workflow_id for row in rows if row.workflow_id not in self.seen]
        self.seen.update(new)
        with self.front.unit() as u:
            for flag in wakes.raised(u):
                wakes.lower(u, flag.portal_id, flag.kind)
        found = (name.split(":") for name in new)
        return sorted((Job(int(portal), kind, slot) for kind, portal, slot in found), key=lambda job: job.slot)

    def close(self) -> None:
        self.engine.close()
        self.front.close()
        self.store.close()


@pytest.fixture(params=databases.KINDS)
def house(request) -> Iterator[House]:
    url = databases.fresh_url(request.param)
    made = House(url)
    yield made
    made.close()
    databases.drop(url)


def test_a_slot_is_served_once(house):
    keeper, one = house.keeper(), Appointment(house.portal, zone_of_portal(house), CYCLE)
    assert keeper.serve(one)
    assert not keeper.serve(one)
    house.clock.advance(4 * MINUTE)
    first = house.jobs()
    now = house.clock.now_ms()
    house.clock.advance(MINUTE)
    assert keeper.serve(one)
    assert [int(job.slot) for job in first + house.jobs()] == [now // 300_000 * 300_000, (now // 300_000 + 1) * 300_000]


def zone_of_portal(house):
    with house.store.view() as u:
        return zone_of(portals.by_id(u, house.portal))


def test_what_came_due_while_nobody_looked_is_caught_up_once(house):
    """S12: off for three hours over thirty-six due times."""
    one = Appointment(house.portal, zone_of_portal(house), CYCLE)
    house.keeper().serve(one)
    house.jobs()
    house.clock.advance(3 * HOUR)
    keeper = house.keeper()
    assert [keeper.serve(one), keeper.serve(one)] == [True, False]
    assert [job.slot for job in house.jobs()] == [str(house.clock.now_ms() // 300_000 * 300_000)]


def test_four_clocks_serve_each_slot_once(house):
    """S11, a twentieth of it: 50 ticks, four clocks that look at the same moment."""
    one, ticks = Appointment(house.portal, zone_of_portal(house), CYCLE), 50
    keepers = [house.keeper() for _ in range(4)]
    served = []
    for _ in range(ticks):
        house.clock.advance(5 * MINUTE)
        threads = [threading.Thread(target=keeper.serve, args=(one,)) for keeper in keepers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        served += house.jobs()
    assert len(served) == ticks
    assert len({job.slot for job in served}) == ticks


def test_a_clock_that_jumps_back_and_forth_neither_doubles_nor_stops(house):
    """S10."""
    one = Appointment(house.portal, zone_of_portal(house), CYCLE)
    keeper = house.keeper()
    slots = []
    for jump in (5, 5, -10, 5, 5, 5, 10, -10, 15):
        house.clock._now += jump * MINUTE * 1000
        keeper.serve(one)
        slots += [job.slot for job in house.jobs()]
    assert len(slots) == len(set(slots))
    assert len(slots) == 5
    house.clock._now += 400 * 24 * HOUR * 1000  # the clock was a year ahead for a moment
    keeper.serve(one)
    house.clock._now -= 400 * 24 * HOUR * 1000
    house.jobs()
    keeper.serve(one)
    house.clock.advance(5 * MINUTE)
    assert keeper.serve(one)


def test_a_job_that_waits_still_covers_the_next_slots(house):
    one = Appointment(house.portal, zone_of_portal(house), CYCLE)
    keeper = house.keeper()
    for _ in range(5):
        keeper.serve(one)
        house.clock.advance(5 * MINUTE)
    assert len(house.jobs()) == 1


def test_a_portal_just_connected_is_read_at_once_and_compared_in_its_next_night(house):
    keeper = house.keeper()
    keeper.refresh()
    assert sorted(job.kind for job in house.jobs()) == ["cycle", "erase"]
    house.clock.advance(24 * HOUR)
    for one in house.kept():
        keeper.serve(one)
    assert sorted(job.kind for job in house.jobs()) == ["cycle", "erase", "retention", "subscriptions", "verify"]
    with house.store.view() as u:
        assert {row.stream for row in cursors.every(u, house.portal)} == {
            "schedule/cycle", "schedule/erase", "schedule/retention", "schedule/subscriptions", "schedule/verify",
        }  # fmt: skip


class TestWhoIsServed:
    """Published schedules are followed; a paused portal rests and is caught up once; a removed one is forgotten."""

    def test_without_a_document_the_shipped_one_holds(self, house):
        assert sorted((one.entry.kind, one.entry.every) for one in house.kept()) == [
            ("cycle", 5), ("erase", 60), ("retention", None), ("subscriptions", None), ("verify", None),
        ]  # fmt: skip

    def test_a_published_one_replaces_it(self, house):
        with house.store.unit() as u:
            documents.publish(u, house.portal, "schedule", DOCUMENT, "admin", "slower", house.clock.now_ms())
        kept = [(one.entry.kind, one.entry.every) for one in house.kept()]
        assert kept == [("cycle", 10), ("subscriptions", None)]

    def test_what_belongs_to_the_app_is_asked_once_with_the_oldest_portal_that_is_awake(self, house):
        def asked() -> list[tuple[int, tuple[str, ...]]]:
            return [(one.portal_id, one.entry.at) for one in house.kept() if one.entry.kind == "subscriptions"]

        other = house.connect("beta", "Pacific/Auckland", 2)
        assert asked() == [(house.portal, ("04:40",))]
        with house.store.unit() as u:
            portals.pause(u, house.portal, "by hand", house.clock.now_ms())
        assert asked() == [(other, ("04:40",))]

    def test_a_document_may_name_its_own_time_for_it(self, house):
        body = "entries: [{kind: subscriptions, at: ['12:00']}]"
        with house.store.unit() as u:
            documents.publish(u, house.portal, "schedule", body, "admin", "at noon", house.clock.now_ms())
        assert [one.entry.at for one in house.kept()] == [("12:00",)]

    def test_one_that_cannot_be_read_any_more_stops_its_portal_alone(self, house):
        other = house.connect("beta", "Europe/Berlin", 2)
        with house.store.unit() as u:
            documents.publish(u, other, "schedule", "entries: [{kind: tea}]", "admin", "", house.clock.now_ms())
        assert {one.portal_id for one in house.kept()} == {house.portal}

    def test_a_paused_portal_gets_nothing_and_is_caught_up_once(self, house):
        keeper, one = house.keeper(), Appointment(house.portal, zone_of_portal(house), CYCLE)
        keeper.serve(one)
        house.jobs()
        with house.store.unit() as u:
            portals.pause(u, house.portal, "by hand", house.clock.now_ms())
        house.clock.advance(HOUR)
        assert house.kept() == []
        assert not keeper.serve(one)
        with house.store.unit() as u:
            portals.resume(u, house.portal)
        keeper.refresh()
        assert [job.kind for job in house.jobs() if job.kind == "cycle"] == ["cycle"]

    def test_nothing_of_a_removed_portal_comes_back(self, house):
        keeper, one = house.keeper(), Appointment(house.portal, zone_of_portal(house), CYCLE)
        with house.store.unit() as u:
            portals.remove(u, house.portal)
        assert not keeper.serve(one)
        with house.store.view() as u:
            assert cursors.every(u, house.portal) == ()
        assert house.jobs() == []

    def test_an_unknown_time_zone_is_greenwich(self, house):
        with house.store.view() as u:
            row = portals.by_id(u, house.portal)
        assert [str(zone_of(replace(row, time_zone=name))) for name in ("Mars/Base", "", "../etc")] == ["UTC"] * 3

    def test_run_now_does_not_ask_the_schedule(self, house):
        run_now(house.engine, house.portal, "verify")
        run_now(house.engine, house.portal, "verify")
        assert len(house.jobs()) == 2


def test_the_running_clock_enqueues_and_follows_what_is_published(house):
    """The real scheduler: it catches up at its start, and a refresh follows portals that come and go."""
    keeper = house.keeper()
    keeper.start()
    try:
        deadline = time.monotonic() + 30
        while not house.engine.has(house.portal, "erase"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        other = house.connect("beta", "Pacific/Auckland", 2)
        with house.store.unit() as u:
            portals.pause(u, house.portal, "by hand", house.clock.now_ms())
        keeper.refresh()
        assert house.engine.has(other, "cycle")
        assert {job.id for job in keeper._scheduler.get_jobs() if ":" in job.id} == {
            f"{other}:{kind}" for kind in ("cycle", "verify", "retention", "erase", "subscriptions")
        }
    finally:
        keeper.stop()
