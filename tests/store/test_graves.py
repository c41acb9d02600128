"""Deleted records keep a tombstone, merged ones an alias; what hung on them ends or moves at once."""

from __future__ import annotations

import pytest

from connector.model.judgement import Hold
from connector.store import activities, associations, history, holds, outbox, quarantine, receipts, records
from connector.store.outbox import NewEntry
from connector.store.records import Upserted
from tests.store.builders import T0, activity, company_link, receipt, snapshot


@pytest.fixture
def two(u, portal):
    """Two contacts with e-mails, activities, a company each, history, receipts and effects on their way."""
    people = [snapshot(n, 1, email=f"p{n}@example.com", jobtitle="CTO") for n in (1, 2)]
    records.upsert(u, portal, "contacts", people, T0)
    records.upsert(u, portal, "contacts", [snapshot(n, 2, jobtitle=f"CEO {n}") for n in (1, 2)], T0)
    activities.add(u, portal, [activity(1, 5, "s1"), activity(1, 6, "both"), activity(2, 6, "both")])
    links = {1: (company_link(10),), 2: (company_link(10), company_link(20, primary=True))}
    associations.replace(u, portal, "contacts", links, "companies", T0)
    receipts.save_many(u, portal, [receipt(1, 50), receipt(2, 20)], "test")
    effects = [NewEntry(n, kind, f"{kind}{n}", {}, {}) for n in (1, 2) for kind in ("write", "enrol")]
    outbox.enter(u, portal, "apply-1", effects, T0)
    holds.replace_holds(u, portal, [1], [Hold(1, "mql", "consent", "no consent")], T0)
    quarantine.replace(u, portal, "contacts", {1: [("phone", "x", "no number")]}, T0)


def states(u, portal, contact):
    return {entry.kind: entry.state for entry in outbox.of(u, portal, contact)}


def test_a_deleted_contact_ends_at_once(u, portal, two):
    assert records.bury(u, portal, "contacts", [1], T0 + 10) == [1]
    grave = records.get(u, portal, "contacts", 1)
    assert (grave.archived, grave.archived_ms) == (True, T0 + 10)
    assert records.by_email(u, portal, "p1@example.com") is None
    assert states(u, portal, 1) == {"write": "dropped", "enrol": "dropped"}
    assert outbox.of(u, portal, 1)[0].reason == "the contact was deleted"
    assert holds.of(u, portal, 1) == ()
    assert 1 not in records.dirty_or_due(u, portal, T0)
    assert receipts.get(u, portal, 1).score == 50
    assert [row.contact_id for row in receipts.best(u, portal, 10)] == [2]
    assert states(u, portal, 2) == {"write": "planned", "enrol": "planned"}


def test_an_archived_snapshot_ends_it_just_so(u, portal, two):
    gone = snapshot(1, 2, archived=True, archived_at=10, email="p1@example.com", jobtitle="CEO 1")
    assert records.upsert(u, portal, "contacts", [gone], T0 + 20).changed == [1]
    assert records.get(u, portal, "contacts", 1).archived_ms == T0 + 10
    assert records.by_email(u, portal, "p1@example.com") is None
    assert states(u, portal, 1) == {"write": "dropped", "enrol": "dropped"}
    assert records.dirty_or_due(u, portal, T0).keys() == {2}


def test_burying_twice_is_once(u, portal, two):
    records.bury(u, portal, "contacts", [1], T0 + 10)
    assert records.bury(u, portal, "contacts", [1], T0 + 20) == []
    assert records.get(u, portal, "contacts", 1).archived_ms == T0 + 10


def test_a_restored_contact_lives_again(u, portal, two):
    records.bury(u, portal, "contacts", [1], T0 + 10)
    back = snapshot(1, 2, email="p1@example.com", jobtitle="CEO 1")
    assert records.upsert(u, portal, "contacts", [back], T0 + 11).changed == [1]
    record = records.get(u, portal, "contacts", 1)
    assert (record.archived, record.archived_ms) == (False, None)
    assert records.by_email(u, portal, "p1@example.com").id == 1
    assert 1 in records.dirty_or_due(u, portal, T0)


def test_a_page_read_before_the_deletion_digs_nothing_up(u, portal, two):
    records.bury(u, portal, "contacts", [1], T0 + 10)
    late = snapshot(1, 2, email="p1@example.com", jobtitle="CEO 1")
    assert records.upsert(u, portal, "contacts", [late], T0 + 10) == Upserted(stale=1)
    assert records.get(u, portal, "contacts", 1).archived


