"""The refusals that stand now: which gate says no to what, since when, and what would change it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from connector.model.judgement import Hold
from connector.store import bulk, erasures
from connector.store.schema import HOLDS
from connector.store.unit import Unit, check_portal, mine
from connector.store.values import clean

_H = HOLDS.c


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A refusal with its age; ``since_ms`` is when this gate first said no without a break."""

    contact_id: int
    effect: str
    gate: str
    why: str
    remedy: str
    since_ms: int


def replace_holds(u: Unit, portal_id: int, contact_ids: Collection[int], holds: Sequence[Hold], now_ms: int) -> int:
    """These contacts have exactly these refusals now; how many began, ended or changed their words.

    While the same gate says no to the same effect its ``since`` stays, even where the words change.
    """
    check_portal(portal_id)
    u.own(portal_id)
    kept = {(row.contact_id, row.effect, row.gate): row for row in _of(u, portal_id, contact_ids)}
    gone_for_good = erasures.standing(u, portal_id, contact_ids)
    told = {
        (hold.contact_id, clean(hold.effect), clean(hold.gate)): hold
        for hold in holds
        if hold.contact_id not in gone_for_good
    }
    gone = [(portal_id, *key) for key in kept.keys() - told.keys()]
    bulk.change_many(u, "DELETE FROM holds WHERE portal_id = ? AND contact_id = ? AND effect = ? AND gate = ?", gone)
    rows = []
    for key, hold in told.items():
        old = kept.get(key)
        now = HoldRow(*key, clean(hold.why), clean(hold.remedy), old.since_ms if old is not None else now_ms)
        if now != old:
            rows.append((*key, now.why, now.remedy, now.since_ms))
    return bulk.put(u, portal_id, HOLDS, rows) + len(gone)


def _of(u: Unit, portal_id: int, contact_ids: Collection[int]) -> tuple[HoldRow, ...]:
    columns = [_H.contact_id, _H.effect, _H.gate, _H.why, _H.remedy, _H.since_ms]
    query = sa.select(*columns).where(mine(HOLDS, portal_id), u.among(_H.contact_id, contact_ids))
    rows = u.rows(query.order_by(_H.contact_id, _H.effect, _H.gate)) if contact_ids else ()
    return tuple(HoldRow(*row) for row in rows)


def of(u: Unit, portal_id: int, contact_id: int) -> tuple[HoldRow, ...]:
    check_portal(portal_id)
    return _of(u, portal_id, [contact_id])


def summary(u: Unit, portal_id: int) -> dict[tuple[str, str], int]:
    """How many contacts each (gate, effect) holds."""
    query = sa.select(_H.gate, _H.effect, sa.func.count()).where(mine(HOLDS, portal_id))
    return {(row[0], row[1]): row[2] for row in u.rows(query.group_by(_H.gate, _H.effect))}


def held_by(u: Unit, portal_id: int, gate: str, limit: int = 100, after_id: int = 0) -> tuple[HoldRow, ...]:
    """The refusals of one gate, by contact."""
    columns = [_H.contact_id, _H.effect, _H.gate, _H.why, _H.remedy, _H.since_ms]
    query = sa.select(*columns).where(mine(HOLDS, portal_id, gate=gate), _H.contact_id > after_id)
    return tuple(HoldRow(*row) for row in u.rows(query.order_by(_H.contact_id, _H.effect).limit(limit)))
