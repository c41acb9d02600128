"""Errands: what a person asks a portal's worker to do, with what came of it. One of a kind stands at a time.

Applying a plan or undoing a run may take minutes at HubSpot's limit, longer than a page may take, and one portal has
one owner at a time: so pages put the errand down here, wake the worker, and show what became of it. State is the
cursor ``errand/<kind>``; the worker's job carries a portal and nothing else.

    waiting ──worker takes it──▶ working ──▶ done
       │                           └──the flow says no──▶ refused (message and remedy kept)
       └──────◀── HubSpot cannot be asked just now: stays, and the job comes back
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from connector.clock import Clock
from connector.errors import ConfigError, ConnectorError, RetryableError, StoreError
from connector.store import Store, Unit, cursors
from connector.store.portals import PortalRow
from connector.sync.checking import refuse_paused

Kind = Literal["plan", "apply", "undo"]
KINDS: tuple[Kind, ...] = ("plan", "apply", "undo")
STREAM = "errand/"
# Longer than any errand takes at HubSpot's limits: after that a new one may be asked for.
STALE_MS = 60 * 60 * 1000
# What is kept of a flow's outcome: counts and names, never people.
KEPT = ("run", "hash", "written", "enrolled", "given", "restored", "calls", "dropped")
COUNTED = ("refused", "overtaken", "kept")


@dataclass(frozen=True, slots=True)
class Errand:
    """One errand: ``what`` is the plan's hash or the run's id, ``who`` asked; ``told`` is what came of it."""

    kind: Kind
    what: str
    who: str
    asked_ms: int
    state: Literal["waiting", "working", "done", "refused"] = "waiting"
    ended_ms: int | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    remedy: str = ""
    reason: str = ""

    def open(self, now_ms: int) -> bool:
        """Whether it is still to be done."""
        return self.state in ("waiting", "working") and now_ms - self.asked_ms < STALE_MS


def latest(u: Unit, portal_id: int) -> dict[str, Errand]:
    """The newest errand of each kind."""
    kept = cursors.some(u, portal_id, [f"{STREAM}{kind}" for kind in KINDS])
    return {name.removeprefix(STREAM): Errand(**state) for name, state in kept.items()}


def ask(store: Store, row: PortalRow, kind: Kind, what: str, who: str, clock: Clock) -> Errand:
    """Put an errand down. ConfigError while one of its kind stands, or the portal rests."""
    refuse_paused(row)
    now = clock.now_ms()
    errand = Errand(kind, what, who, now)
    with store.unit() as u:
        u.own(row.id)
        standing = latest(u, row.id).get(kind)
        if standing is not None and standing.open(now) and (standing.what != what or kind != "plan"):
            raise ConfigError(
                f"{standing.who} asked for the same already; it is not done yet.",
                remedy="Wait until it is done.",
                reason="errand_stands",
            )
        _keep(u, row.id, errand, now)
    return errand


def work_off(store: Store, row: PortalRow, do: Mapping[Kind, Callable[[str], Mapping[str, Any]]], clock: Clock) -> int:
    """Do what waits, in the order it was asked for; how many were done. RetryableErrors leave the rest waiting."""
    with store.view() as u:
        standing = [one for one in latest(u, row.id).values() if one.open(clock.now_ms())]
    done = 0
    for errand in sorted(standing, key=lambda one: one.asked_ms):
        _book(store, row, replace(errand, state="working"), clock)
        try:
            told = do[errand.kind](errand.what)
        except (RetryableError, StoreError):
            _book(store, row, replace(errand, state="waiting"), clock)
            raise
        except ConnectorError as fault:
            _end(store, row, _refused(errand, fault), clock)
            if not isinstance(fault, ConfigError) and fault.exit_code == 1:
                raise
        else:
            _end(store, row, replace(errand, state="done", told=_counts(told)), clock)
            done += 1
    return done


def _refused(errand: Errand, fault: ConnectorError) -> Errand:
    return replace(errand, state="refused", message=fault.message, remedy=fault.remedy, reason=fault.reason)


def _counts(told: Mapping[str, Any]) -> dict[str, Any]:
    counted = {name: len(told[name]) for name in COUNTED if isinstance(told.get(name), list)}
    return {**{name: told[name] for name in KEPT if name in told}, **counted}


def _end(store: Store, row: PortalRow, errand: Errand, clock: Clock) -> None:
    _book(store, row, replace(errand, ended_ms=clock.now_ms()), clock)


def _book(store: Store, row: PortalRow, errand: Errand, clock: Clock) -> None:
    """Unless somebody put down another one meanwhile."""
    with store.unit() as u:
        now = latest(u, row.id).get(errand.kind)
        if now is not None and now.asked_ms == errand.asked_ms:
            _keep(u, row.id, errand, clock.now_ms())


def _keep(u: Unit, portal_id: int, errand: Errand, now_ms: int) -> None:
    cursors.save(u, portal_id, f"{STREAM}{errand.kind}", asdict(errand), now_ms)
