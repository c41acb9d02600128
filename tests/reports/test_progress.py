"""How far a first mirror is: counted out of what was kept, with a time left that says how sure it is."""

from __future__ import annotations

import pytest

from connector.reports.progress import first_sync
from connector.store import Store, cursors, portals, records, runs
from tests import databases
from tests.store.builders import IDENTITY, T0, snapshot

FILL = {"signpost_ms": 1, "top": 9, "lanes": [], "properties": [], "laned": True, "total": 1000}


@pytest.fixture
def u(tmp_path):
    store = Store.open(databases.fresh_url("sqlite"), create=True)
    with store.unit() as unit:
        yield unit
    store.close()


@pytest.fixture
def portal(u):
    return portals.add(u, "acme", "https://x.example", b"s", IDENTITY, T0).id


def mirrored(u, portal, count, kind="contacts"):
    records.upsert(u, portal, kind, [snapshot(n, 0, object_type=kind) for n in range(1, count + 1)], T0)


def test_before_it_is_begun_and_after_it_is_done_there_is_none(u, portal):
    assert first_sync(u, portal, T0) is None
    run = runs.start(u, portal, "pull", T0)
    for kind in ("contacts", "companies", "deals"):
        cursors.save(u, portal, kind, {"since_ms": 5, "properties": []}, T0)
    assert first_sync(u, portal, T0) is not None, "what people did is still to be read"
    cursors.save(u, portal, "events/forms", {}, T0)
    runs.finish(u, portal, run, "done", {}, "", T0)
    assert first_sync(u, portal, T0) is None


def test_it_counts_what_is_there_and_gives_a_range_for_the_rest(u, portal):
    runs.start(u, portal, "pull", T0)
    cursors.save(u, portal, "fill/contacts", FILL, T0)
    mirrored(u, portal, 400)
    found = first_sync(u, portal, T0 + 10_000)
    assert [(part.name, part.state) for part in found.parts] == [
        ("contacts", "reading"), ("companies", "waiting"), ("deals", "waiting"), ("engagement", "waiting"),
    ]  # fmt: skip
    assert (found.parts[0].done, found.parts[0].total) == (400, 1000)
    assert found.share == 0.4
    assert found.rate == 40
    least, most = found.left
    assert least < 600 / 40 < most


@pytest.mark.parametrize(("seconds", "count"), [(1, 400), (60, 10)])
def test_too_early_it_says_nothing_of_the_time(u, portal, seconds, count):
    runs.start(u, portal, "pull", T0)
    cursors.save(u, portal, "fill/contacts", FILL, T0)
    mirrored(u, portal, count)
    found = first_sync(u, portal, T0 + seconds * 1000)
    assert found.rate is None
    assert found.left is None


def test_a_total_that_the_portal_did_not_say_is_not_made_up(u, portal):
    runs.start(u, portal, "pull", T0)
    cursors.save(u, portal, "fill/contacts", {**FILL, "total": 0}, T0)
    mirrored(u, portal, 400)
    found = first_sync(u, portal, T0 + 10_000)
    assert found.parts[0].total is None
    assert found.share is None
    assert found.left is None


def test_more_than_was_counted_is_no_more_than_all(u, portal):
    runs.start(u, portal, "pull", T0)
    cursors.save(u, portal, "fill/contacts", {**FILL, "total": 300}, T0)
    mirrored(u, portal, 400)
    found = first_sync(u, portal, T0 + 10_000)
    assert (found.parts[0].total, found.share) == (400, 1.0)


def test_a_first_mirror_that_was_cut_off_gives_no_time(u, portal):
    run = runs.start(u, portal, "pull", T0)
    cursors.save(u, portal, "fill/contacts", FILL, T0)
    mirrored(u, portal, 400)
    runs.finish(u, portal, run, "failed", {}, "", T0 + 9000)
    found = first_sync(u, portal, T0 + 10_000)
    assert found.left is None
    assert found.parts[0].state == "reading"
