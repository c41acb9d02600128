"""Graves: an erased id stands in the way of every row, and the grave itself tells nobody anything (P07)."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from connector.store import associations, erasures, journal, portals, records
from connector.store.erasures import Grave
from connector.store.forgetting import Person, about, forget_contact, person
from connector.store.front import Front
from connector.store.front_forgetting import forget_in_front, forget_portal, told_in_front, without
from connector.store.front_schema import ADDRESSEES, DELIVERIES, FRONT, WAKES
from connector.store.journal import Buried
from connector.store.schema import ERASURES, METADATA, TENANT_TABLES
from connector.vault import Vault
from tests.store.builders import IDENTITY, T0, snapshot

HUB = IDENTITY.hub_id


@pytest.fixture
def front(url):
    opened = Front.beside(url)
    yield opened
    with opened.unit() as u:
        for table in (DELIVERIES, ADDRESSEES, WAKES):
            u.run(sa.delete(table))
    opened.close()


def item(contact: int, hub: int = HUB, **more) -> dict:
    return {"portalId": hub, "objectId": contact, "subscriptionType": "contact.propertyChange", **more}


def deliver(front: Front, *items: dict, to: tuple[int, ...] = (1,), state: str = "new") -> int:
    with front.unit() as u:
        row = {"received_ms": T0, "body": json.dumps(items).encode(), "state": state, "reason": ""}
        number = u.run(sa.insert(DELIVERIES).values(row)).inserted_primary_key[0]
        for portal in to:
            u.run(sa.insert(ADDRESSEES).values(portal_id=portal, delivery_id=number, done=False))
    return number


def bodies(front: Front) -> dict[int, list | None]:
    with front.view() as u:
        rows = u.rows(sa.select(DELIVERIES.c.id, DELIVERIES.c.body))
    return {row[0]: json.loads(bytes(row[1])) if row[1] else None for row in rows}


def test_an_erased_id_takes_no_snapshot_no_grave_no_merge_no_link(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(1, email="a@x.example"), snapshot(2)], T0)
    erasures.book(u, portal, [1], [b"h"], "privacyDeletion", T0)
    forget_contact(u, portal, person(u, portal, 1))
    done = records.upsert(u, portal, "contacts", [snapshot(1, 99, email="a@x.example"), snapshot(2, 99)], T0 + 1)
    assert (done.created, done.changed) == ([], [])
    records.bury(u, portal, "contacts", [1], T0)
    assert records.merge(u, portal, "contacts", 1, 2, T0) == 2
    records.merge(u, portal, "contacts", 2, 1, T0)
    link = {5: (associations.Association("contacts", 1, 3, "", primary=False),)}
    associations.replace(u, portal, "deals", link, "contacts", T0)
    assert about(u, portal, Person(frozenset({1}))) == {}
    assert records.get(u, portal, "contacts", 2).archived is False


def test_a_company_of_the_same_number_is_nobodys_grave(u, portal):
    erasures.book(u, portal, [7], [], "privacyDeletion", T0)
    assert records.upsert(u, portal, "companies", [snapshot(7, object_type="companies", name="Werk")], T0).created == [
        7
    ]


def test_graves_are_a_portals_own(u, portal):
    other = portals.add(u, "other", "https://b.example", b"", IDENTITY, T0).id
    erasures.book(u, portal, [1], [], "privacyDeletion", T0)
    assert erasures.standing(u, other, [1]) == set()
    assert records.upsert(u, other, "contacts", [snapshot(1)], T0).created == [1]


def test_where_nobody_was_erased_a_transaction_looks_once(store, portal):
    seen: list[str] = []

    def note(_c, _cursor, statement, *_rest) -> None:
        seen.append(statement)

    with store.unit() as u:
        sa.event.listen(store.engine, "before_cursor_execute", note)
        for _ in range(3):
            assert erasures.standing(u, portal, [1, 2]) == set()
        sa.event.remove(store.engine, "before_cursor_execute", note)
    assert sum("FROM erasures" in statement for statement in seen) == 1


def test_thousands_of_graves_are_asked_one_by_one(u, portal, monkeypatch):
    monkeypatch.setattr(erasures, "MANY", 3)
    erasures.book(u, portal, range(1, 6), [], "privacyDeletion", T0)
    assert erasures.standing(u, portal, [2, 5, 9]) == {2, 5}
    assert erasures.standing(u, portal, []) == set()
    assert erasures.any_of(u, portal)


def test_an_erasure_of_an_own_transaction_counts_at_once(u, portal):
    assert erasures.standing(u, portal, [1]) == set()
    erasures.book(u, portal, [1], [], "privacyDeletion", T0)
    assert erasures.standing(u, portal, [1]) == {1}


def test_all_addresses_a_person_ever_had_are_found(u, portal):
    first = snapshot(1, email="Old@x.example", hs_additional_emails="second@x.example")
    records.upsert(u, portal, "contacts", [first], T0)
    records.upsert(u, portal, "contacts", [snapshot(1, 5, email="new@x.example", hs_merged_object_ids="8;9")], T0 + 5)
    who = person(u, portal, 1)
    assert set(who.emails) == {"old@x.example", "second@x.example", "new@x.example"}
    assert who.emails[0] == "new@x.example"
    assert who.ids == {1, 8, 9}


def test_the_grave_keeps_hashes_alone_and_a_list_of_addresses_gives_nothing_without_the_key(u, portal):
    vault, other = Vault(Vault.new_key()), Vault(Vault.new_key())
    names = [f"person{i}@mail.example" for i in range(5000)]
    kept = [vault.fingerprint(names[42], "x"), vault.fingerprint(names[43], "x")]
    erasures.book(u, portal, [1], kept, "privacyDeletion", T0)
    row = u.rows(sa.select(ERASURES))[0]
    assert b"person4" not in b"|".join(str(value).encode() if not isinstance(value, bytes) else value for value in row)
    known = erasures.hashes(u, portal)
    assert set(known) == set(kept)
    assert [n for n in names if other.fingerprint(n, "x") in known] == []
    assert [n for n in names if vault.fingerprint(n, "y") in known] == []
    assert [n for n in names if vault.fingerprint(n, "x") in known] == names[42:44]


def test_fingerprints_survive_a_rotation_of_the_key():
    old, new = Vault.new_key(), Vault.new_key()
    kept = Vault(old).fingerprint("a@x.example", "c")
    assert kept in Vault(f"{new},{old}").fingerprints("a@x.example", "c")
    assert Vault(f"{new},{old}").fingerprint("a@x.example", "c") == Vault(new).fingerprint("a@x.example", "c") != kept


def test_context_and_text_never_run_together():
    vault = Vault(Vault.new_key())
    assert vault.fingerprint("bc", "a") != vault.fingerprint("c", "ab")


def test_items_are_cut_out_of_raw_bodies_and_others_stay_as_they_were(front):
    whole = deliver(front, item(1), item(2, propertyValue="Anna@X.example"), item(3), item(1, hub=99))
    alone, same = deliver(front, item(1)), deliver(front, item(11), item(3))
    assert forget_in_front(front, HUB, Person(frozenset({1}), ("anna@x.example",))) == 2
    assert bodies(front) == {whole: [item(3), item(1, hub=99)], alone: None, same: [item(11), item(3)]}
    with front.view() as u:
        assert u.scalar(sa.select(ADDRESSEES.c.done).where(ADDRESSEES.c.delivery_id == alone)) in (True, 1)
        assert u.scalar(sa.select(DELIVERIES.c.state).where(DELIVERIES.c.id == alone)) == "done"


def test_many_bodies_are_walked_to_the_end(front):
    numbers = [deliver(front, item(1), item(2)) for _ in range(230)]
    assert forget_in_front(front, HUB, Person(frozenset({1}))) == 230
    assert bodies(front) == {number: [item(2)] for number in numbers}
    assert told_in_front(front, HUB, Person(frozenset({1}))) == []
    assert len(told_in_front(front, HUB, Person(frozenset({2})))) == 230


@pytest.mark.parametrize("body", [b'[{"objectId": 1, "prop', b"\xff\xfe 1", b""])
def test_a_body_that_cannot_be_read_goes_as_a_whole(body):
    assert without(body, HUB, Person(frozenset({1}))) is None


def test_removing_a_portal_leaves_no_row_of_it_and_others_untouched(store, front):
    with store.unit() as u:
        gone = portals.add(u, "gone", "https://a.example", b"", IDENTITY, T0).id
        stays = portals.add(u, "stays", "https://b.example", b"", IDENTITY, T0).id
        for one in (gone, stays):
            records.upsert(u, one, "contacts", [snapshot(1, email="a@x.example")], T0)
            erasures.book(u, one, [5], [], "privacyDeletion", T0)
    alone, both = deliver(front, item(1), to=(gone,)), deliver(front, item(1), item(1, hub=99), to=(gone, stays))
    theirs = deliver(front, item(1, hub=99), to=(stays,))
    with front.unit() as u:
        u.run(sa.insert(WAKES).values(portal_id=gone, kind="drain", raised_ms=1))
    with store.unit() as u:
        portals.remove(u, gone)
    assert forget_portal(front, gone, HUB) == {"deliveries": 2, "addressees": 2, "wakes": 1}
    assert bodies(front) == {both: [item(1, hub=99)], theirs: [item(1, hub=99)]}
    assert alone not in bodies(front)
    with store.view() as u, front.view() as f:
        for unit, tables in ((u, TENANT_TABLES), (f, [t for t in FRONT.sorted_tables if "portal_id" in t.c])):
            for table in tables:
                count = sa.select(sa.func.count()).select_from(table)
                assert unit.number(count.where(table.c.portal_id == gone)) == 0, table.name
        assert (
            u.number(
                sa.select(sa.func.count()).select_from(METADATA.tables["contacts"]).where(sa.text("portal_id > 0"))
            )
            == 1
        )


def test_the_journal_only_grows_and_reads_past_a_torn_line(tmp_path):
    file = tmp_path / "new" / "erasures.log"
    graves = [
        Grave(1, b"\x01\x02", 5, None, "privacyDeletion", {"also": ["0a"]}),
        Grave(2, None, 6, None, "by hand", {}),
    ]
    assert journal.append(file, [Buried(3, HUB, grave) for grave in graves])
    with file.open("ab") as torn:
        torn.write(b'{"portal": 3, "hub"')
    assert [one.grave for one in journal.read(file)] == graves
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert list(journal.read(tmp_path / "missing")) == []


def test_a_journal_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    assert journal.append(tmp_path / "file" / "erasures.log", []) is False


def test_graves_known_from_elsewhere_are_open_until_they_are_carried_out(u, portal):
    erasures.book(u, portal, [1], [], "privacyDeletion", T0)
    erasures.finish(u, portal, [1], {"rows": 3}, T0)
    fresh = Grave(2, b"h", T0, T0, "privacyDeletion", {})
    assert erasures.restore(u, portal, [fresh, Grave(1, None, T0, None, "x", {})]) == 1
    assert erasures.unfinished(u, portal) == {2}
    assert [grave.object_id for grave in erasures.every(u, portal)] == [1, 2]
