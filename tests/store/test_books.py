"""The small books: cursors, runs, plans, certificates, usage, and what belongs to the installation itself."""

from __future__ import annotations

import pytest

from connector.errors import StoreError
from connector.store import certificates, cursors, meta, plans, runs, usage
from tests.store.builders import T0


def test_a_cursor_is_replaced(u, portal):
    assert cursors.get(u, portal, "contacts") is None
    cursors.save(u, portal, "contacts", {"phase": "fill", "after": "100"}, T0)
    cursors.save(u, portal, "contacts", {"phase": "fill", "after": "200"}, T0 + 1)
    assert cursors.get(u, portal, "contacts") == {"phase": "fill", "after": "200"}
    assert [(row.stream, row.state["after"], row.updated_ms) for row in cursors.every(u, portal)] == [
        ("contacts", "200", T0 + 1)
    ]


def test_cursors_are_dropped_by_the_beginning_of_their_name(u, portal):
    for stream in ("fill:contacts", "fill:deals", "fill_x", "fillet"):
        cursors.save(u, portal, stream, {}, T0)
    cursors.save(u, portal + 1, "fill:contacts", {}, T0)
    assert cursors.drop(u, portal, "fill:") == 2
    assert cursors.drop(u, portal, "fill_") == 1
    assert [row.stream for row in cursors.every(u, portal)] == ["fillet"]
    assert cursors.drop(u, portal, "") == 1
    assert len(cursors.every(u, portal + 1)) == 1


def test_a_cursor_and_its_rows_are_one(store, portal):
    def broken() -> None:
        with store.unit() as u:
            cursors.save(u, portal, "contacts", {"after": 1}, T0)
            cursors.save(u, 0, "contacts", {"after": 1}, T0)

    with pytest.raises(StoreError):
        broken()
    with store.view() as u:
        assert cursors.get(u, portal, "contacts") is None


def test_runs_are_numbered_and_end(u, portal):
    first = runs.start(u, portal, "sync", T0)
    second = runs.start(u, portal, "apply", T0 + 1, plan_hash="abc")
    assert (first, second) == ("sync-1", "apply-2")
    assert runs.start(u, portal + 1, "sync", T0) == "sync-1"
    assert (runs.get(u, portal, second).state, runs.get(u, portal, second).plan_hash) == ("running", "abc")
    runs.finish(u, portal, second, "done", {"written": 3}, "fine", T0 + 9)
    ended = runs.get(u, portal, second)
    assert (ended.state, ended.counts, ended.note, ended.finished_ms) == ("done", {"written": 3}, "fine", T0 + 9)
    assert runs.get(u, portal, first).finished_ms is None
    assert runs.get(u, portal, "sync-9") is None


def test_no_run_ends_before_it_began_though_the_clock_is_set_back(u, portal):
    run = runs.start(u, portal, "sync", T0)
    runs.finish(u, portal, run, "done", {}, "", T0 - 600_000)
    assert runs.get(u, portal, run).finished_ms == T0


def test_the_newest_runs(u, portal):
    for n in range(5):
        runs.start(u, portal, "sync" if n % 2 else "apply", T0 + n)
    assert runs.last(u, portal, "sync").run_id == "sync-4"
    assert runs.last(u, portal, "verify") is None
    assert [row.number for row in runs.recent(u, portal, 3)] == [5, 4, 3]


def test_plans_are_found_by_their_hash(u, portal):
    plans.save(u, portal, "h1", '{"a":1}', T0)
    plans.save(u, portal, "h2", '{"a":2}', T0 + 1)
    assert plans.get(u, portal, "h1").body == '{"a":1}'
    assert plans.get(u, portal, "h3") is None
    assert plans.latest(u, portal).hash == "h2"
    plans.save(u, portal, "h1", '{"a":1}', T0 + 2)
    assert plans.latest(u, portal).hash == "h1"
    assert plans.expire(u, portal, T0 + 2) == 1
    assert plans.latest(u, portal + 1) is None


def test_certificates_the_newest_first(u, portal):
    assert certificates.latest(u, portal) is None
    for n in range(3):
        certificates.save(u, portal, {"missing": n}, T0 + n)
    assert certificates.latest(u, portal).body == {"missing": 2}
    assert [row.at_ms for row in certificates.recent(u, portal, 2)] == [T0 + 2, T0 + 1]


def test_calls_add_up_by_day(u, portal):
    assert usage.add_calls(u, portal, "2026-11-22", 10) == 10
    assert usage.add_calls(u, portal, "2026-11-22", 5) == 15
    usage.add_calls(u, portal, "2026-11-23", 1)
    usage.add_calls(u, portal + 1, "2026-11-22", 100)
    assert usage.get(u, portal, "2026-11-22") == 15
    assert usage.get(u, portal, "2026-01-01") == 0
    assert usage.days(u, portal) == {"2026-11-23": 1, "2026-11-22": 15}


def test_the_installation_has_a_few_facts(u):
    assert meta.get(u, "installed") is None
    meta.put(u, "installed", "2026")
    meta.put(u, "installed", "2027\x00")
    assert meta.get(u, "installed") == "2027"
