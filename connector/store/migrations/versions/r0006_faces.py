"""Contacts found by name and company, and sorted by what changed last. Everybody is judged anew once, to be found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.columns import big, text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (text("face", default=""), big("changed_ms", default=0), big("stage_ms", default=0)):
        op.add_column("receipts", column)
    changed = ["portal_id", "changed_ms", "contact_id", "score", "grade", "stage"]
    op.create_index("ix_receipts_changed", "receipts", changed)
    op.create_index("ix_receipts_stage", "receipts", ["portal_id", "stage", "stage_ms", "contact_id"])
    op.create_index("ix_receipts_face", "receipts", ["portal_id", "contact_id", "face"])
    op.execute(sa.text("UPDATE receipts SET changed_ms = at_ms"))
    # Whoever waits to be judged is judged by the next cycle, which keeps the name beside the receipt.
    op.execute(
        sa.text(
            "INSERT INTO dirty (portal_id, contact_id, token) SELECT portal_id, contact_id, 1 FROM receipts "
            "WHERE true ON CONFLICT DO NOTHING"
        )
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
