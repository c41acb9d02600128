"""What happened to one contact, newest first and a page at a time, out of each table that tells of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from connector.store.schema import ACTIVITIES, ALIASES, OUTBOX, PROPERTY_HISTORY, RECEIPT_HISTORY
from connector.store.unit import AnyRow, Unit, mine
from connector.store.values import loads

Kind = Literal["activity", "property", "verdict", "write", "merge"]


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened. ``ident`` tells those of one instant apart; ``facts`` are the row's own values."""

    at_ms: int
    kind: Kind
    ident: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> tuple[int, str, str]:
        """Where it stands in the story."""
        return self.at_ms, self.kind, self.ident


def newest(
    u: Unit, portal_id: int, contact_id: int, limit: int, before: tuple[int, str, str] | None = None
) -> tuple[Happening, ...]:
    """The newest happenings, or the next ones before that place."""
    upto = before[0] if before else (1 << 62)
    found = [h for look in _LOOKS for h in look(u, portal_id, contact_id, upto, limit)]
    found = [h for h in found if before is None or h.place < before]
    return tuple(sorted(found, key=lambda h: h.place, reverse=True)[:limit])


def _whole(
    u: Unit, query: sa.Select[*tuple[Any, ...]], at: sa.ColumnElement[Any], upto: int, limit: int
) -> Sequence[AnyRow]:
    """All rows of that instant and the newest before it, an instant never cut in two: its order is another one."""
    rows = list(u.rows(query.where(at == upto)))
    older = list(u.rows(query.where(at < upto).order_by(at.desc()).limit(limit)))
    if len(older) == limit:
        last = older[-1][0]
        older = [row for row in older if row[0] > last] + list(u.rows(query.where(at == last)))
    return rows + older


def _activities(u: Unit, portal_id: int, contact_id: int, upto: int, limit: int) -> list[Happening]:
    a = ACTIVITIES.c
    names = ("source", "id", "kind", "type", "title", "url", "asset", "verdict")
    query = sa.select(a.at_ms, *(a[name] for name in names)).where(mine(ACTIVITIES, portal_id, contact_id=contact_id))
    rows = _whole(u, query, a.at_ms, upto, limit)
    facts = [dict(zip(names, row[1:], strict=True)) for row in rows]
    return [Happening(row[0], "activity", f"{f['source']}/{f['id']}", f) for row, f in zip(rows, facts, strict=True)]


def _properties(u: Unit, portal_id: int, contact_id: int, upto: int, limit: int) -> list[Happening]:
    h = PROPERTY_HISTORY.c
    query = sa.select(h.at_ms, h.property, h.before, h.after, h.origin).where(
        mine(PROPERTY_HISTORY, portal_id, object_type="contacts", record_id=contact_id)
    )
    rows = _whole(u, query, h.at_ms, upto, limit)
    return [
        Happening(at, "property", f"{name}/{origin}", {"property": name, "before": before, "after": after})
        for at, name, before, after, origin in rows
    ]


def _verdicts(u: Unit, portal_id: int, contact_id: int, upto: int, limit: int) -> list[Happening]:
    h = RECEIPT_HISTORY.c
    names = ("score", "grade", "stage", "model", "version", "cause")
    query = sa.select(h.at_ms, *(h[name] for name in names))
    query = query.where(mine(RECEIPT_HISTORY, portal_id, contact_id=contact_id))
    rows = list(_whole(u, query, h.at_ms, upto, limit + 1))
    told = []
    for place, row in enumerate(rows):
        now = dict(zip(names, row[1:], strict=True))
        was = dict(zip(names, rows[place + 1][1:], strict=True)) if place + 1 < len(rows) else None
        told.append(Happening(row[0], "verdict", str(now["model"]), {**now, "was": was}))
    return told


def _writes(u: Unit, portal_id: int, contact_id: int, upto: int, limit: int) -> list[Happening]:
    o = OUTBOX.c
    at = sa.func.coalesce(o.sent_ms, o.created_ms)
    query = sa.select(at, o.id, o.kind, o.run_id, o.state, o.reason, o.before, o.payload)
    rows = _whole(u, query.where(mine(OUTBOX, portal_id, contact_id=contact_id)), at, upto, limit)
    return [Happening(row[0], "write", f"{row[1]:020d}", _effect(*row[2:])) for row in rows]


def _effect(kind: str, run: str, state: str, reason: str, before: str, payload: str) -> dict[str, Any]:
    told = {"effect": kind, "run": run, "state": state, "reason": reason}
    return {**told, "before": loads(before), "payload": loads(payload)}


def _merges(u: Unit, portal_id: int, contact_id: int, upto: int, limit: int) -> list[Happening]:
    a = ALIASES.c
    query = sa.select(a.seen_ms, a.old_id).where(mine(ALIASES, portal_id, object_type="contacts", winner_id=contact_id))
    rows = _whole(u, query, a.seen_ms, upto, limit)
    return [Happening(at, "merge", str(old), {"old": str(old)}) for at, old in rows]


_LOOKS: tuple[Callable[[Unit, int, int, int, int], list[Happening]], ...] = (
    _activities, _properties, _verdicts, _writes, _merges,
)  # fmt: skip
