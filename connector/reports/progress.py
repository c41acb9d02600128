"""How far a portal's first mirror is: per kind of record, with an honest time left, out of cursors and runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connector.model.records import ObjectType
from connector.store import Unit, cursors, records, runs

PARTS: tuple[ObjectType, ...] = ("contacts", "companies", "deals")
LEAST_SECONDS, LEAST_RECORDS = 4.0, 200
# Between two pages the pace of one and the same portal varies so much (measured: 0.7 to 1.6 times its mean).
QUICK, SLOW = 0.7, 1.6


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of record: ``total`` None where the portal did not say."""

    name: str
    state: Literal["done", "reading", "waiting"]
    done: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A first mirror at work. ``left`` is a range of seconds for what is being read; None: too early to say."""

    parts: tuple[Part, ...]
    began_ms: int
    rate: float | None
    left: tuple[float, float] | None

    @property
    def share(self) -> float | None:
        """How much of what is being read is there."""
        at_work = next((part for part in self.parts if part.state == "reading" and part.total), None)
        return min(1.0, at_work.done / at_work.total) if at_work and at_work.total else None


def first_sync(u: Unit, portal_id: int, now_ms: int) -> Progress | None:
    """The first mirror's progress; None once it is done, and before it was begun."""
    known = {row.stream: row for row in cursors.every(u, portal_id)}
    pulled = runs.last(u, portal_id, "pull")
    engaged = any(name.startswith("events/") for name in known)
    states = {part: _state(part, {name: row.state for name, row in known.items()}) for part in PARTS}
    if pulled is None or (states["contacts"] == "done" and (pulled.state != "running" or engaged)):
        return None
    parts = tuple(_part(u, portal_id, part, states[part], known) for part in PARTS)
    whole = all(state == "done" for state in states.values())
    story = Part("engagement", "done" if engaged else "reading" if whole else "waiting", 0)
    rate, left = _pace(parts, (now_ms - pulled.started_ms) / 1000)
    return Progress((*parts, story), pulled.started_ms, rate, left if pulled.state == "running" else None)


def _state(part: str, known: Mapping[str, Mapping[str, Any]]) -> Literal["done", "reading", "waiting"]:
    told = known.get(part, {})
    if f"fill/{part}" in known:
        return "reading"
    return "done" if "since_ms" in told or told.get("off") else "waiting"


def _part(
    u: Unit, portal_id: int, name: ObjectType, state: Literal["done", "reading", "waiting"], known: Mapping[str, Any]
) -> Part:
    fill = known.get(f"fill/{name}")
    total = fill.state.get("total") if fill is not None else None
    done = records.count(u, portal_id, name)
    return Part(name, state, done, max(int(total), done) if total else None)


def _pace(parts: tuple[Part, ...], seconds: float) -> tuple[float | None, tuple[float, float] | None]:
    """Records a second since the beginning, and what that means for the kind that is being read."""
    done = sum(part.done for part in parts)
    if seconds < LEAST_SECONDS or done < LEAST_RECORDS:
        return None, None
    rate = done / seconds
    at_work = next((part for part in parts if part.state == "reading" and part.total), None)
    if at_work is None or at_work.total is None:
        return rate, None
    open_ = at_work.total - at_work.done
    return rate, (open_ / rate * QUICK, open_ / rate * SLOW)
