"""The state of each portal, defined once: what an agency looks at in the morning.

The command line says it in one sentence here (``portal_line``); pages say the same state in words of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from connector.clock import iso
from connector.store import Unit, cursors, outbox, records, runs
from connector.store.portals import PortalRow
from connector.store.runs import RunRow

StateKind = Literal["paused", "unread", "failed", "held", "observe", "live"]


@dataclass(frozen=True, slots=True)
class State:
    """How a portal is. ``why`` belongs to ``paused`` and ``held``; ``pulled`` is its last pull."""

    kind: StateKind
    mode: Literal["paused", "live", "observe"]
    contacts: int
    why: str = ""
    since_ms: int | None = None
    pulled: RunRow | None = None

    @property
    def trouble(self) -> bool:
        """Whether somebody should look."""
        return self.kind in ("failed", "held", "paused")


def state_of(u: Unit, row: PortalRow) -> State:
    """The one definition of how a portal is."""
    contacts, pulled = records.count(u, row.id, "contacts"), runs.last(u, row.id, "pull")
    if row.paused_ms is not None:
        return State("paused", "paused", contacts, row.pause_reason, row.paused_ms, pulled)
    mode: Literal["live", "observe"] = "live" if row.live else "observe"
    if pulled is None:
        return State("unread", mode, contacts)
    if pulled.state == "failed":
        return State("failed", mode, contacts, since_ms=pulled.finished_ms, pulled=pulled)
    held = cursors.get(u, row.id, "held_back") if row.live else None
    if held:
        return State("held", mode, contacts, held["why"], held["since_ms"], pulled)
    return State(mode, mode, contacts, pulled=pulled)


def portal_line(u: Unit, row: PortalRow) -> dict[str, Any]:
    """A portal's mode, counts and last runs, and the sentence that sums them up."""
    state = state_of(u, row)
    pushed = runs.last(u, row.id, "apply")
    held = cursors.get(u, row.id, "held_back")
    pulled = state.pulled
    return {
        "portal": row.name,
        "hub_id": row.hub_id,
        "base_url": row.base_url,
        "mode": state.mode,
        "state": " ".join(part for part in (_sentence(row, state), _provider(u, row)) if part),
        "contacts": state.contacts,
        "last_sync": iso(pulled.finished_ms) if pulled and pulled.finished_ms else None,
        "last_apply": iso(pushed.finished_ms) if pushed and pushed.finished_ms else None,
        "waiting": outbox.waiting(u, row.id),
        "held_back": held["why"] if held else "",
        "held_back_since": iso(held["since_ms"]) if held else None,
    }


def webhooks_line(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """How the app's webhook subscriptions stood when they were last compared; None where they never were."""
    if found is None:
        return None
    return {"ok": found["ok"], "at": iso(found["at_ms"]), "differing": found["differing"], "text": found["text"]}


@dataclass(frozen=True, slots=True)
class Rest:
    """A data provider that failed lately: why, and from when on it is asked again (epoch milliseconds)."""

    provider: str
    why: str
    until_ms: int


def provider_rest(u: Unit, portal_id: int) -> Rest | None:
    """How the portal's provider rests; None where there is none, or where its last answer was fine."""
    kept = cursors.get(u, portal_id, "enrichment")
    return Rest(kept["provider"], kept["why"], kept["until_ms"]) if kept and kept["until_ms"] else None


def _provider(u: Unit, row: PortalRow) -> str:
    """What is said where a data provider is left alone."""
    rest = provider_rest(u, row.id)
    if rest is None:
        return ""
    again = f"{iso(rest.until_ms)[:16].replace('T', ' ')} UTC"
    return (
        f"The data provider {rest.provider} failed ({rest.why}) and is asked again from {again} on; "
        "contacts are judged without it."
    )


def _sentence(row: PortalRow, state: State) -> str:
    if state.kind == "paused":
        return f"Paused: {state.why}. Go on with: leadwright portal resume {row.name}"
    if state.kind == "unread":
        return f"Connected, not mirrored yet. Next: leadwright sync {row.name}"
    if state.kind == "failed":
        return f"The last sync failed; what it read is kept. Go on with: leadwright sync {row.name}"
    if state.kind == "held":
        return f"{state.contacts:,} contacts mirrored; nothing is written. {state.why}"
    written = "everything it shows is written back" if state.kind == "live" else "nothing is written (observe mode)"
    return f"{state.contacts:,} contacts mirrored; {written}."
