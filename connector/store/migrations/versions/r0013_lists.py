"""Lists that the rules name: whether each could be read, and who is on it."""

from __future__ import annotations

import sqlalchemy as sa

from connector.store.columns import big, flag, text
from connector.store.migrations.tables import table

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table(
        "lists",
        "list_id",
        text("list_id"),
        text("name"),
        flag("known"),
        text("why", default=""),
        big("size", null=True),
        big("read_ms"),
    )
    table(
        "list_memberships",
        "contact_id list_id",
        big("contact_id"),
        text("list_id"),
        big("since_ms", null=True),
        sa.Index("ix_list_memberships_list", "portal_id", "list_id", "contact_id", "since_ms"),
        rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
