"""The living service: notices from webhooks, fields that flip, undone values, gaps, the graves of erased people."""

from __future__ import annotations

import sqlalchemy as sa

from connector.store.columns import big, blob, text
from connector.store.migrations.tables import table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table(
        "inbox",
        "id",
        big("id"),
        text("key"),
        big("delivery_id"),
        text("type"),
        big("object_id", null=True),
        text("property"),
        big("occurred_ms"),
        big("received_ms"),
        text("body"),
        text("state"),
        big("attempts", default=0),
        text("reason", default=""),
        big("done_ms", null=True),
        sa.UniqueConstraint("portal_id", "key", name="uq_inbox_key"),
        sa.Index("ix_inbox_state", "portal_id", "state", "id"),
        sa.Index("ix_inbox_object", "portal_id", "object_id", "id"),
        sa.Index("ix_inbox_received", "portal_id", "received_ms"),
    )
    table(
        "flips",
        "contact_id property at_ms",
        big("contact_id"),
        text("property"),
        big("at_ms"),
        text("writer"),
        rowid=False,
    )
    table("frozen", "contact_id property", big("contact_id"), text("property"), big("since_ms"), text("writers"))
    table(
        "undone",
        "contact_id property",
        big("contact_id"),
        text("property"),
        text("value", null=True),
        text("run_id"),
        big("at_ms"),
    )
    table("gaps", "from_ms", big("from_ms"), big("to_ms"), big("healed_ms", null=True), text("why"))
    table(
        "erasures",
        "object_id",
        big("object_id"),
        blob("email_hmac", null=True),
        big("at_ms"),
        big("done_ms", null=True),
        text("cause"),
        text("receipt", default="{}"),
        sa.Index("ix_erasures_email", "portal_id", "email_hmac"),
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
