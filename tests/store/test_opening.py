"""Opening: only a database at the newest revision is worked with; making and migrating is all or nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from connector.errors import ConfigError, DatabaseNewer, StoreError
from connector.store import Store, migrate, portals
from connector.store.engine import normal_url
from connector.store.migrations import HEAD, REVISIONS, runner
from connector.store.schema import METADATA
from tests import databases
from tests.store.builders import IDENTITY, T0


@pytest.fixture
def empty(kind):
    url = databases.empty_url(kind)
    yield url
    databases.drop(url)


def at_revision(url: str, revision: str) -> None:
    store = Store(url)
    if store.file is not None:
        store.file.touch()
    with store.unit() as u:
        migrate.upgrade(u.connection, revision)
    store.close()


def test_a_database_without_tables_asks_for_init(empty):
    with pytest.raises(ConfigError, match="leadwright init") as caught:
        Store.open(empty)
    assert caught.value.exit_code == 2


def test_opening_a_missing_file_does_not_make_one():
    url = databases.empty_url("sqlite")
    with pytest.raises(ConfigError, match="leadwright init"):
        Store.open(url)
    assert Store.revision_of(url) is None
    assert not Store(url).file.exists()


def test_create_makes_everything(empty):
    store = Store.open(empty, create=True)
    assert store.revision() == HEAD
    store.close()
    Store.open(empty).close()


def test_create_makes_the_folder_too():
    url = f"sqlite:///{databases.scratch()}/var/deep/leadwright.db"
    Store.open(url, create=True).close()
    assert Store.revision_of(url) == HEAD


def test_upgrading_twice_changes_nothing(store):
    assert store.upgrade() == (HEAD, HEAD)


def test_an_older_database_asks_for_an_upgrade_and_keeps_its_rows(empty):
    at_revision(empty, REVISIONS[0])
    with pytest.raises(ConfigError, match="leadwright db upgrade"):
        Store.open(empty)
    half = Store(empty)
    with half.unit() as u:
        portals.add(u, "acme", "https://api.hubapi.com", None, IDENTITY, T0)
    assert half.upgrade() == (REVISIONS[0], HEAD)
    with half.view() as u:
        assert portals.by_name(u, "acme").hub_id == IDENTITY.hub_id
    half.close()


@pytest.mark.parametrize("create", [False, True])
def test_a_newer_database_is_refused_with_one_clear_line(store, url, create):
    with store.unit() as u:
        u.run(sa.text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(DatabaseNewer) as caught:
        Store.open(url, create=create)
    assert str(caught.value) == (
        "This database was made by a newer Leadwright (revision 9999). Upgrade Leadwright, or restore a backup."
    )
    assert Store.revision_of(url) == "9999"


def test_the_steps_make_what_the_schema_says(store):
    with store.view() as u:
        context = MigrationContext.configure(u.connection, opts={"version_table": migrate.VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []


def test_the_columns_stand_in_the_order_the_schema_says(store):
    with store.view() as u:
        found = sa.inspect(u.connection)
        for table in METADATA.sorted_tables:
            assert [column["name"] for column in found.get_columns(table.name)] == table.columns.keys()


def test_the_named_revisions_are_the_files(store):
    with store.view() as u:
        folder = ScriptDirectory.from_config(runner.config(u.connection))
    assert tuple(step.revision for step in reversed(list(folder.walk_revisions()))) == REVISIONS


def test_two_at_once_make_one_database(empty):
    failures = []

    def create():
        try:
            Store.open(empty, create=True).close()
        except StoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Store.revision_of(empty) == HEAD


SLOW_UPGRADE = """
import sys, time
import sqlalchemy as sa
from connector.store import Store
sa.event.listen(sa.Engine, "after_cursor_execute", lambda *_: time.sleep(0.003))
print("ready", flush=True)
Store.open(sys.argv[1], create=True)
"""


@pytest.mark.parametrize("after_ms", [10, 40, 70, 100, 130, 160, 190])
def test_killed_while_migrating_it_is_at_one_revision_or_the_other(empty, after_ms):
    at_revision(empty, REVISIONS[0])
    child = subprocess.Popen([sys.executable, "-c", SLOW_UPGRADE, empty], stdout=subprocess.PIPE)
    child.stdout.readline()
    with suppress(subprocess.TimeoutExpired):
        child.wait(after_ms / 1000)
    child.kill()
    child.communicate()
    store = Store(empty)
    revision = store.revision()
    with store.view() as u:
        tables = set(sa.inspect(u.connection).get_table_names())
    assert (revision, "receipts" in tables, "usage" in tables) in {(REVISIONS[0], False, False), (HEAD, True, True)}
    assert store.upgrade()[1] == HEAD
    with store.view() as u:
        context = MigrationContext.configure(u.connection, opts={"version_table": migrate.VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []
    store.close()


def test_sqlite_writes_ahead_and_does_not_wait_for_every_commit(kind, store):
    if kind == "sqlite":
        with store.view() as u:
            assert u.scalar(sa.text("PRAGMA journal_mode")) == "wal"
            assert u.scalar(sa.text("PRAGMA synchronous")) == 1
            assert u.scalar(sa.text("PRAGMA cache_size")) == -12 * 1024
            assert u.scalar(sa.text("PRAGMA busy_timeout")) == 30_000


def test_sqlite_can_be_told_to_wait_for_the_disk():
    store = Store.open(databases.fresh_url("sqlite"), synchronous="FULL", cache_mib=2)
    with store.view() as u:
        assert u.scalar(sa.text("PRAGMA synchronous")) == 2
        assert u.scalar(sa.text("PRAGMA cache_size")) == -2 * 1024
    store.close()


@pytest.mark.parametrize("url", ["postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d"])
def test_every_spelling_of_postgresql_means_psycopg(url):
    assert normal_url(url).drivername == "postgresql+psycopg"


@pytest.mark.parametrize("url", ["mysql://h/d", "sqlite://", "sqlite:///:memory:", "leadwright.db", ""])
def test_other_urls_are_refused_with_examples(url):
    with pytest.raises(ConfigError, match=r"sqlite:///var/leadwright\.db"):
        Store.open(url)


def test_a_bad_url_is_named_without_its_password():
    with pytest.raises(ConfigError) as caught:
        Store.open("mysql://root:hunter2@h/d")
    assert "hunter2" not in str(caught.value)
