"""Short words for columns. Schema and migrations share them, so they never change their meaning."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def big(name: str, *, null: bool = False, default: int | None = None) -> sa.Column[Any]:
    """A 64-bit number: ids, epoch milliseconds, counts."""
    return sa.Column(name, sa.BigInteger(), nullable=null, server_default=None if default is None else str(default))


def text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default)


def flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def blob(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary(), nullable=null)


def owned(*key: str) -> tuple[sa.schema.SchemaItem, ...]:
    """The first column and the key of every table that belongs to portals."""
    return big("portal_id"), sa.PrimaryKeyConstraint("portal_id", *key)


def partial(condition: str) -> dict[str, Any]:
    """An index over part of a table. SQLite uses it only for queries that say the condition in the same words."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
