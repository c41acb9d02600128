"""An erased person is gone from every place and never comes back, in whatever order late news arrives (P01, P02)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connector.errors import StoreError, UnknownContact
from connector.model.judgement import Hold, SetProperty
from connector.model.records import Association, PortalEvent, Snapshot
from connector.store import (
    activities,
    associations,
    decisions,
    erasures,
    history,
    holds,
    outbox,
    quarantine,
    receipts,
    records,
    runs,
)
from connector.store.front_schema import ADDRESSEES, DELIVERIES
from connector.store.history import HistoryRow
from connector.store.outbox import NewEntry
from connector.store.schema import FLIPS, FROZEN, PLANS, TENANT_TABLES, UNDONE
from connector.sync import privacy, sorting
from connector.sync.context import Context, StreamReport
from connector.sync.keep import keep, keep_events
from connector.sync.push import push
from connector.sync.react import make_plan
from tests.journeys.steps import go_live, people
from tests.rig import Rig, rig
from tests.store.builders import receipt

CANARY = "canary.kestrel@nest.example"


@contextmanager
def whole(r: Rig) -> Iterator[Context]:
    """What an erasure gets: both stores, the vault's fingerprints, the journal."""
    with r.service() as service, service._context(r.name, front=True) as ctx:
        yield ctx


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def hits(folder: Path, *needles: str) -> list[str]:
    """Files that still hold one of the texts, in whatever case."""
    low = {name: body.lower() for name, body in files(folder).items()}
    return [
        f"{needle} in {name}" for needle in needles for name, body in low.items() if needle.lower().encode() in body
    ]


def notice(ctx: Context, contact: int, kind: str, **more: Any) -> dict[str, Any]:
    return {"portalId": ctx.row.hub_id, "objectId": contact, "subscriptionType": f"contact.{kind}", **more}


def deliver(ctx: Context, *items: dict[str, Any], state: str = "new", raw: bytes | None = None) -> int:
    """A webhook's body as the receiver stores it."""
    body = raw if raw is not None else json.dumps(items).encode()
    with ctx.front.unit() as u:
        number = u.run(
            sa.insert(DELIVERIES).values(received_ms=ctx.clock.now_ms(), body=body, state=state, reason="")
        ).inserted_primary_key[0]
        u.run(sa.insert(ADDRESSEES).values(portal_id=ctx.portal_id, delivery_id=number, done=False))
    return number


def body_of(ctx: Context, number: int) -> bytes | None:
    with ctx.front.view() as u:
        return u.scalar(sa.select(DELIVERIES.c.body).where(DELIVERIES.c.id == number))


def sort_in(ctx: Context, item: dict[str, Any], then: Callable[[], None]) -> None:
    """A notice through the real sorting; what came of it follows, as a drain would do."""
    numbered = {"subscriptionId": 1, "occurredAt": ctx.clock.now_ms(), "eventId": 1, "attemptNumber": 0, **item}
    deliver(ctx, numbered)
    if sorting.sort(ctx, ctx.front):
        then()


def rows_about(ctx: Context, contact: int) -> list[str]:
    """Tables in which any column is the contact's id or any text holds it."""
    found = []
    with ctx.store.view() as u:
        for table in TENANT_TABLES:
            for row in u.rows(sa.select(table).where(table.c.portal_id == ctx.portal_id)):
                found += [table.name] if any(str(contact) in str(value) for value in row[1:]) else []
    return sorted(set(found))


@pytest.fixture(scope="module")
def crowd(tmp_path_factory) -> Iterator[tuple[Rig, Context, list[int], Any]]:
    """A live portal with a person for each order of the five events, and a plan that would write to each of them."""
    folder = tmp_path_factory.mktemp("orders")
    with rig(folder) as r:
        ids = people(r, 120)
        go_live(r)
        r.folder = folder
        with whole(r) as ctx:
            yield r, ctx, ids, make_plan(ctx)


EVENTS = ("deletion", "change", "creation", "page", "write")


