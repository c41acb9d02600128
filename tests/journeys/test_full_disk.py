"""No room on the disk in the middle of everything (S04): said in one sentence, nothing half-written, goes on after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from connector.errors import DiskFull
from connector.service import Service
from tests.journeys.steps import go_live, people, wrong
from tests.rig import Rig, rig


@contextmanager
def full(r: Rig, room: int = 4) -> Iterator[Service]:
    """An installation whose database may grow by so many pages and no more, as SQLite sees a full disk."""
    with r.service() as service:
        with service.store.view() as u:
            pages = u.number(sa.text("PRAGMA page_count"))

        def limit(connection: Any, *_: Any) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages + room}")

        service.store.engine.dispose()
        sa.event.listen(service.store.engine, "connect", limit)
        yield service


def test_a_first_mirror_on_a_full_disk_ends_with_one_sentence_and_goes_on_when_there_is_room(tmp_path):
    with rig(tmp_path) as r:
        people(r, 1500, message="x" * 400)
        with full(r, room=150) as service, pytest.raises(DiskFull) as told:
            service.sync(r.name)
        assert told.value.exit_code == 1
        assert "disk" in told.value.message
        assert told.value.remedy
        held = len(r.mirrored())
        assert held < 1500
        before = r.twin.ledger.count("/crm/v3/objects/contacts", 200, "GET")
        r.run("sync")
        assert wrong(r) == []
        again = r.twin.ledger.count("/crm/v3/objects/contacts", 200, "GET") - before
        assert again <= 15 - held // 100 + 12
        assert r.run("verify")["complete"]


def test_a_write_back_on_a_full_disk_sends_nothing_it_could_not_book(tmp_path):
    with rig(tmp_path) as r:
        people(r, 300)
        go_live(r)
        shown = r.run("plan")["hash"]
        with full(r, room=0) as service, pytest.raises(DiskFull):
            service.apply(r.name, plan_hash=shown)
        sent = [e for e in r.twin.ledger.effects if e.name == "leadwright_score"]
        booked = [row for row in r.rows("writes") if row["state"] == "sent"]
        assert len(sent) - len(booked) in (0, 100)  # one batch may be sent whose booking found no room
        r.clock.advance(60)
        r.run("sync")
        r.run("apply", plan_hash=r.run("plan")["hash"])
        assert wrong(r) == []
        assert all("leadwright_score" in p for p in r.twin.truth("contacts").values())
