"""Run by Alembic: the steps go through the connection handed over, in the transaction that is open on it."""

from __future__ import annotations

from alembic import context

from connector.store.migrate import VERSION_TABLE
from connector.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    # SQLite rolls DDL back like anything else, as long as nobody commits in between.
    transactional_ddl=True,
)
context.run_migrations()
