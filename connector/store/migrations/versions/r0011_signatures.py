"""Signatures of marketing and sales under drafts; the data quality of each portal, a row a day."""

from __future__ import annotations

import sqlalchemy as sa

from connector.store.columns import big, text
from connector.store.migrations.tables import table

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table(
        "signatures", "kind hash side", text("kind"), text("hash"), text("side"), text("who"), big("at_ms"),
        text("remark"),
    )  # fmt: skip
    table(
        "quality_days",
        "day",
        text("day"),
        big("at_ms"),
        big("total"),
        *(sa.Column(name, sa.Float(), nullable=True) for name in ("complete", "valid", "fresh", "unique_share")),
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
