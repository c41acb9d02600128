"""Many requests, one commit: a single writer takes all deliveries that wait, commits once, then answers each.

A commit that survives a power cut costs a turn of the disk. One for each request would be the limit of the receiver,
and SQLite lets writers wait unfairly on top of it; one for all that wait is neither (measured in ``engine.md`` E: four
times as many, a thirtieth of the longest waits). On PostgreSQL it also spares the wake flag's row lock a queue.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue

import structlog

from connector.errors import ConnectorError
from connector.store import deliveries
from connector.store.deliveries import Incoming
from connector.store.front import Front
from connector.store.unit import Unit

MOST = 64
PATIENCE_S = 4.0  # HubSpot gives up after five

Wake = Callable[[Unit, int], None]
Commit = Callable[[Sequence[Incoming]], None]

log = structlog.get_logger(__name__)


class _Ticket:
    """One delivery on its way: whoever brought it waits on a bare lock, the quickest thing there is to wait on."""

    __slots__ = ("_settled", "given_up", "incoming", "stored")

    def __init__(self, incoming: Incoming) -> None:
        self.incoming = incoming
        self.stored = False
        self.given_up = False
        self._settled = threading.Lock()
        self._settled.acquire()

    def wait(self, seconds: float) -> bool:
        return self._settled.acquire(timeout=seconds)

    def settle(self, *, stored: bool) -> None:
        self.stored = stored
        self._settled.release()


class GroupCommit:
    """The one writer of this process. Make it after forking; it starts its thread when first needed."""

    def __init__(self, commit: Commit, *, most: int = MOST, patience_s: float = PATIENCE_S) -> None:
        self._commit = commit
        self._most = most
        self._patience = patience_s
        self._waiting: SimpleQueue[_Ticket | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None
        self._closed = False

    def put(self, incoming: Incoming) -> bool:
        """True once it is on the disk; False when that failed or takes too long, and the sender must come again."""
        if self._closed:
            return False
        ticket = _Ticket(incoming)
        self._waiting.put(ticket)
        self._keep_a_writer()
        if not ticket.wait(self._patience):
            ticket.given_up = True  # if it is being committed just now it will be stored twice, which does no harm
        return ticket.stored

    def close(self) -> None:
        """Commit what waits, then take nothing more."""
        self._closed = True
        self._waiting.put(None)
        if self._writer is not None:
            self._writer.join(self._patience)

    def _keep_a_writer(self) -> None:
        """Start the thread, and again should it ever have died of a fault nobody foresaw."""
        if self._writer is not None and self._writer.is_alive():
            return
        with self._starting:
            if self._writer is None or not self._writer.is_alive():
                self._writer = threading.Thread(target=self._work, name="deliveries", daemon=True)
                self._writer.start()

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            self._store([ticket for ticket in self._batch(first) if not ticket.given_up])

    def _batch(self, first: _Ticket) -> Iterator[_Ticket]:
        """The first and all that wait behind it, as many as fit."""
        yield first
        for _ in range(min(self._most - 1, self._waiting.qsize())):
            if (ticket := self._waiting.get()) is None:
                self._waiting.put(None)  # the end comes after this batch
                return
            yield ticket

    def _store(self, batch: list[_Ticket]) -> None:
        stored = False
        try:
            if batch:
                self._commit([ticket.incoming for ticket in batch])
            stored = True
        except ConnectorError as fault:
            log.warning("deliveries_not_stored", reason=fault.reason, deliveries=len(batch))
        finally:
            for ticket in batch:
                ticket.settle(stored=stored)


def storing(front: Front, wake: Wake) -> Commit:
    """Deliveries, whom they concern and who must be woken, in one transaction of the front store."""

    def commit(batch: Sequence[Incoming]) -> None:
        with front.unit() as u:
            deliveries.add(u, batch)
            # In one order everywhere: two processes that wake the same portals must not wait for each other.
            for portal_id in sorted({portal_id for one in batch for portal_id in one.portal_ids}):
                wake(u, portal_id)

    return commit
