"""How the installation is, beyond one portal: who is alive, what is held, what stands open. One probe is written."""

from __future__ import annotations

from typing import Any

from connector.clock import iso
from connector.errors import ConnectorError
from connector.store import Store, health, portals
from connector.store.beats import SILENT_MS
from connector.store.front import Front
from connector.sync import subscribing

ROLES = ("web", "worker", "clock")
BACKUP_DAYS = 7
DAY_MS = 24 * 60 * 60 * 1000
Check = dict[str, Any]


def examine(
    store: Store, front: Front, now: int, keys: dict[str, bool], returned: dict[str, int], jobs: int
) -> list[Check]:
    """All checks in the order a person reads them. ``keys``: whether the key opens each portal's token; ``returned``:
    contacts that came back with the address of somebody erased; ``jobs``: how many the engine gave up."""
    rows = [_key(keys)]
    try:
        health.writable(front, now)
        with front.view() as u:
            door = health.of_front(u)
    except ConnectorError as fault:
        return [*rows, _row("inbox", False, fault.message, fault.remedy)]
    with store.view() as u:
        main = health.of_main(u)
        names = [row.name for row in portals.every(u)]
        webhooks = subscribing.last(u)
    rows += [_row("inbox", True, "reachable and writable"), _waiting(door["oldest_waiting_ms"], now)]
    rows += [_role(role, door["seen"], now) for role in ROLES]
    rows += [_held(jobs, door["held"], main["held"]), _gaps(main["gaps"]), *_held_back(main["held_back"])]
    rows += _webhooks(webhooks, now)
    return [*rows, _backup(main["last_backup_ms"], now, names), *_returned(returned)]


def _row(name: str, ok: bool | None, text: str, remedy: str = "") -> Check:
    return {"check": name, "ok": ok, "text": text, "remedy": remedy}


def _key(keys: dict[str, bool]) -> Check:
    closed = sorted(name for name, fits in keys.items() if not fits)
    if closed:
        remedy = "Set LEADWRIGHT_SECRET_KEY to the key they were closed with, or enter their tokens again: portal add."
        return _row("key fits", False, f"It does not open the tokens of {', '.join(closed)}.", remedy)
    return _row("key fits", True, "it opens every token")


def _waiting(oldest: int | None, now: int) -> Check:
    minutes = (now - oldest) // 60_000 if oldest is not None else 0
    if minutes >= 5:
        return _row(
            "notices", False, f"The oldest waits for {minutes} min.", "See that a worker runs: leadwright serve."
        )
    return _row("notices", True, "none waits for long")


def _role(role: str, seen: dict[str, int], now: int) -> Check:
    """A role is missed when another is alive; where none is, nobody serves at the moment, which may be meant."""
    at = seen.get(role)
    if at is not None and now - at <= SILENT_MS:
        return _row(role, True, f"alive {max(0, now - at) // 1000} s ago")
    others = any(now - other <= SILENT_MS for other in seen.values())
    text = f"last seen {iso(at)[:16].replace('T', ' ')} UTC" if at is not None else "never seen"
    return _row(role, False if others else None, text, "Start it: leadwright serve.")


def _held(jobs: int, deliveries: int, notices: dict[str, int]) -> Check:
    total = jobs + deliveries + sum(notices.values())
    if not total:
        return _row("held", True, "nothing")
    named = ", ".join(f"{name}: {count}" for name, count in sorted(notices.items()) if count)
    text = f"{total} held" + (f" ({named})" if named else "")
    return _row("held", None, text, "Each has its reason: leadwright held list NAME.")


def _held_back(back: dict[str, str]) -> list[Check]:
    """Portals that nothing is written to just now, each with its sentence."""
    return [_row(f"writing to {name}", False, why, "") for name, why in sorted(back.items()) if why]


def _webhooks(found: dict[str, Any] | None, now: int) -> list[Check]:
    """The last comparison of subscriptions; a difference costs time, since the cycle polls the rest, so no fault."""
    if found is None or found["mode"] != "api":
        return []
    old = now - found["at_ms"] > 2 * DAY_MS
    when = f" (compared {iso(found['at_ms'])[:16].replace('T', ' ')} UTC)"
    ok = None if old or not found["ok"] else True
    remedy = "leadwright subscriptions" if found["ok"] else "leadwright subscriptions --apply"
    return [_row("webhooks", ok, found["text"] + when, remedy)]


def _gaps(gaps: dict[str, int]) -> Check:
    standing = {name: count for name, count in gaps.items() if count}
    if not standing:
        return _row("gaps", True, "none stands")
    return _row("gaps", None, f"not healed yet: {', '.join(sorted(standing))}", "The next cycle heals them.")


def _backup(last: int | None, now: int, names: list[str]) -> Check:
    if last is None:
        return _row("backup", None if names else True, "none was made from here", "leadwright backup FILE")
    text = f"made {iso(last)[:16].replace('T', ' ')} UTC"
    return _row("backup", True if now - last <= BACKUP_DAYS * DAY_MS else None, text, "leadwright backup FILE")


def _returned(returned: dict[str, int]) -> list[Check]:
    """A flag, no fault: HubSpot may have made them anew, or an import brought back whom nobody may keep."""
    return [
        _row("erased", None, f"{name}: {count} new contacts carry the address of somebody erased", "Look at each.")
        for name, count in sorted(returned.items())
        if count
    ]
