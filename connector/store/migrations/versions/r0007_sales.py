"""Sales: a contact's steps through the stages with their causes, and who was handed to whom."""

from __future__ import annotations

import sqlalchemy as sa

from connector.store.columns import big, text
from connector.store.migrations.tables import table

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table(
        "stage_steps",
        "contact_id at_ms",
        big("contact_id"),
        big("at_ms"),
        text("before"),
        text("stage"),
        text("cause"),
        sa.Index("ix_stage_steps_at", "portal_id", "at_ms"),
        rowid=False,
    )
    table(
        "handoffs",
        "contact_id at_ms",
        big("contact_id"),
        big("at_ms"),
        big("owner_id"),
        text("pool", default=""),
        text("stage"),
        text("answer", default=""),
        text("reason", default=""),
        big("answered_ms", null=True),
        big("closed_ms", null=True),
        sa.Index("ix_handoffs_open", "portal_id", "closed_ms", "owner_id"),
        sa.Index("ix_handoffs_at", "portal_id", "at_ms"),
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
