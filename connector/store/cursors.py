"""Where every pull stands: one small JSON state a stream, saved in the same transaction as the rows it stands for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connector.store import bulk
from connector.store.schema import CURSORS
from connector.store.unit import Unit, check_portal, mine
from connector.store.values import dumps, loads

# Asked many times in every drain, so built once: putting a statement together costs more than carrying it out.
_ONE = sa.select(CURSORS.c.state).where(
    CURSORS.c.portal_id == sa.bindparam("portal"), CURSORS.c.stream == sa.bindparam("stream")
)


@dataclass(frozen=True, slots=True)
class CursorRow:
    """One stream's state and when it was saved."""

    stream: str
    state: Mapping[str, Any]
    updated_ms: int


def get(u: Unit, portal_id: int, stream: str) -> dict[str, Any] | None:
    check_portal(portal_id)
    found = u.run(_ONE, {"portal": portal_id, "stream": stream}).scalar()
    return dict(loads(found)) if found is not None else None


def some(u: Unit, portal_id: int, streams: Collection[str]) -> dict[str, dict[str, Any]]:
    """The states of those of these streams that have one."""
    query = sa.select(CURSORS.c.stream, CURSORS.c.state).where(mine(CURSORS, portal_id))
    return {row[0]: dict(loads(row[1])) for row in u.rows(query.where(CURSORS.c.stream.in_(sorted(streams))))}


def save(u: Unit, portal_id: int, stream: str, state: Mapping[str, Any], now_ms: int) -> None:
    bulk.put(u, portal_id, CURSORS, [(stream, dumps(dict(state)), now_ms)])


def every(u: Unit, portal_id: int) -> tuple[CursorRow, ...]:
    query = sa.select(CURSORS.c.stream, CURSORS.c.state, CURSORS.c.updated_ms).where(mine(CURSORS, portal_id))
    return tuple(CursorRow(row[0], loads(row[1]), row[2]) for row in u.rows(query.order_by(CURSORS.c.stream)))


def drop(u: Unit, portal_id: int, prefix: str) -> int:
    """Forget every stream whose name begins so; how many. The empty prefix forgets all."""
    which = CURSORS.c.stream.startswith(prefix, autoescape=True)
    return u.change(sa.delete(CURSORS).where(mine(CURSORS, portal_id), which))
