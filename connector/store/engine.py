"""Engines for SQLite and PostgreSQL, and the one place where errors of the database become ours.

No message here names SQL or a value: PostgreSQL's own texts quote the offending row.
"""

from __future__ import annotations

import importlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, cast

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from connector.errors import ConfigError, ConnectorError, DiskFull, StoreError
from connector.store.words import FULL, LOCKED, ROOM

Synchronous = Literal["NORMAL", "FULL"]

WRITE = "leadwright_write"
BUSY_MS = 30_000
LOW_WATER = 1 << 20

_SQLITE: dict[int, tuple[str, str, str]] = {
    sqlite3.SQLITE_BUSY: ("locked", *LOCKED),
    sqlite3.SQLITE_LOCKED: ("locked", *LOCKED),
    sqlite3.SQLITE_READONLY: ("read_only", "The database may only be read.", "Give the service write access to it."),
    sqlite3.SQLITE_PERM: ("read_only", "The database may not be used.", "Give the service access to it."),
    sqlite3.SQLITE_CANTOPEN: ("unreachable", "The database file cannot be opened.", "Check its folder and its rights."),
    sqlite3.SQLITE_CORRUPT: ("corrupt", "The database file is damaged.", "Restore a backup."),
    sqlite3.SQLITE_NOTADB: ("corrupt", "The file is no SQLite database.", "Check LEADWRIGHT_DATABASE_URL."),
    sqlite3.SQLITE_IOERR: ("io", "The disk refused to read or write.", "Check the disk; nothing acknowledged is lost."),
}


def normal_url(url: str) -> URL:
    """The URL as SQLAlchemy wants it; names what is wrong without repeating a password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("The database URL cannot be read.", remedy=_EXAMPLES) from None
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise ConfigError(
            f"Leadwright keeps its data in SQLite or PostgreSQL, not {parsed.drivername}.", remedy=_EXAMPLES
        )
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise ConfigError("The database URL names no file.", remedy=_EXAMPLES)
    return parsed


_EXAMPLES = "Examples: sqlite:///var/leadwright.db, postgresql://user:password@host/leadwright"


def sqlite_file(url: URL) -> Path | None:
    """The database file, or None for PostgreSQL."""
    return Path(url.database or "").absolute() if url.get_backend_name() == "sqlite" else None


def make_engine(url: URL, *, synchronous: Synchronous = "NORMAL", cache_mib: int = 12) -> sa.Engine:
    """One engine per store; connections are few and used last-in-first-out, so that caches stay small."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, synchronous, cache_mib)
    return sa.create_engine(
        url,
        pool_size=5,
        max_overflow=27,
        pool_use_lifo=True,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 10,
            "application_name": "leadwright",
            "options": f"-c lock_timeout={BUSY_MS} -c timezone=UTC",
        },
    )


def let_go(engine: sa.Engine) -> None:
    """Close its connections, and those that threads still hold as soon as they come back: a pool that is disposed of
    would keep them open until nobody remembers it."""
    sa.event.listen(engine, "checkin", _close)
    engine.dispose()


def _close(_connection: Any, record: Any) -> None:
    record.invalidate()  # closes it, and lets the pool open another should somebody come back all the same


# ``secure_delete`` on every connection, not only while somebody is erased: what was overwritten long before must not
# lie in a free corner of the file either. (Debian's SQLite does so by itself; others do not.)
_ALWAYS = ("foreign_keys=OFF", "secure_delete=ON")


def _sqlite_engine(url: URL, synchronous: Synchronous, cache_mib: int) -> sa.Engine:
    engine = sa.create_engine(
        url,
        pool_size=4,
        max_overflow=28,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False, "cached_statements": 256},
    )

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say so, see _begin
        for pragma in (f"synchronous={synchronous}", f"cache_size=-{cache_mib * 1024}", *_ALWAYS):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A writer takes the write lock at once: a reader that turns writer half-way can only fail.
        writes = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def translated(file: Path | None = None) -> Iterator[None]:
    """Errors of the database leave as ours. ``from None``: the original's text may quote rows."""
    try:
        yield
    except DBAPIError as error:
        raise translate(error.orig, file) from None
    except PoolTimeout:
        raise StoreError("All database connections are in use.", reason="locked", remedy=LOCKED[1]) from None
    except _driver_errors(file) as error:
        raise translate(error, file) from None


def _driver_errors(file: Path | None) -> tuple[type[Exception], ...]:
    return (sqlite3.Error,) if file is not None else (sqlite3.Error, _postgres().ERROR)


def _postgres() -> ModuleType:
    """PostgreSQL's part, loaded where it is used: the driver takes 25 MB that an installation on SQLite keeps free."""
    return importlib.import_module("connector.store.postgres")


def translate(error: BaseException | None, file: Path | None = None) -> ConnectorError:
    """What the driver's error means."""
    if isinstance(error, sqlite3.Error):
        return _from_sqlite(error, file)
    if type(error).__module__.startswith("psycopg"):
        return cast("ConnectorError", _postgres().translate(error))
    return StoreError(f"The database failed ({type(error).__name__}).")


def _from_sqlite(error: sqlite3.Error, file: Path | None) -> ConnectorError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # A full disk shows as an I/O error too, when the shared-memory file beside the database cannot grow.
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _no_room(file)):
        return DiskFull(FULL, remedy=ROOM)
    if code in _SQLITE:
        reason, message, remedy = _SQLITE[code]
        return StoreError(message, reason=reason, remedy=remedy)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StoreError(f"The database refused a statement ({name}).")


def _no_room(file: Path | None) -> bool:
    return file is not None and file.parent.exists() and shutil.disk_usage(file.parent).free < LOW_WATER
