"""The same promises on both databases: every row comes back, the erased do not, numbers are never given again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from connector.clock import VirtualClock
from connector.errors import ConfigError
from connector.store import Store, erasures, portals, records
from connector.store.forgetting import forget_contact, person
from connector.store.front import Front
from connector.store.front_schema import ADDRESSEES, DELIVERIES, FRONT
from connector.store.journal import Buried, append, journal_of
from connector.store.schema import METADATA
from connector.sync import restoring
from tests import databases
from tests.store.builders import IDENTITY, T0, snapshot

ODD = {"firstname": "Zoë\t\\N\n\"'", "note": "tab\tand\\slash", "email": "zoe@x.example"}
CLOCK = VirtualClock(T0)


@pytest.fixture
def url(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)  # with PostgreSQL the journal lies in the working folder
    made = databases.empty_url(request.param)
    yield made
    databases.drop(made)


both = pytest.mark.parametrize("url", databases.KINDS, indirect=True)


def fill(url: str) -> int:
    """A portal with odd values, one that was removed, and a delivery."""
    store, front = Store.open(url, create=True), Front.beside(url)
    with store.unit() as u:
        kept = portals.add(u, "kept", "https://a.example", b"\x00\xffsealed", IDENTITY, T0).id
        gone = portals.add(u, "gone", "https://b.example", None, IDENTITY, T0).id
        portals.remove(u, gone)
        records.upsert(u, kept, "contacts", [snapshot(1, **ODD), snapshot(2, email="b@x.example")], T0)
    with front.unit() as u:
        number = u.run(
            sa.insert(DELIVERIES).values(
                received_ms=1, body=b'[{"objectId": 1}, {"objectId": 2}]', state="new", reason=""
            )
        ).inserted_primary_key[0]
        u.run(sa.insert(ADDRESSEES).values(portal_id=kept, delivery_id=number, done=False))
    front.close()
    store.close()
    return kept


def saved(url: str, file: Path) -> Path:
    store, front = Store.open(url), Front.beside(url)
    restoring.back_up(store, front, file, "0.1.0", CLOCK)
    front.close()
    store.close()
    return file


def everything(url: str) -> dict[str, list]:
    store, front = Store.open(url), Front.beside(url)
    found: dict[str, list] = {}
    for one, tables in ((store, METADATA.sorted_tables), (front, FRONT.sorted_tables)):
        with one.view() as u:
            found |= {t.name: sorted(map(str, u.rows(sa.select(t)))) for t in tables}
        one.close()
    found.pop("meta")
    return found


@both
def test_every_row_comes_back_as_it_was(url, tmp_path):
    kept = fill(url)
    before = everything(url)
    file = saved(url, tmp_path / "a.backup")
    store = Store.open(url)
    with store.unit() as u:
        records.upsert(u, kept, "contacts", [snapshot(1, 99, firstname="other"), snapshot(7)], T0 + 9)
    store.close()
    restoring.restore(url, file, CLOCK, replace=True)
    after = everything(url)
    assert after.pop("portals") != before.pop("portals")  # it knows that it was restored
    assert after == before


@both
def test_a_removed_portals_number_is_not_given_again(url, tmp_path):
    kept = fill(url)
    restoring.restore(url, saved(url, tmp_path / "a.backup"), CLOCK, replace=True)
    store = Store.open(url)
    with store.unit() as u:
        assert portals.add(u, "new", "https://c.example", b"", IDENTITY, T0).id == kept + 2
    store.close()


@both
def test_whoever_was_erased_after_the_backup_is_erased_from_it(url, tmp_path):
    kept = fill(url)
    file = saved(url, tmp_path / "a.backup")
    store = Store.open(url)
    with store.unit() as u:
        who = person(u, kept, 1)
        erasures.book(u, kept, who.ids, [b"hash"], "privacyDeletion", T0)
        forget_contact(u, kept, who)
    store.close()
    grave = erasures.Grave(2, b"h2", T0, None, "privacyDeletion", {})
    append(
        journal_of(url),
        [Buried(kept, IDENTITY.hub_id, grave), Buried(kept, 999, erasures.Grave(3, None, 1, None, "", {}))],
    )
    assert restoring.restore(url, file, CLOCK, replace=True)["erased_again"] == 2
    store, front = Store.open(url), Front.beside(url)
    with store.view() as u:
        assert records.count(u, kept, "contacts", live=False) == 0
        assert {g.object_id: g.email_hmac for g in erasures.every(u, kept)} == {1: b"hash", 2: b"h2"}
        assert erasures.unfinished(u, kept) == set()
    with front.view() as u:
        assert u.rows(sa.select(DELIVERIES.c.body, DELIVERIES.c.state)) == [(None, "done")]
    front.close()
    store.close()


@both
def test_an_empty_database_takes_a_backup_without_asking(url, tmp_path):
    fill(url)
    file = saved(url, tmp_path / "a.backup")
    other = databases.empty_url("sqlite" if url.startswith("sqlite") else "postgresql")
    restoring.restore(other, file, CLOCK, replace=False)
    assert everything(other)["contacts"] == everything(url)["contacts"]
    databases.drop(other)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_backup_of_one_kind_does_not_go_into_the_other(url, tmp_path):
    fill(url)
    file = saved(url, tmp_path / "a.backup")
    server = databases.empty_url("postgresql")
    with pytest.raises(ConfigError, match="of a sqlite database"):
        restoring.restore(server, file, CLOCK, replace=True)
    databases.drop(server)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_damaged_table_leaves_the_server_as_it_was(url, tmp_path):
    fill(url)
    file = saved(url, tmp_path / "a.backup")
    body = bytearray(file.read_bytes())
    middle = body.index(b"main/contacts.copy") if b"main/contacts.copy" in body else body.index(b"main/contacts")
    body[middle + 60 : middle + 64] = b"\xff\xff\xff\xff"
    file.write_bytes(body)
    before = everything(url)
    with pytest.raises(ConfigError, match="damaged"):
        restoring.restore(url, file, CLOCK, replace=True)
    assert everything(url) == before
