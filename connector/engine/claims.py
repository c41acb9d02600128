"""Who is alive: a worker holds the lock of its name as long as its process lives, however it ends.

Getting the lock of another name is the proof that its process is dead and that its jobs may be taken over. SQLite: a
lock on a file beside the database, given up by the kernel. PostgreSQL: an advisory lock, given up with its connection;
a worker that lost that connection must end, for somebody else may be at its jobs by now.
"""

from __future__ import annotations

import fcntl
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from connector.clock import SystemClock
from connector.engine.records import Place
from connector.errors import StoreError

NAMESPACE = 0x1EAD  # tells these advisory locks from the store's
MOST_WORKERS = 64
PATIENCE_SECONDS = 60
_PLAIN = re.compile(r"[^A-Za-z0-9_.-]")


class Claim(Protocol):
    """A name that is held."""

    name: str

    def held(self) -> bool:
        """Whether it is still ours."""

    def release(self) -> None: ...


class FileClaim:
    """The lock of one name as a lock on a file."""

    def __init__(self, name: str, path: Path, descriptor: int) -> None:
        self.name = name
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, file: Path, name: str) -> FileClaim | None:
        path = file.with_name(f"{file.stem}.{_PLAIN.sub('-', name)}.lock")
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return None
            if _is(path, descriptor):
                return cls(name, path, descriptor)
            os.close(descriptor)  # removed by its last holder while we waited at the old file

    def held(self) -> bool:
        return self._descriptor >= 0

    def release(self) -> None:
        if self._descriptor < 0:
            return
        with suppress(FileNotFoundError):
            self._path.unlink()
        os.close(self._descriptor)
        self._descriptor = -1


def _is(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


class SessionClaim:
    """The lock of one name as an advisory lock of one connection."""

    def __init__(self, name: str, engine: sa.Engine, connection: sa.Connection) -> None:
        self.name = name
        self._engine = engine
        self._connection = connection

    @classmethod
    def take(cls, place: Place, name: str) -> SessionClaim | None:
        engine = place.lone_engine()
        connection = engine.connect()
        number = zlib.crc32(name.encode()) >> 1
        if connection.execute(sa.select(sa.func.pg_try_advisory_lock(NAMESPACE, number))).scalar():
            return cls(name, engine, connection)
        connection.close()
        engine.dispose()
        return None

    def held(self) -> bool:
        try:
            return self._connection.execute(sa.select(1)).scalar() == 1
        except SQLAlchemyError:
            return False

    def release(self) -> None:
        with suppress(SQLAlchemyError):
            self._connection.close()
        self._engine.dispose()


def take(place: Place, name: str) -> Claim | None:
    """The lock of that name, or None while a living process holds it."""
    file = place.file
    return FileClaim.take(file, name) if file is not None else SessionClaim.take(place, name)


def take_free(place: Place, prefix: str) -> Claim:
    """The first name ``prefix-1``, ``prefix-2`` … that nobody living holds: the same one again after a restart."""
    for number in range(1, MOST_WORKERS + 1):
        claim = take(place, f"{prefix}-{number}")
        if claim is not None:
            return claim
    raise StoreError(
        f"{MOST_WORKERS} workers of this machine are at this database already.", remedy="Stop some of them."
    )


@contextmanager
def in_turn(place: Place, name: str) -> Iterator[None]:
    """Wait for the lock of that name, hold it for the block."""
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE_SECONDS
    while (claim := take(place, name)) is None:
        if clock.monotonic() > deadline:
            raise StoreError("Another process has been busy with the engine's tables for a minute.", reason="locked")
        clock.sleep(0.1)
    try:
        yield
    finally:
        claim.release()
