"""Alembic, called from here alone. Loaded by ``connector.store.migrate`` when there is something to migrate."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

FOLDER = Path(__file__).parent


def upgrade(connection: sa.Connection, target: str) -> None:
    """Run the steps up to ``target`` inside the caller's transaction."""
    command.upgrade(config(connection), target)


def config(connection: sa.Connection) -> Config:
    """Alembic's settings for this connection."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made
