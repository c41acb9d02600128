"""Bodies of receipts in a table of their own: what is sorted, counted and scored anew stays small."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.columns import big, text
from connector.store.migrations.tables import table

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table("receipt_bodies", "contact_id", big("contact_id"), big("at_ms"), text("model"), big("version"), text("body"))
    op.execute(
        sa.text(
            "INSERT INTO receipt_bodies (portal_id, contact_id, at_ms, model, version, body) "
            "SELECT portal_id, contact_id, at_ms, model, version, body FROM receipts WHERE body <> ''"
        )
    )
    op.drop_column("receipts", "body")


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
