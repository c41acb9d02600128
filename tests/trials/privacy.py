"""P01, P02, P06: who asked to be forgotten is, whatever arrives afterwards; a portal that leaves, leaves nothing."""

from __future__ import annotations

import logging
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr
from itertools import permutations
from pathlib import Path

import orjson
import psycopg
import sqlalchemy as sa
import structlog

from connector.commands.logs import configure
from connector.service import Service
from connector.store.front_schema import ADDRESSEES, DELIVERIES, WAKES
from connector.store.schema import TENANT_TABLES
from connector.sync.context import StreamReport
from connector.sync.keep import keep
from connector.sync.pull import full_scope
from connector.twin import Dials, Twin, serve_twin
from tests import databases
from tests.rig import OFF, Rig
from tests.sync.steps import context
from tests.trials.door import Door, door
from tests.trials.effects import FORMS, welcome
from tests.trials.harness import Count, Outcome, share
from tests.trials.ledger import lost
from tests.trials.receipt import changed, living, notice
from tests.trials.stage import installed, patched

CANARY = "kestrel"
TABLES = """SELECT table_schema, table_name FROM information_schema.tables
    WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"""
OTHER = 990_001
EVENTS = ("erase", "change", "creation", "page", "write")


def canary(r: Rig, number: int) -> int:
    values = {"email": f"{CANARY}{number}@nest.example", "lastname": f"{CANARY.title()} {number}", "city": CANARY}
    return r.twin.create_contact(values)


def traces(r: Rig, contact: int, number: int) -> list[str]:
    """Files (of both stores, logs, temporary ones) and rows of a server that still know the person."""
    needles = (f"{CANARY}{number}@", f"{CANARY} {number}")
    found = []
    for name, body in [*_files(r), *_rows(r)]:
        low = body.lower()
        found += [f"{contact}: in {name}" for needle in needles if needle.encode() in low]
    return found


def _files(r: Rig) -> Iterator[tuple[str, bytes]]:
    for file in r.folder.rglob("*"):
        if file.is_file():
            yield file.name, file.read_bytes()


def _rows(r: Rig) -> Iterator[tuple[str, bytes]]:
    """Every table of ours on a server, the engine's too, as text; bytes as what they are."""
    if r.settings.database_url.startswith("sqlite"):
        return
    with psycopg.connect(r.settings.database_url) as connection:
        tables = connection.execute(TABLES).fetchall()
        for schema, table in tables:
            for row in connection.execute(f'SELECT * FROM "{schema}"."{table}"'.encode()):
                yield table, b" ".join(one if isinstance(one, bytes) else str(one).encode() for one in row)


# P01 -----------------------------------------------------------------------------------------------------------------


def never_back(scale: float, seed: int) -> Outcome:
    """Erasure, late change, replayed creation, a page read before it and a queued write, in all 120 orders."""
    count, chance = Count(), random.Random(seed)
    orders = list(permutations(EVENTS))
    if scale < 0.5:
        orders = chance.sample(orders, share(120, scale, 8))
    with installed(seed=seed) as r:
        living(r, 5)
        with door(r) as d:
            for number, order in enumerate(orders, 1):
                _in_this_order(r, d, count, number, order)
            count.loses(lost(r))
    return count.outcome()


def _in_this_order(r: Rig, d: Door, count: Count, number: int, order: tuple[str, ...]) -> None:
    contact = canary(r, number)
    d.settle()
    r.clock.advance(61)
    with context(r) as ctx:
        page = ctx.portal.read("contacts", [contact], full_scope(ctx, "contacts").properties).records
    plan = r.run("plan")
    r.twin.gdpr_delete(contact)
    r.twin.webhooks.catch_up()
    late = {
        "erase": lambda: d.deliver([notice(r, "contact.privacyDeletion", contact)]),
        "change": lambda: d.deliver([changed(r, contact, "lastname", f"{CANARY.title()} {number}")]),
        "creation": lambda: d.deliver([notice(r, "contact.creation", contact)]),
        "page": lambda: _page(r, page),
        "write": lambda: r.run("apply", plan_hash=plan["hash"]) if r.run("plan")["hash"] == plan["hash"] else None,
    }
    for event in order:
        _happens(d, late[event])
    d.settle()
    count.runs, count.faults = count.runs + 1, count.faults + 5
    count.must(contact not in {int(row["id"]) for row in r.rows("contacts")}, f"came back after {'-'.join(order)}")
    count.loses(traces(r, contact, number))


def _happens(d: Door, act: Callable[[], object]) -> None:
    act()
    d.drain()


def _page(r: Rig, records: tuple) -> None:
    with context(r) as ctx, ctx.store.unit() as u:
        keep(ctx, u, "contacts", records, StreamReport("contacts"))


# P02 -----------------------------------------------------------------------------------------------------------------


