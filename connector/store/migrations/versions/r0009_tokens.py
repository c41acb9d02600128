"""Tokens with which programs use the interface over HTTP: a keyed hash each, a role, a portal, an end."""

from __future__ import annotations

import sqlalchemy as sa

from connector.store.columns import big, blob, text
from connector.store.migrations.tables import table

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table(
        "api_tokens",
        "id",
        text("id"),
        blob("hash"),
        text("name"),
        text("role"),
        big("user_id", null=True),
        text("made_by"),
        big("created_ms"),
        big("until_ms"),
        big("used_ms", null=True),
        sa.UniqueConstraint("hash", name="uq_api_tokens_hash"),
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
