"""Any past minute can be asked (promise 2): the bill of then, to the digit, whatever happened since."""

from __future__ import annotations

import re

import pytest

from connector.presets import preset_text
from tests.journeys.steps import people
from tests.rig import Rig, rig

MAIL = "p1@kunde1.example"
PARTS = ("score", "fit", "engagement", "grade", "stage", "families")


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 3)
        werk = {"name": "Werk", "domain": "kunde1.example", "numberofemployees": "900"}
        made.twin.associate("contacts", made.ids[0], "companies", made.twin.create("companies", werk))
        made.run("sync")
        yield made


def shown(r: Rig, at_ms: int | None = None) -> dict:
    bill = r.run("explain", MAIL, at_ms)
    lines = [(line["rule"], line["points"], line["evidence"]) for line in bill["lines"]]
    return {**{part: bill[part] for part in PARTS}, "lines": lines}


def happen(r: Rig) -> list:
    """Things that move a score, one after the other."""
    contact = r.ids[0]
    company = next(iter(r.twin.links("contacts", contact, "companies")))
    return [
        lambda: r.twin.edit("contacts", contact, {"jobtitle": "Geschäftsführer", "company": "Werk GmbH"}),
        lambda: r.twin.submit_form("White Paper Anforderung", MAIL),
        lambda: r.twin.edit("companies", company, {"industry": "MACHINERY", "numberofemployees": "12000"}),
        lambda: r.twin.page_view(contact, "https://www.example-werke.de/preise", at=r.clock.now()),
        lambda: r.twin.edit("contacts", contact, {"country": "Germany", "jobtitle": "Werkstudentin"}),
        lambda: r.twin.submit_form("Demo Anfrage", MAIL, {"firstname": "Anna"}),
        lambda: r.twin.edit("contacts", contact, {"jobtitle": None, "company": None}),
        lambda: r.clock.advance(40 * 86_400),
    ]


def test_the_bill_of_a_past_minute_is_the_bill_that_was_shown(r):
    """Facts, deeds, the company's facts, decay: each earlier bill comes out as it was shown.

    (Links have no past: which company counts is known for now only.)
    """
    told = [(r.clock.now_ms(), shown(r))]
    for step in happen(r):
        r.clock.advance(3600)
        step()
        r.clock.advance(60)
        r.run("sync", full=True)
        r.clock.advance(60)
        told.append((r.clock.now_ms(), shown(r)))
    assert len({bill["score"] for _, bill in told}) > 3
    for number, (at_ms, bill) in enumerate(told):
        assert shown(r, at_ms) == bill, number


def test_the_bill_of_a_past_minute_of_one_who_was_merged(r):
    """The survivor answers for then; nothing of the other half's later deeds is in it."""
    r.clock.advance(60)
    r.twin.edit("contacts", r.ids[0], {"jobtitle": "Leiterin Einkauf"})
    r.clock.advance(60)
    r.run("sync")
    then, bill = r.clock.now_ms(), shown(r)
    r.clock.advance(3600)
    r.twin.dials.survivor = "primary"
    r.twin.edit("contacts", r.ids[1], {"country": "Germany"})
    r.twin.merge(r.ids[0], r.ids[1])
    r.clock.advance(60)
    r.run("sync")
    assert shown(r, then) == bill


def test_a_new_model_does_not_rewrite_the_past(r, tmp_path):
    """A published document counts from its publication on."""
    r.twin.edit("contacts", r.ids[0], {"jobtitle": "Leiterin Einkauf"})
    r.clock.advance(60)
    r.run("sync")
    then, bill = r.clock.now_ms(), shown(r)
    r.clock.advance(3600)
    text = preset_text("scoring", "standard-b2b", None)
    file = tmp_path / "scoring.yaml"
    file.write_text(re.sub(r"points: (\d+)", lambda found: f"points: {int(found[1]) + 1}", text), encoding="utf-8")
    r.run("config_publish", file, "ich", "strenger")
    r.clock.advance(60)
    assert shown(r)["score"] != bill["score"]
    assert r.run("explain", MAIL)["model"]["version"] == 2
    assert r.run("explain", MAIL, then)["model"]["version"] == 1
    assert shown(r, then) == bill


def test_before_anything_was_known(r):
    """A minute before the contact was first seen: no invented points."""
    bill = shown(r, r.clock.now_ms() - 10 * 365 * 86_400_000)
    assert bill["score"] >= 0
    assert [line for line in bill["lines"] if "form" in line[0]] == []


def test_a_minute_in_the_future_shows_the_decay(r):
    r.twin.submit_form("White Paper Anforderung", MAIL)
    r.clock.advance(60)
    r.run("sync", full=True)
    now = shown(r)["score"]
    assert shown(r, r.clock.now_ms() + 400 * 86_400_000)["score"] <= now
