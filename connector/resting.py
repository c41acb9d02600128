"""A portal that does not answer rests: the service leaves it alone for a while, then knocks once before it goes on.

Kept with the portal, so that every worker knows it (setting ``rest``). A person's own command does not ask here: it
tries. The waits: what the portal named, else half a minute, doubled each time up to five minutes.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from connector.clock import Clock, iso
from connector.errors import DailyLimitReached, PortalMoving, PortalResting, PortalUnavailable, RetryableError
from connector.portal.gateway import Portal
from connector.store import Store, portals
from connector.store.portals import PortalRow

REST = "rest"
FIRST_SECONDS, LONGEST_SECONDS = 30.0, 300.0
SILENT = (PortalUnavailable, PortalMoving, DailyLimitReached)


class Rests:
    """Around one flow of one portal: notes when the portal falls silent, and when it answers again."""

    def __init__(self, store: Store, clock: Clock, row: PortalRow) -> None:
        self._store = store
        self._clock = clock
        self._row = row
        self._kept: dict[str, Any] = row.settings.get(REST) or {}

    def refuse_or_knock(self, portal: Portal) -> None:
        """PortalResting while it is left alone; after that one call decides, before a flow makes many."""
        if not self._kept:
            return
        left = (self._kept["until_ms"] - self._clock.now_ms()) / 1000
        if left > 0:
            told = f"{self._row.name} rests until {iso(self._kept['until_ms'])}: {self._kept['why']}"
            raise PortalResting(told, retry_after=left)
        portal.knock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(fault, PortalResting):
            return
        if isinstance(fault, SILENT):
            self._rest(fault)
        elif self._kept and fault is None:
            self._keep({})

    def _rest(self, fault: RetryableError) -> None:
        silences = int(self._kept.get("silences", 0)) + 1
        seconds = fault.retry_after or min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** (silences - 1))
        fault.retry_after = seconds
        until = self._clock.now_ms() + round(seconds * 1000)
        self._keep({"until_ms": until, "silences": silences, "why": fault.message, "since_ms": self._since()})

    def _since(self) -> int:
        return int(self._kept.get("since_ms", self._clock.now_ms()))

    def _keep(self, state: dict[str, Any]) -> None:
        with self._store.unit() as u:
            portals.keep_setting(u, self._row.id, REST, state)
