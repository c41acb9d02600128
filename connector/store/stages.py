"""A contact's way through the stages: each step as it was seen, with what caused it.

The stage a contact is first seen in is no step. Written where receipts are kept, and before them: the latest receipt is
what a step starts from.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from connector.model.judgement import StageStep
from connector.store import bulk, erasures
from connector.store.schema import RECEIPTS, STAGE_STEPS
from connector.store.unit import FOR_EVER, Unit, among_given, check_portal, mine
from connector.store.values import clean

_S = STAGE_STEPS.c


def standing(u: Unit, portal_id: int, contact_ids: Collection[int]) -> dict[int, str]:
    """The stage each of these contacts had when it was last judged; who never was is left out."""
    check_portal(portal_id)
    if not contact_ids:
        return {}
    query = sa.select(RECEIPTS.c.contact_id, RECEIPTS.c.stage).where(mine(RECEIPTS, portal_id))
    return {row[0]: row[1] for row in u.rows(query.where(u.among(RECEIPTS.c.contact_id, contact_ids)))}


def add(u: Unit, portal_id: int, steps: Mapping[int, StageStep]) -> int:
    """Keep one step of each of these contacts; how many are new."""
    u.own(portal_id)
    gone = erasures.standing(u, portal_id, steps.keys())
    rows = [
        (who, step.at_ms, step.before, step.stage, clean(step.cause)) for who, step in steps.items() if who not in gone
    ]
    return bulk.put(u, portal_id, STAGE_STEPS, rows)


def of(
    u: Unit, portal_id: int, contact_ids: Collection[int], until_ms: int | None = None
) -> dict[int, tuple[StageStep, ...]]:
    """The steps of these contacts up to that instant, oldest first; who took none is left out."""
    check_portal(portal_id)
    if not contact_ids:
        return {}
    asked = {"portal": portal_id, "ids": u.given(contact_ids), "until": FOR_EVER if until_ms is None else until_ms}
    found: dict[int, list[StageStep]] = {}
    for who, *step in u.run(_of(u.sqlite), asked):
        found.setdefault(who, []).append(StageStep(*step))
    return {who: tuple(steps) for who, steps in found.items()}


@lru_cache(maxsize=2)
def _of(sqlite: bool) -> sa.Select[*tuple[Any, ...]]:
    """Built once: it is asked for each contact that is judged."""
    columns = (_S.contact_id, _S.at_ms, _S.before, _S.stage, _S.cause)
    which = (_S.portal_id == sa.bindparam("portal"), among_given(sqlite, _S.contact_id, "ids"))
    return sa.select(*columns).where(*which, _S.at_ms <= sa.bindparam("until")).order_by(_S.contact_id, _S.at_ms)


def counts(u: Unit, portal_id: int, from_ms: int, to_ms: int) -> dict[tuple[str, str], int]:
    """How many steps led from one stage to another in a span of time, up to but without ``to_ms``."""
    query = sa.select(_S.before, _S.stage, sa.func.count()).where(
        mine(STAGE_STEPS, portal_id), _S.at_ms >= from_ms, _S.at_ms < to_ms
    )
    return {(row[0], row[1]): row[2] for row in u.rows(query.group_by(_S.before, _S.stage))}
