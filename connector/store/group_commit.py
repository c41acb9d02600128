"""Many requests, one commit: a single writer takes all deliveries that wait, commits once, then answers each.

A commit that survives a power cut costs a turn of the disk. One for each request would be the limit of the receiver,
and SQLite lets writers wait unfairly on top of it; one for all that wait is neither (measured in ``engine.md`` E: four
times as many, a thirtieth of the longest waits). On PostgreSQL it also spares the wake flag's row lock a queue.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

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


@dataclass(slots=True, eq=False)
class _Ticket:
    incoming: Incoming
    settled: threading.Event = field(default_factory=threading.Event)
    stored: bool = False


class GroupCommit:
    """The one writer of this process. Make it after forking; it starts its thread when first needed."""

    def __init__(self, commit: Commit, *, most: int = MOST, patience_s: float = PATIENCE_S) -> None:
        self._commit = commit
        self._most = most
        self._patience = patience_s
        self._waiting: deque[_Ticket] = deque()
        self._changed = threading.Condition()
        self._writer: threading.Thread | None = None
        self._closed = False

    def put(self, incoming: Incoming) -> bool:
        """True once it is on the disk; False when that failed or takes too long, and the sender must come again."""
        ticket = _Ticket(incoming)
        with self._changed:
            if self._closed:
                return False
            self._waiting.append(ticket)
            self._keep_a_writer()
            self._changed.notify()
        if not ticket.settled.wait(self._patience):
            self._withdraw(ticket)
        return ticket.stored

    def close(self) -> None:
        """Commit what waits, then take nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._writer is not None:
            self._writer.join(self._patience)

    def _keep_a_writer(self) -> None:
        """Start the thread, and again should it ever have died of a fault nobody foresaw."""
        if self._writer is None or not self._writer.is_alive():
            self._writer = threading.Thread(target=self._work, name="deliveries", daemon=True)
            self._writer.start()

    def _withdraw(self, ticket: _Ticket) -> None:
        """Nobody waits for it any more. If it is being committed just now it is stored twice, which does no harm."""
        with self._changed:
            if ticket in self._waiting:
                self._waiting.remove(ticket)

    def _work(self) -> None:
        while batch := self._take():
            self._store(batch)

    def _take(self) -> list[_Ticket]:
        """All that waits, as many as fit; waits for the first. Empty at the end."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]

    def _store(self, batch: list[_Ticket]) -> None:
        stored = False
        try:
            self._commit([ticket.incoming for ticket in batch])
            stored = True
        except ConnectorError as fault:
            log.warning("deliveries_not_stored", reason=fault.reason, deliveries=len(batch))
        finally:
            for ticket in batch:
                ticket.stored = stored
                ticket.settled.set()


def storing(front: Front, wake: Wake) -> Commit:
    """Deliveries, whom they concern and who must be woken, in one transaction of the front store."""

    def commit(batch: Sequence[Incoming]) -> None:
        with front.unit() as u:
            deliveries.add(u, batch)
            # In one order everywhere: two processes that wake the same portals must not wait for each other.
            for portal_id in sorted({portal_id for one in batch for portal_id in one.portal_ids}):
                wake(u, portal_id)

    return commit
