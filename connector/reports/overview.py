"""One sentence of state for each portal: what an agency looks at in the morning."""

from __future__ import annotations

from typing import Any

from connector.clock import iso
from connector.store import Unit, cursors, outbox, records, runs
from connector.store.portals import PortalRow


def portal_line(u: Unit, row: PortalRow) -> dict[str, Any]:
    """A portal's mode, counts and last runs, and the sentence that sums them up."""
    contacts = records.count(u, row.id, "contacts")
    pulled, pushed = runs.last(u, row.id, "pull"), runs.last(u, row.id, "apply")
    held = cursors.get(u, row.id, "held_back")
    mode = "paused" if row.paused_ms is not None else "live" if row.live else "observe"
    return {
        "portal": row.name,
        "hub_id": row.hub_id,
        "base_url": row.base_url,
        "mode": mode,
        "state": _sentence(row, mode, contacts, pulled, held["why"] if held and mode == "live" else ""),
        "contacts": contacts,
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


def _sentence(row: PortalRow, mode: str, contacts: int, pulled: runs.RunRow | None, held: str) -> str:
    if mode == "paused":
        return f"Paused: {row.pause_reason}. Go on with: leadwright portal resume {row.name}"
    if pulled is None:
        return f"Connected, not mirrored yet. Next: leadwright sync {row.name}"
    if pulled.state == "failed":
        return f"The last sync failed; what it read is kept. Go on with: leadwright sync {row.name}"
    if held:
        return f"{contacts:,} contacts mirrored; nothing is written. {held}"
    written = "everything it shows is written back" if mode == "live" else "nothing is written (observe mode)"
    return f"{contacts:,} contacts mirrored; {written}."
