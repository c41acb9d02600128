"""Alembic, called from here alone: make or migrate the tables in one transaction, and say which step they are at."""

from __future__ import annotations

import importlib

import sqlalchemy as sa

from connector.errors import ConfigError, DatabaseNewer
from connector.store.migrations import HEAD, REVISIONS

# A name of its own: other programs in the same PostgreSQL database keep an ``alembic_version`` too.
VERSION_TABLE = "leadwright_revision"
MIGRATION_LOCK = 0x1EADAE


def revision(connection: sa.Connection) -> str | None:
    """The step the tables are at; None when there are none."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    table = sa.table(VERSION_TABLE, sa.column("version_num"))
    found = connection.execute(sa.select(table.c.version_num)).scalar()
    return str(found) if found is not None else None


def upgrade(connection: sa.Connection, target: str = HEAD) -> None:
    """Bring the tables to that step, inside the caller's transaction: all of it or nothing."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    refuse_newer(revision(connection))
    if revision(connection) != target:
        # Alembic is needed on the day of a migration alone, and takes 12 MB on every other.
        importlib.import_module("connector.store.migrations.runner").upgrade(connection, target)


def refuse_newer(found: str | None) -> None:
    if found is not None and found not in REVISIONS:
        raise DatabaseNewer(
            f"This database was made by a newer Leadwright (revision {found}).",
            remedy="Upgrade Leadwright, or restore a backup.",
        )


def refuse_other(found: str | None) -> None:
    """Only the newest step is fit for work."""
    refuse_newer(found)
    if found is None:
        raise ConfigError("The database has no tables yet.", remedy="Run `leadwright init`.")
    if found != HEAD:
        raise ConfigError(
            f"The database is at revision {found}, this Leadwright needs {HEAD}.", remedy="Run `leadwright db upgrade`."
        )
