"""The audit log: it only grows, and whoever changes it without the key is named by the first entry that is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from connector.model.people import Deed
from connector.store import audit, meta
from connector.store.people_schema import AUDIT
from connector.vault import Vault
from tests.store.builders import T0

VAULT = Vault(Vault.new_key())
DEED = Deed(T0, "anna@x.example", "Changed roles", 1, None, "", "viewer", "editor", "192.0.2.1")


def filled(u, count: int = 6) -> None:
    for number in range(count):
        audit.book(u, VAULT, replace(DEED, at_ms=T0 + number, portal_id=1 + number % 2, user_id=1 + number // 3))


def test_entries_are_numbered_from_one_and_come_newest_first(u):
    assert [audit.book(u, VAULT, DEED) for _ in range(3)] == [1, 2, 3]
    assert [entry.id for entry in audit.page(u)] == [3, 2, 1]
    assert audit.page(u)[0].deed == DEED
    assert audit.count(u) == 3


def test_by_portal_by_person_and_page_by_page(u):
    filled(u)
    assert [entry.id for entry in audit.page(u, portal_id=2)] == [6, 4, 2]
    assert [entry.id for entry in audit.page(u, user_id=1)] == [3, 2, 1]
    assert [entry.id for entry in audit.page(u, portal_id=1, user_id=2)] == [5]
    assert [entry.id for entry in audit.page(u, limit=2)] == [6, 5]
    assert [entry.id for entry in audit.page(u, before=5, limit=2)] == [4, 3]


def test_a_log_that_nobody_touched_is_whole(u):
    assert audit.verify(u, VAULT) == audit.Verdict(0)
    filled(u)
    assert audit.verify(u, VAULT) == audit.Verdict(6)
    assert audit.verify(u, VAULT).ok


def test_odd_texts_come_back_and_hold(u):
    odd = replace(DEED, what="a\x00b\ud800", before="ä\n'\"\\", after="x" * 9000, address="")
    audit.book(u, VAULT, odd)
    assert len(audit.page(u)[0].deed.after) == 4000
    assert audit.verify(u, VAULT).ok


CHANGES = {
    "who": "bo@x.example", "what": "Something else", "before": "owner", "after": "owner", "address": "198.51.100.1",
    "portal": "globex", "at_ms": T0 + 99, "user_id": 9, "portal_id": 9, "seal": b"x" * 32,
}  # fmt: skip


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("row", [1, 3, 6])
def test_any_change_of_any_entry_is_named(u, column, row):
    filled(u)
    u.change(sa.update(AUDIT).where(AUDIT.c.id == row).values({column: CHANGES[column]}))
    assert audit.verify(u, VAULT) == audit.Verdict(row - 1, row, "was changed")


@pytest.mark.parametrize("row", [1, 3, 6])
def test_an_entry_that_was_taken_out_is_named(u, row):
    filled(u)
    u.change(sa.delete(AUDIT).where(AUDIT.c.id == row))
    assert audit.verify(u, VAULT) == audit.Verdict(row - 1, row, "is missing")


def test_the_end_cannot_be_cut_off_not_even_when_the_log_goes_on(u):
    filled(u)
    u.change(sa.delete(AUDIT).where(AUDIT.c.id > 4))
    assert audit.verify(u, VAULT) == audit.Verdict(4, 5, "is missing")
    assert audit.book(u, VAULT, DEED) == 7
    assert audit.verify(u, VAULT) == audit.Verdict(4, 5, "is missing")


def test_entries_cannot_change_places(u):
    filled(u)
    for old, new in ((3, 99), (4, 3), (99, 4)):
        u.change(sa.update(AUDIT).where(AUDIT.c.id == old).values(id=new))
    assert audit.verify(u, VAULT).bad == 3


def test_whoever_has_no_key_cannot_add_an_entry(u):
    filled(u, 2)
    audit.book(u, Vault(Vault.new_key()), DEED)
    verdict = audit.verify(u, VAULT)
    assert (verdict.bad, verdict.ok) == (3, False)


def test_nor_close_the_log_behind_what_was_cut_off(u):
    filled(u)
    u.change(sa.delete(AUDIT).where(AUDIT.c.id > 4))
    seal = u.scalar(sa.select(AUDIT.c.seal).where(AUDIT.c.id == 4))
    meta.put(u, audit.HEAD, f"4:{bytes(seal).hex()}:{'00' * 32}")
    assert audit.verify(u, VAULT) == audit.Verdict(4, 4, "was added by somebody else")
    assert audit.book(u, VAULT, DEED) == 5
    assert audit.verify(u, VAULT).bad == 5


@pytest.mark.parametrize("head", ["", "x", "6", "6:zz:zz", "7::", "-1:00:00"])
def test_a_spoilt_end_is_no_crash(u, head):
    filled(u)
    meta.put(u, audit.HEAD, head)
    assert not audit.verify(u, VAULT).ok
    audit.book(u, VAULT, DEED)
    assert not audit.verify(u, VAULT).ok


def test_another_key_closes_all_of_it_anew(u):
    old, new = Vault.new_key(), Vault.new_key()
    for number in range(3):
        audit.book(u, Vault(old), replace(DEED, at_ms=number))
    both = Vault(f"{new},{old}")
    assert audit.verify(u, both).ok
    audit.book(u, both, DEED)
    assert audit.verify(u, both).ok
    assert not audit.verify(u, Vault(new)).ok
    assert audit.seal_again(u, both)
    assert audit.verify(u, Vault(new)) == audit.Verdict(4)


def test_what_was_spoilt_is_not_made_good_by_another_key(u):
    filled(u)
    u.change(sa.update(AUDIT).where(AUDIT.c.id == 2).values(after="owner"))
    assert not audit.seal_again(u, VAULT)
    assert audit.verify(u, VAULT).bad == 2


def test_several_at_once_make_one_log(store):
    import threading

    def book() -> None:
        for _ in range(5):
            with store.unit() as u:
                audit.book(u, VAULT, DEED)

    threads = [threading.Thread(target=book) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.view() as u:
        assert audit.verify(u, VAULT) == audit.Verdict(20)
