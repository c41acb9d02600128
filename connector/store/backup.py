"""A consistent copy of both stores while they are at work, and its way back.

SQLite: each file through its online backup, the front first: what it calls done is in the mirror copied after it.
PostgreSQL: every table of ours by COPY, all in one REPEATABLE READ snapshot. Not here: erasures that a restored copy
must forget again, and what a restored portal may not do yet (``connector/sync/restoring.py``).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connector.errors import ConfigError
from connector.store import migrate
from connector.store.archive import PIECE, Manifest, Packer, Unpacker, damaged
from connector.store.engine import normal_url, sqlite_file, translated
from connector.store.front import Front, front_url
from connector.store.front_schema import FRONT, FRONT_VERSION, WAKES
from connector.store.migrate import VERSION_TABLE
from connector.store.migrations import HEAD
from connector.store.schema import METADATA
from connector.store.store import Store
from connector.store.unit import Unit

MAIN_FILE, FRONT_FILE = "main.db", "front.db"
PAGES = 2000
SQLITE, POSTGRESQL = "sqlite", "postgresql"
NUMBERED = {"portals": "id", "deliveries": "id"}


def _tables() -> dict[str, sa.Table]:
    """Part name → table, for PostgreSQL."""
    main = {f"main/{table.name}": table for table in METADATA.sorted_tables}
    return main | {f"front/{table.name}": table for table in FRONT.sorted_tables}


def back_up(store: Store, front: Front, file: Path, version: str, now_ms: int) -> Manifest:
    """Write a backup of everything to ``file``, whole or not at all. Others go on reading and writing."""
    with Packer(file) as packer:
        if store.file is not None and front.file is not None:
            for name, source in ((FRONT_FILE, front.file), (MAIN_FILE, store.file)):
                _add_file(packer, name, source, file.with_name(f"{file.name}.{name}.part"))
            manifest = Manifest(version, SQLITE, HEAD, FRONT_VERSION, now_ms, tuple(packer.parts))
        else:
            with store.view() as u:
                for name, table in _tables().items():
                    packer.add(name, _copied(u, table), [column.name for column in table.c])
                numbers = {table: _sequence(u, table, column) for table, column in NUMBERED.items()}
            manifest = Manifest(version, POSTGRESQL, HEAD, FRONT_VERSION, now_ms, tuple(packer.parts), numbers)
        packer.close(manifest)
    return manifest


def _add_file(packer: Packer, name: str, source: Path, landing: Path) -> None:
    """A snapshot of a database at work: copied a few pages at a time, so that writers get their turn."""
    try:
        os.close(os.open(landing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        with translated(source), closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(landing)) as copy:
            read.execute("BEGIN")  # one instant, whatever is written meanwhile; WAL lets everybody go on
            read.execute("SELECT 1 FROM sqlite_master").fetchone()
            read.backup(copy, pages=PAGES)
            copy.execute("PRAGMA journal_mode=DELETE")
        packer.add(name, _read(landing))
    finally:
        for leftover in (landing, landing.with_name(f"{landing.name}-journal")):
            leftover.unlink(missing_ok=True)


def _read(file: Path) -> Iterator[bytes]:
    with file.open("rb") as read:
        while piece := read.read(PIECE):
            yield piece


def _copied(u: Unit, table: sa.Table) -> Iterator[bytes | memoryview]:
    cursor: Any = u.connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {table.name} ({_columns([c.name for c in table.c])}) TO STDOUT".encode()) as rows:
        yield from rows


def _columns(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _sequence(u: Unit, table: str, column: str) -> int:
    """The last number given, so that a removed portal's is not given again."""
    return u.number(sa.select(sa.column("last_value")).select_from(sa.text(_sequence_name(u, table, column))))


def _sequence_name(u: Unit, table: str, column: str) -> str:
    return str(u.scalar(sa.select(sa.func.pg_get_serial_sequence(table, column))))


