"""What changed since the last pull: the place reached is kept, the overlap is cheap, our own echo hides nobody."""

from __future__ import annotations

import pytest

from connector.errors import ProtocolBroken
from connector.model.records import Page, Snapshot
from connector.store import cursors, outbox, records
from connector.sync.increment import GATHER, OVERLAP_MS, Echo, _groups, _next_key
from connector.sync.pull import PullOptions, pull
from tests.journeys.steps import people, stream, written_back, wrong
from tests.rig import rig
from tests.sync.steps import acts, context, killed, look, paths, watched

SEARCH = "/contacts/search"


def kept(r, name):
    return look(r, lambda u, portal: cursors.get(u, portal, name))


def test_a_walk_that_was_killed_goes_on_where_it_stood(tmp_path):
    """A thousand are kept at a time with the place reached; what was kept is not asked for again."""
    with rig(tmp_path) as r:
        r.run("sync")
        r.clock.advance(3600)
        people(r, 2 * GATHER + 300)
        with context(r) as ctx, watched(r) as before:
            stood = _walk_until(ctx, pages=7)
        assert kept(r, "walk/contacts")["last"] == stood
        assert len(r.mirrored()) == GATHER
        with watched(r) as after:
            assert stream(r.run("sync"), "contacts")["created"] == GATHER + 300
        assert len(paths(before, SEARCH)) == 7
        assert len(paths(after, SEARCH)) <= 7 + 2
        assert kept(r, "walk/contacts") is None
        assert wrong(r, {"email", "lastname"}) == []


def _walk_until(ctx, pages: int) -> int:
    """Pull contacts until the n-th page of the walk, then die; returns the last id that was kept."""
    search, left = ctx.portal.search, pages

    def dying(*args, **options):
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return search(*args, **options)

    ctx.portal.search = dying
    with pytest.raises(KeyboardInterrupt):
        pull(ctx, PullOptions())
    with ctx.store.view() as u:
        return max(row[0] for row in _ids(u))


def _ids(u):
    return records.stamps(u, 1, "contacts", 0, 10_000)


def test_what_changes_between_kill_and_resumption_is_met_by_the_next_window(tmp_path):
    with rig(tmp_path) as r:
        r.run("sync")
        r.clock.advance(3600)
        ids = people(r, GATHER + 300)
        with context(r) as ctx:
            _walk_until(ctx, pages=6)
        r.clock.advance(7200)
        r.twin.edit("contacts", ids[0], {"lastname": "Danach"})
        r.run("sync")
        r.run("sync")
        assert wrong(r, {"email", "lastname"}) == []


def test_records_met_again_in_the_overlap_cost_no_call(tmp_path):
    with rig(tmp_path) as r:
        ids = people(r, 30)
        r.run("sync")
        r.clock.advance(3600)
        r.run("sync")
        r.twin.bulk_touch(ids, {"city": "Ulm"})
        with watched(r) as first:
            assert stream(r.run("sync"), "contacts")["changed"] == 30
        r.clock.advance(30)
        with watched(r) as again:
            read = stream(r.run("sync"), "contacts")
        assert (read["read"], read["changed"]) == (30, 0)
        assert len(paths(first, "/associations/contacts/companies")) == 1
        assert paths(again, "/associations/") == []


def test_a_new_link_comes_with_a_changed_contact(tmp_path):
    with rig(tmp_path) as r:
        contact, *_ = people(r, 3)
        company = r.twin.create("companies", {"name": "Werk", "country": "Germany"})
        r.run("sync")
        r.clock.advance(3600)
        r.twin.associate("contacts", contact, "companies", company)
        r.twin.edit("contacts", contact, {"city": "Ulm"})
        r.run("sync")
        fields = {row["id"]: row["fields"] for row in r.rows("contacts")}
        assert fields[str(contact)]["location"] == "DE"


def test_a_changed_company_is_judged_through_its_contacts(tmp_path):
    with rig(tmp_path) as r:
        contact, _ = people(r, 2)
        company = r.twin.create("companies", {"name": "Werk", "numberofemployees": "3"})
        r.twin.associate("contacts", contact, "companies", company)
        written_back(r)
        r.clock.advance(60)
        r.twin.edit("companies", company, {"numberofemployees": "900"})
        assert stream(r.run("sync"), "companies")["changed"] == 1
        assert [row["contact"] for row in r.run("plan")["changes"]] == [str(contact)]


def test_the_next_window_begins_an_overlap_before_the_last_one_ended(tmp_path):
    with rig(tmp_path) as r:
        people(r, 1)
        r.run("sync")
        r.clock.advance(3600)
        ended = r.clock.now_ms()
        r.run("sync")
        assert abs(kept(r, "contacts")["since_ms"] - (ended - OVERLAP_MS)) <= 1000


