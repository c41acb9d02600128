"""A signed body arrives: whom does it concern, keep it, say so. Journey 1 ends here; the drain does the rest.

A portal that is unknown or rests gets no row and no retry storm: HubSpot hears a yes, the delivery is counted, and for
a portal that rests the gap is booked that the poll after ``resume`` heals. What nobody can read is held, not refused:
it was signed, so sending it again would change nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import structlog

from connector.clock import Clock
from connector.errors import StoreError
from connector.store import Store, gaps, portals
from connector.store.deliveries import Incoming
from connector.store.front import Front
from connector.store.group_commit import GroupCommit, Wake, storing
from webhooks.notice import portals_in

REFRESH_S = 2.0
REFRESH_UNKNOWN_S = 1.0
UNREADABLE = "the body is no JSON array of notices"
SILENT = "no web process was running; HubSpot's callbacks found nobody"
PAUSED = "the portal was paused; its notices were not kept"

Answer = Literal["stored", "busy"]
Tally = Callable[[str, str], None]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Whom a body concerns: our portals, those of them that rest, and numbers nobody connected."""

    awake: tuple[int, ...]
    resting: tuple[int, ...]
    unknown: tuple[int, ...]


class Directory:
    """HubSpot's numbers of the connected portals, read again every few seconds and, seldom, for an unknown one."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[int, list[tuple[int, bool]]] | None = None
        self._read_at = 0.0
        self._reading = threading.Lock()

    def addresses(self, hub_ids: Iterable[int]) -> Addresses:
        """StoreError only when the portals could never be read; else the last reading counts."""
        wanted = sorted(hub_ids)
        known = self._fresh(REFRESH_S)
        if any(hub_id not in known for hub_id in wanted):
            known = self._fresh(REFRESH_UNKNOWN_S)
        ours = [one for hub_id in wanted for one in known.get(hub_id, ())]
        return Addresses(
            awake=tuple(portal_id for portal_id, rests in ours if not rests),
            resting=tuple(portal_id for portal_id, rests in ours if rests),
            unknown=tuple(hub_id for hub_id in wanted if hub_id not in known),
        )

    def _fresh(self, age_s: float) -> dict[int, list[tuple[int, bool]]]:
        """One thread reads, the others go on with what they have; only the very first reading is waited for."""
        known = self._known
        if known is not None and self._clock.monotonic() - self._read_at < age_s:
            return known
        if not self._reading.acquire(blocking=known is None):
            return known or {}
        try:
            if self._known is not known:  # somebody else read it while this one waited
                return self._known or {}
            return self._read()
        except StoreError as fault:
            if known is None:
                raise
            log.warning("portals_not_read", reason=fault.reason)
            return known
        finally:
            self._reading.release()

    def _read(self) -> dict[int, list[tuple[int, bool]]]:
        with self._store.view() as u:
            rows = portals.addresses(u)
        found: dict[int, list[tuple[int, bool]]] = {}
        for hub_id, portal_id, rests in rows:
            found.setdefault(hub_id, []).append((portal_id, rests))
        self._read_at, self._known = self._clock.monotonic(), found
        return found


class Receiver:
    """What the endpoint hands bodies to. One for each web process; ``tend`` is called every few seconds beside it."""

    def __init__(self, store: Store, front: Front, *, wake: Wake, clock: Clock, tally: Tally) -> None:
        self._store = store
        self._clock = clock
        self._tally = tally
        self._directory = Directory(store, clock)
        self._writer = GroupCommit(storing(front, wake))
        self._missed: dict[int, tuple[int, int]] = {}
        self._missing = threading.Lock()

    def accept(self, body: bytes) -> Answer:
        """Stored (or of no use to anybody here), or busy: then the sender must come again."""
        named = portals_in(body)
        now = self._clock.now_ms()
        if named is None:
            self._tally("deliveries_unreadable", "")
            return self._put(Incoming(body, now, reason=UNREADABLE))
        try:
            found = self._directory.addresses(named)
        except StoreError as fault:
            log.warning("portals_not_read", reason=fault.reason)
            return "busy"
        for hub_id in found.unknown:
            self._tally("portals_unknown", str(hub_id))
        for portal_id in found.resting:
            self._tally("portals_resting", str(portal_id))
            self._miss(portal_id, now)
        return self._put(Incoming(body, now, found.awake)) if found.awake else "stored"

    def _put(self, incoming: Incoming) -> Answer:
        return "stored" if self._writer.put(incoming) else "busy"

    def _miss(self, portal_id: int, now: int) -> None:
        with self._missing:
            first, _ = self._missed.get(portal_id, (now, now))
            self._missed[portal_id] = (first, now)

    def tend(self) -> None:
        """Book the gaps of portals that rest. Not in the request: the mirror may be busy for long."""
        for portal_id, (first, latest) in sorted(self._missed.items()):
            with self._store.unit() as u:
                if any(known == portal_id for _, known, _ in portals.addresses(u)):
                    gaps.open(u, portal_id, first, latest, PAUSED)
            with self._missing:
                if self._missed.get(portal_id) == (first, latest):
                    del self._missed[portal_id]

    def close(self) -> None:
        """Commit what waits, book what is missing."""
        self._writer.close()
        self.tend()


def book_silence(store: Store, from_ms: int, to_ms: int) -> int:
    """Nobody received between these instants: every connected portal gets a gap; how many did."""
    with store.unit() as u:
        connected = portals.addresses(u)
        for _, portal_id, _ in connected:
            gaps.open(u, portal_id, from_ms, to_ms, SILENT)
    return len(connected)