def test_that_holds_for_contacts_never_seen_too(u, portal):
    assert records.bury(u, portal, "contacts", [9], T0 + 10) == []
    assert records.upsert(u, portal, "contacts", [snapshot(9, 1)], T0 + 9) == Upserted(stale=1)
    assert records.count(u, portal, "contacts") == 0
    first = records.upsert(u, portal, "contacts", [snapshot(9, 1, jobtitle="CTO")], T0 + 11)
    assert first == Upserted(created=[9])
    assert history.of(u, portal, "contacts", [9]) == ()


def test_a_tombstone_seen_first_is_no_contact(u, portal):
    gone = snapshot(1, 1, archived=True, email="a@example.com")
    assert records.upsert(u, portal, "contacts", [gone], T0 + 3).created == [1]
    assert records.get(u, portal, "contacts", 1).archived_ms == T0 + 3
    assert records.by_email(u, portal, "a@example.com") is None
    assert records.dirty_or_due(u, portal, T0) == {}
    assert records.upsert(u, portal, "contacts", [gone], T0 + 9) == Upserted(unchanged=1)


def test_a_deleted_company_marks_its_contacts(u, portal, two):
    records.upsert(u, portal, "companies", [snapshot(n, 1, object_type="companies") for n in (10, 20)], T0)
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))
    records.bury(u, portal, "companies", [20], T0 + 10)
    assert records.dirty_or_due(u, portal, T0).keys() == {2}
    assert associations.companies_of(u, portal, [1, 2]) == {1: 10, 2: 10}


def test_a_merged_contact_leads_to_its_survivor(u, portal, two):
    assert records.merge(u, portal, "contacts", 1, 2, T0 + 10) == 2
    assert records.get(u, portal, "contacts", 1).id == 2
    assert records.get_many(u, portal, "contacts", [1, 2, 3]).keys() == {1, 2}
    assert records.resolve(u, portal, "contacts", [1, 2, 3]) == {1: 2, 2: 2, 3: 3}
    assert records.count(u, portal, "contacts") == 1
    assert records.by_email(u, portal, "p1@example.com").id == 2


def test_activities_move_and_count_once(u, portal, two):
    records.merge(u, portal, "contacts", 1, 2, T0 + 10)
    theirs = activities.of(u, portal, [1, 2])
    assert [act.id for act in theirs[2]] == ["s1", "both"]
    assert theirs.keys() == {2}


def test_late_news_of_the_loser_go_to_the_survivor(u, portal, two):
    records.merge(u, portal, "contacts", 1, 2, T0 + 10)
    assert records.upsert(u, portal, "contacts", [snapshot(1, 99, jobtitle="ghost")], T0 + 99) == Upserted(stale=1)
    assert activities.add(u, portal, [activity(1, 7, "late"), activity(1, 6, "both")]) == 1
    assert [act.id for act in activities.of(u, portal, [2])[2]] == ["s1", "both", "late"]
    assert records.bury(u, portal, "contacts", [1], T0 + 100) == []
    assert not records.get(u, portal, "contacts", 1).archived


def test_links_move_to_the_survivor(u, portal, two):
    records.merge(u, portal, "contacts", 2, 1, T0 + 10)
    assert {link.to_id for link in associations.of(u, portal, "contacts", [1], "companies")[1]} == {10, 20}
    records.merge(u, portal, "companies", 20, 30, T0 + 10)
    assert {link.to_id for link in associations.of(u, portal, "contacts", [1], "companies")[1]} == {10, 30}
    assert associations.companies_of(u, portal, [1]) == {1: 30}


def test_enrolments_go_once_to_the_survivor_and_writes_are_judged_anew(u, portal, two):
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))
    records.merge(u, portal, "contacts", 1, 2, T0 + 10)
    assert sorted(entry.cause for entry in outbox.due(u, portal, 10)) == ["enrol1", "enrol2", "write2"]
    assert {entry.contact_id for entry in outbox.due(u, portal, 10)} == {2}
    assert records.dirty_or_due(u, portal, T0).keys() == {2}
    assert holds.of(u, portal, 1) == ()
    assert quarantine.of(u, portal, "contacts", 1) == ()


