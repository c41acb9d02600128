"""What was decided for whom, run by run, as it was decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from connector.model.judgement import Decision
from connector.store import bulk, erasures
from connector.store.schema import DECISIONS
from connector.store.unit import AnyRow, Unit, check_portal, mine
from connector.store.values import dumps, loads

_D = DECISIONS.c
_KINDS = {"SetProperty": "set_property", "MoveStage": "move_stage", "Enrol": "enrol", "Hold": "hold"}


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision: ``kind`` is ``set_property``, ``move_stage``, ``enrol`` or ``hold``, ``body`` its fields."""

    id: int
    run_id: str
    contact_id: int
    at_ms: int
    kind: str
    body: Mapping[str, Any]


def add(u: Unit, portal_id: int, run_id: str, decisions: Sequence[Decision], now_ms: int) -> int:
    u.own(portal_id)
    gone = erasures.standing(u, portal_id, {d.contact_id for d in decisions})
    decisions = [d for d in decisions if d.contact_id not in gone] if gone else decisions
    last = u.number(sa.select(sa.func.max(_D.id)).where(mine(DECISIONS, portal_id)))
    rows = [
        (last + place, run_id, d.contact_id, now_ms, _KINDS[type(d).__name__], dumps(asdict(d)))
        for place, d in enumerate(decisions, 1)
    ]
    return bulk.put(u, portal_id, DECISIONS, rows)


def _decision(row: AnyRow) -> DecisionRow:
    _, number, run_id, contact_id, at_ms, kind, body = row
    return DecisionRow(number, run_id, contact_id, at_ms, kind, loads(body))


def of(u: Unit, portal_id: int, contact_id: int, limit: int = 100) -> tuple[DecisionRow, ...]:
    """The newest decisions for a contact, newest first."""
    query = sa.select(DECISIONS).where(mine(DECISIONS, portal_id, contact_id=contact_id))
    return tuple(map(_decision, u.rows(query.order_by(_D.id.desc()).limit(limit))))


def of_run(u: Unit, portal_id: int, run_id: str) -> Iterator[list[DecisionRow]]:
    """All decisions of a run in order, a chunk at a time."""
    check_portal(portal_id)
    return _pages(u, sa.select(DECISIONS).where(mine(DECISIONS, portal_id, run_id=run_id)))


def stream(u: Unit, portal_id: int) -> Iterator[list[DecisionRow]]:
    """All decisions in order, a chunk at a time."""
    check_portal(portal_id)
    return _pages(u, sa.select(DECISIONS).where(mine(DECISIONS, portal_id)))


def _pages(u: Unit, query: sa.Select[*tuple[Any, ...]], chunk: int = 2000) -> Iterator[list[DecisionRow]]:
    after = 0
    while rows := [_decision(row) for row in u.rows(query.where(_D.id > after).order_by(_D.id).limit(chunk))]:
        yield rows
        after = rows[-1].id


def expire(u: Unit, portal_id: int, before_ms: int) -> int:
    """Let go of decisions older than that; how many."""
    return u.change(sa.delete(DECISIONS).where(mine(DECISIONS, portal_id), _D.at_ms < before_ms))
