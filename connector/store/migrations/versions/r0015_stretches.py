"""Facts of many contacts kept as columns, a stretch of ids at a time, and who changed since."""

from __future__ import annotations

from connector.store.columns import big, blob, text
from connector.store.migrations.tables import table

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table("stretches", "after_id", big("after_id"), big("last_id"), big("token"), rowid=False)
    table("stretch_columns", "after_id name", big("after_id"), text("name"), blob("body"))
    table("stretch_changes", "contact_id", big("contact_id"), big("token"), rowid=False)


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
