"""Many requests, one commit: everybody hears the truth about his own delivery, whatever happens to the others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.errors import StoreError
from connector.store import deliveries
from connector.store.deliveries import Incoming
from connector.store.front import Front
from connector.store.group_commit import GroupCommit, storing
from tests.store.builders import T0

PORTAL = 7


def incoming(number: int = 0) -> Incoming:
    return Incoming(str(number).encode(), T0 + number, (PORTAL,))


class Gate:
    """A commit that waits until it is let through, and keeps what it was given."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = threading.Event()
        self.let = threading.Event()

    def __call__(self, batch) -> None:
        self.batches.append([one.received_ms - T0 for one in batch])
        self.begun.set()
        assert self.let.wait(20)


@pytest.fixture
def crowd():
    with ThreadPoolExecutor(100) as pool:
        yield pool


def wait_until_waiting(writer: GroupCommit, number: int) -> None:
    tick = threading.Event()
    while writer._waiting.qsize() < number:
        tick.wait(0.001)


def test_what_waits_while_one_commit_runs_shares_the_next(crowd) -> None:
    gate = Gate()
    writer = GroupCommit(gate)
    first = crowd.submit(writer.put, incoming(0))
    assert gate.begun.wait(20)
    others = [crowd.submit(writer.put, incoming(number)) for number in range(1, 71)]
    wait_until_waiting(writer, 70)
    gate.let.set()
    assert first.result(20)
    assert all(other.result(20) for other in others)
    assert [len(batch) for batch in gate.batches] == [1, 64, 6]
    writer.close()


def test_a_commit_that_takes_too_long_is_answered_busy_and_what_waited_is_not_stored_later() -> None:
    gate = Gate()
    writer = GroupCommit(gate, patience_s=0.05)
    assert writer.put(incoming(1)) is False  # is being committed: may be there, may come again
    assert writer.put(incoming(2)) is False  # waited in vain, is withdrawn
    gate.let.set()
    assert GroupCommit(gate).put(incoming(3)) is True
    writer.close()
    assert [1] in gate.batches
    assert [2] not in gate.batches


def test_a_store_that_refuses_is_busy_for_that_commit_alone() -> None:
    faults = [StoreError("full"), None]

    def commit(_batch) -> None:
        if (fault := faults.pop(0)) is not None:
            raise fault

    writer = GroupCommit(commit)
    assert [writer.put(incoming()) for _ in range(2)] == [False, True]
    writer.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_nobody_foresaw_answers_busy_at_once_and_the_next_delivery_finds_a_writer() -> None:
    faults = [RuntimeError("a bug"), None]

    def commit(_batch) -> None:
        if (fault := faults.pop(0)) is not None:
            raise fault

    writer = GroupCommit(commit)
    assert writer.put(incoming()) is False
    first = writer._writer
    assert first is not None
    first.join(20)
    assert writer.put(incoming()) is True
    writer.close()


def test_once_closed_it_takes_nothing_more() -> None:
    stored: list[Incoming] = []
    writer = GroupCommit(stored.extend)
    assert writer.put(incoming())
    writer.close()
    assert writer.put(incoming()) is False
    assert len(stored) == 1


def test_fifty_copies_at_once_are_all_kept_and_the_portal_is_woken_in_the_same_transaction(front, crowd) -> None:
    woken: list[tuple[int, int]] = []
    writer = GroupCommit(storing(front, lambda u, portal_id: woken.append((portal_id, deliveries.counts(u)["new"]))))
    assert all(crowd.map(lambda _: writer.put(incoming()), range(50)))
    writer.close()
    with front.view() as u:
        assert deliveries.counts(u)["new"] == 50
    assert {portal_id for portal_id, _ in woken} == {PORTAL}
    assert woken[-1][1] == 50  # what a portal is woken for is there already


def test_a_wake_that_fails_takes_its_deliveries_with_it(front) -> None:
    def refuse(_u, _portal_id) -> None:
        raise StoreError("no engine")

    writer = GroupCommit(storing(front, refuse))
    assert writer.put(incoming()) is False
    writer.close()
    with front.view() as u:
        assert deliveries.counts(u)["new"] == 0


def test_portals_are_woken_in_one_order_everywhere(front: Front) -> None:
    woken: list[int] = []
    storing(front, lambda _, portal_id: woken.append(portal_id))(
        [Incoming(b"a", T0, (9, 3)), Incoming(b"b", T0, (3, 5))]
    )
    assert woken == [3, 5, 9]
