"""Signs of life of the processes: each role (web, worker, clock) writes when it last was alive, in the front store."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connector.store.front_schema import FRONT_META
from connector.store.unit import Unit
from connector.store.values import clean

PREFIX = "beat/"
EVERY_S = 10.0
SILENT_MS = 120_000  # a role that was silent for longer was down

_M = FRONT_META.c


@dataclass(frozen=True, slots=True)
class Beat:
    """When a process of a role last said that it lives."""

    role: str
    id: str
    at_ms: int


def beat(u: Unit, role: str, process_id: str, now_ms: int) -> None:
    """I am alive."""
    insert = sqlite.insert(FRONT_META) if u.sqlite else postgresql.insert(FRONT_META)
    row = insert.values(key=f"{PREFIX}{role}/{clean(process_id)}", value=str(now_ms))
    u.run(row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}))


def every(u: Unit) -> tuple[Beat, ...]:
    """All that were heard of, the newest sign of each process."""
    query = sa.select(_M.key, _M.value).where(_M.key.startswith(PREFIX, autoescape=True)).order_by(_M.key)
    return tuple(_beat(row[0], row[1]) for row in u.rows(query))


def last(u: Unit, role: str) -> int | None:
    """When anybody of that role was last heard of; None for never."""
    return max((beat.at_ms for beat in every(u) if beat.role == role), default=None)


def forget(u: Unit, before_ms: int) -> int:
    """Forget processes not heard of since then, but never the newest sign of a role; how many."""
    found = every(u)
    newest = {beat.role: beat for beat in sorted(found, key=lambda beat: beat.at_ms)}
    old = [beat for beat in found if beat.at_ms < before_ms and newest[beat.role] is not beat]
    keys = [f"{PREFIX}{beat.role}/{beat.id}" for beat in old]
    return u.change(sa.delete(FRONT_META).where(u.among(_M.key, keys))) if keys else 0


def _beat(key: str, value: str) -> Beat:
    role, _, process_id = key.removeprefix(PREFIX).partition("/")
    return Beat(role, process_id, int(value))
