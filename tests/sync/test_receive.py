"""A signed body arrives: whom it concerns, what is kept, what is only counted (W11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from connector.clock import VirtualClock
from connector.store import Store, deliveries, gaps, portals
from connector.store.front import Front
from connector.sync.receive import PAUSED, SILENT, UNREADABLE, Receiver, book_silence
from tests import databases
from tests.store.builders import IDENTITY, T0
from tests.webhooks.items import body, item


class Place:
    """An installation with two connected portals and a receiver."""

    def __init__(self, url: str) -> None:
        self.store, self.front = Store.open(url), Front.beside(url)
        self.clock = VirtualClock(T0)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.woken: list[int] = []
        self.acme, self.zeta = self.connect("acme", 11), self.connect("zeta", 22)
        self.receiver = Receiver(
            self.store,
            self.front,
            wake=lambda _, portal_id: self.woken.append(portal_id),
            clock=self.clock,
            tally=lambda *one: self.counts.update([one]),
        )

    def connect(self, name: str, hub_id: int, base: str = "https://api.hubapi.com") -> int:
        with self.store.unit() as u:
            return portals.add(u, name, base, b"sealed", replace(IDENTITY, hub_id=hub_id), T0).id

    def accept(self, *hub_ids: int) -> str:
        return self.receiver.accept(body(*(item(portalId=hub_id) for hub_id in hub_ids)))

    def waiting(self) -> dict[int, int]:
        with self.front.view() as u:
            return {portal_id: row[0] for portal_id, row in deliveries.waiting(u).items()}

    def rows(self) -> int:
        with self.front.view() as u:
            return sum(deliveries.counts(u).values())

    def gaps(self, portal_id: int) -> list[tuple[int, int, str]]:
        with self.store.view() as u:
            return [(gap.from_ms - T0, gap.to_ms - T0, gap.why) for gap in gaps.standing(u, portal_id)]

    def later(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def close(self) -> None:
        self.receiver.close()
        self.front.close()
        self.store.close()


@pytest.fixture(params=databases.KINDS)
def place(request) -> Iterator[Place]:
    url = databases.fresh_url(request.param)
    made = Place(url)
    yield made
    made.close()
    databases.drop(url)


def test_a_delivery_is_kept_for_its_portal_and_the_portal_is_woken(place: Place) -> None:
    assert place.accept(11, 11, 11) == "stored"
    assert place.waiting() == {place.acme: 1}
    assert place.woken == [place.acme]
    assert place.counts == {}


def test_one_delivery_may_concern_several_portals(place: Place) -> None:
    assert place.accept(11, 22) == "stored"
    assert place.waiting() == {place.acme: 1, place.zeta: 1}
    assert place.rows() == 1


def test_the_same_number_under_two_addresses_is_two_portals(place: Place) -> None:
    twin = place.connect("twin", 11, "http://127.0.0.1:9")
    assert place.accept(11) == "stored"
    assert place.waiting() == {place.acme: 1, twin: 1}


def test_an_unknown_portal_gets_no_row_and_one_count(place: Place) -> None:
    assert place.accept(999) == "stored"
    assert place.rows() == 0
    assert place.counts == {("portals_unknown", "999"): 1}
    assert place.woken == []


def test_beside_an_unknown_portal_a_known_one_gets_its_notices(place: Place) -> None:
    assert place.accept(999, 22) == "stored"
    assert place.waiting() == {place.zeta: 1}


def test_a_paused_portal_gets_no_row_but_a_gap_that_the_poll_will_heal(place: Place) -> None:
    with place.store.unit() as u:
        portals.pause(u, place.acme, "by hand", T0)
    for _ in range(3):
        assert place.accept(11) == "stored"
        place.later(5)
    assert place.rows() == 0
    assert place.counts == {("portals_resting", str(place.acme)): 3}
    place.receiver.tend()
    assert place.gaps(place.acme) == [(0, 10_000, PAUSED)]
    place.accept(11)
    place.receiver.tend()
    assert place.gaps(place.acme) == [(0, 15_000, PAUSED)]
    assert place.gaps(place.zeta) == []


def test_a_removed_portal_is_unknown_and_its_last_notices_book_nothing(place: Place) -> None:
    with place.store.unit() as u:
        portals.pause(u, place.acme, "uninstalled", T0)
    place.accept(11)
    with place.store.unit() as u:
        portals.remove(u, place.acme)
    place.receiver.tend()
    place.later(5)
    assert place.accept(11) == "stored"
    assert place.rows() == 0
    assert place.counts[("portals_unknown", "11")] == 1
    assert place.gaps(place.acme) == []


def test_a_portal_that_is_connected_meanwhile_is_known_within_seconds(place: Place) -> None:
    place.accept(33)
    new = place.connect("nova", 33)
    place.later(1.1)
    assert place.accept(33) == "stored"
    assert place.waiting() == {new: 1}


def test_a_flood_for_unknown_portals_reads_the_portals_once_a_second(place: Place) -> None:
    place.accept(11)
    reads = Counter()
    read = place.receiver._directory._read
    place.receiver._directory._read = lambda: reads.update(["read"]) or read()
    for number in range(500):
        place.accept(100_000 + number)
    assert reads["read"] == 0
    place.later(1.1)
    for number in range(500):
        place.accept(200_000 + number)
    assert reads["read"] == 1


def test_a_signed_body_that_nobody_can_read_is_held_not_refused(place: Place) -> None:
    assert place.receiver.accept(b"{not json") == "stored"
    with place.front.view() as u:
        assert [(one.body, one.reason) for one in deliveries.held(u)] == [(b"{not json", UNREADABLE)]
    assert place.woken == []


def test_an_empty_delivery_is_a_yes_and_no_row(place: Place) -> None:
    assert place.receiver.accept(b"[]") == "stored"
    assert place.rows() == 0


def test_what_cannot_be_stored_is_busy(place: Place) -> None:
    place.receiver._writer.close()
    assert place.accept(11) == "busy"


def test_while_the_mirror_cannot_be_read_known_portals_go_on(place: Place) -> None:
    place.accept(11)
    place.later(60)
    place.store.close()
    place.receiver._directory._store = Store("sqlite:////nowhere/at/all.db")
    assert place.accept(11) == "stored"
    place.receiver._directory._known = None
    assert place.accept(11) == "busy"


def test_a_silence_of_all_web_processes_is_a_gap_of_every_portal(place: Place) -> None:
    assert book_silence(place.store, T0, T0 + 90_000_000) == 2
    assert place.gaps(place.acme) == place.gaps(place.zeta) == [(0, 90_000_000, SILENT)]
    assert book_silence(place.store, T0, T0 + 90_000_001) == 2
    assert len(place.gaps(place.acme)) == 1
