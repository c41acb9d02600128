"""PostgreSQL's errors as ours. Loaded by ``engine`` when a database is PostgreSQL; nothing else imports the driver."""

from __future__ import annotations

import psycopg

from connector.errors import ConnectorError, DiskFull, StoreError
from connector.store.words import FULL, LOCKED, ROOM

ERROR = psycopg.Error
_STATES: dict[str, tuple[str, str, str]] = {
    "40P01": ("locked", *LOCKED),
    "40001": ("locked", *LOCKED),
    "55P03": ("locked", *LOCKED),
    "25006": ("read_only", "The database may only be read.", "Connect to the primary server."),
    "42501": ("read_only", "The database role lacks a right.", "Grant it the tables of Leadwright."),
    "3D000": ("unreachable", "PostgreSQL has no database of that name.", "Create it, or mend LEADWRIGHT_DATABASE_URL."),
    "28P01": ("unreachable", "PostgreSQL rejects the password.", "Mend LEADWRIGHT_DATABASE_URL."),
    "28000": ("unreachable", "PostgreSQL rejects the login.", "Mend LEADWRIGHT_DATABASE_URL."),
    "53300": ("unreachable", "PostgreSQL has no connection left.", "Raise max_connections or run fewer processes."),
}
_GONE = ("unreachable", "PostgreSQL cannot be reached.", "Check that it runs and LEADWRIGHT_DATABASE_URL names it.")


def translate(error: psycopg.Error) -> ConnectorError:
    """What an error of the driver means; its own text may quote rows and stays out."""
    state = error.sqlstate or ""
    if state == "53100":
        return DiskFull(FULL, remedy=ROOM)
    if state in _STATES:
        reason, message, remedy = _STATES[state]
    elif state.startswith(("08", "57P")) or (not state and isinstance(error, psycopg.OperationalError)):
        reason, message, remedy = _GONE
    else:
        return StoreError(f"The database refused a statement ({state or type(error).__name__}).")
    return StoreError(message, reason=reason, remedy=remedy)
