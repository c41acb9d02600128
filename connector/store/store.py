"""The store: opening, migrating, and the edges of every transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import sqlalchemy as sa

from connector.errors import ConfigError
from connector.store import migrate
from connector.store.engine import WRITE, Synchronous, let_go, make_engine, normal_url, sqlite_file, translated
from connector.store.locks import writer_lock
from connector.store.migrations import HEAD
from connector.store.unit import Definitions, ReadSets, Unit

SMALL_BYTES = 256 << 20


class Store:
    """One database. May be used from several threads; open it after forking, not before."""

    def __init__(self, url: str, *, synchronous: Synchronous = "NORMAL", cache_mib: int = 12) -> None:
        """Use ``Store.open``; this looks at nothing."""
        parsed = normal_url(url)
        self.file = sqlite_file(parsed)
        self.engine = make_engine(parsed, synchronous=synchronous, cache_mib=cache_mib)
        self._read_sets: ReadSets = {}
        self._definitions: Definitions = {}

    @classmethod
    def open(cls, url: str, *, create: bool = False, synchronous: Synchronous = "NORMAL", cache_mib: int = 12) -> Store:
        """The database at its newest revision; with ``create`` it is made or migrated first, else refused."""
        store = cls(url, synchronous=synchronous, cache_mib=cache_mib)
        try:
            store.make_ready(create=create)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def revision_of(cls, url: str) -> str | None:
        """The revision of a database that need not be fit for use; None when it has no tables."""
        store = cls(url)
        try:
            return store.revision() if store.file is None or store.file.exists() else None
        finally:
            store.close()

    def make_ready(self, *, create: bool) -> None:
        if create:
            self.upgrade()
            return
        if self.file is not None and not self.file.exists():
            raise ConfigError(f"There is no database at {self.file}.", remedy="Run `leadwright init`.")
        migrate.refuse_other(self.revision())

    def upgrade(self) -> tuple[str | None, str]:
        """Make the tables or bring them to the newest revision; the revisions before and after."""
        before = self._prepare()
        with self._transaction(write=True) as connection:
            migrate.upgrade(connection)
        return before, HEAD

    def _prepare(self) -> str | None:
        """The revision found; a new SQLite file gets its folder and, once and for good, its write-ahead log."""
        if self.file is None:
            return self.revision()
        self._make_folder(self.file.parent)
        found = self.revision() if self.file.exists() else None
        migrate.refuse_newer(found)
        with translated(self.file), writer_lock(str(self.file)):
            raw = self.engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA query_only=OFF")
                raw.cursor().execute("PRAGMA journal_mode=WAL")
            finally:
                raw.close()
        return found

    @staticmethod
    def _make_folder(folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"The database's folder {folder} cannot be made ({error.strerror}).",
                remedy="Name another one in LEADWRIGHT_DATABASE_URL, or give write access.",
            ) from None

    def revision(self) -> str | None:
        with self._transaction(write=False) as connection:
            return migrate.revision(connection)

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """One write transaction: committed when the block ends, rolled back when it raises."""
        with self._transaction(write=True) as connection:
            yield Unit(connection, self._read_sets, self._definitions)

    @contextmanager
    def view(self) -> Iterator[Unit]:
        """One consistent read: everything in the block sees the same instant. Keep it short, it holds old pages."""
        with self._transaction(write=False) as connection:
            yield Unit(connection, self._read_sets, self._definitions)

    @contextmanager
    def _transaction(self, *, write: bool) -> Iterator[sa.Connection]:
        with (
            translated(self.file),
            self._turn(write=write),
            self._connection(write=write) as connection,
            connection.begin(),
        ):
            yield connection

    def _turn(self, *, write: bool) -> AbstractContextManager[None]:
        """SQLite's own waiting for the write lock is unfair; within the process writers queue."""
        return writer_lock(str(self.file)) if write and self.file is not None else nullcontext()

    def _connection(self, *, write: bool) -> sa.Connection:
        if self.file is not None:
            return self.engine.connect().execution_options(**{WRITE: write})
        if write:
            return self.engine.connect()
        return self.engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def scrub(self, *, whole: bool = False) -> bool:
        """After an erasure: write the file anew and empty the write-ahead log, whose older pages hold what was deleted.

        ``secure_delete`` overwrites rows, not the copies that the balancing of pages left in their gaps. A large file
        is written anew by night (``whole``), since that takes as long as copying it.

        True when no byte is left in the files. PostgreSQL keeps deleted rows until it vacuums them, and its log and
        replicas age out by the server's own settings: False.
        """
        if self.file is None:
            return False
        with translated(self.file), writer_lock(str(self.file)):
            raw = self.engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA query_only=OFF")
                small = self.file.stat().st_size <= SMALL_BYTES
                if small or whole:
                    raw.cursor().execute("VACUUM")
                busy = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                raw.close()
        return not busy and (small or whole)

    def close(self) -> None:
        let_go(self.engine)
