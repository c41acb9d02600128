"""Columns of a stretch: made after they were announced, good for whoever did not change since, gone with a person."""

from __future__ import annotations

import pytest

from connector.store import activities, aging, associations, records, stretches
from connector.store.forgetting import forget_contact, person
from connector.store.stretches import Reach
from tests.store.builders import T0, activity, company_link, snapshot

WHOLE = Reach(0, 10)
BODIES = {"ids": b"1", "acts": b"2"}


@pytest.fixture
def kept(store, portal):
    """Three contacts with a company, and columns of them."""
    with store.unit() as u:
        records.upsert(u, portal, "companies", [snapshot(70, object_type="companies", name="Werk")], T0)
        records.upsert(u, portal, "contacts", [snapshot(n, email=f"p{n}@werk.example") for n in (1, 2, 3, 11)], T0)
        associations.replace(u, portal, "contacts", {n: [company_link(70)] for n in (1, 2)}, "companies", T0)
        activities.add(u, portal, [activity(1, 0, "a")])
        make(u, portal)
    return portal


def make(u, portal: int, reach: Reach = WHOLE) -> None:
    token = stretches.announce(u, portal, reach)
    assert stretches.keep(u, portal, reach, token, BODIES, stretches.changed(u, portal, reach))


def changed(store, portal: int, reach: Reach = WHOLE) -> set[int]:
    with store.view() as u:
        return set(stretches.changed(u, portal, reach))


def test_nobody_notes_changes_where_nothing_is_kept(store, portal):
    with store.unit() as u:
        records.upsert(u, portal, "contacts", [snapshot(1)], T0)
        assert not stretches.kept(u, portal)
    assert changed(store, portal) == set()


def test_columns_are_there_by_name_as_they_were_kept(store, kept):
    with store.view() as u:
        assert stretches.columns(u, kept, WHOLE, ["ids", "acts", "more"]) == BODIES
        assert stretches.names(u, kept) == {"ids", "acts"}
        assert (stretches.following(u, kept, 0), stretches.following(u, kept, 1)) == (WHOLE, None)
    assert changed(store, kept) == set()


CHANGES = {
    "a property": (lambda u, p: records.upsert(u, p, "contacts", [snapshot(1, 5, email="x@werk.example")], T0), {1}),
    "its time alone": (
        lambda u, p: records.upsert(u, p, "contacts", [snapshot(2, 5, email="p2@werk.example")], T0), {2}
    ),
    "a deletion": (lambda u, p: records.bury(u, p, "contacts", [3], T0 + 9), {3}),
    "a merge": (lambda u, p: records.merge(u, p, "contacts", 3, 2, T0 + 9), {2, 3}),
    "an act": (lambda u, p: activities.add(u, p, [activity(3, 1, "b")]), {3}),
    "an act that is gone": (lambda u, p: activities.remove(u, p, "form_submission", [(1, "a")]), {1}),
    "another kind of act": (lambda u, p: activities.set_kinds(u, p, [activity(1, 0, "a", "e_book")]), {1}),
    "another company": (lambda u, p: associations.replace(u, p, "contacts", {2: []}, "companies", T0), {2}),
    "a company's property": (
        lambda u, p: records.upsert(u, p, "companies", [snapshot(70, 5, object_type="companies", name="Hof")], T0),
        {1, 2},
    ),
    "a company's time alone": (
        lambda u, p: records.upsert(u, p, "companies", [snapshot(70, 5, object_type="companies", name="Werk")], T0),
        {1, 2},
    ),
    "a deleted company": (lambda u, p: records.bury(u, p, "companies", [70], T0 + 9), {1, 2}),
    "somebody behind the stretch": (lambda u, p: activities.add(u, p, [activity(11, 1, "b")]), set()),
    "what was told before": (lambda u, p: activities.add(u, p, [activity(1, 0, "a")]), set()),
}  # fmt: skip


@pytest.mark.parametrize("what", list(CHANGES))
def test_whoever_writes_a_fact_notes_whose_it_is(store, kept, what):
    change, whose = CHANGES[what]
    with store.unit() as u:
        change(u, kept)
    assert changed(store, kept) == whose


def test_a_merge_of_one_that_nothing_hangs_on_is_a_change(store, kept):
    with store.unit() as u:
        records.upsert(u, kept, "contacts", [snapshot(4)], T0)
        records.clear_dirty(u, kept, records.tokens(u, kept, [4]))
        make(u, kept)
        records.merge(u, kept, "contacts", 4, 2, T0 + 9)
    assert changed(store, kept) == {2, 4}


def test_letting_go_of_old_acts_is_a_change(store, kept):
    assert aging.let_go(store, kept, "activities", T0 + 1) == 1
    assert changed(store, kept) == {1}


def test_a_mark_to_be_judged_anew_is_none(store, kept):
    with store.unit() as u:
        records.mark_dirty(u, kept, None)
        records.mark_dirty(u, kept, [1])
    assert changed(store, kept) == set()


def test_what_changes_while_columns_are_made_stays_noted(store, kept):
    with store.unit() as u:
        activities.add(u, kept, [activity(1, 1, "b"), activity(2, 1, "b")])
        token = stretches.announce(u, kept, WHOLE)
    with store.view() as u:
        seen = stretches.changed(u, kept, WHOLE)
    with store.unit() as u:
        activities.add(u, kept, [activity(2, 2, "c"), activity(3, 2, "c")])
    with store.unit() as u:
        assert stretches.keep(u, kept, WHOLE, token, BODIES, seen)
    assert changed(store, kept) == {2, 3}


def test_of_two_that_make_the_same_columns_only_who_announced_last_may_keep_them(store, kept):
    with store.unit() as u:
        first, second = stretches.announce(u, kept, WHOLE), stretches.announce(u, kept, WHOLE)
        assert not stretches.keep(u, kept, WHOLE, first, {"ids": b"old"}, {})
        assert stretches.columns(u, kept, WHOLE, ["ids"]) == {"ids": b"1"}  # good until then
        assert stretches.keep(u, kept, WHOLE, second, {"ids": b"new"}, {})
        assert stretches.columns(u, kept, WHOLE, ["ids", "acts"]) == {"ids": b"new"}


def test_a_stretch_with_another_end_begins_without_columns(store, kept):
    with store.unit() as u:
        stretches.announce(u, kept, Reach(0, 2))
        assert stretches.columns(u, kept, Reach(0, 2), ["ids"]) == {}


def test_the_end_of_a_stretch_is_that_of_so_many_living_contacts(store, kept):
    with store.unit() as u:
        records.bury(u, kept, "contacts", [2], T0 + 9)
        assert stretches.end_of(u, kept, 0, None, 2) == (3, 2)
        assert stretches.end_of(u, kept, 0, 10, 5) == (3, 2)
        assert stretches.end_of(u, kept, 3, None, 5) == (11, 1)
        assert stretches.end_of(u, kept, 11, None, 5) == (None, 0)


def test_a_person_who_is_forgotten_takes_the_columns_along(store, kept):
    with store.unit() as u:
        make(u, kept, Reach(10, 20))
        activities.add(u, kept, [activity(1, 1, "b")])
        gave = forget_contact(u, kept, person(u, kept, 1))
        assert gave["stretch_columns"] == len(BODIES)
        assert stretches.columns(u, kept, WHOLE, list(BODIES)) == {}
        assert stretches.columns(u, kept, Reach(10, 20), list(BODIES)) == BODIES
    assert changed(store, kept) == set()
