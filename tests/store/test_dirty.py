"""Who waits to be judged: marked by any change of facts, or due by time; a mark outlives a judge who did not see it."""

from __future__ import annotations

import pytest

from connector.store import activities, associations, receipts, records
from tests.store.builders import T0, activity, company_link, receipt, snapshot


@pytest.fixture
def three(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(n, 1, jobtitle="CTO") for n in (1, 2, 3)], T0)
    associations.replace(u, portal, "contacts", {2: (company_link(10),)}, "companies", T0)
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))


def waiting(u, portal, now=0, **more):
    return list(records.dirty_or_due(u, portal, T0 + now, **more))


def test_a_new_contact_waits(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(1, 1)], T0)
    assert waiting(u, portal) == [1]
    assert records.dirty_count(u, portal) == 1


def test_judged_contacts_wait_no_more(u, portal, three):
    assert waiting(u, portal) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda u, p: records.upsert(u, p, "contacts", [snapshot(2, 2, jobtitle="CEO")], T0),
        lambda u, p: records.upsert(u, p, "companies", [snapshot(10, 2, object_type="companies", name="A")], T0),
        lambda u, p: activities.add(u, p, [activity(2, 1, "s1")]),
        lambda u, p: associations.replace(u, p, "contacts", {2: ()}, "companies", T0),
        lambda u, p: associations.replace(u, p, "contacts", {2: (company_link(11),)}, "companies", T0),
        lambda u, p: records.mark_dirty(u, p, [2]),
        lambda u, p: records.merge(u, p, "contacts", 3, 2, T0),
        lambda u, p: records.bury(u, p, "companies", [10], T0) or records.mark_dirty(u, p, [2]),
    ],
)
def test_every_change_of_facts_marks(u, portal, three, change):
    change(u, portal)
    assert waiting(u, portal) == [2]


def test_what_says_nothing_new_marks_nobody(u, portal, three):
    activities.add(u, portal, [activity(2, 1, "s1")])
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))
    activities.add(u, portal, [activity(2, 1, "s1")])
    associations.replace(u, portal, "contacts", {2: (company_link(10),), 1: ()}, "companies", T0 + 5)
    records.upsert(u, portal, "contacts", [snapshot(2, 9, jobtitle="CTO")], T0)
    assert waiting(u, portal) == []


def test_a_mark_set_while_judging_stays(u, portal, three):
    records.mark_dirty(u, portal, [1, 2])
    seen = records.dirty_or_due(u, portal, T0)
    records.upsert(u, portal, "contacts", [snapshot(2, 2, jobtitle="CEO")], T0)
    assert records.clear_dirty(u, portal, seen) == 1
    assert waiting(u, portal) == [2]


def test_a_mark_set_anew_after_another_judge_cleared_it_stays(u, portal, three):
    records.mark_dirty(u, portal, [1])
    slow = records.dirty_or_due(u, portal, T0)
    records.clear_dirty(u, portal, records.tokens(u, portal, [1]))
    records.mark_dirty(u, portal, [1])
    assert records.clear_dirty(u, portal, slow) == 0
    assert waiting(u, portal) == [1]


def test_all_can_be_marked(u, portal, three):
    records.bury(u, portal, "contacts", [3], T0 + 1)
    assert records.mark_dirty(u, portal, None) == 2
    assert waiting(u, portal) == [1, 2]
    assert records.mark_dirty(u, portal, []) == 0


def test_the_dead_and_the_unknown_are_not_marked(u, portal, three):
    records.bury(u, portal, "contacts", [3], T0 + 1)
    assert records.mark_dirty(u, portal, [3, 99]) == 0
    assert waiting(u, portal) == []


def test_time_makes_due(u, portal, three):
    receipts.save_many(u, portal, [receipt(1, due=100), receipt(2), receipt(3, due=50)], "test")
    assert waiting(u, portal, 49) == []
    assert waiting(u, portal, 50) == [3]
    assert waiting(u, portal, 100) == [1, 3]
    assert records.dirty_or_due(u, portal, T0 + 100) == {1: 0, 3: 0}
    records.bury(u, portal, "contacts", [3], T0 + 1)
    assert waiting(u, portal, 100) == [1]


def test_marked_and_due_come_once_in_pages_in_id_order(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(n, 1) for n in range(1, 31)], T0)
    records.clear_dirty(u, portal, records.tokens(u, portal, range(1, 31, 2)))
    receipts.save_many(u, portal, [receipt(n, due=1) for n in range(1, 31, 3)], "test")
    pages, after = [], 0
    while page := records.dirty_or_due(u, portal, T0 + 1, after, 4):
        pages.append(list(page))
        after = pages[-1][-1]
    seen = [contact for page in pages for contact in page]
    assert seen == sorted(set(range(2, 31, 2)) | set(range(1, 31, 3)))
    assert all(len(page) == 4 for page in pages[:-1])
    assert records.dirty_or_due(u, portal, T0 + 1, 0, 40)[4] != 0


def test_tokens_of_some(u, portal, three):
    records.mark_dirty(u, portal, [2])
    found = records.tokens(u, portal, [1, 2])
    assert found[1] == 0
    assert found[2] == records.dirty_or_due(u, portal, T0)[2]


def test_whoever_shares_a_company_with_somebody_who_waits_is_marked(u, portal, three):
    associations.replace(u, portal, "contacts", {1: (company_link(10),), 3: (company_link(11),)}, "companies", T0)
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))
    records.mark_dirty(u, portal, [2])
    before = records.tokens(u, portal, [2])
    assert records.mark_colleagues(u, portal, [3]) == 0
    assert records.mark_colleagues(u, portal) == 1
    assert waiting(u, portal) == [1, 2]
    assert records.tokens(u, portal, [2]) == before
    assert records.mark_colleagues(u, portal) == 0
