"""The people who work here: users, roles, sessions, one-time links, sign-in attempts, the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.columns import big, blob, text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        text("email"),
        text("name", default=""),
        text("password_hash", null=True),
        big("password_ms", null=True),
        blob("totp_sealed", null=True),
        big("totp_step", default=0),
        text("recovery", default="[]"),
        text("language", default="en"),
        text("time_zone", default="UTC"),
        big("created_ms"),
        big("disabled_ms", null=True),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    op.create_table(
        "roles",
        big("portal_id"),
        big("user_id"),
        text("role"),
        sa.PrimaryKeyConstraint("portal_id", "user_id"),
        sa.Index("ix_roles_user", "user_id", "portal_id"),
        sqlite_with_rowid=False,
    )


def _entrance() -> None:
    op.create_table(
        "sessions",
        sa.Column("hash", sa.LargeBinary(), primary_key=True),
        big("user_id"),
        text("step", default=""),
        big("created_ms"),
        big("seen_ms"),
        big("fresh_until_ms"),
        text("said", default=""),
        text("address", default=""),
        text("browser", default=""),
        sa.Index("ix_sessions_user", "user_id"),
    )
    op.create_table(
        "links",
        sa.Column("hash", sa.LargeBinary(), primary_key=True),
        big("user_id"),
        text("purpose"),
        big("until_ms"),
        big("used_ms", null=True),
        sa.Index("ix_links_user", "user_id"),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.LargeBinary(), primary_key=True),
        blob("who"),
        text("kind"),
        big("at_ms"),
        sa.Index("ix_attempts_who", "who", "kind", "at_ms"),
        sa.Index("ix_attempts_at", "at_ms"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        big("at_ms"),
        big("portal_id", null=True),
        text("portal"),
        big("user_id", null=True),
        text("who"),
        text("what"),
        text("before"),
        text("after"),
        text("address"),
        blob("seal"),
        sa.Index("ix_audit_portal", "portal_id", "id"),
        sa.Index("ix_audit_user", "user_id", "id"),
    )


def upgrade() -> None:
    _users()
    _entrance()
    _audit()


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
