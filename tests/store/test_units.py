"""Transactions: committed at the edge or not at all; readers see one instant; no query without a portal."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import threading
import time

import pytest
import sqlalchemy as sa

import connector.store
from connector.errors import StoreError
from connector.store import cursors, records
from connector.store.finding import Wanted
from connector.store.locks import FairLock
from tests import databases
from tests.store.builders import T0, snapshot

FAMILIES = [
    importlib.import_module(f"connector.store.{found.name}")
    for found in pkgutil.iter_modules(connector.store.__path__)
    if found.name not in {"migrations", "store", "unit", "engine", "meta"}
]


def test_a_unit_that_raises_leaves_nothing(store, portal):
    def broken() -> None:
        with store.unit() as u:
            cursors.save(u, portal, "contacts", {"after": 1}, T0)
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    with store.view() as u:
        assert cursors.get(u, portal, "contacts") is None


def test_a_view_sees_one_instant(store, portal):
    with store.view() as u:
        assert records.count(u, portal, "contacts") == 0
        with store.unit() as writer:
            records.upsert(writer, portal, "contacts", [snapshot(1)], T0)
        assert records.count(u, portal, "contacts") == 0
    with store.view() as u:
        assert records.count(u, portal, "contacts") == 1


def test_a_view_cannot_write(store, portal):
    with pytest.raises(StoreError) as caught, store.view() as u:
        cursors.save(u, portal, "contacts", {}, T0)
    assert caught.value.reason == "read_only"


def test_a_unit_after_a_view_on_the_same_connection_writes(store, portal):
    with store.view() as u:
        cursors.every(u, portal)
    with store.unit() as u:
        cursors.save(u, portal, "contacts", {}, T0)


def test_a_unit_inside_a_unit_is_refused_rather_than_waited_for(kind, store):
    if kind == "sqlite":
        with store.unit(), pytest.raises(StoreError, match="open in this thread already"), store.unit():
            pass
        with store.unit():
            pass


def test_many_threads_lose_no_write(store, portal):
    def count(name: str) -> None:
        for _ in range(20):
            with store.unit() as u:
                u.own(portal)
                found = cursors.get(u, portal, "shared") or {"n": 0}
                cursors.save(u, portal, "shared", {"n": found["n"] + 1}, T0)

    threads = [threading.Thread(target=count, args=(str(n),)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.view() as u:
        assert cursors.get(u, portal, "shared") == {"n": 120}


def test_the_writer_lock_is_first_come_first_served():
    lock, order, threads = FairLock(), [], []

    def take(number: int) -> None:
        with lock:
            order.append(number)

    with lock:
        for number in range(8):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            while len(lock._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_the_same_portal_copied_fifty_times_at_once_is_kept_once(store, portal):
    batch = [snapshot(n, email=f"p{n}@example.com") for n in range(1, 11)]
    results, threads = [], []

    def deliver() -> None:
        with store.unit() as u:
            results.append(records.upsert(u, portal, "contacts", batch, T0))

    for _ in range(50):
        threads.append(threading.Thread(target=deliver))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert sum(len(result.created) for result in results) == 10
    assert sum(result.unchanged for result in results) == 490


DUMMY = {"int": 1, "str": "x", "float": 1.0, "bool": True, "ObjectType": "contacts", "bytes": b""}


def dummy(parameter: inspect.Parameter):
    annotation = str(parameter.annotation)
    if annotation == "Wanted":
        return Wanted()
    if annotation in DUMMY:
        return DUMMY[annotation]
    return {} if annotation.startswith(("Mapping", "Links")) else []


def portal_functions():
    for family in FAMILIES:
        for name, function in inspect.getmembers(family, inspect.isfunction):
            home = function.__module__
            own = home == family.__name__ or (family.__name__.endswith("records") and home.startswith(family.__name__))
            asked = inspect.signature(function).parameters.get("portal_id")
            # The audit log is the installation's: there a portal is a filter, and may be left out.
            if own and not name.startswith("_") and asked is not None and asked.default is asked.empty:
                yield pytest.param(function, id=f"{home.split('.', 2)[2]}.{name}")


@pytest.mark.parametrize("missing", [None, 0, -1, True, "1"])
@pytest.mark.parametrize("function", list(portal_functions()))
def test_no_function_works_without_a_portal(sqlite_unit, function, missing):
    rest = list(inspect.signature(function).parameters.values())[2:]
    needed = [p for p in rest if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    given = [dummy(p) for p in needed if p.kind is p.POSITIONAL_OR_KEYWORD]
    named = {p.name: dummy(p) for p in needed if p.kind is p.KEYWORD_ONLY}
    with pytest.raises(StoreError) as caught:
        function(sqlite_unit, missing, *given, **named)
    assert caught.value.reason == "no_portal"


@pytest.fixture(scope="module")
def sqlite_unit():
    store = connector.store.Store.open(databases.fresh_url("sqlite"))
    with store.view() as u:
        yield u
    store.close()


def test_most_functions_were_found():
    assert len(list(portal_functions())) > 90


def test_one_parameter_however_many_values(store, portal):
    seen = []
    sa.event.listen(store.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    with store.unit() as u:
        records.upsert(u, portal, "contacts", [snapshot(n) for n in range(1, 3001)], T0)
        seen.clear()
        assert len(records.get_many(u, portal, "contacts", range(1, 3001))) == 3000
        records.get_many(u, portal, "contacts", [1])
    assert seen[0] == seen[-2]
    assert max(map(len, seen)) < 1000
