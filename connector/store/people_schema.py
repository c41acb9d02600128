"""The tables of the people who work here: users, roles, sessions, one-time links, sign-in attempts, the audit log;
and the tokens of programs.

They belong to the installation, not to a portal. Three name a portal all the same: a role and a token are given in one
(or, with number 0, everywhere) and leave with it; an entry of the audit log says which one it is about and stays, since
a log that loses entries proves nothing.
"""

from __future__ import annotations

import sqlalchemy as sa

from connector.store.columns import big, blob, owned, text
from connector.store.metadata import METADATA

USERS = sa.Table(
    "users",
    METADATA,
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
ROLES = sa.Table(
    "roles",
    METADATA,
    big("portal_id"),
    big("user_id"),
    text("role"),
    sa.PrimaryKeyConstraint("portal_id", "user_id"),
    sa.Index("ix_roles_user", "user_id", "portal_id"),
    sqlite_with_rowid=False,
)
# ``hash`` of the cookie, never the cookie. ``step``: empty for an open session, else what is still to be shown.
SESSIONS = sa.Table(
    "sessions",
    METADATA,
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
LINKS = sa.Table(
    "links",
    METADATA,
    sa.Column("hash", sa.LargeBinary(), primary_key=True),
    big("user_id"),
    text("purpose"),
    big("until_ms"),
    big("used_ms", null=True),
    sa.Index("ix_links_user", "user_id"),
)
# ``who``: a keyed hash of the address that was typed, known here or not. One row for each check of the last hour.
ATTEMPTS = sa.Table(
    "attempts",
    METADATA,
    sa.Column("id", sa.LargeBinary(), primary_key=True),
    blob("who"),
    text("kind"),
    big("at_ms"),
    sa.Index("ix_attempts_who", "who", "kind", "at_ms"),
    sa.Index("ix_attempts_at", "at_ms"),
)
AUDIT = sa.Table(
    "audit",
    METADATA,
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
# ``hash``: a keyed hash of the token, never the token. With ``user_id`` it can do no more than that person.
_OF_PORTAL, _KEY = owned("id")
API_TOKENS = sa.Table(
    "api_tokens",
    METADATA,
    _OF_PORTAL,
    text("id"),
    blob("hash"),
    text("name"),
    text("role"),
    big("user_id", null=True),
    text("made_by"),
    big("created_ms"),
    big("until_ms"),
    big("used_ms", null=True),
    _KEY,
    sa.UniqueConstraint("hash", name="uq_api_tokens_hash"),
)

OF_THE_INSTALLATION = (USERS, SESSIONS, LINKS, ATTEMPTS, AUDIT)
OPENERS = (SESSIONS, LINKS, ATTEMPTS)
