"""Where every pull stands: one small JSON state a stream, saved in the same transaction as the rows it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connector.store import bulk
from connector.store.schema import CURSORS
from connector.store.unit import Unit, mine
from connector.store.values import dumps, loads


@dataclass(frozen=True, slots=True)
class CursorRow:
    """One stream's state and when it was saved."""

    stream: str
    state: Mapping[str, Any]
    updated_ms: int


def get(u: Unit, portal_id: int, stream: str) -> dict[str, Any] | None:
    found = u.scalar(sa.select(CURSORS.c.state).where(mine(CURSORS, portal_id, stream=stream)))
    return dict(loads(found)) if found is not None else None


def save(u: Unit, portal_id: int, stream: str, state: Mapping[str, Any], now_ms: int) -> None:
    bulk.put(u, portal_id, CURSORS, [(stream, dumps(dict(state)), now_ms)])


def every(u: Unit, portal_id: int) -> tuple[CursorRow, ...]:
    query = sa.select(CURSORS.c.stream, CURSORS.c.state, CURSORS.c.updated_ms).where(mine(CURSORS, portal_id))
    return tuple(CursorRow(row[0], loads(row[1]), row[2]) for row in u.rows(query.order_by(CURSORS.c.stream)))


def drop(u: Unit, portal_id: int, prefix: str) -> int:
    """Forget every stream whose name begins so; how many. The empty prefix forgets all."""
    which = CURSORS.c.stream.startswith(prefix, autoescape=True)
    return u.change(sa.delete(CURSORS).where(mine(CURSORS, portal_id), which))