def acts_of(r: Rig, ctx: Context, contact: int, plan: Any) -> dict[str, Callable[[], object]]:
    """The five events of one person, as the flows carry them out. The page was read while the person was there."""
    with ctx.store.view() as u:
        read = records.get(u, ctx.portal_id, "contacts", contact)
    link = Association("companies", 77, 279, "", primary=True)
    page = Snapshot("contacts", contact, dict(read.properties), read.created_ms, read.modified_ms, associations=(link,))

    def take(snapshot: Snapshot) -> None:
        with ctx.store.unit() as u:
            keep(ctx, u, "contacts", [snapshot], StreamReport("contacts"))
            keep_events(
                ctx, u, [PortalEvent("page_view", f"v{contact}", 5, "", contact_id=contact, title="Canary page")]
            )

    def deletion() -> None:
        item = notice(ctx, contact, "privacyDeletion")
        deliver(ctx, item)
        r.twin.gdpr_delete(contact)
        privacy.erase_many(ctx, [contact])

    later = replace(page, modified_ms=ctx.clock.now_ms() + 5)
    change = notice(ctx, contact, "propertyChange", propertyName="firstname", propertyValue=f"late-{contact}-kestrel")
    only = replace(plan, changes=tuple(c for c in plan.changes if c.contact_id == contact), enrolments=())
    assert only.changes
    return {
        "deletion": deletion,
        "change": lambda: sort_in(ctx, change, lambda: take(later)),
        "creation": lambda: sort_in(ctx, notice(ctx, contact, "creation"), lambda: take(page)),
        "page": lambda: take(page),
        "write": lambda: push(ctx, only, approved=True),
    }


def test_in_none_of_the_120_orders_does_an_erased_person_come_back(crowd):
    r, ctx, ids, plan = crowd
    addresses = [r.twin.get("contacts", contact)["email"] for contact in ids]
    for contact, order in zip(ids, permutations(EVENTS), strict=True):
        acts = acts_of(r, ctx, contact, plan)
        for event in order:
            if event == "write" and "deletion" in order[: order.index("write")]:
                before = r.twin.ledger.count()
                acts[event]()
                assert not [c for c in r.twin.ledger.calls[before:] if "update" in c.path], order
            else:
                acts[event]()
    left = {order: found for contact, order in zip(ids, permutations(EVENTS), strict=True)
            if (found := [t for t in rows_about(ctx, contact) if t != "erasures"])}  # fmt: skip
    assert left == {}
    with ctx.store.view() as u:
        assert erasures.standing(u, ctx.portal_id, ids) == set(ids)
        assert records.count(u, ctx.portal_id, "contacts", live=False) == 0
    assert hits(r.folder, *addresses, "kestrel") == []


@pytest.fixture
def r(tmp_path):
    """A live portal with five people, and the canary among them."""
    with rig(tmp_path) as made:
        made.ids = people(made, 5)
        made.canary = made.twin.create_contact(
            {"email": CANARY.title(), "firstname": "Kestrelina", "lastname": "Canarypax", "phone": "+49 170 5550199"}
        )
        made.folder = tmp_path
        go_live(made)
        yield made


NEEDLES = (CANARY, "kestrelina", "canarypax", "5550199")


def everywhere(r: Rig, ctx: Context) -> dict[str, int]:
    """The canary in every place there is; the deliveries by what they are."""
    contact, portal = r.canary, ctx.portal_id
    plan = make_plan(ctx)
    push(ctx, plan, approved=True)
    r.twin.edit("contacts", contact, {"firstname": "Kestrelina Maria"})
    r.clock.advance(60)
    with ctx.store.unit() as u:
        read = ctx.portal.read("contacts", [contact], ["email", "firstname", "lastname", "phone"]).records
        keep(ctx, u, "contacts", read, StreamReport("contacts"))
        keep_events(ctx, u, [
            PortalEvent("page_view", "v1", 5, "", contact_id=contact, title="Kestrelina's page"),
            PortalEvent("form_submission", "f1", 6, "", email="canary.kestrel@NEST.example", title="waits"),
        ])  # fmt: skip
        activities.park(
            u, portal, [PortalEvent("email_event", "e1", 7, "", email=CANARY, title="Kestrelina's newsletter")]
        )
        records.merge(u, portal, "contacts", 555001, contact, 9)
        associations.replace(
            u,
            portal,
            "deals",
            {900: (Association("contacts", contact, 3, "Kestrelina", primary=False),)},
            "contacts",
            1,
        )
        entry = NewEntry(contact, "enrol", "enrol:canary", {"workflow_id": "91001", "email": CANARY}, {})
        outbox.enter(u, portal, "apply-1", [entry], ctx.clock.now_ms())
        number = outbox.of(u, portal, contact)[-1].id
        outbox.mark_sent(u, portal, [number], ctx.clock.now_ms())
        u.run(
            sa.insert(FLIPS).values(portal_id=portal, contact_id=contact, property="phone", at_ms=1, writer="Canarypax")
        )
        u.run(
            sa.insert(FROZEN).values(portal_id=portal, contact_id=contact, property="phone", since_ms=1, writers="[]")
        )
        u.run(
            sa.insert(UNDONE).values(
                portal_id=portal, contact_id=contact, property="phone", value="+49 170 5550199", run_id="x", at_ms=1
            )
        )
        run = runs.start(u, portal, "drain", 1)
        runs.finish(u, portal, run, "part", {}, f"{CANARY} could not be read", 2)
        body = {"contacts": 2, "new_mqls": [contact, r.ids[0]]}
        u.run(sa.insert(PLANS).values(portal_id=portal, hash="h", made_ms=1, body=json.dumps(body)))
    changed = notice(ctx, contact, "propertyChange", propertyName="lastname", propertyValue="Canarypax")
    with_address = notice(ctx, r.ids[0], "propertyChange", propertyName="manager", propertyValue=CANARY)
    other = notice(ctx, r.ids[0], "propertyChange", propertyName="city", propertyValue="Bonn")
    link = {"portalId": ctx.row.hub_id, "subscriptionType": "contact.associationChange", "fromObjectId": contact}
    sort_in(ctx, changed, lambda: None)
    sort_in(ctx, {**link, "objectId": None}, lambda: None)
    return {
        "mixed": deliver(ctx, changed, other, with_address, link),
        "alone": deliver(ctx, changed),
        "held": deliver(ctx, state="held", raw=f'[{{"objectId": {contact}, "propertyValue": "Canarypax"'.encode()),
        "others": deliver(ctx, other),
    }


