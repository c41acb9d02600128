"""A contact's story: every table that tells of it, newest first, in pages that lose and repeat nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.store import activities, outbox, receipts, records, story
from connector.store.outbox import NewEntry
from tests.store.builders import T0, activity, receipt, snapshot

BEFORE = {"leadwright_score": None}


@pytest.fixture
def told(u, portal):
    """One contact to whom one thing of each kind happened, and another whose story must stay out."""
    records.upsert(u, portal, "contacts", [snapshot(1, 0, city="Ulm"), snapshot(2, 0), snapshot(9, 0)], T0)
    activities.add(u, portal, [activity(1, 10, "a", title="Katalog"), activity(2, 10, "b")])
    receipts.save_many(u, portal, [receipt(1, 10, at=20), receipt(2, 10, at=20)], "test")
    receipts.save_many(u, portal, [receipt(1, 30, at=30, stage="mql")], "test")
    records.upsert(u, portal, "contacts", [snapshot(1, 40, city="Bonn")], T0 + 40)
    outbox.enter(
        u, portal, "apply-1", [NewEntry(1, "write", "c1", {"properties": {"leadwright_score": "30"}}, BEFORE)], T0 + 50
    )
    records.merge(u, portal, "contacts", 9, 1, T0 + 60)
    return portal


def test_everything_that_happened_stands_in_it_newest_first(u, told):
    found = story.newest(u, told, 1, 50)
    assert [h.kind for h in found if h.kind != "property"] == ["merge", "write", "verdict", "verdict", "activity"]
    assert [h.at_ms for h in found] == sorted((h.at_ms for h in found), reverse=True)
    facts = {h.kind: h.facts for h in reversed(found)}
    assert facts["merge"] == {"old": "9"}
    assert facts["write"]["payload"] == {"properties": {"leadwright_score": "30"}}
    assert facts["write"]["before"] == BEFORE
    assert facts["activity"]["title"] == "Katalog"
    changed = [h.facts for h in found if h.kind == "property" and h.facts["property"] == "city"]
    assert changed == [{"property": "city", "before": "Ulm", "after": "Bonn"}]


def test_a_verdict_says_what_stood_before_it(u, told):
    newest, first = [h.facts for h in story.newest(u, told, 1, 50) if h.kind == "verdict"]
    assert (newest["score"], newest["stage"], newest["was"]["score"]) == (30, "mql", 10)
    assert first["was"] is None


def test_the_story_of_another_contact_or_portal_stays_out(u, told):
    assert "b" not in {h.ident.split("/")[-1] for h in story.newest(u, told, 1, 50)}
    assert story.newest(u, told + 1, 1, 50) == ()


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_hold_everything_once_even_where_an_instant_is_crowded(u, portal, size):
    records.upsert(u, portal, "contacts", [snapshot(1, 0)], T0)
    activities.add(u, portal, [activity(1, at, f"{at}-{n}") for at in (5, 6, 7) for n in range(4)])
    for at in (5, 6, 7):
        receipts.save_many(u, portal, [replace(receipt(1, at, at=at), stage="lead")], "test")
    whole = story.newest(u, portal, 1, 100)
    seen, before = [], None
    while page := story.newest(u, portal, 1, size, before):
        assert len(page) <= size
        seen += page
        before = page[-1].place
    assert [h.place for h in seen] == [h.place for h in whole]
    assert len(whole) == 15


def test_a_verdict_at_the_edge_of_a_page_still_knows_what_stood_before(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(1, 0)], T0)
    for at in range(4):
        receipts.save_many(u, portal, [receipt(1, at * 10, at=at)], "test")
    (newest,) = story.newest(u, portal, 1, 1)
    assert newest.facts["was"]["score"] == 20
