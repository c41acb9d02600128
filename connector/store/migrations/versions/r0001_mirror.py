"""The mirror: portals, documents, definitions, records with what hangs on them, activities, cursors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.columns import big, blob, flag, text
from connector.store.migrations.tables import records, table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _portals() -> None:
    op.create_table("meta", sa.Column("key", sa.Text(), primary_key=True), text("value"))
    op.create_table(
        "portals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
        text("name"),
        big("hub_id"),
        text("base_url"),
        blob("token_sealed", null=True),
        text("generation"),
        flag("live"),
        big("paused_ms", null=True),
        text("pause_reason", default=""),
        text("time_zone"),
        text("currency"),
        text("account_type"),
        text("ui_domain"),
        text("settings", default="{}"),
        big("created_ms"),
        sa.UniqueConstraint("name", name="uq_portals_name"),
        sqlite_autoincrement=True,
    )


def _definitions() -> None:
    table(
        "documents",
        "kind version",
        text("kind"),
        big("version"),
        text("state"),
        text("body"),
        text("hash"),
        text("author"),
        text("reason"),
        big("created_ms"),
        big("published_ms", null=True),
    )
    table("property_definitions", "object_type name", text("object_type"), text("name"), text("body"))
    table("owners", "id", big("id"), flag("active"), text("body"))
    table(
        "pipelines", "object_type id", text("object_type"), text("id"), big("position"), flag("archived"), text("label")
    )
    table(
        "stages",
        "object_type pipeline_id id",
        text("object_type"),
        text("pipeline_id"),
        text("id"),
        big("position"),
        text("label"),
        flag("closed"),
        sa.Column("probability", sa.Float(), nullable=True),
    )
    table("definition_reads", "what", text("what"), big("read_ms"))

    table("read_sets", "id", big("id"), text("names"))


def _records() -> None:
    records(
        "contacts",
        text("email", null=True),
        text("lifecycle_stage", null=True),
        big("owner_id", null=True),
        sa.Index("ix_contacts_stage", "portal_id", "lifecycle_stage", "archived"),
    )
    records("companies", text("name", null=True), text("domain", null=True), big("owner_id", null=True))
    records(
        "deals",
        text("pipeline", null=True),
        text("stage", null=True),
        text("amount", null=True),
        big("closed_ms", null=True),
        big("owner_id", null=True),
    )


def _links() -> None:
    table("dirty", "contact_id", big("contact_id"), big("token"), rowid=False)
    table(
        "emails",
        "email contact_id",
        text("email"),
        big("contact_id"),
        big("place"),
        sa.Index("ix_emails_contact", "portal_id", "contact_id"),
        rowid=False,
    )
    table(
        "aliases",
        "object_type old_id",
        text("object_type"),
        big("old_id"),
        big("winner_id"),
        big("seen_ms"),
        sa.Index("ix_aliases_winner", "portal_id", "object_type", "winner_id"),
        rowid=False,
    )
    table(
        "associations",
        "from_type from_id to_type to_id type_id label",
        text("from_type"),
        big("from_id"),
        text("to_type"),
        big("to_id"),
        big("type_id"),
        text("label"),
        flag("primary_link"),
        big("read_ms"),
        sa.Index("ix_associations_to", "portal_id", "to_type", "to_id"),
        rowid=False,
    )


def _activities() -> None:
    table(
        "activities",
        "contact_id at_ms source id",
        big("contact_id"),
        big("at_ms"),
        text("source"),
        text("id"),
        text("kind"),
        text("type"),
        text("ref"),
        text("title"),
        text("url"),
        text("asset"),
        text("verdict"),
        text("detail"),
        rowid=False,
    )
    table(
        "unclaimed_events",
        "email source id",
        text("email"),
        text("source"),
        text("id"),
        big("at_ms"),
        text("body"),
        rowid=False,
    )
    table(
        "property_history",
        "object_type record_id property at_ms origin",
        text("object_type"),
        big("record_id"),
        text("property"),
        big("at_ms"),
        big("origin"),
        text("before", null=True),
        text("after", null=True),
        big("seen_ms"),
        rowid=False,
    )
    table(
        "quarantine",
        "object_type record_id property",
        text("object_type"),
        big("record_id"),
        text("property"),
        text("raw", null=True),
        text("reason"),
        big("since_ms"),
    )
    table("cursors", "stream", text("stream"), text("state"), big("updated_ms"))


def upgrade() -> None:
    _portals()
    _definitions()
    _records()
    _links()
    _activities()


def downgrade() -> None:
    raise NotImplementedError("There is no way back; restore a backup.")