def test_the_canary_is_in_no_place_after_the_erasure(r, capsys):
    with whole(r) as ctx:
        sent = everywhere(r, ctx)
        assert {name for name in files(r.folder) if CANARY.encode() in files(r.folder)[name].lower()}
        [receipt] = privacy.erase_many(ctx, [r.canary])
        assert hits(r.folder, *NEEDLES) == []
        assert json.loads(body_of(ctx, sent["mixed"]))[0]["propertyValue"] == "Bonn"
        assert len(json.loads(body_of(ctx, sent["mixed"]))) == 1
        assert (body_of(ctx, sent["alone"]), body_of(ctx, sent["held"])) == (None, None)
        assert b"Bonn" in body_of(ctx, sent["others"])
        assert rows_about(ctx, r.canary) == ["erasures"]
        assert rows_about(ctx, 555001) == ["erasures"]
    said = capsys.readouterr()
    assert not any(needle in (said.out + said.err).lower() for needle in NEEDLES)
    assert not any(needle in json.dumps(receipt).lower() for needle in NEEDLES)


def test_the_receipt_counts_each_place_and_names_who_else_has_the_person(r):
    with whole(r) as ctx:
        everywhere(r, ctx)
        [receipt] = privacy.erase_many(ctx, [r.canary], cause="privacyDeletion")
        with ctx.store.view() as u:
            grave = erasures.of(u, ctx.portal_id, [r.canary])[0]
            booked = runs.last(u, ctx.portal_id, "erasure")
    assert set(receipt["places"]) >= {
        "contacts", "emails", "aliases", "associations", "activities", "unclaimed_events", "property_history",
        "receipts", "receipt_history", "outbox", "inbox", "flips", "frozen", "undone", "plans", "runs", "deliveries",
        "dirty",
    }  # fmt: skip
    assert receipt["rows"] == sum(receipt["places"].values())
    assert [(one["workflow"], one["certain"]) for one in receipt["passed_on"]] == [("91001", True)]
    assert receipt["ids"] == sorted([str(r.canary), "555001"], key=int)
    assert (receipt["overwritten"], receipt["journal"]) == (True, True)
    assert any("exported" in line for line in receipt["out_of_reach"])
    assert grave.receipt == receipt
    assert grave.done_ms is not None
    assert dict(booked.counts) == receipt["places"]


def test_others_keep_everything(r):
    before = {row["id"]: row for row in r.rows("contacts") if row["id"] != str(r.canary)}
    with whole(r) as ctx:
        privacy.erase_many(ctx, [r.canary])
    assert {row["id"]: row for row in r.rows("contacts")} == before


def test_an_old_event_of_an_erased_address_is_turned_away_and_a_new_one_is_welcome(r):
    """HubSpot's forms still tell what was submitted before; a person who comes again by themselves is a new record."""
    with whole(r) as ctx:
        privacy.erase_many(ctx, [r.canary])
        at = ctx.clock.now_ms()
        old = PortalEvent("form_submission", "f1", at - 1000, "", email=CANARY.upper(), title="Kestrelina's old form")
        new = PortalEvent("form_submission", "f2", at + 1000, "", email=CANARY, title="a new form")
        r.clock.advance(60)
        back = r.twin.create_contact({"email": CANARY})
        with ctx.store.unit() as u:
            keep_events(ctx, u, [old, new])
            keep(ctx, u, "contacts", ctx.portal.read("contacts", [back], ["email"]).records, StreamReport("contacts"))
        with ctx.store.view() as u:
            assert privacy.returned(ctx, u) == [back]
    assert [row["title"] for row in r.rows("activities") if row["contact"] == str(back)] == ["a new form"]
    told = r.run("explain", str(back))
    assert told["erased_before"] is not None
    assert r.run("explain", str(r.ids[0]))["erased_before"] is None


