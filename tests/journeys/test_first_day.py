"""From a token to a written-back portal: a consultant's first day, and the quiet cycles after it."""

from __future__ import annotations

import json

import pytest

from connector.rules.decide import ALL_PROPERTIES
from tests.journeys.steps import OURS, calls_of, stream, written_back, wrong
from tests.rig import Rig, rig


def test_from_token_to_certificate(tmp_path):
    """Connect, mirror, show, write exactly what was shown, prove it; the next cycle finds nothing to do."""
    with rig(tmp_path, contacts=320, latency=0.002, features_off={"/events/v3"}) as r:
        first = r.run("sync")
        assert stream(first, "contacts")["read"] >= len(r.twin.ids("contacts"))
        assert wrong(r) == []
        assert r.run("provision")["created"] == len(ALL_PROPERTIES)
        plan = r.run("plan")
        r.run("live")
        ran = r.run("apply", plan_hash=plan["hash"])
        assert (ran["ok"], ran["written"], ran["hash"]) == (True, plan["contacts"], plan["hash"])
        stages = sum("lifecyclestage" in c["properties"] for c in plan["changes"])  # read once more before the write
        batches, looks = -(-plan["contacts"] // 100), -(-stages // 100)
        assert ran["calls"] <= batches + looks + 2  # and a catching up before them, a sample after them

        shown = {int(c["contact"]): c["properties"] for c in plan["changes"]}
        truth = r.twin.truth("contacts")
        assert all(truth[i][n] == v["after"] for i, new in shown.items() for n, v in new.items() if v["after"])

        certificate = r.run("verify")
        assert (certificate["complete"], certificate["percent"]) == (True, 100.0)
        assert certificate["sample"]["equal"] == certificate["sample"]["fields"] > 0
        assert not any(certificate["repaired"].values())
        assert wrong(r) == []

        before = r.twin.ledger.count()
        again = r.run("cycle")
        quiet = calls_of(r, before)
        assert len(quiet) <= 10, [c.path for c in quiet]
        assert [c for c in quiet if c.writing] == []
        assert (again["ok"], again["apply"]) == (True, None)


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory) -> Rig:
    """A portal of 300 that was mirrored and written back."""
    with rig(tmp_path_factory.mktemp("day"), contacts=120) as r:
        r.ran = written_back(r)
        yield r


def test_the_points_of_a_bill_add_up_for_everybody(lived_in):
    with lived_in.service() as service:
        for contact in lived_in.twin.ids("contacts")[::5]:
            bill = service.explain("acme", str(contact))
            assert sum(line["points"] for line in bill["lines"]) == bill["score"]
            assert lived_in.twin.get("contacts", contact)["leadwright_score"] == str(bill["score"])


def test_explain_by_address_is_explain_by_id(lived_in):
    contact, truth = next((i, p) for i, p in lived_in.twin.truth("contacts").items() if p.get("email"))
    by_id, by_address = (lived_in.run("explain", word) for word in (str(contact), truth["email"].upper()))
    assert by_id == by_address
    assert {"contact", "at", "model", "score", "grade", "families", "lines", "unknown", "stage", "gates", "next"} <= (
        by_id.keys()
    )


def test_exported_contacts_are_the_portals(lived_in):
    rows = lived_in.rows("contacts")
    keys = {"id", "email", "archived", "merged_into", "properties", "fields", "modified_at"}
    assert all(row.keys() >= keys for row in rows)
    assert {row["id"] for row in rows if not row["archived"]} == {str(i) for i in lived_in.twin.ids("contacts")}
    truth = lived_in.twin.truth("contacts")
    for row in (row for row in rows if not row["archived"]):
        theirs = {name: value for name, value in truth[int(row["id"])].items() if name in row["properties"]}
        assert {name: value for name, value in row["properties"].items() if value} == theirs


@pytest.mark.parametrize("what", ["companies", "deals", "activities", "receipts", "decisions", "writes"])
def test_everything_can_be_exported_as_json(lived_in, what):
    rows = lived_in.rows(what)
    assert rows if what != "decisions" else True
    assert [json.loads(json.dumps(row)) for row in rows] == rows


def test_what_was_written_is_booked_with_the_value_before(lived_in):
    booked = {row["contact"]: row for row in lived_in.rows("writes")}
    assert len(booked) == lived_in.ran["written"]
    assert all(set(row["before"]) <= OURS | {"lifecyclestage"} for row in booked.values())


def test_observe_mode_never_writes(tmp_path):
    """Everything but provisioning may be run on a portal in observe mode; not one call changes anything."""
    with rig(tmp_path, contacts=60) as r:
        before = {kind: r.twin.truth(kind) for kind in ("contacts", "companies", "deals")}
        with r.service() as service:
            service.list_portals()
        for command in (
            "check_portal",
            "sync",
            "plan",
            "verify",
            "cycle",
            "provision_preview",
            "best",
            "sync",
            "cycle",
        ):
            r.run(command)
        r.run("explain", str(r.twin.ids("contacts")[0]))
        for what in ("contacts", "companies", "deals", "activities", "receipts", "decisions", "writes"):
            r.rows(what)
        assert r.twin.ledger.writes() == []
        assert r.twin.ledger.effects == []
        assert {kind: r.twin.truth(kind) for kind in before} == before

        r.run("provision")
        r.run("cycle")
        assert {c.template.split("/")[2] if "/crm/" in c.template else c.template for c in r.twin.ledger.writes()} == {
            "v3"
        }
        assert all("/properties/" in c.path for c in r.twin.ledger.writes())
        assert r.twin.truth("contacts") == before["contacts"]