def test_a_window_never_goes_back(tmp_path):
    """Two pulls within the overlap: the second one's window does not begin before the first one's."""
    with rig(tmp_path) as r:
        people(r, 1)
        starts = []
        for _ in range(4):
            r.run("sync")
            starts.append(kept(r, "contacts")["since_ms"])
            r.clock.advance(20)
        assert starts == sorted(starts)


@pytest.mark.parametrize("ids", [[5, 4], [3, 4], [2, 9]])
def test_a_search_that_does_not_sort_is_not_believed(ids):
    found = Page(tuple(Snapshot("contacts", i, {}, None, 0) for i in ids), None).records
    with pytest.raises(ProtocolBroken) as told:
        _next_key("contacts", 3, found)
    assert "--full" in told.value.remedy


def told(groups):
    return [[(f.property, f.operator, f.value) for f in group] for group in groups]


def test_an_ordinary_window_asks_one_question():
    assert told(_groups("contacts", 100, 0, None)) == [[("lastmodifieddate", "GTE", "100")]]
    assert told(_groups("deals", 100, 7, None)) == [
        [("hs_lastmodifieddate", "GTE", "100"), ("hs_object_id", "GT", "7")]
    ]


def test_after_a_large_run_its_own_contacts_are_asked_for_apart():
    """Never stamped, stamped before the run, or changed after its last answer: everybody else's edits."""
    key = ("hs_object_id", "GT", "7")
    window = [("lastmodifieddate", "GTE", "100"), key]
    assert told(_groups("contacts", 100, 7, Echo(stamp_ms=150, until_ms=300))) == [
        [*window, ("leadwright_updated_at", "NOT_HAS_PROPERTY", None)],
        [*window, ("leadwright_updated_at", "LT", "150")],
        [("lastmodifieddate", "GT", "300"), key],
    ]


def test_an_echo_that_has_faded_is_forgotten():
    assert len(_groups("contacts", 301, 0, Echo(stamp_ms=150, until_ms=300))) == 1


def test_the_echo_of_a_large_run_is_forgotten_once_the_window_is_past_it(tmp_path):
    with rig(tmp_path, latency=0.01) as r:
        people(r, 160)
        assert written_back(r)["written"] == 160
        assert "echo" in kept(r, "contacts")
        r.clock.advance(60)
        r.run("sync")
        assert "echo" in kept(r, "contacts")
        r.clock.advance(3600)
        r.run("sync")
        r.run("sync")
        assert "echo" not in kept(r, "contacts")
        assert wrong(r) == []


def test_a_large_run_is_settled_a_hundred_a_pull(tmp_path):
    """Each contact is read back in time; people's edits of written ones are met with it."""
    with rig(tmp_path, latency=0.01) as r:
        ids = people(r, 320)
        written_back(r)
        unconfirmed = lambda: len(look(r, lambda u, portal: outbox.sent_unconfirmed(u, portal, 1000)))  # noqa: E731
        waits = [unconfirmed()]
        for turn in range(4):
            r.clock.advance(1)
            r.twin.edit("contacts", ids[turn], {"lastname": f"Neu {turn}"})
            r.run("sync")
            waits.append(unconfirmed())
        assert waits == [220, 120, 20, 0, 0]
        assert wrong(r) == []


def test_a_call_on_record_is_met_by_the_increment(tmp_path):
    with rig(tmp_path) as r:
        contact, other = people(r, 2)
        r.run("sync")
        r.clock.advance(3600)
        r.twin.log_engagement("calls", contact, {"hs_call_status": "COMPLETED"})
        r.twin.log_engagement("meetings", other, {"hs_meeting_outcome": "COMPLETED"})
        r.run("sync")
        r.run("sync")
        assert (acts(r, contact), acts(r, other)) == (["call_held"], ["meeting_held"])


def test_a_meeting_put_off_is_moved_not_doubled(tmp_path):
    with rig(tmp_path) as r:
        (contact,) = people(r, 1)
        meeting = r.twin.log_engagement("meetings", contact, {"hs_meeting_outcome": "SCHEDULED"})
        r.run("sync")
        assert acts(r, contact) == ["meeting_booked"]
        r.clock.advance(3600)
        later = "2026-11-23T09:00:00Z"
        r.twin.edit("meetings", meeting, {"hs_timestamp": later, "hs_meeting_outcome": "COMPLETED"})
        r.run("sync")
        (row,) = r.rows("activities")
        assert (row["kind"], row["at"][:16]) == ("meeting_held", later[:16])


def test_a_first_fill_that_was_killed_goes_on_where_it_stood(tmp_path):
    with rig(tmp_path) as r:
        people(r, 1500)
        killed(r, "contacts", 4, "sync")
        had = len(r.mirrored())
        assert 0 < had < 1500
        with watched(r) as calls:
            r.run("sync")
        assert len(paths(calls, "/crm/v3/objects/contacts")) <= (1500 - had) / 100 + 14
        assert wrong(r) == []