def no_traces(scale: float, seed: int) -> Outcome:
    """People who left traces in every place are erased; not one byte of theirs is left in any of them."""
    count, many = Count(), share(40, scale, 4)
    for kind in databases.KINDS:
        url = None if kind == "sqlite" else databases.fresh_url(kind)
        with installed(seed=seed, database=url) as r, chdir(r.folder), _everything_kept(r.folder):
            living(r, 5)
            welcome(r)
            with door(r) as d:
                for number in range(1, many // 2 + 1):
                    _without_traces(r, d, count, number)
            log = (r.folder / "debug.log").read_bytes()
            count.must(log.count(b"\n") > 100, "nothing was logged: the trial proves nothing of logs")
        if url:
            databases.drop(url)
    return count.outcome()


@contextmanager
def _everything_kept(place: Path) -> Iterator[None]:
    """The most talkative log, and temporary files, where ``traces`` looks."""
    scratch, before = place / "tmp", structlog.get_config()
    scratch.mkdir()
    root = logging.getLogger()
    handlers, level, off = root.handlers[:], root.level, logging.root.manager.disable
    with (place / "debug.log").open("w", encoding="utf-8") as log, redirect_stderr(log):
        logging.disable(logging.NOTSET)
        configure("json", "debug")
        try:
            with patched(tempfile, tempdir=str(scratch)):
                yield
        finally:
            structlog.configure(**before)
            root.handlers[:] = handlers
            root.setLevel(level)
            logging.disable(off)


def _without_traces(r: Rig, d: Door, count: Count, number: int) -> None:
    contact, email = canary(r, number), f"{CANARY}{number}@nest.example"
    for form in FORMS:
        r.clock.advance(60)
        r.twin.submit_form(form, email, {"message": f"{CANARY.title()} {number} bittet", "company": "Werk GmbH"})
    r.twin.page_view(contact, f"https://www.example-werke.de/preise?mail={email}")
    d.settle()
    r.run("cycle")
    d.deliver([changed(r, contact, "lastname", f"{CANARY.title()} {number} ")])
    poison = {**notice(r, "contact.propertyChange", contact), "propertyName": 7, "propertyValue": email}
    d.deliver([poison])
    r.run("explain", str(contact))
    r.rows("contacts"), r.rows("writes")
    count.must(traces(r, contact, number) != [], "no traces were left: the trial proves nothing")
    r.twin.gdpr_delete(contact)
    began = r.clock.monotonic()
    d.settle()
    count.took(r.clock.monotonic() - began)
    count.most("seconds until nothing is left", r.clock.monotonic() - began, 60)
    count.runs, count.faults = count.runs + 1, count.faults + 1
    count.loses(traces(r, contact, number))


# P06 -----------------------------------------------------------------------------------------------------------------


def removed(scale: float, seed: int) -> Outcome:
    """A portal with everything in it is removed: no row of it is left in either store, nothing happens in HubSpot, and
    the portal beside it has every row it had."""
    count, many = Count(runs=1), share(100_000, scale * scale, 1_000)
    with installed(seed=seed, contacts=share(2_000, scale, 120)) as r:
        for number in range(many):
            r.twin.create_contact({"email": f"p{number}@kunde.example", "lastname": f"{number}"})
        for command in ("sync", "provision", "live"):
            r.run(command)
        r.run("apply", plan_hash=r.run("plan")["hash"])
        with _beside(r, share(200, scale, 30)), door(r) as d:
            d.deliver([changed(r, 5, "city", "Ulm"), {**changed(r, 5, "city", "Bonn"), "portalId": OTHER}])
            d.deliver([{**changed(r, 6, "city", "Köln"), "portalId": OTHER}])
            _removed(r, d.service, count)
    return count.outcome()


@contextmanager
def _beside(r: Rig, people: int) -> Iterator[None]:
    """A second portal of the same installation, with everything in it, too."""
    twin = Twin.from_seed(5, people, clock=r.clock, dials=Dials(**OFF), portal_id=OTHER)
    with serve_twin(twin) as url, r.service() as service:
        service.add_portal("other", twin.token, url)
        for command in ("sync", "provision", "live"):
            getattr(service, command)("other")
        service.apply("other", plan_hash=service.plan("other")["hash"])
        yield


def _removed(r: Rig, service: Service, count: Count) -> None:
    before, kept, began = r.twin.ledger.count(), _held_of(service, 2), time.monotonic()
    service.remove(r.name)
    count.took(time.monotonic() - began)
    count.most("seconds", round(time.monotonic() - began), 300)
    count.faults = 1
    count.loses([f"{name}: {len(rows)} rows" for name, rows in _held_of(service, 1).items() if rows])
    touched = [name for name, rows in _held_of(service, 2).items() if rows != kept[name]]
    count.must(touched == [], f"rows of the other portal were touched: {touched}")
    count.must(sum(map(len, kept.values())) > 100, "the other portal is empty: the trial proves nothing")
    with service.front.view() as u:
        items = [item["portalId"] for row in u.rows(sa.select(DELIVERIES.c.body)) for item in orjson.loads(row[0])]
    count.must(
        items == [OTHER, OTHER], "bodies hold items of the portal that left, or not those of the one that stayed"
    )
    count.most("calls to the portal", r.twin.ledger.count() - before, 0)


def _held_of(service: Service, portal_id: int) -> dict[str, list[str]]:
    """Every row of that portal in every table of both stores."""
    found = {}
    for store, tables in ((service.store, TENANT_TABLES), (service.front, (ADDRESSEES, WAKES))):
        with store.view() as u:
            for table in tables:
                rows = u.rows(sa.select(table).where(table.c.portal_id == portal_id))
                found[table.name] = sorted(map(repr, rows))
    return found
