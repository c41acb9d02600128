"""The two steps of double opt-ins, kept beyond the history that they were read from."""

from __future__ import annotations

from connector.store.columns import big, text
from connector.store.migrations.tables import table

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table(
        "opt_in_steps",
        "contact_id at_ms step source",
        big("contact_id"),
        big("at_ms"),
        text("step"),
        text("source"),
        text("what"),
        text("before"),
        text("wording"),
        big("seen_ms"),
        rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
