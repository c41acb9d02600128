"""A living installation without its processes: what HubSpot would deliver, and one drain at a time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import contextmanager
from typing import Any

import orjson

from connector.store import deliveries, inbox
from connector.store.deliveries import Incoming
from tests.rig import Rig
from tests.sync.steps import look


class Feed:
    """The portal's changes from now on, delivered when told to: in order or not, once or more often."""

    def __init__(self, r: Rig) -> None:
        self.r = r
        self.seen = len(r.twin.changes)

    def news(self) -> list[dict[str, Any]]:
        """What happened since the last look."""
        found = self.r.twin.changes[self.seen :]
        self.seen = len(self.r.twin.changes)
        return list(found)

    def deliver(self, *, times: int = 1, shuffle: int | None = None, size: int = 100) -> int:
        """Deliver the news; how many notices that were."""
        items = self.news() * times
        if shuffle is not None:
            random.Random(shuffle).shuffle(items)
        for start in range(0, len(items), size):
            post(self.r, items[start : start + size])
        return len(items)


def post(r: Rig, items: Sequence[Any] | bytes) -> None:
    """One delivery as the receiver stores it."""
    body = items if isinstance(items, bytes) else orjson.dumps(list(items))
    with r.service() as service, service.front.unit() as door:
        deliveries.add(door, [Incoming(body, r.clock.now_ms(), (1,))])


def drained(r: Rig) -> dict[str, Any]:
    """One drain in an installation of its own."""
    return r.run("drain")


def settled(r: Rig, feed: Feed, rounds: int = 6) -> list[dict[str, Any]]:
    """Deliver and drain until the portal has no more to tell; fails when that never ends (a loop)."""
    told = []
    for _ in range(rounds):
        if not feed.deliver():
            return told
        told.append(drained(r))
    raise AssertionError("the portal and we keep answering each other")


def states(r: Rig) -> dict[str, int]:
    """Notices of the inbox by state."""
    return look(r, inbox.counts)


@contextmanager
def watching(r: Rig):
    """Calls the portal gets meanwhile."""
    before = r.twin.ledger.count()
    seen: list[Any] = []
    yield seen
    seen += r.twin.ledger.calls[before:]
