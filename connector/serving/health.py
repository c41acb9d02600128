"""Is this installation ready, and if not, why: what ``/readyz`` answers. Looks only; every look is short."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from connector.errors import ConnectorError
from connector.store import Store, beats, fitness
from connector.store.front import Front

ROLES = ("web", "worker", "clock")


def readiness(
    store: Store, front: Front, now_ms: int, *, key_present: bool, expected: Collection[str] = ROLES
) -> dict[str, Any]:
    """``ready``, the ``reasons`` why not, and for each role the seconds since it was last heard of (null: never)."""
    reasons = [f"database: {fault}" for fault in fitness.faults(store)]
    reasons += [f"inbox: {fault}" for fault in fitness.faults(front)]
    if not key_present:
        reasons.append("LEADWRIGHT_SECRET_KEY is not set")
    ages = _ages(front, now_ms)
    for role in ROLES:
        if role in expected and (fault := _silence(role, ages.get(role))):
            reasons.append(fault)
    return {"ready": not reasons, "reasons": reasons, "roles": {role: ages.get(role) for role in ROLES}}


def _ages(front: Front, now_ms: int) -> dict[str, float]:
    try:
        with front.view() as u:
            found = beats.every(u)
    except ConnectorError:  # told by its faults already
        return {}
    newest = {role: max((beat.at_ms for beat in found if beat.role == role), default=None) for role in ROLES}
    return {role: round(max(0, now_ms - at) / 1000, 1) for role, at in newest.items() if at is not None}


def _silence(role: str, age_s: float | None) -> str:
    if age_s is None:
        return f"no {role} process was ever heard of"
    return f"no {role} process was heard of for {age_s:.0f} s" if age_s * 1000 > beats.SILENT_MS else ""
