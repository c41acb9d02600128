"""A portal's copy for the laboratory: what judging reads, in a database of its own that is gone when it is closed.

Whatever is done in it, the installation's own database knows nothing of it. The folder is its owner's alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import sqlalchemy as sa

from connector.store import bulk
from connector.store.schema import (
    CERTIFICATES,
    DECISIONS,
    ENRICHMENT_SECRETS,
    ENRICHMENT_WISHES,
    GAPS,
    INBOX,
    PLANS,
    PORTALS,
    PROPERTY_HISTORY,
    QUARANTINE,
    RECEIPT_BODIES,
    RECEIPT_HISTORY,
    STRETCH_CHANGES,
    STRETCH_COLUMNS,
    STRETCHES,
    TENANT_TABLES,
    USAGE,
)
from connector.store.store import Store
from connector.store.unit import Unit, check_portal, mine

# What no judgement looks at. A table that is new is copied until somebody says that it need not be.
LEFT_OUT = frozenset(
    table.name
    for table in (
        CERTIFICATES,
        DECISIONS,
        ENRICHMENT_SECRETS,
        ENRICHMENT_WISHES,
        GAPS,
        INBOX,
        PLANS,
        PROPERTY_HISTORY,
        QUARANTINE,
        RECEIPT_BODIES,
        RECEIPT_HISTORY,
        STRETCHES,
        STRETCH_CHANGES,
        STRETCH_COLUMNS,
        USAGE,
    )
)
AT_ONCE = 5000


def sandbox(source: Store, portal_id: int) -> AbstractContextManager[Store]:
    """A database with that portal alone, live and without its token, for as long as the block lasts."""
    check_portal(portal_id)
    return _sandbox(source, portal_id)


@contextmanager
def _sandbox(source: Store, portal_id: int) -> Iterator[Store]:
    with tempfile.TemporaryDirectory(prefix="leadwright-lab-") as folder:
        copy = Store.open(f"sqlite:///{Path(folder) / 'lab.db'}", create=True)
        try:
            with source.view() as u, copy.unit() as into:
                _portal(u, into, portal_id)
                for table in TENANT_TABLES:
                    if table.name not in LEFT_OUT:
                        _copied(u, into, portal_id, table)
            yield copy
        finally:
            copy.close()


def _portal(u: Unit, into: Unit, portal_id: int) -> None:
    found = u.run(sa.select(PORTALS).where(PORTALS.c.id == portal_id)).mappings().one()
    into.run(sa.insert(PORTALS).values({**found, "token_sealed": None, "live": True}))


def _copied(u: Unit, into: Unit, portal_id: int, table: sa.Table) -> None:
    columns = [column for column in table.columns if column.name != "portal_id"]
    for rows in u.run(sa.select(*columns).where(mine(table, portal_id))).partitions(AT_ONCE):
        bulk.put(into, portal_id, table, [tuple(row) for row in rows], clash="nothing")
