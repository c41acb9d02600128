"""All tables. What they mean stands in the family modules; how they came about in ``migrations/``.

Every table but ``portals``, ``meta`` and those of people (``people_schema``) has the portal first in its key. JSON is
text we write ourselves. Narrow tables that are read in key order are WITHOUT ROWID on SQLite; wide ones are not
(measured: inserts a fifth slower).
"""

from __future__ import annotations

import sqlalchemy as sa

from connector.store import metadata
from connector.store.columns import big, blob, flag, owned, partial, text
from connector.store.people_schema import OF_THE_INSTALLATION

METADATA = metadata.METADATA
TENANT_LOCK = 0x1EAD


def _table(name: str, key: str, *parts: sa.schema.SchemaItem, rowid: bool = True) -> sa.Table:
    first, primary = owned(*key.split())
    return sa.Table(name, METADATA, first, *parts, primary, sqlite_with_rowid=rowid)


META = sa.Table("meta", METADATA, sa.Column("key", sa.Text(), primary_key=True), text("value"))

PORTALS = sa.Table(
    "portals",
    METADATA,
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
    sqlite_autoincrement=True,  # a removed portal's id is never given again
)

DOCUMENTS = _table(
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
DRAFTS = _table(
    "drafts",
    "id",
    big("id"),
    text("kind"),
    text("author"),
    big("base"),
    big("revision"),
    flag("open"),
    text("body"),
    big("saved_ms"),
    sa.UniqueConstraint("portal_id", "kind", "author", name="uq_drafts_author"),
)
SIGNATURES = _table(
    "signatures", "kind hash side", text("kind"), text("hash"), text("side"), text("who"), big("at_ms"), text("remark")
)
PROPERTY_DEFINITIONS = _table(
    "property_definitions", "object_type name", text("object_type"), text("name"), text("body")
)
OWNERS = _table("owners", "id", big("id"), flag("active"), text("body"))
PIPELINES = _table(
    "pipelines", "object_type id", text("object_type"), text("id"), big("position"), flag("archived"), text("label")
)
STAGES = _table(
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
DEFINITION_READS = _table("definition_reads", "what", text("what"), big("read_ms"))

READ_SETS = _table("read_sets", "id", big("id"), text("names"))


def _records(name: str, *promoted: sa.schema.SchemaItem) -> sa.Table:
    """A table of mirrored records; ``props`` stands last, so that the small columns are reached without it."""
    return _table(
        name,
        "id",
        big("id"),
        big("created_ms", null=True),
        big("modified_ms"),
        big("read_ms"),
        big("first_seen_ms"),
        blob("hash"),
        big("read_set"),
        flag("archived"),
        big("archived_ms", null=True),
        big("merged_into", null=True),
        *promoted,
        text("props"),
        sa.Index(f"ix_{name}_created", "portal_id", "created_ms", "archived"),
        sa.Index(f"ix_{name}_graves", "portal_id", "archived_ms", "id", **partial("archived_ms IS NOT NULL")),
    )


CONTACTS = _records(
    "contacts",
    text("email", null=True),
    text("lifecycle_stage", null=True),
    big("owner_id", null=True),
    sa.Index("ix_contacts_stage", "portal_id", "lifecycle_stage", "archived"),
)
COMPANIES = _records("companies", text("name", null=True), text("domain", null=True), big("owner_id", null=True))
DEALS = _records(
    "deals",
    text("pipeline", null=True),
    text("stage", null=True),
    text("amount", null=True),
    big("closed_ms", null=True),
    big("owner_id", null=True),
)
DIRTY = _table("dirty", "contact_id", big("contact_id"), big("token"), rowid=False)
# What every contact of a stretch of ids says, as columns, for judging everybody at once; and who changed since.
STRETCHES = _table("stretches", "after_id", big("after_id"), big("last_id"), big("token"), rowid=False)
STRETCH_COLUMNS = _table("stretch_columns", "after_id name", big("after_id"), text("name"), blob("body"))
STRETCH_CHANGES = _table("stretch_changes", "contact_id", big("contact_id"), big("token"), rowid=False)
EMAILS = _table(
    "emails",
    "email contact_id",
    text("email"),
    big("contact_id"),
    big("place"),
    sa.Index("ix_emails_contact", "portal_id", "contact_id"),
    rowid=False,
)
ALIASES = _table(
    "aliases",
    "object_type old_id",
    text("object_type"),
    big("old_id"),
    big("winner_id"),
    big("seen_ms"),
    sa.Index("ix_aliases_winner", "portal_id", "object_type", "winner_id"),
    rowid=False,
)
ASSOCIATIONS = _table(
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
LISTS = _table(
    "lists",
    "list_id",
    text("list_id"),
    text("name"),
    flag("known"),
    text("why", default=""),
    big("size", null=True),
    big("read_ms"),
)
LIST_MEMBERSHIPS = _table(
    "list_memberships",
    "contact_id list_id",
    big("contact_id"),
    text("list_id"),
    big("since_ms", null=True),
    sa.Index("ix_list_memberships_list", "portal_id", "list_id", "contact_id", "since_ms"),
    rowid=False,
)
ACTIVITIES = _table(
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
UNCLAIMED_EVENTS = _table(
    "unclaimed_events",
    "email source id",
    text("email"),
    text("source"),
    text("id"),
    big("at_ms"),
    text("body"),
    rowid=False,
)
PROPERTY_HISTORY = _table(
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
QUARANTINE = _table(
    "quarantine",
    "object_type record_id property",
    text("object_type"),
    big("record_id"),
    text("property"),
    text("raw", null=True),
    text("reason"),
    big("since_ms"),
)
CURSORS = _table("cursors", "stream", text("stream"), text("state"), big("updated_ms"))

RECEIPTS = _table(
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
    text("face", default=""),
    big("changed_ms", default=0),
    big("stage_ms", default=0),
    sa.Index("ix_receipts_score", "portal_id", "score", "contact_id", "grade", "stage"),
    sa.Index("ix_receipts_changed", "portal_id", "changed_ms", "contact_id", "score", "grade", "stage"),
    sa.Index("ix_receipts_stage", "portal_id", "stage", "stage_ms", "contact_id"),
    sa.Index("ix_receipts_face", "portal_id", "contact_id", "face"),
    sa.Index("ix_receipts_due", "portal_id", "contact_id", "due_ms", **partial("due_ms IS NOT NULL")),
)
# A body is thirty times as long as all else that a receipt says, and asked for one contact at a time.
RECEIPT_BODIES = _table(
    "receipt_bodies", "contact_id", big("contact_id"), big("at_ms"), text("model"), big("version"), text("body")
)
RECEIPT_HISTORY = _table(
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
DECISIONS = _table(
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
NURTURE_PLACES = _table(
    "nurture_places",
    "contact_id nurture entry",
    big("contact_id"),
    text("nurture"),
    big("entry"),
    big("version"),
    text("step"),
    flag("active"),
    big("ended_ms", null=True),
    text("body"),
    sa.Index("ix_nurture_places_active", "portal_id", "active", "nurture", "step"),
)
HOLDS = _table(
    "holds",
    "contact_id effect gate",
    big("contact_id"),
    text("effect"),
    text("gate"),
    text("why"),
    text("remedy"),
    big("since_ms"),
)
RUNS = _table(
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
PLANS = _table("plans", "hash", text("hash"), big("made_ms"), text("body"))
OUTBOX = _table(
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
INBOX = _table(
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
FLIPS = _table(
    "flips",
    "contact_id property at_ms",
    big("contact_id"),
    text("property"),
    big("at_ms"),
    text("writer"),
    rowid=False,
)
FROZEN = _table("frozen", "contact_id property", big("contact_id"), text("property"), big("since_ms"), text("writers"))
UNDONE = _table(
    "undone",
    "contact_id property",
    big("contact_id"),
    text("property"),
    text("value", null=True),
    text("run_id"),
    big("at_ms"),
)
GAPS = _table("gaps", "from_ms", big("from_ms"), big("to_ms"), big("healed_ms", null=True), text("why"))
ERASURES = _table(
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
STAGE_STEPS = _table(
    "stage_steps",
    "contact_id at_ms",
    big("contact_id"),
    big("at_ms"),
    text("before"),
    text("stage"),
    text("cause"),
    sa.Index("ix_stage_steps_at", "portal_id", "at_ms"),
    rowid=False,
)
OPT_IN_STEPS = _table(
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
HANDOFFS = _table(
    "handoffs",
    "contact_id at_ms",
    big("contact_id"),
    big("at_ms"),
    big("owner_id"),
    text("pool", default=""),
    text("stage"),
    text("answer", default=""),
    text("reason", default=""),
    big("answered_ms", null=True),
    big("closed_ms", null=True),
    sa.Index("ix_handoffs_open", "portal_id", "closed_ms", "owner_id"),
    sa.Index("ix_handoffs_at", "portal_id", "at_ms"),
)
ENRICHMENTS = _table(
    "enrichments",
    "provider domain asked_ms",
    text("provider"),
    text("domain"),
    big("asked_ms"),
    big("checked_ms"),
    big("until_ms"),
    text("names"),
    text("body"),
)
ENRICHMENT_WISHES = _table(
    "enrichment_wishes",
    "provider domain",
    text("provider"),
    text("domain"),
    big("since_ms"),
    big("due_ms"),
    big("failures"),
    text("why", default=""),
    sa.Index("ix_enrichment_wishes_due", "portal_id", "provider", "due_ms"),
)
ENRICHMENT_SECRETS = _table("enrichment_secrets", "origin", text("origin"), blob("sealed"))
CERTIFICATES = _table("certificates", "at_ms", big("at_ms"), text("body"))
USAGE = _table("usage", "day", text("day"), big("calls"))
QUALITY_DAYS = _table(
    "quality_days",
    "day",
    text("day"),
    big("at_ms"),
    big("total"),
    *(sa.Column(name, sa.Float(), nullable=True) for name in ("complete", "valid", "fresh", "unique_share")),
)

TENANT_TABLES = tuple(
    table for table in METADATA.sorted_tables if "portal_id" in table.c and table not in OF_THE_INSTALLATION
)
RECORD_TABLES = {"contacts": CONTACTS, "companies": COMPANIES, "deals": DEALS}
