"""One whole small journey on a real PostgreSQL: what SQLite does, it does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.rules.decide import ALL_PROPERTIES
from tests import databases
from tests.journeys.steps import people, stream, wrong
from tests.rig import Rig, rig
from tests.sync.steps import acts, ripe


@pytest.fixture
def r(tmp_path) -> Iterator[Rig]:
    url = databases.fresh_url("postgresql")
    try:
        with rig(tmp_path, connect=False, latency=0.01) as made:
            made.settings = made.settings.model_copy(update={"database_url": url})
            made.connect()
            yield made
    finally:
        databases.drop(url)


def test_from_the_first_sync_to_a_quiet_cycle(r):
    ids = people(r, 230, city="Ulm")
    company = r.twin.create("companies", {"name": "Werk", "country": "Germany", "numberofemployees": "400"})
    r.twin.associate("contacts", ids[0], "companies", company)
    r.twin.email_event(ids[0], "CLICK")
    r.twin.page_view(ids[1], "https://www.example-werke.de/preise")
    lead = ripe(r, "anna@werk.example")

    assert stream(r.run("sync"), "contacts")["created"] == 231
    assert wrong(r) == []
    assert (acts(r, ids[0]), acts(r, ids[1])) == (["mail_clicked"], ["price_page"])
    assert r.run("provision")["created"] == len(ALL_PROPERTIES)
    r.run("live")

    plan = r.run("plan")
    assert (plan["contacts"], plan["new_mqls"], plan["hash"]) == (231, 1, r.run("plan")["hash"])
    ran = r.run("apply", plan_hash=plan["hash"])
    assert (ran["ok"], ran["written"], ran["refused"]) == (True, 231, [])
    assert r.twin.get("contacts", lead)["lifecyclestage"] == "marketingqualifiedlead"

    certificate = r.run("verify")
    assert (certificate["complete"], certificate["percent"]) == (True, 100.0)
    assert not any(certificate["repaired"].values())

    r.clock.advance(3600)
    r.twin.edit("contacts", ids[5], {"jobtitle": "Geschäftsführer", "lastname": "Örtzen\u0000 'x'"})
    r.twin.delete("contacts", ids[6])
    survivor = r.twin.merge(ids[0], ids[1])
    cycle = r.run("cycle")
    assert cycle["ok"]
    assert wrong(r, {"email", "jobtitle", "city", "leadwright_score"}) == []
    assert sorted(acts(r, survivor)) == ["mail_clicked", "price_page"]
    bill = r.run("explain", str(ids[1]))
    assert (bill["contact"], sum(line["points"] for line in bill["lines"])) == (str(survivor), bill["score"])

    assert r.run("undo", ran["run"], "anna@werk.example")["restored"] == 1
    r.clock.advance(3600)
    r.run("cycle")
    quiet = r.run("cycle")
    assert (quiet["ok"], quiet["apply"]) == (True, None)
