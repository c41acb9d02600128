"""What data providers said of companies, whom to ask again when, and the closed secrets they are asked with."""

from __future__ import annotations

import sqlalchemy as sa

from connector.store.columns import big, blob, text
from connector.store.migrations.tables import table

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table(
        "enrichments",
        "provider domain asked_ms",
        text("provider"),
        text("domain"),
        big("asked_ms"),
        big("checked_ms"),
        big("until_ms"),
        text("names"),
        text("body"),
    )
    table(
        "enrichment_wishes",
        "provider domain",
        text("provider"),
        text("domain"),
        big("since_ms"),
        big("due_ms"),
        big("failures"),
        text("why", default=""),
        sa.Index("ix_enrichment_wishes_due", "portal_id", "provider", "due_ms"),
    )
    table("enrichment_secrets", "origin", text("origin"), blob("sealed"))


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
