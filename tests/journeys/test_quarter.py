"""A quarter of a portal's life with the shipped documents, live, day by day on a virtual clock.

People fill in forms, read, click, change their titles; sales answers; every day the clock runs a cycle. Afterwards each
contact's history can be told for any past day, nothing happened twice, and the decision is held against who bought.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.steps import go_live, wrong
from tests.rig import Rig, rig
from tests.sync.steps import document, publish
from tests.sync.test_giving import given

pytestmark = pytest.mark.timeout(400)

DAYS, PEOPLE, SEED = 91, 40, 5
DAY = 86_400
SHIPPED = Path(__file__).parents[2] / "config/presets/scoring/standard-b2b.yaml"
FORMS = ("White Paper Anforderung", "Newsletter Anmeldung")
PAGES = (
    "https://www.example-werke.de/preise",
    "https://www.example-werke.de/produkte",
    "https://www.example-werke.de/blog/a",
)
TITLES = ("Geschäftsführer", "Leiter Einkauf", "Werkstudent")


def live_a_day(r: Rig, chance: random.Random, day: int) -> None:
    """What people do on one day, and in HubSpot."""
    ids = sorted(r.twin.ids("contacts"))
    for contact in chance.sample(ids, 3):
        r.twin.page_view(contact, chance.choice(PAGES))
    email = r.twin.truth("contacts")[chance.choice(ids)].get("email")
    if email:
        r.twin.submit_form(chance.choice(FORMS), email)
    r.twin.email_event(chance.choice(ids), chance.choice(("OPEN", "CLICK")))
    if day % 3 == 0:
        r.twin.edit("contacts", chance.choice(ids), {"jobtitle": chance.choice(TITLES)})
    if day % 10 == 0:
        r.twin.create_contact({"email": f"neu{day}@kunde{day}.example", "lastname": "Neu", "company": "Neu GmbH"})


@pytest.fixture(scope="module")
def quarter(tmp_path_factory) -> Any:
    chance = random.Random(SEED)
    with rig(tmp_path_factory.mktemp("quarter"), contacts=PEOPLE, seed=SEED) as r:
        workflow = str(r.twin.workflows.all[0]["id"])
        go_live(r)
        paper = document("workflows")
        for one in paper["workflows"]:
            one["workflow_id"] = workflow
        publish(r, r.folder, "workflows", paper)
        owners = [str(one["id"]) for one in r.twin.account.owners if not one["archived"]][:2]
        publish(r, r.folder, "routing", {**document("routing"), "owners": [{"owner": one} for one in owners]})
        r.run("apply", plan_hash=r.run("plan")["hash"])
        r.began = r.clock.now_ms()
        r.cycles = []
        for day in range(DAYS):
            live_a_day(r, chance, day)
            r.clock.advance(DAY)
            r.cycles.append(r.run("cycle"))
        yield r


def test_the_mirror_is_whole_at_the_end(quarter):
    assert wrong(quarter) == []
    assert quarter.run("verify")["complete"]


def test_every_day_something_was_judged_and_nothing_failed(quarter):
    assert all(one["ok"] for one in quarter.cycles), [one["text"] for one in quarter.cycles if not one["ok"]][:3]
    assert sum(one["plan"]["judged"] for one in quarter.cycles) > DAYS


def test_a_quiet_day_writes_nothing(quarter):
    quarter.clock.advance(60)
    quarter.run("cycle")
    quarter.clock.advance(60)
    assert quarter.run("cycle")["apply"] is None


def test_nobody_was_enrolled_twice_and_each_hand_over_has_its_note(quarter):
    enrolled = Counter((one.workflow_id, one.contact_id) for one in quarter.twin.ledger.enrolments)
    assert max(enrolled.values(), default=1) == 1
    handed = [
        contact for contact, one in quarter.twin.truth("contacts").items() if one.get("leadwright_handed_over_at")
    ]
    notes = {contact: [note["hs_note_body"] for note in given(quarter, contact)] for contact in handed}
    assert handed
    assert all(len(bodies) == len(set(bodies)) > 0 for bodies in notes.values())


def test_every_contacts_history_can_be_told_for_any_past_day(quarter):
    """The lines of each bill add up to its score, at ten moments of the quarter for each contact."""
    told = 0
    for contact in sorted(quarter.twin.ids("contacts")):
        for week in range(0, 13, 3):
            at_ms = quarter.began + week * 7 * DAY * 1000
            receipt = quarter.run("explain", str(contact), at_ms=at_ms)
            assert sum(line["points"] for line in receipt["lines"]) == receipt["score"]
            told += 1
    assert told >= 5 * PEOPLE


def test_each_step_through_the_stages_names_its_cause(quarter):
    steps = [step for contact in quarter.twin.ids("contacts") for step in quarter.run("explain", str(contact))["path"]]
    assert all(step["cause"] for step in steps)


def test_the_decision_is_held_against_who_bought(quarter):
    """The twin knows who buys; the service does not. ``backtest`` prints how well the model tells them."""
    file = quarter.folder / "buyers.csv"
    with file.open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(("who", "day"))
        table.writerows((who, at.isoformat()) for who, at in quarter.twin.purchases.items())
    body = quarter.run("backtest", SHIPPED, buyers=file)
    assert body["measured_by"] == "known"
    own = next(row for row in body["thresholds"] if row["own"])["outcomes"]["known"]
    assert own["decided"] == 0 or 0 <= own["precision"] <= 1
    assert own["there"] == sum(1 for who in quarter.twin.purchases if who in quarter.twin.ids("contacts"))
