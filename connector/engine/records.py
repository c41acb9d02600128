"""The engine's own tables: where they lie, how they are opened and made. SQL of the library, none of ours.

On SQLite they lie in the front store's file, on PostgreSQL in a schema of their own in the same database.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

SCHEMA = "leadwright_engine"
BUSY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Place:
    """The database that holds the engine's tables: the front store's."""

    url: URL

    @classmethod
    def of(cls, front_url: str) -> Place:
        parsed = make_url(front_url)
        if parsed.get_backend_name() == "postgresql":
            return cls(parsed.set(drivername="postgresql+psycopg"))
        return cls(parsed)

    @property
    def file(self) -> Path | None:
        """The file on SQLite."""
        return Path(self.url.database or "").absolute() if self.url.get_backend_name() == "sqlite" else None

    @property
    def text(self) -> str:
        """The URL with its password, for the library alone; never log it."""
        return self.url.set(drivername=self.url.get_backend_name()).render_as_string(hide_password=False)

    def engine(self, size: int = 4) -> sa.Engine:
        """Connections for the library, pooled."""
        if self.file is not None:
            return _sqlite(self.url, size)
        return sa.create_engine(self.url, pool_size=size, max_overflow=size, **_POSTGRES)

    def lone_engine(self) -> sa.Engine:
        """PostgreSQL connections that live as long as whoever opened them, each outside of transactions."""
        return sa.create_engine(self.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", **_POSTGRES)

    def has_tables(self) -> bool:
        """Whether the engine's tables were made here, by whichever version."""
        engine = self.engine(1)
        try:
            return sa.inspect(engine).has_table("workflow_status", None if self.file else SCHEMA)
        finally:
            engine.dispose()


def let_go(engine: sa.Engine) -> None:
    """Close the library's connections; those its last threads still hold are closed as they come back, which a pool
    that is merely disposed of leaves to the garbage collector."""
    sa.event.listen(engine, "checkin", _close)
    engine.dispose()


def _close(connection: Any, _record: object) -> None:
    if connection is not None:
        connection.close()


_POSTGRES = {
    "pool_pre_ping": True,
    "hide_parameters": True,
    "connect_args": {"connect_timeout": 10, "application_name": "leadwright-engine"},
}


def _sqlite(url: URL, size: int) -> sa.Engine:
    """As the library opens a file (it begins a transaction only to write), with a commit that is on the disk."""
    engine = sa.create_engine(
        url,
        pool_size=size,
        max_overflow=size,
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        with closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA foreign_keys=ON")

    return engine
