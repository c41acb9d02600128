"""Activities: kept once, in time order, moved when the portal moves them; parked while their person is unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.model.records import Activity
from connector.store import activities, records
from tests.store.builders import T0, activity, event, snapshot


def test_activities_come_back_in_time_order_as_they_were(u, portal):
    full = Activity(
        1, T0 + 5, "e1", "open", "email_event", "OPEN", "77", "News", "https://x", "pdf", "unsure", {"a": "b"}
    )
    first = activity(1, 3, "s1")
    assert activities.add(u, portal, [full, first, activity(2, 1, "s2")]) == 3
    assert activities.of(u, portal, [1]) == {1: (first, full)}
    assert activities.of(u, portal, [1, 2, 3], until_ms=T0 + 3).keys() == {1, 2}
    assert activities.of(u, portal, [1], until_ms=T0 + 4) == {1: (first,)}
    assert activities.of(u, portal, []) == {}


@pytest.mark.parametrize("count", [1, 100])
def test_told_again_is_kept_once(u, portal, count):
    batch = [activity(1, n, f"s{n}") for n in range(count)]
    assert activities.add(u, portal, [*batch, *batch]) == count
    assert activities.add(u, portal, batch) == 0
    assert len(activities.of(u, portal, [1])[1]) == count


def test_one_id_in_two_sources_or_of_two_contacts_is_two(u, portal):
    batch = [activity(1, 1, "x"), activity(1, 1, "x", source="call"), activity(2, 1, "x")]
    assert activities.add(u, portal, batch) == 3


def test_a_meeting_put_off_is_moved_not_doubled(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(1, 1)], T0)
    meeting = activity(1, 10, "m1", "meeting", source="meeting")
    activities.add(u, portal, [meeting])
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))
    moved = replace(meeting, at_ms=T0 + 99)
    assert activities.add(u, portal, [moved]) == 0
    assert activities.of(u, portal, [1]) == {1: (moved,)}
    assert list(records.dirty_or_due(u, portal, T0)) == [1]


def test_a_meeting_with_an_outcome_is_updated(u, portal):
    meeting = activity(1, 10, "m1", "meeting", source="meeting")
    held = replace(meeting, type="COMPLETED", detail={"duration_ms": "1800000"})
    activities.add(u, portal, [meeting])
    assert activities.add(u, portal, [held]) == 0
    assert activities.of(u, portal, [1]) == {1: (held,)}


def test_texts_that_databases_refuse_are_mended(u, portal):
    activities.add(u, portal, [activity(1, 1, "a\x00b", title="half \ud800", url="x\x00", detail={"k": "\x00\ud800"})])
    kept = activities.of(u, portal, [1])[1][0]
    assert (kept.id, kept.title, kept.url, kept.detail) == ("ab", "half ?", "x", {"k": "\x00?"})


def test_a_stream_pages_through_one_contacts_thousands(u, portal):
    batch = [activity(1, n // 3, f"s{n:03}") for n in range(40)] + [activity(2, 1, "z")]
    activities.add(u, portal, batch)
    pages = list(activities.stream(u, portal, chunk=7))
    assert [act for page in pages for act in page] == batch
    assert max(map(len, pages)) == 7


def test_raw_events_can_be_classified_anew(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(n, 1) for n in (1, 2)], T0)
    activities.add(
        u, portal, [activity(1, 1, "s1", "blog", title="t", detail={"a": "b"}), activity(2, 2, "s2", "blog")]
    )
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))
    events = [one for page in activities.events_of(u, portal) for one in page]
    assert [(e.contact_id, e.id, e.title, e.detail) for e in events] == [(1, "s1", "t", {"a": "b"}), (2, "s2", "", {})]
    anew = [
        activity(1, 1, "s1", "white_paper", title="t", detail={"a": "b"}, asset="guide"),
        activity(2, 2, "s2", "blog"),
    ]
    assert activities.set_kinds(u, portal, [*anew, activity(3, 3, "unknown")]) == 1
    assert activities.of(u, portal, [1, 2, 3]) == {1: (anew[0],), 2: (anew[1],)}
    assert list(records.dirty_or_due(u, portal, T0)) == [1]


def test_counts_and_the_newest(u, portal):
    batch = [activity(1, 1, "a", "blog"), activity(2, 9, "b", "blog"), activity(1, 5, "c", "call", source="call")]
    activities.add(u, portal, batch)
    assert activities.counts(u, portal) == {("form_submission", "blog"): 2, ("call", "call"): 1}
    assert activities.last_at(u, portal, "form_submission") == T0 + 9
    assert activities.last_at(u, portal, "page_view") is None


def test_events_wait_for_their_person(u, portal):
    events = [
        event("Jane@Example.com", 2, "s2"),
        event("jane@example.com ", 1, "s1"),
        event("kim@example.com", 3, "s3"),
    ]
    assert activities.park(u, portal, [*events, event(None, 4, "s4"), event("", 5, "s5")]) == 3
    assert activities.park(u, portal, events[:1]) == 1
    assert activities.parked(u, portal) == {"form_submission": 3}
    assert activities.claim(u, portal, {"nobody@example.com": 9}) == []
    claimed = activities.claim(u, portal, {"JANE@example.com": 7})
    assert claimed == [replace(events[1], contact_id=7), replace(events[0], contact_id=7)]
    assert activities.claim(u, portal, {"JANE@example.com": 7}) == []
    assert activities.parked(u, portal) == {"form_submission": 1}


def test_one_meeting_waits_for_each_of_its_guests(u, portal):
    activities.park(u, portal, [event(f"p{n}@example.com", 1, "m1", "meeting") for n in range(3)])
    assert len(activities.claim(u, portal, {"p1@example.com": 1, "p2@example.com": 2})) == 2


def test_parked_events_grow_old(u, portal):
    activities.park(u, portal, [event("a@example.com", n, f"s{n}") for n in range(10)])
    assert activities.expire_parked(u, portal, T0 + 4) == 4
    assert activities.parked(u, portal) == {"form_submission": 6}


def test_claiming_nothing(u, portal):
    assert activities.claim(u, portal, {}) == []
    assert activities.park(u, portal, []) == 0
    assert activities.add(u, portal, []) == 0