def test_history_moves_and_remembers_whose_it_was(u, portal, two):
    records.merge(u, portal, "contacts", 1, 2, T0 + 10)
    rows = history.of(u, portal, "contacts", [2])
    assert sorted((row.record_id, row.origin, row.after) for row in rows) == [(2, 1, "CEO 1"), (2, 2, "CEO 2")]
    assert history.values_at(u, portal, "contacts", 2, T0 + 1)["jobtitle"] == "CTO"


def test_chains_of_merges_are_flat(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(n, 1) for n in range(1, 5)], T0)
    records.merge(u, portal, "contacts", 1, 2, T0)
    records.merge(u, portal, "contacts", 2, 3, T0)
    records.merge(u, portal, "contacts", 4, 1, T0)
    assert records.resolve(u, portal, "contacts", [1, 2, 3, 4]) == dict.fromkeys([1, 2, 3, 4], 3)
    graves = [record for page in records.stream(u, portal, "contacts", live=False) for record in page]
    assert [record.merged_into for record in graves] == [3, 3, None, 3]


def test_a_merge_into_itself_or_back_is_nothing(u, portal, two):
    assert records.merge(u, portal, "contacts", 1, 1, T0) == 1
    records.merge(u, portal, "contacts", 1, 2, T0)
    assert records.merge(u, portal, "contacts", 2, 1, T0) == 2
    assert records.count(u, portal, "contacts") == 1


def test_a_merge_of_unknown_contacts_is_remembered(u, portal):
    records.merge(u, portal, "contacts", 1, 3, T0)
    records.merge(u, portal, "contacts", 2, 3, T0)
    assert records.get(u, portal, "contacts", 1) is None
    people = [snapshot(n, 1, email=f"p{n}@example.com") for n in (1, 2, 3)]
    assert records.upsert(u, portal, "contacts", people, T0 + 1) == Upserted(created=[3], stale=2)
    assert records.get(u, portal, "contacts", 1).id == 3


def test_the_losers_email_outlives_changes_of_the_survivor(u, portal, two):
    records.merge(u, portal, "contacts", 1, 2, T0)
    records.upsert(u, portal, "contacts", [snapshot(2, 5, email="new@example.com")], T0 + 5)
    assert records.by_email(u, portal, "p1@example.com").id == 2
    records.upsert(u, portal, "contacts", [snapshot(4, 6, email="p1@example.com")], T0 + 6)
    assert records.by_email(u, portal, "p1@example.com").id == 4


def test_an_email_kept_for_an_unknown_survivor_ends_when_that_turns_out_deleted(u, portal, two):
    records.merge(u, portal, "contacts", 1, 9, T0)
    records.upsert(u, portal, "contacts", [snapshot(9, 1, archived=True)], T0 + 1)
    records.upsert(u, portal, "contacts", [snapshot(9, 2)], T0 + 2)
    assert records.by_email(u, portal, "p1@example.com") is None


def test_many_merges_at_once_are_as_many_one_by_one(u, portal, two):
    """8 and 9 are names alone; 1 has a past; 2 is a survivor that is merged on; 7 follows 3 to where it goes."""
    records.merge_many(u, portal, "contacts", {8: 3, 9: 3, 1: 2, 2: 3, 7: 2}, T0 + 10)
    assert records.resolve(u, portal, "contacts", [1, 2, 7, 8, 9]) == dict.fromkeys([1, 2, 7, 8, 9], 3)
    assert [act.id for act in activities.of(u, portal, [3])[3]] == ["s1", "both"]
    graves = [record for page in records.stream(u, portal, "contacts", live=False) for record in page]
    assert {record.id: (record.archived, record.merged_into) for record in graves} == dict.fromkeys(
        [1, 2, 7, 8, 9], (True, 3)
    )


def test_a_page_read_before_a_merge_of_names_digs_no_loser_up(u, portal):
    records.merge_many(u, portal, "contacts", {8: 3, 9: 3}, T0 + 10)
    assert records.upsert(u, portal, "contacts", [snapshot(8, 99)], T0 + 99) == Upserted(stale=1)


def test_a_survivor_of_merged_names_waits_to_be_judged(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(3, 1)], T0)
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))
    records.merge_many(u, portal, "contacts", {8: 3}, T0 + 10)
    assert records.dirty_or_due(u, portal, T0).keys() == {3}
