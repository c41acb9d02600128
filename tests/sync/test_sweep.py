"""The id sweep: what the mirror lacks, what is stale, what is a ghost; nobody is buried on hearsay (S09)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from connector.errors import PortalUnavailable, ProtocolBroken
from connector.model.records import Snapshot
from connector.store import records
from connector.store.schema import CONTACTS
from connector.sync.context import StreamReport
from connector.sync.pull import scope_of
from connector.sync.sweep import Difference, chunks, compare, sweep
from tests.journeys.steps import people, stream, wrong
from tests.rig import rig
from tests.sync.steps import context, paths, tamper, watched


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 12)
        made.run("sync")
        yield made


def ghost(ident: int) -> Snapshot:
    return Snapshot("contacts", ident, {"email": f"geist{ident}@x.example"}, 1, 1000)


def forget(r, *ids: int) -> None:
    tamper(r, lambda u: u.change(sa.delete(CONTACTS).where(CONTACTS.c.id.in_(ids))))


def haunt(r, *ids: int) -> None:
    tamper(r, lambda u: records.upsert(u, 1, "contacts", [ghost(i) for i in ids], r.clock.now_ms()))


def difference(r) -> Difference:
    with context(r) as ctx:
        return compare(ctx, "contacts")


def test_a_mirror_that_agrees(r):
    found = difference(r)
    assert (found.none, found.listed) == (True, 12)


def test_an_empty_portal_and_an_empty_mirror_agree(tmp_path):
    with rig(tmp_path) as r:
        assert difference(r) == Difference()


def test_every_kind_of_difference_is_told_apart(r):
    forget(r, r.ids[0], r.ids[11])
    haunt(r, 1, r.ids[-1] + 1, r.ids[-1] + 2)
    r.clock.advance(60)
    r.twin.edit("contacts", r.ids[5], {"city": "Ulm"})
    found = difference(r)
    assert found.lacking == [r.ids[0], r.ids[11]]
    assert found.stale == [r.ids[5]]
    assert found.ghosts == [1, r.ids[-1] + 1, r.ids[-1] + 2]
    assert (found.listed, found.none) == (12, False)


def test_a_sweep_mends_every_kind(r):
    forget(r, r.ids[0])
    haunt(r, 1)
    r.clock.advance(60)
    r.twin.edit("contacts", r.ids[5], {"city": "Ulm"})
    r.twin.delete("contacts", r.ids[6])
    report = StreamReport("contacts")
    with context(r) as ctx:
        sweep(ctx, scope_of(ctx, "contacts"), report)
    assert (report.created, report.changed, report.deleted) == (1, 1, 2)
    assert wrong(r) == []
    assert difference(r).none


def test_a_walk_that_breaks_off_buries_nobody(r):
    """Half a list is no list: the portal goes away on the second page."""
    people_more = [r.twin.create_contact({"email": f"m{i}@x.example"}) for i in range(150)]
    r.run("sync")
    r.twin.delete("contacts", people_more[-1])
    r.twin.dials.faults = [{"match": "/crm/v3/objects/contacts", "times": 1, "status": "slow", "seconds": 0}]
    r.twin.dials.faults += [{"match": "/crm/v3/objects/contacts", "times": 60, "status": 503}]
    with context(r) as ctx, pytest.raises(PortalUnavailable):
        sweep(ctx, scope_of(ctx, "contacts"), StreamReport("contacts"))
    r.twin.dials.faults = []
    assert len(r.mirrored()) == 162


def test_a_list_that_does_not_rise_buries_nobody(r):
    with context(r) as ctx:
        page = ctx.portal.page
        ctx.portal.page = lambda *a, **k: _turned(page(*a, **k))
        with pytest.raises(ProtocolBroken, match="ascend"):
            sweep(ctx, scope_of(ctx, "contacts"), StreamReport("contacts"))
    assert len(r.mirrored()) == 12


def _turned(page):
    return replace(page, records=tuple(reversed(page.records)))


def test_a_ghost_is_looked_at_directly_before_it_is_buried(r):
    """The list left somebody out who is there: nobody is lost."""
    r.twin.dials.list_cursor = "skips"
    with context(r) as ctx:
        report = StreamReport("contacts")
        sweep(ctx, scope_of(ctx, "contacts"), report)
    assert report.deleted == 0
    assert len(r.mirrored()) == 12


def test_a_count_that_agrees_costs_no_walk(r):
    r.clock.advance(60)
    with watched(r) as calls:
        r.run("sync")
    assert [c for c in paths(calls, "/crm/v3/objects/contacts") if c.method == "GET"] == []


def test_a_count_that_stays_apart_is_swept_once(r):
    """The search counts somebody the list does not show (it lags): remembered, not walked through each time."""
    r.twin.dials.search_lag = 30.0
    r.twin.delete("contacts", r.ids[3])
    r.clock.advance(1)
    walks = []
    for _ in range(3):
        with watched(r) as calls:
            r.run("sync")
        walks.append(sum(c.method == "GET" for c in paths(calls, "/crm/v3/objects/contacts")))
        r.clock.advance(1)
    assert walks[-1] == 0
    r.clock.advance(60)
    r.run("sync")
    assert wrong(r) == []


def test_a_full_sync_sweeps_although_counts_agree(r):
    """One lost and one ghost: the count is the same."""
    r.clock.advance(3600)
    r.run("sync")
    forget(r, r.ids[4])
    haunt(r, 3)
    assert stream(r.run("sync"), "contacts")["deleted"] == 0
    assert stream(r.run("sync", full=True), "contacts")["deleted"] == 1
    assert wrong(r) == []


def test_companies_are_swept_with_a_full_sync(r):
    company = r.twin.create("companies", {"name": "Werk"})
    r.run("sync", full=True)
    r.twin.delete("companies", company)
    assert stream(r.run("sync", full=True), "companies")["deleted"] == 1


@pytest.mark.parametrize(("size", "pieces"), [(0, []), (3, [3]), (5, [5]), (6, [5, 1]), (11, [5, 5, 1])])
def test_pieces(size, pieces):
    assert [len(piece) for piece in chunks(range(size), 5)] == pieces
