"""Who is on a list, on both databases: replaced whole, judged anew where it moved, gone with the person."""

from __future__ import annotations

from array import array

import pytest

from connector.store import erasures, members_replaced, memberships, portals, records
from connector.store.forgetting import about, forget_contact, person
from connector.store.memberships import UNTOLD, ListRow
from connector.store.sandbox import sandbox
from tests.store.builders import IDENTITY, T0, snapshot

SEO = ListRow("41", "Leads on SEO", True, "", 3, T0)
OFF = ListRow("41", "Leads on SEO", False, "The token lacks a scope.", None, T0 + 9)


@pytest.fixture
def people(u, portal) -> list[int]:
    records.upsert(u, portal, "contacts", [snapshot(n, 1, email=f"p{n}@example.com") for n in range(1, 6)], T0)
    judged(u, portal)
    return [1, 2, 3, 4, 5]


def judged(u, portal) -> None:
    """Nobody waits any more."""
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))


def waiting(u, portal) -> set[int]:
    return set(records.dirty_or_due(u, portal, T0))


def put(u, portal, *who: int, since: int = T0, row: ListRow = SEO) -> tuple[int, int]:
    return members_replaced.replace(u, portal, row, array("q", who), array("q", [since] * len(who)))


def on(u, portal, list_id: str = "41") -> list[int]:
    return memberships.between(u, portal, list_id, 0, 1 << 60)


def test_a_list_is_what_was_read_last(u, portal, people):
    assert put(u, portal, 3, 1, 2) == (3, 0)
    assert put(u, portal, 2, 4) == (1, 2)
    assert on(u, portal) == [2, 4]
    assert memberships.of(u, portal, [1, 2]) == {2: {"41": T0}}
    assert memberships.of(u, portal, []) == {}
    assert memberships.count(u, portal) == {"41": 2}
    assert put(u, portal) == (0, 2)
    assert memberships.known(u, portal) == {"41"}


def test_the_time_of_joining_is_kept_as_it_is_told_and_may_be_untold(u, portal, people):
    put(u, portal, 1, 2)
    judged(u, portal)
    put(u, portal, 1, 2, since=T0 + 5)
    assert memberships.of(u, portal, [1]) == {1: {"41": T0 + 5}}
    put(u, portal, 1, 2, since=UNTOLD)
    assert memberships.of(u, portal, [1]) == {1: {"41": None}}
    assert waiting(u, portal) == set()


def test_everybody_is_judged_when_a_list_becomes_known_and_then_only_who_moved(u, portal, people):
    put(u, portal, 1, 2)
    assert waiting(u, portal) == set(people)
    judged(u, portal)
    put(u, portal, 2, 3)
    assert waiting(u, portal) == {1, 3}
    judged(u, portal)
    put(u, portal, 2, 3)
    assert waiting(u, portal) == set()


def test_what_is_known_no_more_is_unknown_to_everybody_and_says_why(u, portal, people):
    put(u, portal, 1, 2)
    judged(u, portal)
    memberships.keep_unknown(u, portal, OFF)
    assert (on(u, portal), memberships.known(u, portal)) == ([], frozenset())
    assert memberships.every(u, portal) == {"41": OFF}
    assert waiting(u, portal) == set(people)
    judged(u, portal)
    memberships.keep_unknown(u, portal, OFF)
    assert waiting(u, portal) == set()


def test_looking_at_a_list_leaves_its_members(u, portal, people):
    put(u, portal, 1)
    memberships.look(u, portal, ListRow("41", "Renamed", True, "", 1, T0 + 5))
    assert on(u, portal) == [1]
    assert memberships.every(u, portal)["41"].name == "Renamed"


def test_lists_that_nobody_names_are_let_go_of(u, portal, people):
    put(u, portal, 1)
    put(u, portal, 1, 2, row=ListRow("42", "", True, "", 2, T0))
    assert memberships.forget_others(u, portal, {"42", "43"}) == 1
    assert (memberships.known(u, portal), memberships.count(u, portal)) == ({"42"}, {"42": 2})
    assert memberships.forget_others(u, portal, {"42"}) == 0


def test_another_portal_has_lists_of_its_own(u, portal, people):
    other = portals.add(u, "other", "https://other.example", b"", IDENTITY, T0).id
    put(u, portal, 1)
    put(u, other, 2)
    assert (on(u, portal), on(u, other)) == ([1], [2])
    memberships.forget_others(u, other, ())
    assert on(u, portal) == [1]


def test_who_was_merged_is_on_it_as_the_survivor(u, portal, people):
    put(u, portal, 1, 2)
    put(u, portal, 1, row=ListRow("42", "", True, "", 1, T0))
    records.merge(u, portal, "contacts", 1, 2, T0 + 5)
    assert (on(u, portal), on(u, portal, "42")) == ([2], [2])
    assert put(u, portal, 1, 3) == (1, 0)
    assert on(u, portal) == [2, 3]


def test_a_person_is_told_of_their_lists_and_forgotten_on_them_for_good(u, portal, people):
    put(u, portal, 1, 2)
    who = person(u, portal, 1)
    assert about(u, portal, who)["list_memberships"] == [{"list_id": "41", "contact_id": 1, "since_ms": T0}]
    assert forget_contact(u, portal, who)["list_memberships"] == 1
    assert on(u, portal) == [2]
    erasures.book(u, portal, [1], [], "privacy erase", T0 + 1)
    put(u, portal, 1, 2)
    assert on(u, portal) == [2]


def test_a_large_list_is_read_in_stretches(u, portal, monkeypatch):
    monkeypatch.setattr(members_replaced, "CHUNK", 7)
    many = range(100, 300)
    put(u, portal, *many)
    assert put(u, portal, *range(150, 350)) == (50, 50)
    assert memberships.between(u, portal, "41", 160, 170) == list(range(160, 171))
    assert on(u, portal) == list(range(150, 350))


def test_the_copy_for_the_laboratory_knows_the_lists_and_a_removed_portal_takes_them_along(store, portal):
    with store.unit() as u:
        put(u, portal, 1, 2)
    with sandbox(store, portal) as copy, copy.view() as into:
        assert memberships.of(into, portal, [1, 2]).keys() == {1, 2}
    with store.unit() as u:
        portals.remove(u, portal)
        assert (on(u, portal), memberships.every(u, portal)) == ([], {})
