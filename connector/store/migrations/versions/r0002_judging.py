"""What was judged, what was planned, what was sent."""

from __future__ import annotations

import sqlalchemy as sa

from connector.store.columns import big, partial, text
from connector.store.migrations.tables import table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _judged() -> None:
    table(
        "receipts",
        "contact_id",
        big("contact_id"),
        big("at_ms"),
        text("model"),
        big("version"),
        big("score"),
        text("grade"),
        big("fit"),
        big("engagement"),
        text("stage"),
        big("due_ms", null=True),
        text("body"),
        sa.Index("ix_receipts_score", "portal_id", "score", "contact_id", "grade", "stage"),
        sa.Index("ix_receipts_due", "portal_id", "contact_id", "due_ms", **partial("due_ms IS NOT NULL")),
    )
    table(
        "receipt_history",
        "contact_id at_ms",
        big("contact_id"),
        big("at_ms"),
        big("score"),
        text("grade"),
        text("stage"),
        text("model"),
        big("version"),
        text("cause"),
        rowid=False,
    )
    table(
        "decisions",
        "id",
        big("id"),
        text("run_id"),
        big("contact_id"),
        big("at_ms"),
        text("kind"),
        text("body"),
        sa.Index("ix_decisions_contact", "portal_id", "contact_id", "id"),
        sa.Index("ix_decisions_run", "portal_id", "run_id", "id"),
    )
    table(
        "holds",
        "contact_id effect gate",
        big("contact_id"),
        text("effect"),
        text("gate"),
        text("why"),
        text("remedy"),
        big("since_ms"),
    )


def _sent() -> None:
    table(
        "runs",
        "run_id",
        text("run_id"),
        big("number"),
        text("kind"),
        big("started_ms"),
        big("finished_ms", null=True),
        text("state"),
        text("plan_hash", default=""),
        text("counts", default="{}"),
        text("note", default=""),
        sa.Index("ix_runs_number", "portal_id", "number"),
    )
    table("plans", "hash", text("hash"), big("made_ms"), text("body"))
    table(
        "outbox",
        "id",
        big("id"),
        text("run_id"),
        big("contact_id"),
        text("kind"),
        text("cause"),
        text("payload"),
        text("before"),
        text("state"),
        big("attempts", default=0),
        text("reason", default=""),
        big("created_ms"),
        big("sent_ms", null=True),
        big("confirmed_ms", null=True),
        sa.UniqueConstraint("portal_id", "cause", name="uq_outbox_cause"),
        sa.Index("ix_outbox_state", "portal_id", "state", "id"),
        sa.Index("ix_outbox_sent", "portal_id", "state", "contact_id", "id"),
        sa.Index("ix_outbox_contact", "portal_id", "contact_id", "id"),
        sa.Index("ix_outbox_run", "portal_id", "run_id", "id"),
    )
    table("certificates", "at_ms", big("at_ms"), text("body"))
    table("usage", "day", text("day"), big("calls"))


def upgrade() -> None:
    _judged()
    _sent()


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
