"""One POST with items of several portals: each drains its own, and what names no portal is held once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from connector.store import deliveries, inbox
from connector.store.deliveries import Incoming
from connector.store.inbox import InboxEntry
from connector.twin import Dials, Twin, serve_twin
from tests.journeys.steps import people
from tests.live.test_drain import notice
from tests.rig import OFF, Rig, rig

OTHER = 4_712_000


class Two:
    """``acme`` (1) and ``other`` (2), mirrored, in one installation."""

    def __init__(self, made: Rig, beside: Twin) -> None:
        self.rig = made
        self.beside = beside

    def deliver(self, *items: object) -> None:
        with self.rig.service() as service, service.front.unit() as door:
            deliveries.add(door, [Incoming(orjson.dumps(list(items)), self.rig.clock.now_ms(), (1, 2))])

    def drained(self, *names: str) -> None:
        with self.rig.service() as service:
            for name in names:
                service.drain(name)

    def entries(self, portal_id: int) -> list[InboxEntry]:
        with self.rig.service() as service, service.store.view() as u:
            return list(inbox.recent(u, portal_id, 50))

    def state(self) -> dict[str, int]:
        with self.rig.service() as service, service.front.view() as door:
            return deliveries.counts(door)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with rig(tmp_path) as made:
        people(made, 2)
        made.run("sync")
        beside = Twin.empty(clock=made.clock, dials=Dials(**OFF), portal_id=OTHER)
        beside.create_contact({"email": "b@andere.example"})
        with serve_twin(beside) as url:
            with made.service() as service:
                service.add_portal("other", beside.token, url)
                service.sync("other")
            yield Two(made, beside)


def of(two: Two, portal: int, contact: int) -> dict[str, object]:
    item = notice(two.rig, "contact.propertyChange", contact, propertyName="lastname", propertyValue="x")
    return {**item, "portalId": portal}


@pytest.mark.parametrize("order", [("acme", "other"), ("other", "acme")])
def test_each_portal_takes_its_own_items_whoever_drains_first(two: Two, order: tuple[str, str]) -> None:
    ours, theirs = two.rig.twin.ids("contacts")[0], two.beside.ids("contacts")[0]
    two.rig.twin.edit("contacts", ours, {"lastname": "Eins"})
    two.beside.edit("contacts", theirs, {"lastname": "Zwei"})
    two.deliver(of(two, OTHER, theirs), of(two, two.rig.twin.portal_id, ours), of(two, OTHER, theirs))
    two.drained(order[0])
    assert two.state()["new"] == 1
    two.drained(order[1])
    assert two.state() == {"new": 0, "done": 1, "held": 0}
    assert [(e.object_id, e.state) for e in two.entries(1)] == [(ours, "done")]
    assert [(e.object_id, e.state) for e in two.entries(2)] == [(theirs, "done")]
    assert two.rig.mirrored()[ours]["lastname"] == "Eins"


@pytest.mark.parametrize("order", [("acme", "other"), ("other", "acme")])
def test_an_item_without_a_portal_is_held_once_with_the_lowest(two: Two, order: tuple[str, str]) -> None:
    ours = two.rig.twin.ids("contacts")[0]
    two.deliver("nonsense", of(two, two.rig.twin.portal_id, ours), {"subscriptionType": "contact.creation"})
    two.drained(*order)
    assert sorted(e.state for e in two.entries(1)) == ["done", "held", "held"]
    assert two.entries(2) == []


def test_a_bad_item_that_names_its_portal_is_held_there(two: Two) -> None:
    two.deliver({**of(two, OTHER, 5), "objectId": "zwölf"})
    two.drained("acme", "other")
    assert two.entries(1) == []
    assert [e.state for e in two.entries(2)] == ["held"]
