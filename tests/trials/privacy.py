"""P01, P02, P06: who asked to be forgotten is, whatever arrives afterwards; a portal that leaves, leaves nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import sqlalchemy as sa

from connector.store.schema import TENANT_TABLES
from connector.sync.context import StreamReport
from connector.sync.keep import keep
from connector.sync.pull import full_scope
from tests.rig import Rig
from tests.sync.steps import context
from tests.trials.door import Door, door
from tests.trials.effects import folder_of
from tests.trials.harness import Count, Outcome, share
from tests.trials.ledger import lost
from tests.trials.receipt import changed, living, notice
from tests.trials.stage import installed

CANARY = "kestrel"
EVENTS = ("erase", "change", "creation", "page", "write")


def _canary(r: Rig, number: int) -> int:
    values = {"email": f"{CANARY}{number}@nest.example", "lastname": f"{CANARY.title()} {number}", "city": CANARY}
    return r.twin.create_contact(values)


def _traces(r: Rig, contact: int, number: int) -> list[str]:
    """Files and rows that still know the person."""
    needles = (f"{CANARY}{number}@".encode(), f"{CANARY.title()} {number}".encode())
    found = []
    for file in Path(folder_of(r)).rglob("*"):
        body = file.read_bytes() if file.is_file() else b""
        found += [f"{contact}: in {file.name}" for needle in needles if needle.lower() in body.lower()]
    return found


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
    contact = _canary(r, number)
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
    count.loses(_traces(r, contact, number))


def _happens(d: Door, act: Callable[[], object]) -> None:
    act()
    d.drain()


def _page(r: Rig, records: tuple) -> None:
    with context(r) as ctx, ctx.store.unit() as u:
        keep(ctx, u, "contacts", records, StreamReport("contacts"))


# P02 -----------------------------------------------------------------------------------------------------------------


def no_traces(scale: float, seed: int) -> Outcome:
    """People who left traces everywhere are erased; not one byte of theirs is left in any file."""
    count = Count()
    with installed(seed=seed) as r:
        living(r, 5)
        with door(r) as d:
            for number in range(1, share(40, scale, 4) + 1):
                contact = _canary(r, number)
                email = f"{CANARY}{number}@nest.example"
                r.twin.submit_form("Demo Anfrage", email, {"message": f"{CANARY.title()} {number} bittet"})
                r.twin.page_view(contact, f"https://www.example-werke.de/preise?mail={email}")
                d.settle()
                r.run("cycle")
                d.deliver([changed(r, contact, "lastname", f"{CANARY.title()} {number}")])
                count.must(_traces(r, contact, number) != [], "no traces were left: the trial proves nothing")
                r.twin.gdpr_delete(contact)
                began = r.clock.monotonic()
                d.settle()
                count.took(r.clock.monotonic() - began)
                count.runs, count.faults = count.runs + 1, count.faults + 1
                count.loses(_traces(r, contact, number))
    return count.outcome()


# P06 -----------------------------------------------------------------------------------------------------------------


def removed(scale: float, seed: int) -> Outcome:
    """A portal with everything in it is removed: no row of it is left in any table, nothing happens in HubSpot."""
    count, many = Count(runs=1), share(100_000, scale, 3_000)
    with installed(seed=seed, contacts=share(2_000, scale, 120)) as r:
        for number in range(many):
            r.twin.create_contact({"email": f"p{number}@kunde.example", "lastname": f"{number}"})
        for command in ("sync", "provision", "live"):
            r.run(command)
        r.run("apply", plan_hash=r.run("plan")["hash"])
        with door(r) as d:
            d.deliver([changed(r, 5, "city", "Ulm")])
        before = r.twin.ledger.count()
        clock = r.clock.monotonic()
        with r.service() as service:
            service.remove(r.name)
            with service.store.view() as u:
                left = {t.name: u.number(sa.select(sa.func.count()).select_from(t)) for t in TENANT_TABLES}
        count.took(r.clock.monotonic() - clock)
        count.faults = 1
        count.loses([f"{name}: {rows} rows" for name, rows in left.items() if rows])
        count.most("calls to the portal", r.twin.ledger.count() - before, 0)
    return count.outcome()
