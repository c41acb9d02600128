"""A portal's copy for the laboratory: complete for judging, alone, without its token, and gone afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import StoreError
from connector.store import activities, documents, outbox, portals, receipts, records
from connector.store.outbox import NewEntry
from connector.store.sandbox import LEFT_OUT, sandbox
from connector.store.schema import TENANT_TABLES
from tests.store.builders import IDENTITY, T0, activity, receipt, snapshot


@pytest.fixture
def told(store, portal):
    """A portal with a bit of everything, and a neighbour."""
    with store.unit() as u:
        other = portals.add(u, "other", "https://x.example", b"theirs", IDENTITY, T0).id
        for who in (portal, other):
            records.upsert(u, who, "contacts", [snapshot(1, email="a@x.example", city=f"of {who}")], T0)
            activities.add(u, who, [activity(1, 5, "a")])
        documents.publish(u, portal, "scoring", "name: x", "ann", "why", T0)
        receipts.save_many(u, portal, [receipt(1, 33)], "x")
        outbox.enter(u, portal, "apply-1", [NewEntry(1, "enrol", "c", {"workflow_id": "9", "email": "a"}, {})], T0)
    return portal


def test_holds_what_judging_reads(store, told):
    with sandbox(store, told) as copy, copy.view() as u:
        assert records.get(u, told, "contacts", 1).properties["city"] == f"of {told}"
        assert [act.id for act in activities.of(u, told, [1])[1]] == ["a"]
        assert documents.current(u, told, "scoring").body == "name: x"
        assert receipts.get(u, told, 1).score == 33
        assert len(outbox.enrolments(u, told, 1, "c")) == 1


def test_holds_nobody_elses_rows_and_no_token(store, told):
    with sandbox(store, told) as copy, copy.view() as u:
        (row,) = portals.every(u)
        assert (row.id, row.live, row.token_sealed) == (told, True, None)
        assert records.count(u, told + 1, "contacts") == 0


def test_what_is_done_in_it_stays_in_it(store, told):
    with sandbox(store, told) as copy, copy.unit() as u:
        records.upsert(u, told, "contacts", [snapshot(1, 50, city="elsewhere")], T0 + 50)
    with store.view() as u:
        assert records.get(u, told, "contacts", 1).properties["city"] == f"of {told}"
        assert portals.by_name(u, "acme").live is False


def test_is_gone_afterwards_also_after_a_fault(store, told):
    seen = []

    def broken_off():
        with sandbox(store, told) as copy:
            seen.append(Path(copy.file))
            assert seen[0].exists()
            assert seen[0].parent.stat().st_mode & 0o077 == 0
            raise LookupError

    with pytest.raises(LookupError):
        broken_off()
    assert not seen[0].parent.exists()


def test_leaves_out_only_what_exists_and_no_table_that_is_judged_by():
    names = {table.name for table in TENANT_TABLES}
    assert names >= LEFT_OUT
    assert not LEFT_OUT & {"contacts", "companies", "activities", "documents", "outbox", "receipts", "dirty", "cursors"}


def test_wants_a_portal(store):
    with pytest.raises(StoreError), sandbox(store, 0):
        pass
