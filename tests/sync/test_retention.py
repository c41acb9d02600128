"""Everything goes when it is due and nothing early; the run is booked, and enrolled is enrolled for ever (P05)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from connector.model.records import PortalIdentity
from connector.rules.documents.consent import Retention
from connector.store import Store, portals, records, runs
from connector.store.front import Front
from connector.store.front_schema import ADDRESSEES, DELIVERIES
from connector.store.schema import (
    ACTIVITIES,
    DECISIONS,
    ENRICHMENT_WISHES,
    ENRICHMENTS,
    FLIPS,
    GAPS,
    HANDOFFS,
    INBOX,
    OUTBOX,
    PLANS,
    PROPERTY_HISTORY,
    RECEIPT_HISTORY,
    RUNS,
    STAGE_STEPS,
    UNCLAIMED_EVENTS,
    USAGE,
)
from connector.sync.retention import DAY_MS, months_before, retain
from tests import databases
from tests.rig import SharedClock, rig
from tests.store.builders import T0, snapshot
from tests.sync.steps import look, publish

DEFAULT = Retention()
NOW = SharedClock().now_ms()


@pytest.fixture(params=databases.KINDS)
def house(request) -> Iterator[tuple[Store, Front, Any]]:
    url = databases.fresh_url(request.param)
    store, front = Store.open(url), Front.beside(url)
    with store.unit() as u:
        row = portals.add(u, "acme", "https://a.example", b"", PortalIdentity(1, "UTC", "EUR", "", "", "v3"), T0)
    yield store, front, row
    with front.unit() as u:
        for table in (DELIVERIES, ADDRESSEES):
            u.run(sa.delete(table))
    front.close()
    store.close()
    databases.drop(url)


def row_of(table: sa.Table, number: int, **values: Any) -> dict[str, Any]:
    """A row with something in every column that must hold something."""
    made: dict[str, Any] = {}
    for column in table.c:
        if column.name in values:
            made[column.name] = values[column.name]
        elif isinstance(column.type, sa.Boolean):
            made[column.name] = True
        elif not column.nullable:
            text = isinstance(column.type, sa.Text)
            made[column.name] = (f"{column.name}{number}" if text else number) if column.name != "portal_id" else 1
    return made


# (table, the column of its age, what else a row must say to be let go of, where the limit lies)
AGED = [
    (INBOX, "done_ms", {"state": "done"}, NOW - 30 * DAY_MS),
    (INBOX, "received_ms", {"state": "held"}, NOW - 30 * DAY_MS),
    (ACTIVITIES, "at_ms", {}, months_before(NOW, 25)),
    (UNCLAIMED_EVENTS, "at_ms", {}, months_before(NOW, 25)),
    (PROPERTY_HISTORY, "at_ms", {}, months_before(NOW, 25)),
    (RECEIPT_HISTORY, "at_ms", {}, months_before(NOW, 24)),
    (DECISIONS, "at_ms", {}, months_before(NOW, 24)),
    (OUTBOX, "created_ms", {"kind": "write", "state": "confirmed"}, months_before(NOW, 24)),
    (RUNS, "finished_ms", {"kind": "pull"}, months_before(NOW, 24)),
    (GAPS, "healed_ms", {}, months_before(NOW, 24)),
    (PLANS, "made_ms", {}, NOW - 30 * DAY_MS),
    (FLIPS, "at_ms", {}, NOW - DAY_MS),
    (STAGE_STEPS, "at_ms", {}, months_before(NOW, 24)),
    (ENRICHMENTS, "until_ms", {}, months_before(NOW, 25)),
    (ENRICHMENT_WISHES, "since_ms", {}, months_before(NOW, 25)),
    (HANDOFFS, "at_ms", {"closed_ms": 1}, months_before(NOW, 24)),
]


@pytest.mark.parametrize(("table", "age", "says", "limit"), AGED, ids=lambda v: getattr(v, "name", None))
def test_what_is_due_goes_and_nothing_a_millisecond_early(house, table, age, says, limit):
    store, front, row = house
    with store.unit() as u:
        for number, at in enumerate([limit - 10**9, limit - 1, limit, limit + 1, NOW], 1):
            u.run(sa.insert(table).values(row_of(table, number, **{**says, age: at, "portal_id": row.id})))
        u.run(sa.insert(table).values(row_of(table, 9, **{**says, age: 5, "portal_id": row.id + 1})))
    retain(store, front, row, DEFAULT, SharedClock())
    with store.view() as u:
        kept = sorted(r[0] for r in u.rows(sa.select(table.c[age]).where(table.c.portal_id == row.id)) if r[0])
        others = u.number(sa.select(sa.func.count()).select_from(table).where(table.c.portal_id == row.id + 1))
    assert [at for at in kept if at <= NOW][:3] == [limit, limit + 1, NOW]
    assert others == 1


def test_what_still_waits_is_never_let_go_of(house):
    store, front, row = house
    with store.unit() as u:
        for number, says in enumerate(
            [
                {"kind": "write", "state": "planned"},
                {"kind": "enrol", "state": "sent"},
                {"kind": "enrol", "state": "dropped"},
            ],
            1,
        ):
            u.run(sa.insert(OUTBOX).values(row_of(OUTBOX, number, portal_id=row.id, created_ms=1, **says)))
        u.run(sa.insert(INBOX).values(row_of(INBOX, 1, portal_id=row.id, state="new", received_ms=1)))
        u.run(sa.insert(RUNS).values(row_of(RUNS, 1, portal_id=row.id, started_ms=1)))
        u.run(sa.insert(GAPS).values(row_of(GAPS, 1, portal_id=row.id)))
        u.run(sa.insert(USAGE).values(portal_id=row.id, day="2024-11-22", calls=5))
        u.run(sa.insert(USAGE).values(portal_id=row.id, day="2024-11-21", calls=5))
    done = retain(store, front, row, DEFAULT, SharedClock())
    assert done["let_go"] == {"calls a day": 1}


def deliver(front: Front, portals_: dict[int, bool], received: int, state: str = "done") -> int:
    with front.unit() as u:
        row = {"received_ms": received, "body": b"[]", "state": state, "reason": ""}
        number = u.run(sa.insert(DELIVERIES).values(row)).inserted_primary_key[0]
        for portal, done in portals_.items():
            u.run(sa.insert(ADDRESSEES).values(portal_id=portal, delivery_id=number, done=done))
    return number


def test_a_delivery_goes_when_every_portal_it_concerns_let_go_of_it(house):
    store, front, row = house
    old, other = NOW - 31 * DAY_MS, row.id + 1
    deliver(front, {row.id: True}, old)
    deliver(front, {}, old, state="held")
    deliver(front, {row.id: False}, old, state="held")
    shared = deliver(front, {row.id: True, other: True}, old)
    waits = deliver(front, {row.id: False}, old, state="new")
    young = deliver(front, {row.id: True}, NOW - 29 * DAY_MS)
    held = deliver(front, {}, NOW - 29 * DAY_MS, state="held")
    assert retain(store, front, row, DEFAULT, SharedClock())["let_go"] == {"deliveries": 3}
    with front.view() as u:
        assert [r[0] for r in u.rows(sa.select(DELIVERIES.c.id).order_by(DELIVERIES.c.id))] == [
            shared,
            waits,
            young,
            held,
        ]


def test_thousands_go_in_small_transactions_and_webhooks_get_their_turn_in_between(house):
    store, front, row = house
    with store.unit() as u:
        records.upsert(u, row.id, "contacts", [snapshot(1), snapshot(2)], T0)
        records.clear_dirty(u, row.id, records.tokens(u, row.id, [1, 2]))
        rows = [row_of(ACTIVITIES, n, portal_id=row.id, contact_id=1, at_ms=n, detail="{}") for n in range(2500)]
        u.connection.execute(sa.insert(ACTIVITIES), rows)
    with front.unit() as u:
        bodies = [{"received_ms": 1, "body": b"[]", "state": "done", "reason": ""} for _ in range(1200)]
        u.connection.execute(sa.insert(DELIVERIES), bodies)
    sizes: list[int] = []

    def note(_c, cursor, statement, *_rest) -> None:
        if statement.startswith("DELETE"):
            sizes.append(cursor.rowcount)

    for engine in (store.engine, front.engine):
        sa.event.listen(engine, "after_cursor_execute", note)
    clock = SharedClock()
    began = clock.monotonic()
    done = retain(store, front, row, DEFAULT, clock)
    assert (done["let_go"]["activities"], done["let_go"]["deliveries"]) == (2500, 1200)
    assert max(sizes) <= 1000
    assert clock.monotonic() > began
    with store.view() as u:
        assert set(records.dirty_or_due(u, row.id, 0)) == {1}  # judged anew, since what the score stood on is gone


def test_the_last_run_is_seen_with_its_counts(tmp_path):
    with rig(tmp_path) as r:
        done = r.run("retention")
        run = look(r, lambda u, portal: runs.last(u, portal, "retention"))
        assert (run.run_id, run.state, run.counts) == (done["run"], "done", done["let_go"])


def test_an_admin_sets_the_days_in_the_consent_document(tmp_path):
    with rig(tmp_path) as r:
        publish(r, tmp_path, "consent", {"name": "short", "retention": {"plan_days": 2}})
        r.run("sync")
        r.run("plan")
        r.clock.advance(3 * 24 * 3600)
        assert r.run("retention")["let_go"]["plans"] == 1


@pytest.mark.parametrize(
    ("at", "months", "then"),
    [("2026-03-31", 1, "2026-02-28"), ("2024-03-31", 1, "2024-02-29"), ("2026-01-15", 25, "2023-12-15"),
     ("2026-12-31", -1, "2027-01-31"), ("2026-01-30", -1, "2026-02-28")],
)  # fmt: skip
def test_months_are_the_calendars_own(at, months, then):
    def millis(day: str) -> int:
        return round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)

    assert months_before(millis(at), months) == millis(then)
