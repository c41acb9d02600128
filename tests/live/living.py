"""A living installation in one process: the receiver takes bodies in, one service that stays drains them, both may die.

The twin and we share one time; our own clock may be some minutes off. Nothing is delivered but when told to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import orjson

from connector.rules.decide import STAMP
from connector.service import Service
from connector.store import associations, deliveries, inbox, records
from connector.sync.receive import Receiver
from connector.twin import Twin
from connector.twin.clock import Clock
from tests.journeys.steps import MIRRORED
from tests.rig import Rig, differences
from tests.sync.steps import dies

# Loser, survivor, when.
Merge = tuple[int, int, datetime]


class Died(BaseException):
    """This process was killed: nothing after that happens."""


class OwnClock:
    """The shared time as a machine sees it whose clock is set wrong."""

    def __init__(self, shared: Clock) -> None:
        self._shared: Any = shared
        self.off = timedelta()

    def now(self) -> datetime:
        return self._shared.now() + self.off

    def now_ms(self) -> int:
        return round(self.now().timestamp() * 1000)

    def monotonic(self) -> float:
        return float(self._shared.monotonic())

    def sleep(self, seconds: float) -> None:
        self._shared.sleep(seconds)


class Living:
    """The rig's installation as a process that stays, until it is restarted or killed."""

    def __init__(self, r: Rig) -> None:
        self.r = r
        self.clock = OwnClock(r.clock)
        self.waiting: list[dict[str, Any]] = []
        self._seen = len(r.twin.changes)
        self._service: Service | None = None
        self._receiver: Receiver | None = None

    # the processes -----------------------------------------------------------------------------------------------

    @property
    def service(self) -> Service:
        if self._service is None:
            self._service = Service.open(self.r.settings, clock=self.clock, lasting=True)
        return self._service

    @property
    def receiver(self) -> Receiver:
        if self._receiver is None:
            parts = {"wake": lambda *_: None, "tally": lambda *_: None}
            self._receiver = Receiver(self.service.store, self.service.front, clock=self.clock, **parts)
        return self._receiver

    def stop(self) -> None:
        """End in good order; the next call starts anew."""
        if self._receiver is not None:
            self._receiver.close()
        if self._service is not None:
            self._service.__exit__(None, None, None)
        self._service = self._receiver = None

    def run(self, command: str, *args: Any, **options: Any) -> Any:
        return getattr(self.service, command)(self.r.name, *args, **options)

    def killed(self, command: str, method: str, *, heard: bool) -> bool:
        """The command, killed at its first call of ``method``: before the portal hears it, or before we hear back."""
        self.stop()
        connect = self.service._desk.connect

        def connected(*args: Any, **options: Any) -> Any:
            portal = connect(*args, **options)
            setattr(portal, method, dies(getattr(portal, method), heard=heard))
            return portal

        self.service._desk.connect = connected
        return self._dies(command, KeyboardInterrupt)

    def killed_before(self, command: str, transaction: int) -> bool:
        """The command, killed before its n-th transaction of the main store begins."""
        self.stop()
        store, left = self.service.store, [transaction]
        unit = store.unit

        def counted() -> Any:
            left[0] -= 1
            if left[0] <= 0:
                raise Died
            return unit()

        store.unit = counted  # type: ignore[method-assign]
        return self._dies(command, Died)

    def _dies(self, command: str, how: type[BaseException]) -> bool:
        """Whether it was still at work when it was to die."""
        try:
            self.run(command)
        except how:
            return True
        finally:
            with suppress(Died):
                self.stop()
        return False

    # what HubSpot tells ------------------------------------------------------------------------------------------

    def listen(self) -> list[dict[str, Any]]:
        """All notices that were not delivered yet."""
        news = self.r.twin.changes
        self.waiting += news[self._seen :]
        self._seen = len(news)
        return self.waiting

    def deliver(self, items: Sequence[dict[str, Any]], size: int = 100) -> None:
        """Bodies of so many notices each, through the receiver."""
        for start in range(0, len(items), size):
            answer = self.receiver.accept(orjson.dumps(items[start : start + size]))
            assert answer == "stored", answer

    def deliver_all(self) -> int:
        """Everything that waits, in its order; how many notices that were."""
        items, self.waiting = list(self.listen()), []
        self.deliver(items)
        return len(items)

    def quiet(self, rounds: int = 6) -> int:
        """Deliver and drain until the portal has no more to tell; how many rounds that took."""
        for turn in range(rounds):
            if not self.deliver_all() and not self.open():
                return turn
            self.run("drain")
        raise AssertionError("the portal and we keep answering each other")

    def open(self) -> int:
        """Deliveries and notices that nobody worked off yet."""
        with self.service.front.view() as door:
            stored = deliveries.counts(door)["new"]
        return stored + self.look(inbox.counts).get("new", 0)

    # what must hold ----------------------------------------------------------------------------------------------

    def look(self, read: Callable[..., Any]) -> Any:
        with self.service.store.view() as u:
            return read(u, 1)

    def wrong(self) -> list[str]:
        """Where the mirror differs from the portal: every property of contacts, names of companies, whose company."""
        found: list[str] = []
        for kind in ("contacts", "companies"):
            mirror = self._mirrored(kind)
            names = {name for properties in mirror.values() for name in properties} | (
                MIRRORED if kind == "contacts" else {"name"}
            )
            found += differences(mirror, self.r.twin.truth(kind), names)
        return found + self._wrong_links()

    def _mirrored(self, kind: Any) -> dict[int, Any]:
        pages = self.look(lambda u, p: [r for page in records.stream(u, p, kind) for r in page])
        return {record.id: record.properties for record in pages if not record.archived}

    def _wrong_links(self) -> list[str]:
        ids = self.r.twin.ids("contacts")
        ours = self.look(lambda u, p: associations.of(u, p, "contacts", ids, "companies"))
        told = {i: {link.to_id for link in ours.get(i, ())} for i in ids}
        truth = {i: set(self.r.twin.links("contacts", i, "companies")) for i in ids}
        return [f"{i}: linked to {told[i]}, portal {truth[i]}" for i in ids if told[i] != truth[i]]


def idle_writes(twin: Twin) -> list[int]:
    """Contacts of writes that changed nothing: our stamp moved, and nothing beside it."""
    effects = [e for e in twin.ledger.effects if e.object_type == "contacts" and e.what == "set"]
    before: list[Any] = [None, *effects]
    return [
        e.object_id
        for e, last in zip(effects, before, strict=False)
        if e.name == STAMP and (last is None or last.object_id != e.object_id or last.name == STAMP)
    ]


def enrolled_twice(twin: Twin, merges: Sequence[Merge]) -> list[int]:
    """Contacts enrolled in a workflow that they, or somebody who had been merged into them by then, had been in."""
    seen: set[tuple[int, int]] = set()
    twice = []
    for enrolment in twin.ledger.enrolments:
        same = {enrolment.contact_id, *losers_of(enrolment.contact_id, merges, enrolment.at)}
        if any((enrolment.workflow_id, contact) in seen for contact in same):
            twice.append(enrolment.contact_id)
        seen.add((enrolment.workflow_id, enrolment.contact_id))
    return twice


def losers_of(contact: int, merges: Sequence[Merge], until: datetime) -> set[int]:
    """Everybody who was this contact at that moment. Two who were enrolled each by themselves may be merged later."""
    direct = {loser for loser, survivor, at in merges if survivor == contact and at <= until}
    return direct | {one for loser in direct for one in losers_of(loser, merges, until)}
