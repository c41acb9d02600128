"""Nurtures: where contacts stand in the graphs of the workflows document, stay by stay."""

from __future__ import annotations

import sqlalchemy as sa

from connector.store.columns import big, flag, text
from connector.store.migrations.tables import table

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table(
        "nurture_places",
        "contact_id nurture entry",
        big("contact_id"),
        text("nurture"),
        big("entry"),
        big("version"),
        text("step"),
        flag("active"),
        big("ended_ms", null=True),
        text("body"),
        sa.Index("ix_nurture_places_active", "portal_id", "active", "nurture", "step"),
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
