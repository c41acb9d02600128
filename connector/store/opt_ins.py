"""The steps of double opt-ins as they were first seen: when, by what, in which wording. Evidence of consent.

Kept for as long as the contact is: what they were read from is let go of after a while, and the wordings of a document
may be changed. A step that is kept is never rewritten.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from connector.model.judgement import OptInStep
from connector.store import bulk, erasures
from connector.store.schema import OPT_IN_STEPS
from connector.store.unit import FOR_EVER, Unit, among_given, check_portal
from connector.store.values import clean

_S = OPT_IN_STEPS.c


def add(u: Unit, portal_id: int, steps: Mapping[int, Sequence[OptInStep]], seen_ms: int) -> int:
    """Keep these steps of these contacts; how many were given. Who was erased gets none."""
    check_portal(portal_id)
    wanted = {who: found for who, found in steps.items() if found}
    if not wanted:
        return 0
    u.own(portal_id)
    gone = erasures.standing(u, portal_id, wanted.keys())
    rows = [
        (who, one.at_ms, one.step, one.source, clean(one.what), clean(one.before), clean(one.wording), seen_ms)
        for who, found in wanted.items()
        if who not in gone
        for one in found
    ]
    return bulk.put(u, portal_id, OPT_IN_STEPS, rows, clash="nothing")


def of(
    u: Unit, portal_id: int, contact_ids: Collection[int], until_ms: int | None = None
) -> dict[int, tuple[OptInStep, ...]]:
    """The steps of these contacts up to that instant, oldest first; who took none is left out."""
    check_portal(portal_id)
    if not contact_ids:
        return {}
    asked = {"portal": portal_id, "ids": u.given(contact_ids), "until": FOR_EVER if until_ms is None else until_ms}
    found: dict[int, list[OptInStep]] = {}
    for who, *step in u.run(_of(u.sqlite), asked):
        found.setdefault(who, []).append(OptInStep(*step))
    return {who: tuple(steps) for who, steps in found.items()}


@lru_cache(maxsize=2)
def _of(sqlite: bool) -> sa.Select[*tuple[Any, ...]]:
    """Built once: it is asked for each contact that is judged."""
    columns = (_S.contact_id, _S.at_ms, _S.step, _S.source, _S.what, _S.before, _S.wording)
    which = (_S.portal_id == sa.bindparam("portal"), among_given(sqlite, _S.contact_id, "ids"))
    return (
        sa.select(*columns)
        .where(*which, _S.at_ms <= sa.bindparam("until"))
        .order_by(_S.contact_id, _S.at_ms, _S.step, _S.source)
    )
