"""The doctor's look at the whole installation: what is missed is named, what may be meant is only told."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from connector.store import beats, meta
from connector.store.front import Front
from connector.store.schema import GAPS
from connector.sync import privacy
from connector.vault import Vault
from tests.journeys.steps import people
from tests.rig import Rig, rig
from tests.sync.steps import tamper
from tests.sync.test_privacy import deliver, whole


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 2)
        made.run("sync")
        yield made


def found(r: Rig) -> dict[str, dict[str, Any]]:
    with r.service() as service:
        return {row["check"]: row for row in service.examine()["checks"]}


def alive(r: Rig, *roles: str) -> None:
    front = Front.beside(r.settings.database_url)
    with front.unit() as u:
        for role in roles:
            beats.beat(u, role, "1", r.clock.now_ms())
    front.close()


def test_a_fresh_installation_has_nothing_wrong(r):
    rows = found(r)
    assert [row for row in rows.values() if row["ok"] is False] == []
    assert all(rows[name]["ok"] for name in ("key fits", "inbox", "notices", "held", "gaps"))
    assert rows["worker"]["ok"] is None


def test_a_role_is_missed_when_another_is_alive(r):
    alive(r, "clock")
    r.clock.advance(600)
    alive(r, "web", "worker")
    rows = found(r)
    assert (rows["web"]["ok"], rows["worker"]["ok"], rows["clock"]["ok"]) == (True, True, False)
    assert "serve" in rows["clock"]["remedy"]


def test_a_key_that_fits_no_token_is_named_with_the_portal(r):
    r.settings = r.settings.model_copy(update={"secret_key": SecretStr(Vault.new_key())})
    assert found(r)["key fits"]["ok"] is False
    assert "acme" in found(r)["key fits"]["text"]


def test_what_is_held_and_what_stands_open_is_counted(r):
    with whole(r) as ctx:
        deliver(ctx, state="held", raw=b"{")
        deliver(ctx)
    tamper(r, lambda u: u.run(sa.insert(GAPS).values(portal_id=1, from_ms=1, to_ms=2, why="down")))
    tamper(r, lambda u: meta.put(u, "last_backup_ms", str(r.clock.now_ms())))
    r.clock.advance(600)
    rows = found(r)
    assert rows["held"]["text"].startswith("1 held")
    assert "acme" in rows["gaps"]["text"]
    assert rows["backup"]["ok"] is True
    assert (rows["notices"]["ok"], "10 min" in rows["notices"]["text"]) == (False, True)
    r.clock.advance(8 * 24 * 3600)
    assert found(r)["backup"]["ok"] is None


def test_an_inbox_that_cannot_be_written_is_said(r):
    front = Front.beside(r.settings.database_url)
    with front.unit() as u:
        u.connection.exec_driver_sql("DROP TABLE deliveries")
        u.connection.exec_driver_sql("CREATE VIEW deliveries AS SELECT 1 AS id")
    front.close()
    assert found(r)["inbox"]["ok"] is False


def test_somebody_who_came_back_is_a_flag_and_no_fault(r):
    address = r.twin.get("contacts", r.ids[0])["email"]
    with whole(r) as ctx:
        privacy.erase_many(ctx, [r.ids[0]])
    r.twin.gdpr_delete(r.ids[0])
    r.clock.advance(60)
    r.twin.create_contact({"email": address})
    r.run("sync")
    row = found(r)["erased"]
    assert (row["ok"], "1 new" in row["text"]) == (None, True)
    assert address not in str(row)