def test_merged_ids_name_one_person(r):
    with whole(r) as ctx:
        with ctx.store.unit() as u:
            records.merge(u, ctx.portal_id, "contacts", r.ids[0], r.canary, 9)
        privacy.erase_many(ctx, [r.ids[0]])
        with ctx.store.view() as u:
            assert erasures.standing(u, ctx.portal_id, [*r.ids, r.canary]) == {r.ids[0], r.canary}


def test_an_erasure_that_was_killed_is_finished_by_the_next(r):
    with whole(r) as ctx:
        sent = everywhere(r, ctx)
        with ctx.store.unit() as u:
            erasures.book(u, ctx.portal_id, [r.canary], [], "privacyDeletion", 1)
        privacy.erase_many(ctx, [])
        with ctx.store.view() as u:
            assert erasures.unfinished(u, ctx.portal_id) == set()
        assert body_of(ctx, sent["alone"]) is None
        assert rows_about(ctx, r.canary) == ["erasures"]


def test_an_unknown_id_gets_its_grave_too(r):
    """The notice may come before the mirror ever saw the person."""
    with whole(r) as ctx:
        [receipt] = privacy.erase_many(ctx, [987654])
        with ctx.store.unit() as u:
            keep(ctx, u, "contacts", [Snapshot("contacts", 987654, {"email": CANARY}, 1, 2)], StreamReport("contacts"))
        assert receipt["rows"] == 0
        assert rows_about(ctx, 987654) == ["erasures"]


def test_without_the_inbox_nothing_is_erased_half_way(r):
    with r.service() as service, service._context(r.name) as ctx, pytest.raises(StoreError):
        privacy.erase_many(ctx, [r.canary])
    assert str(r.canary) in {row["id"] for row in r.rows("contacts")}


def test_a_verdict_that_was_under_way_is_not_kept(r):
    """Judged before, kept after: receipts, refusals, decisions and effects of an erased person are not taken in."""
    with whole(r) as ctx:
        plan = make_plan(ctx)
        assert any(change.contact_id == r.canary for change in plan.changes)
        privacy.erase_many(ctx, [r.canary])
        push(ctx, plan, approved=True)
        with ctx.store.unit() as u:
            receipts.save_many(u, ctx.portal_id, [receipt(r.canary)], "x")
            decisions.add(u, ctx.portal_id, "r", [SetProperty(r.canary, "a", "b", "c")], 1)
            quarantine.replace(u, ctx.portal_id, "contacts", {r.canary: [("a", "b", "c")]}, 1)
            history.add(u, ctx.portal_id, "contacts", [HistoryRow(r.canary, "a", 1, r.canary, "x", "y", 1)])
            records.bury(u, ctx.portal_id, "contacts", [r.canary], 1)
            records.merge(u, ctx.portal_id, "contacts", r.canary, r.ids[0], 1)
            holds.replace_holds(u, ctx.portal_id, [r.canary], [Hold(r.canary, "enrol", "consent", "no", "")], 1)
        assert rows_about(ctx, r.canary) == ["erasures"]


def test_erasing_by_hand_takes_an_address_or_an_id(r):
    assert r.run("erase", CANARY)["contact"] == str(r.canary)
    assert r.run("erase", str(r.ids[0]))["rows"] > 0
    with pytest.raises(UnknownContact) as caught:
        r.run("erase", "nobody@nest.example")
    assert "nobody@nest.example" not in str(caught.value)


def test_the_copy_of_a_person_tells_every_kind_an_erasure_would_delete(r):
    with whole(r) as ctx:
        everywhere(r, ctx)
    document = r.run("person", CANARY)
    with whole(r) as ctx:
        [receipt] = privacy.erase_many(ctx, [r.canary])
    told = {kind: len(part["rows"]) for kind, part in document["kinds"].items()}
    deleted = {place: n for place, n in receipt["places"].items() if place not in {"plans", "runs", "deliveries"}}
    assert {kind: n for kind, n in told.items() if kind != "deliveries"} == deleted
    assert told["deliveries"] >= 3
    assert document["kinds"]["contacts"]["rows"][-1]["props"]["lastname"] == "Canarypax"
    assert all(part["source"] for part in document["kinds"].values())
