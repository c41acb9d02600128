"""The agency's home: one row a portal, those that need somebody first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from connector.clock import iso
from connector.reports.overview import State, state_of
from connector.store import Unit, flips, gaps, inbox, outbox, runs, usage
from connector.store.portals import BY_HAND, PortalRow

DAY_MS = 24 * 60 * 60 * 1000
FIRST = ("failed", "held", "paused", "unread")


@dataclass(frozen=True, slots=True)
class Budget:
    """Calls of ours on this (UTC) day, and how many a day the portal allows; None: it has not said."""

    calls: int
    limit: int | None

    @property
    def share(self) -> float | None:
        return min(1.0, self.calls / self.limit) if self.limit else None


@dataclass(frozen=True, slots=True)
class HomeRow:
    """One portal as its agency sees it in the morning."""

    row: PortalRow
    state: State
    synced_ms: int | None
    waiting_since_ms: int | None
    failing: int
    held: int
    budget: Budget

    @property
    def rank(self) -> tuple[int, int, str]:
        """Trouble first, then what is held, then by name."""
        kind = self.state.kind
        resting = kind == "paused" and self.state.why == BY_HAND
        place = len(FIRST) if kind not in FIRST or resting else FIRST.index(kind)
        return place, 0 if self.failing or self.held else 1, self.row.name


def home(u: Unit, rows: Iterable[PortalRow], now_ms: int) -> list[HomeRow]:
    """The rows of these portals in the order they should be looked at."""
    return sorted((_row(u, row, now_ms) for row in rows), key=lambda one: one.rank)


def _row(u: Unit, row: PortalRow, now_ms: int) -> HomeRow:
    return HomeRow(
        row,
        state_of(u, row),
        last_sync_ms(u, row.id),
        inbox.oldest_new_ms(u, row.id),
        len(outbox.refused_since(u, row.id, now_ms - DAY_MS)),
        held_count(u, row.id),
        budget(u, row, now_ms),
    )


def last_sync_ms(u: Unit, portal_id: int) -> int | None:
    """When the mirror was last brought up to date as a whole."""
    pulled = runs.last(u, portal_id, "pull")
    if pulled is None or pulled.state == "done":
        return pulled.finished_ms if pulled else None
    done = (run.finished_ms for run in runs.recent(u, portal_id, 200) if run.kind == "pull" and run.state == "done")
    return next(done, None)


def held_count(u: Unit, portal_id: int) -> int:
    """Notices that could not be handled, fields left alone because they flip, gaps that no poll healed."""
    notices = inbox.counts(u, portal_id).get("held", 0)
    return notices + len(flips.frozen(u, portal_id)) + len(gaps.standing(u, portal_id))


def budget(u: Unit, row: PortalRow, now_ms: int) -> Budget:
    """What was used today. The limit is what the portal's own headers or usage report said last."""
    rates = row.settings.get("rates")
    limit = rates.get("daily") if isinstance(rates, dict) else None
    return Budget(usage.get(u, row.id, iso(now_ms)[:10]), int(limit) if limit else None)
