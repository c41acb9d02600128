"""Where contacts stand in nurtures: kept as they are, counted, moved with merges, gone with the person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.model.nurture import Place, Sent
from connector.store import nurtures, records
from tests.store.builders import T0

PLACE = Place(
    7, "welcome", 2, 1, T0, "offer_request at 5", "choice", T0 + 5, T0 + 6, taken=3, held_out=True,
    sent=(Sent(T0, "mail", 2, ("guide", "post"), "nurture"), Sent(T0 + 1, "next", 1)),
)  # fmt: skip
OVER = replace(PLACE, nurture="topic", ended="silent", ended_ms=T0 + 9, why="no reaction", step="end")


@pytest.fixture
def kept(u, portal):
    nurtures.save(u, portal, [PLACE, OVER, replace(PLACE, contact_id=8, version=3, step="mail")])
    return portal


def test_a_stay_comes_back_as_it_was_kept(u, kept):
    assert nurtures.of(u, kept, [7, 9]) == {7: (OVER, PLACE)}
    assert nurtures.of(u, kept, []) == {}


def test_the_same_stay_is_kept_once(u, kept):
    further = replace(PLACE, step="end", ended="done", ended_ms=T0 + 10)
    nurtures.save(u, kept, [further])
    assert nurtures.of(u, kept, [7])[7] == (OVER, further)


def test_stays_come_in_the_order_in_which_they_were(u, kept):
    nurtures.save(u, kept, [replace(PLACE, entry=10), replace(PLACE, entry=2)])
    assert [one.entry for one in nurtures.of(u, kept, [7])[7] if one.nurture == "welcome"] == [1, 2, 10]


def test_who_is_inside_now(u, kept):
    assert nurtures.versions(u, kept) == {2, 3}
    assert nurtures.counts(u, kept) == {("welcome", "choice"): 1, ("welcome", "mail"): 1}
    assert [one.contact_id for page in nurtures.active(u, kept) for one in page] == [7, 8]


def test_many_are_read_page_by_page(u, portal):
    nurtures.save(u, portal, [replace(PLACE, contact_id=number) for number in range(1, 8)])
    pages = [[one.contact_id for one in page] for page in nurtures.active(u, portal, chunk=3)]
    assert pages == [[1, 2, 3], [4, 5, 6], [7]]


def test_a_merge_takes_the_stays_along_and_keeps_the_survivors_own(u, kept):
    records.merge(u, kept, "contacts", 7, 8, T0 + 20)
    found = nurtures.of(u, kept, [7, 8])
    assert set(found) == {8}
    assert [(one.nurture, one.step, one.contact_id) for one in found[8]] == [
        ("topic", "end", 8),
        ("welcome", "mail", 8),
    ]


def test_another_portals_stays_are_another_portals(u, kept):
    assert nurtures.of(u, kept + 1, [7]) == {}
    assert nurtures.versions(u, kept + 1) == frozenset()
