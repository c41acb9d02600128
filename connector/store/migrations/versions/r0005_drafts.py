"""Drafts of documents: one an author and kind, with the version it started from and a revision for each saving."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.columns import big, flag, text
from connector.store.migrations.tables import table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table(
        "drafts",
        "id",
        big("id"),
        text("kind"),
        text("author"),
        big("base"),
        big("revision"),
        flag("open"),
        text("body"),
        big("saved_ms"),
        sa.UniqueConstraint("portal_id", "kind", "author", name="uq_drafts_author"),
    )
    op.execute("DELETE FROM documents WHERE state = 'draft'")  # nothing ever wrote one; versions are published ones


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
