"""Every run of a portal: what kind, when, how it ended, what it counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connector.store import bulk
from connector.store.schema import RUNS
from connector.store.unit import AnyRow, Unit, mine
from connector.store.values import clean, dumps, loads

_R = RUNS.c
RUNNING = "running"


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run; ``state`` is ``running`` until it is finished with another."""

    run_id: str
    number: int
    kind: str
    started_ms: int
    finished_ms: int | None
    state: str
    plan_hash: str
    counts: Mapping[str, Any]
    note: str


def undoable(run: RunRow) -> bool:
    """Whether a run is over and wrote anything that could be taken back."""
    return run.kind == "apply" and run.state != RUNNING and bool(run.counts.get("written"))


def start(u: Unit, portal_id: int, kind: str, now_ms: int, *, plan_hash: str = "") -> str:
    """Begin a run; its id, like ``apply-17``: the kind and the portal's own running number."""
    u.own(portal_id)
    number = u.number(sa.select(sa.func.max(_R.number)).where(mine(RUNS, portal_id))) + 1
    run_id = f"{kind}-{number}"
    bulk.put(u, portal_id, RUNS, [(run_id, number, kind, now_ms, None, RUNNING, plan_hash, "{}", "")])
    return run_id


def finish(u: Unit, portal_id: int, run_id: str, state: str, counts: Mapping[str, Any], note: str, now_ms: int) -> None:
    # A clock that was set back meanwhile must not make a run end before it began.
    ended = sa.case((_R.started_ms > now_ms, _R.started_ms), else_=now_ms)
    values = {"state": state, "counts": dumps(dict(counts)), "note": clean(note), "finished_ms": ended}
    u.change(sa.update(RUNS).where(mine(RUNS, portal_id, run_id=run_id)).values(values))


def _run(row: AnyRow) -> RunRow:
    _, run_id, number, kind, started_ms, finished_ms, state, plan_hash, counts, note = row
    return RunRow(run_id, number, kind, started_ms, finished_ms, state, plan_hash, loads(counts), note)


def get(u: Unit, portal_id: int, run_id: str) -> RunRow | None:
    row = u.first(sa.select(RUNS).where(mine(RUNS, portal_id, run_id=run_id)))
    return _run(row) if row is not None else None


def last(u: Unit, portal_id: int, kind: str) -> RunRow | None:
    """The newest run of that kind."""
    row = u.first(sa.select(RUNS).where(mine(RUNS, portal_id, kind=kind)).order_by(_R.number.desc()).limit(1))
    return _run(row) if row is not None else None


def recent(u: Unit, portal_id: int, limit: int = 50, *, before: int | None = None) -> tuple[RunRow, ...]:
    """The newest runs, newest first; with ``before`` those whose number is lower."""
    query = sa.select(RUNS).where(mine(RUNS, portal_id))
    if before is not None:
        query = query.where(_R.number < before)
    return tuple(map(_run, u.rows(query.order_by(_R.number.desc()).limit(limit))))
