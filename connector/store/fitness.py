"""Can this database be worked with: is it there, at the right revision, with room, and may it be written to?

Nothing is written to find out: a probe that writes would let anybody who may ask for readiness fill the disk's queue.
"""

from __future__ import annotations

import os
import shutil

import sqlalchemy as sa

from connector.errors import ConnectorError
from connector.store.engine import LOW_WATER
from connector.store.front import Front
from connector.store.migrations import HEAD
from connector.store.store import Store
from connector.store.words import FULL

MISSING, READ_ONLY = "the database file is missing", "the database may only be read"


def faults(store: Store) -> tuple[str, ...]:
    """What is wrong, in a few words each; empty when the store is fit."""
    try:
        found = _file_faults(store) if store.file is not None else _server_faults(store)
        if not found and not isinstance(store, Front) and (revision := store.revision()) != HEAD:
            found = [f"the database is at revision {revision}, not {HEAD}"]
        return tuple(found)
    except ConnectorError as fault:
        return (fault.message,)


def _file_faults(store: Store) -> list[str]:
    if store.file is None or not store.file.exists():
        return [MISSING]
    writable = os.access(store.file, os.W_OK) and os.access(store.file.parent, os.W_OK)
    room = shutil.disk_usage(store.file.parent).free >= LOW_WATER
    with store.view() as u:  # opens the file as well
        u.scalar(sa.text("SELECT 1"))
    return [word for word, good in ((READ_ONLY, writable), (FULL, room)) if not good]


def _server_faults(store: Store) -> list[str]:
    with store.view() as u:
        follows = u.scalar(sa.text("SELECT pg_is_in_recovery()"))
        closed = u.scalar(sa.text("SELECT current_setting('default_transaction_read_only') = 'on'"))
    return [READ_ONLY] if follows or closed else []
