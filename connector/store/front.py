"""The front store: where webhooks are acknowledged and jobs are enqueued, apart from the mirror's long transactions.

Same tools as ``Store`` (``unit``, ``view``), other tables (``front_schema``) and, on SQLite, another file. A commit
here is on the disk before it returns (``synchronous=FULL``): 2xx means stored.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from connector.errors import DatabaseNewer
from connector.store.engine import normal_url, sqlite_file
from connector.store.front_schema import FRONT, FRONT_META, FRONT_VERSION
from connector.store.migrate import MIGRATION_LOCK
from connector.store.store import Store

SUFFIX = "-inbox"


def front_url(url: str) -> str:
    """Where the front store of a database lies: a file beside a SQLite file, the same database on PostgreSQL."""
    parsed = normal_url(url)
    file = sqlite_file(parsed)
    if file is not None:
        parsed = parsed.set(database=str(file.with_name(f"{file.stem}{SUFFIX}{file.suffix}")))
    return parsed.render_as_string(hide_password=False)


class Front(Store):
    """The front store of one installation. Open it after forking, not before."""

    def __init__(self, url: str) -> None:
        super().__init__(front_url(url), synchronous="FULL", cache_mib=4)

    @classmethod
    def beside(cls, url: str) -> Front:
        """The front store that belongs to the database at ``url``; made when it is missing."""
        front = cls(url)
        try:
            front.upgrade()
        except BaseException:
            front.close()
            raise
        return front

    def upgrade(self) -> tuple[str | None, str]:
        """Make the tables where they are missing; a front made by newer code is refused."""
        self._prepare()
        with self._transaction(write=True) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            FRONT.create_all(connection)
            found = connection.execute(sa.select(FRONT_META.c.value).where(FRONT_META.c.key == "version")).scalar()
            if found is None:
                connection.execute(sa.insert(FRONT_META).values(key="version", value=str(FRONT_VERSION)))
            elif int(found) > FRONT_VERSION:
                raise DatabaseNewer(
                    "The inbox was made by a newer Leadwright.", remedy="Upgrade Leadwright, or restore a backup."
                )
        return (None if found is None else str(found)), str(FRONT_VERSION)

    def _prepare(self) -> str | None:
        """The file with its write-ahead log; the mirror's revisions mean nothing here."""
        if self.file is not None and not self.file.exists():
            super()._prepare()
        return None

    @property
    def path(self) -> Path | None:
        """The file on SQLite."""
        return self.file