def refuse_other(unpacker: Unpacker, url: str) -> None:
    """A backup of another kind of database, of a newer schema, or with parts that are none, is refused untouched."""
    manifest, file = unpacker.manifest, sqlite_file(normal_url(url))
    kind = SQLITE if file is not None else POSTGRESQL
    if manifest.kind != kind:
        raise ConfigError(
            f"The backup is of a {manifest.kind} database, LEADWRIGHT_DATABASE_URL names a {kind} one.",
            remedy="Restore it into its own kind.",
        )
    migrate.refuse_newer(manifest.revision)
    if manifest.front_version > FRONT_VERSION:
        raise ConfigError("The backup's inbox was made by a newer Leadwright.", remedy="Upgrade Leadwright first.")
    known = {MAIN_FILE, FRONT_FILE} if file is not None else set(_tables())
    folder = file.parent if file is not None else Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    unpacker.refuse_unless_it_fits(known, folder)
    if file is not None and {part.name for part in manifest.parts} != known:
        raise damaged("a database is missing in it")


class Landing:
    """SQLite: the restored pair under other names beside the database, mended there before it takes its place."""

    def __init__(self, url: str) -> None:
        file = sqlite_file(normal_url(url))
        if file is None:
            raise ConfigError("Only SQLite lands in files.")
        self.url = f"sqlite:///{file.with_name(f'{file.name}.restoring')}"
        self._pairs = [(_file(self.url), file), (_file(front_url(self.url)), _file(front_url(url)))]

    def unpack(self, unpacker: Unpacker) -> None:
        self.clear()
        for name, (landing, _) in zip((MAIN_FILE, FRONT_FILE), self._pairs, strict=True):
            with os.fdopen(os.open(landing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.writelines(unpacker.pieces(name))
            with closing(sqlite3.connect(landing)) as found:
                _refuse_unsound(found, name)

    def settle(self) -> None:
        """Both take their places; what lay there before is gone."""
        for landing, place in self._pairs:
            for suffix in ("-wal", "-shm"):
                place.with_name(place.name + suffix).unlink(missing_ok=True)
            landing.replace(place)

    def clear(self) -> None:
        for landing, _ in self._pairs:
            for suffix in ("", "-wal", "-shm", "-journal"):
                landing.with_name(landing.name + suffix).unlink(missing_ok=True)


def _file(url: str) -> Path:
    found = sqlite_file(normal_url(url))
    assert found is not None  # noqa: S101 - both names come from a SQLite URL
    return found


def _refuse_unsound(database: sqlite3.Connection, name: str) -> None:
    try:
        found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        database.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error:
        found = "unreadable"
    if found != "ok":
        raise damaged(f"{name} is no sound database")


def take_in(u: Unit, unpacker: Unpacker) -> None:
    """PostgreSQL: every table replaced by the backup's, brought to this code's schema, in the caller's transaction."""
    connection, manifest = u.connection, unpacker.manifest
    METADATA.drop_all(connection)
    connection.execute(sa.text(f"DROP TABLE IF EXISTS {VERSION_TABLE}"))
    migrate.upgrade(connection, manifest.revision)
    FRONT.create_all(connection)
    for table in FRONT.sorted_tables:
        connection.execute(sa.delete(table))
    for name, table in _tables().items():
        if any(part.name == name for part in manifest.parts):
            _fill(u, table, name, unpacker)
    migrate.upgrade(connection)
    for table_name, last in manifest.sequences.items():
        if table_name in NUMBERED and last:
            sequence = _sequence_name(u, table_name, NUMBERED[table_name])
            connection.execute(
                sa.select(sa.func.setval(sa.cast(sequence, sa.Text()).op("::")(sa.text("regclass")), last))
            )


def _fill(u: Unit, table: sa.Table, name: str, unpacker: Unpacker) -> None:
    columns = [column for column in unpacker.columns(name) if column in table.c]
    if len(columns) != len(unpacker.columns(name)):
        raise damaged(f"{name} has columns that do not belong there")
    cursor: Any = u.connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {table.name} ({_columns(columns)}) FROM STDIN".encode()) as rows:
        for piece in unpacker.pieces(name):
            rows.write(piece)


def wake_nobody(u: Unit) -> None:
    """In a restored front store no flag is raised: the sweep finds whoever has work.

    Signs of life stay: they end when the backup was made, and that silence is the gap which the next start books.
    """
    u.run(sa.update(WAKES).values(raised_ms=None))
