"""A portal that does not answer is left alone by the service, and asked once before work goes on."""

from __future__ import annotations

import pytest

from connector.errors import PortalResting, PortalUnavailable
from tests.journeys.steps import people
from tests.live.steps import watching
from tests.rig import rig


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        people(made, 2)
        made.run("sync")
        yield made


def down(r) -> None:
    r.twin.dials.turn({"faults": [{"match": "/", "times": 10**9, "status": 503}]})


def test_while_it_rests_no_call_is_made_and_then_one_call_decides(r):
    down(r)
    with r.service(lasting=True) as service:
        with pytest.raises(PortalUnavailable) as first:
            service.cycle(r.name)
        assert first.value.retry_after == 30
        with watching(r) as calls, pytest.raises(PortalResting):
            service.cycle(r.name)
        assert calls == []
        r.clock.advance(31)
        with watching(r) as calls, pytest.raises(PortalUnavailable) as again:
            service.cycle(r.name)
        assert len(calls) == 1
        assert again.value.retry_after == 60


def test_another_worker_knows_of_it(r):
    down(r)
    with r.service(lasting=True) as one, pytest.raises(PortalUnavailable):
        one.cycle(r.name)
    with r.service(lasting=True) as other, watching(r) as calls, pytest.raises(PortalResting):
        other.cycle(r.name)
    assert calls == []


def test_once_it_answers_all_is_forgotten(r):
    down(r)
    with r.service(lasting=True) as service:
        with pytest.raises(PortalUnavailable):
            service.cycle(r.name)
        r.twin.dials.turn({"faults": []})
        r.clock.advance(31)
        assert service.cycle(r.name)["ok"]
        down(r)
        with pytest.raises(PortalUnavailable) as anew:
            service.cycle(r.name)
        assert anew.value.retry_after == 30


def test_a_persons_own_command_tries_all_the_same(r):
    down(r)
    with r.service(lasting=True) as service, pytest.raises(PortalUnavailable):
        service.cycle(r.name)
    r.twin.dials.turn({"faults": []})
    assert r.run("cycle")["ok"]
