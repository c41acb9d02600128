"""What becomes of a job when its portal cannot be served: it comes back, the portal is paused, or it simply ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.clock import VirtualClock
from connector.engine.port import Job
from connector.engine.yielding import Later, Yielded
from connector.errors import (
    BlastRadiusExceeded,
    ConfigError,
    DailyLimitReached,
    DiskFull,
    PortalUnavailable,
    RateLimited,
    TokenRejected,
)
from connector.serving.acts import Acts
from connector.store import Store, portals, wakes
from connector.store.front import Front
from tests import databases
from tests.store.builders import IDENTITY


class Works:
    """The stores of an installation, and a service whose work ends the way it is told to."""

    def __init__(self, url: str) -> None:
        self.store = Store.open(url)
        self.front = Front.beside(url)
        self.clock = VirtualClock()
        self.fault: Exception | None = None
        self.done: list[str] = []
        self.flags: list[bool] = []
        with self.store.unit() as u:
            self.portal = portals.add(u, "acme", "https://api.hubapi.com", b"sealed", IDENTITY, 1).id
        self.acts = Acts(self, self.clock, lambda _portal: None)

    def cycle(self, name: str) -> None:
        with self.front.view() as u:
            self.flags.append(bool(wakes.raised(u)))
        self.done.append(name)
        if self.fault is not None:
            raise self.fault

    def act(self, fault: Exception | None = None) -> None:
        self.fault = fault
        with self.front.unit() as u:
            wakes.raise_flag(u, self.portal, "cycle", 1)
        self.acts.act(Job(self.portal, "cycle", "1000"))

    def raised(self) -> list[str]:
        with self.front.view() as u:
            return [flag.kind for flag in wakes.raised(u)]

    def row(self):
        with self.store.view() as u:
            return portals.by_id(u, self.portal)


@pytest.fixture(params=databases.KINDS)
def works(request) -> Iterator[Works]:
    url = databases.fresh_url(request.param)
    made = Works(url)
    yield made
    made.front.close()
    made.store.close()
    databases.drop(url)


def test_the_flag_is_lowered_before_the_work_begins(works):
    works.act()
    assert (works.done, works.flags, works.raised()) == (["acme"], [False], [])


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (RateLimited("Slow down.", policy="TEN_SECONDLY", retry_after=7), 7),
        (PortalUnavailable("No answer.", retry_after=0), 1),
        (PortalUnavailable("No answer."), 30),
        (DiskFull("No room."), 10),
    ],
)
def test_a_portal_that_is_away_for_a_while_gets_its_job_back_later(works, fault, seconds):
    with pytest.raises(Later) as later:
        works.act(fault)
    assert later.value.seconds == seconds
    assert works.raised() == ["cycle"]
    assert works.row().paused_ms is None


def test_after_the_daily_limit_it_comes_back_at_the_portals_midnight(works):
    with pytest.raises(Later) as later:
        works.act(DailyLimitReached("Used up."))
    back = works.clock.now_ms() + later.value.seconds * 1000
    # The virtual clock begins at midnight in Greenwich, 01:00 in Berlin; the next midnight there is 23:00 of that day.
    assert 0 <= back - (works.clock.now_ms() // 86_400_000 * 86_400_000 + 23 * 3_600_000) <= 1_000


def test_a_job_that_comes_back_is_one_with_the_one_that_waits_already(works):
    def meanwhile(_name):
        with works.front.unit() as u:
            wakes.raise_flag(u, works.portal, "cycle", 2)
        raise PortalUnavailable("No answer.")

    works.cycle = meanwhile
    works.act()
    assert works.raised() == ["cycle"]


def test_a_job_that_stands_aside_comes_back(works):
    with pytest.raises(Yielded):
        works.act(Yielded())
    assert works.raised() == ["cycle"]


def test_a_portal_that_refuses_the_token_is_paused_with_the_reason_and_asked_no_more(works):
    works.act(TokenRejected("The portal does not accept the token.", remedy="Connect it again."))
    assert works.row().pause_reason == "The portal does not accept the token. Connect it again."
    works.act()
    assert len(works.done) == 1


@pytest.mark.parametrize("fault", [ConfigError("No."), BlastRadiusExceeded("Too many.")])
def test_what_a_person_has_to_decide_ends_the_job_and_pauses_nothing(works, fault):
    works.act(fault)
    assert works.row().paused_ms is None
    assert works.raised() == []


def test_a_portal_that_is_gone_ends_the_job_and_its_flags(works):
    with works.store.unit() as u:
        portals.remove(u, works.portal)
    works.act()
    assert (works.done, works.raised()) == ([], [])


def test_only_what_the_service_can_do_is_registered(works):
    kinds = []

    class Worker:
        def register(self, kind, _act):
            kinds.append(kind)

    works.acts.register(Worker())
    assert kinds == ["cycle"]


def test_a_drain_whose_turn_is_over_comes_back_at_once(works):
    works.drain = lambda _name: {"more": True}
    with pytest.raises(Yielded):
        works.acts.act(Job(works.portal, "drain", ""))
    assert works.raised() == ["drain"]
