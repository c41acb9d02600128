"""The tables at the front door: raw deliveries, whom they concern, which portals must be woken, counts of events, and
what processes agree on among each other (leases, what is good once).

On SQLite they lie in a file of their own beside the database (``leadwright-inbox.db`` beside ``leadwright.db``), with
the engine's tables: what is acknowledged must never wait for a transaction of the mirror (decision 10). On PostgreSQL
they lie in the same database.
"""

from __future__ import annotations

import sqlalchemy as sa

from connector.store.columns import big, blob, flag, text

FRONT = sa.MetaData()
FRONT_VERSION = 1

FRONT_META = sa.Table("front_meta", FRONT, sa.Column("key", sa.Text(), primary_key=True), text("value"))

# ``state``: new, done, held (``reason`` says why). ``body`` is what HubSpot signed, byte for byte; NULL once forgotten.
DELIVERIES = sa.Table(
    "deliveries",
    FRONT,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
    big("received_ms"),
    blob("body", null=True),
    text("state"),
    text("reason", default=""),
    sa.Index("ix_deliveries_state", "state", "id"),
    sa.Index("ix_deliveries_received", "received_ms"),
    sqlite_autoincrement=True,
)
# One row for each connected portal that a delivery speaks of; ``done`` once its notices are in that portal's inbox.
ADDRESSEES = sa.Table(
    "addressees",
    FRONT,
    big("portal_id"),
    big("delivery_id"),
    flag("done"),
    sa.PrimaryKeyConstraint("portal_id", "delivery_id"),
    sa.Index("ix_addressees_open", "portal_id", "done", "delivery_id"),
    sa.Index("ix_addressees_delivery", "delivery_id", "done"),
    sqlite_with_rowid=False,
)
# ``raised_ms`` NULL: nobody waits. Raised in the transaction that stores the work, lowered before the work is read.
WAKES = sa.Table(
    "wakes",
    FRONT,
    big("portal_id"),
    text("kind"),
    big("raised_ms", null=True),
    sa.PrimaryKeyConstraint("portal_id", "kind"),
)
# Who may do something for a portal that only one may do at a time, of all processes: ``holder`` until ``until_ms``.
# ``forced_ms``: when it was last done against all expectation.
LEASES = sa.Table(
    "leases",
    FRONT,
    big("portal_id"),
    text("purpose"),
    text("holder", default=""),
    big("until_ms", default=0),
    big("forced_ms", default=0),
    sa.PrimaryKeyConstraint("portal_id", "purpose"),
)
# What is good once and was used: ids of links and of answers, kept until they would be too old anyway.
SPENT = sa.Table("spent", FRONT, sa.Column("id", sa.Text(), primary_key=True), big("until_ms"))
TALLIES = sa.Table("tallies", FRONT, text("name"), text("label"), big("n"), sa.PrimaryKeyConstraint("name", "label"))
