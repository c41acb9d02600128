"""Increments: however many change in one moment, however late the search shows it, whatever the cursor looks like."""

from __future__ import annotations

import pytest

from connector.errors import ProtocolBroken
from tests.journeys.steps import calls_of, people, stream, wrong
from tests.rig import rig


def test_11000_changes_in_one_millisecond(tmp_path):
    """S07: more than a search shows (10,000), all with the same time; nothing is asked for past the end."""
    with rig(tmp_path) as r:
        people(r, 1)
        r.run("sync")
        r.clock.advance(60)
        came = people(r, 11_000)
        modified = {r.twin.get("contacts", i)["lastmodifieddate"] for i in came[::1000]}
        assert len(modified) == 1
        before = r.twin.ledger.count()
        assert stream(r.run("sync"), "contacts")["created"] == 11_000
        searches = [c for c in calls_of(r, before) if c.kind == "search" and "/contacts/" in c.path]
        assert all(c.status == 200 for c in searches)
        assert len(searches) <= 11_000 / 200 + 3
        assert wrong(r, {"email", "lastname"}) == []


def test_everybody_edited_in_one_millisecond(tmp_path):
    """An import over everybody: read once, not again while the window is paged through."""
    with rig(tmp_path) as r:
        ids = people(r, 600)
        r.run("sync")
        r.clock.advance(3600)
        r.twin.bulk_touch(ids, {"city": "Ulm"})
        assert stream(r.run("sync"), "contacts")["changed"] == 600
        assert wrong(r) == []


@pytest.mark.parametrize("lag", [30.0])
def test_changes_while_the_search_lags(tmp_path, lag):
    """S08: the search shows changes late; after one more cycle nothing is missed."""
    with rig(tmp_path, search_lag=lag) as r:
        ids = people(r, 60)
        r.clock.advance(3600)
        r.run("sync")
        for turn in range(6):
            r.clock.advance(7)
            r.twin.edit("contacts", ids[turn], {"lastname": f"Schäfer {turn}"})
            r.twin.create_contact({"email": f"neu{turn}@kunde.example"})
            r.twin.delete("contacts", ids[20 + turn])
            r.twin.merge(ids[30 + turn], ids[40 + turn])
            r.run("sync")
        r.clock.advance(60)
        r.run("sync")
        assert wrong(r) == []


def test_an_edit_at_the_very_moment_of_the_pull(tmp_path):
    """A tie with the pull's own time is met by the next one."""
    with rig(tmp_path, search_lag=2.0) as r:
        ids = people(r, 5)
        r.run("sync")
        r.clock.advance(400)
        r.run("sync")
        r.twin.edit("contacts", ids[0], {"lastname": "Gleichzeitig"})
        r.clock.advance(2)
        r.run("sync")
        assert wrong(r) == []


def test_opaque_cursors_are_read_in_one_lane(tmp_path):
    """The cursor is an id by habit, not by promise: a portal that hides it is read page by page, completely."""
    with rig(tmp_path, list_cursor="opaque") as r:
        people(r, 900)
        first = r.run("sync")
        assert stream(first, "contacts")["off"] is None
        assert wrong(r) == []
        assert len(list(r.twin.ledger.matching("/crm/v3/objects/contacts", 200, "GET"))) <= 12
        r.twin.create_contact({"email": "neu@kunde.example"})
        r.clock.advance(60)
        r.run("sync", full=True)
        certificate = r.run("verify")
        assert (certificate["complete"], wrong(r)) == (True, [])


@pytest.mark.parametrize("cursor", ["repeats", "circles"])
def test_a_portal_that_repeats_its_cursor_is_not_believed(tmp_path, cursor):
    """It says so at once, keeps what it has, and deletes nothing."""
    with rig(tmp_path) as r:
        people(r, 900)
        r.run("sync")
        r.twin.dials.list_cursor = cursor
        before = r.twin.ledger.count()
        for command, options in (("sync", {"full": True}), ("verify", {})):
            with pytest.raises(ProtocolBroken) as told:
                r.run(command, **options)
            assert any(word in told.value.message for word in ("cursor", "page token", "does not ascend"))
        assert len(calls_of(r, before)) < 120
        assert len(r.mirrored()) == 900
        r.twin.dials.list_cursor = "id"
        r.run("sync", full=True)
        assert wrong(r) == []


def test_a_list_that_leaves_records_out_deletes_nobody(tmp_path):
    """A record missing from a list is looked at directly before it is buried."""
    with rig(tmp_path) as r:
        people(r, 300)
        r.run("sync")
        r.twin.dials.list_cursor = "skips"
        r.run("sync", full=True)
        r.run("verify")
        assert wrong(r) == []


def test_links_that_change_without_touching_the_contact_are_found_by_verify(tmp_path):
    """P6: an association comes and goes without moving the record's time."""
    with rig(tmp_path) as r:
        ids = people(r, 10)
        company = r.twin.create("companies", {"name": "Werk", "domain": "werk.example"})
        r.run("sync")
        r.clock.advance(60)
        r.twin.associate("contacts", ids[0], "companies", company, primary=False)
        assert r.run("verify")["repaired"]["links"] == 1
        r.twin.dissociate("contacts", ids[0], "companies", company)
        assert r.run("verify")["repaired"]["links"] == 1
        assert r.run("verify")["repaired"]["links"] == 0
