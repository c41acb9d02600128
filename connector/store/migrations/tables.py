"""Shapes the steps share. Frozen: a step that needs another shape spells it out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.columns import big, blob, flag, owned, partial, text


def table(name: str, key: str, *parts: sa.schema.SchemaItem, rowid: bool = True) -> None:
    first, primary = owned(*key.split())
    op.create_table(name, first, *parts, primary, sqlite_with_rowid=rowid)


def records(name: str, *promoted: sa.schema.SchemaItem) -> None:
    table(
        name,
        "id",
        big("id"),
        big("created_ms", null=True),
        big("modified_ms"),
        big("read_ms"),
        big("first_seen_ms"),
        blob("hash"),
        big("read_set"),
        flag("archived"),
        big("archived_ms", null=True),
        big("merged_into", null=True),
        *promoted,
        text("props"),
        sa.Index(f"ix_{name}_created", "portal_id", "created_ms", "archived"),
        sa.Index(f"ix_{name}_graves", "portal_id", "archived_ms", "id", **partial("archived_ms IS NOT NULL")),
    )
