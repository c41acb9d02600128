"""Failures of the database leave as ours, with what to do, and without SQL or values; nothing is half-written."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from connector.errors import DiskFull, StoreError
from connector.store import Store, cursors, records
from connector.store.engine import translate
from connector.store.schema import CURSORS
from tests import databases
from tests.store.builders import T0, snapshot


@contextmanager
def tuned(store: Store, *statements: str):
    """Every new connection runs these first."""

    def connected(connection, _record):
        for statement in statements:
            connection.execute(statement)

    store.engine.dispose()
    sa.event.listen(store.engine, "connect", connected)
    yield
    sa.event.remove(store.engine, "connect", connected)
    store.engine.dispose()


@pytest.fixture
def sqlite_store():
    url = databases.fresh_url("sqlite")
    store = Store.open(url)
    yield store
    store.close()
    databases.drop(url)


def many(count: int, first: int = 1):
    return [snapshot(n, email=f"p{n}@example.com", note="x" * 500) for n in range(first, first + count)]


def go_on(store) -> None:
    with store.unit() as u:
        cursors.save(u, 1, "contacts", {"after": 2050}, T0)
        records.upsert(u, 1, "contacts", many(2000, 51), T0)


def test_a_full_disk_is_said_and_nothing_is_half_written(sqlite_store):
    with sqlite_store.unit() as u:
        records.upsert(u, 1, "contacts", many(50), T0)
        cursors.save(u, 1, "contacts", {"after": 50}, T0)
        pages = u.number(sa.text("PRAGMA page_count"))
    with tuned(sqlite_store, f"PRAGMA max_page_count = {pages + 4}"):
        with pytest.raises(DiskFull) as caught:
            go_on(sqlite_store)
        assert caught.value.reason == "disk_full"
        with sqlite_store.view() as u:
            assert records.count(u, 1, "contacts") == 50
            assert cursors.get(u, 1, "contacts") == {"after": 50}
    go_on(sqlite_store)  # there is room again: no opening anew
    with sqlite_store.view() as u:
        assert records.count(u, 1, "contacts") == 2050
        assert u.scalar(sa.text("PRAGMA integrity_check")) == "ok"


def test_a_held_lock_is_said(sqlite_store):
    other = sqlite3.connect(sqlite_store.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with tuned(sqlite_store, "PRAGMA busy_timeout = 20"):
        with pytest.raises(StoreError) as caught, sqlite_store.unit():
            pass
        assert caught.value.reason == "locked"
        with sqlite_store.view() as u:  # readers do not mind
            assert records.count(u, 1, "contacts") == 0
        other.execute("ROLLBACK")
        with sqlite_store.unit() as u:
            records.upsert(u, 1, "contacts", many(1), T0)
    other.close()


def own_soon(store) -> None:
    with store.unit() as u:
        u.run(sa.text("SET LOCAL lock_timeout = '20ms'"))
        u.own(1)


def test_a_held_lock_is_said_on_postgresql_too():
    store = Store.open(databases.fresh_url("postgresql"))
    with store.unit() as holder:
        holder.own(1)
        with pytest.raises(StoreError) as caught:
            own_soon(store)
    store.close()
    assert caught.value.reason == "locked"


def test_a_file_that_may_only_be_read_is_said(sqlite_store):
    with tuned(sqlite_store, "PRAGMA query_only = ON"), pytest.raises(StoreError) as caught, sqlite_store.view() as u:
        u.run(sa.text("DELETE FROM cursors WHERE portal_id = 1"))
    assert caught.value.reason == "read_only"


def test_a_file_that_is_no_database_is_said():
    file = databases.scratch() / "letter.db"
    file.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(StoreError) as caught:
        Store.open(f"sqlite:///{file}")
    assert caught.value.reason == "corrupt"


def test_a_folder_that_is_a_file_is_said():
    (databases.scratch() / "taken.db").mkdir()
    with pytest.raises(StoreError) as caught:
        Store.open(f"sqlite:///{databases.scratch()}/taken.db")
    assert caught.value.reason == "unreachable"


@pytest.mark.parametrize("path", ["nowhere", "?host=/nowhere"])
def test_a_server_that_is_not_there_is_said(path):
    with pytest.raises(StoreError) as caught:
        Store.open(f"postgresql://someone:hunter2@/{path}")
    assert caught.value.reason == "unreachable"
    assert "hunter2" not in str(caught.value)


def test_a_database_that_is_not_there_is_said():
    with pytest.raises(StoreError) as caught:
        Store.open(databases.server().get_uri("no_such_database"))
    assert caught.value.reason == "unreachable"


def write_what_is_refused(store, portal) -> None:
    row = {"portal_id": portal, "stream": "jane@example.com", "state": None, "updated_ms": 1}
    with store.unit() as u:
        u.run(sa.insert(CURSORS).values(row))


def test_messages_name_neither_sql_nor_values(store, portal):
    with pytest.raises(StoreError) as caught:
        write_what_is_refused(store, portal)
    told = "".join([str(caught.value), repr(caught.value), str(caught.value.__cause__)])
    assert "jane" not in told
    assert "INSERT" not in told
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("53100", "disk_full"),
        ("40P01", "locked"),
        ("40001", "locked"),
        ("55P03", "locked"),
        ("25006", "read_only"),
        ("42501", "read_only"),
        ("57P01", "unreachable"),
        ("08006", "unreachable"),
        ("53300", "unreachable"),
        ("28P01", "unreachable"),
        ("23505", "store"),
    ],
)
def test_what_postgresql_says_is_understood(state, reason):
    refusal = psycopg.Error("Key (email)=(jane@example.com) already exists")
    refusal.sqlstate = state
    error = translate(refusal)
    assert error.reason == reason
    assert "jane" not in str(error)


def test_a_full_disk_may_look_like_an_io_error(monkeypatch):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    assert translate(error, Path("/tmp/x.db")).reason == "io"
    monkeypatch.setattr("connector.store.engine.LOW_WATER", 1 << 62)
    assert isinstance(translate(error, Path("/tmp/x.db")), DiskFull)


def test_what_nobody_knows_is_still_ours():
    assert translate(None).reason == "store"
    assert translate(sqlite3.IntegrityError("x")).reason == "store"


def test_a_terminated_connection_heals(kind, store, portal):
    if kind == "postgresql":
        with store.view() as u:
            pid = u.number(sa.text("SELECT pg_backend_pid()"))
        with psycopg.connect(databases.server().get_uri(), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        with store.unit() as u:
            cursors.save(u, portal, "contacts", {}, T0)
