"""kill -9 at any moment (promise 8, S01): the real command, a real process, a real database file."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from connector.sync.fill import LANES
from connector.twin import Dials, Twin, serve_twin
from tests.installation import Installation
from tests.rig import differences

LIST = "/crm/v3/objects/contacts"
UPDATE = "/crm/v3/objects/contacts/batch/update"


@pytest.fixture
def at(tmp_path):
    """A portal whose calls take a while, on the machine's own clock."""
    twin = Twin.empty(dials=Dials(burst=None, search_per_second=None, daily=None))
    with serve_twin(twin) as url:
        yield Installation(tmp_path, twin, url)


def people(twin: Twin, count: int) -> None:
    for number in range(count):
        twin.create_contact({"email": f"p{number}@kunde.example", "lastname": f"Müller {number}"})


def test_a_first_mirror_killed_three_times(at):
    """Then it goes on where it stood: complete, and few pages are read twice."""
    people(at.twin, 2000)
    at.twin.dials.latency = {"list": 0.25, "default": 0.0}
    chance = random.Random()
    killed = 0
    for _ in range(3):
        killed += at.kill(chance.randint(1, 7), LIST, "sync", "acme", "--only", "contacts", later=chance.random() / 4)
    at.twin.dials.latency = 0.0
    at.run("sync", only=("contacts",))
    assert killed >= 1
    assert differences(at.mirrored(), at.twin.truth("contacts"), {"email", "lastname"}) == []
    asked = at.twin.ledger.count(LIST, 200, "GET")
    assert asked <= 2000 / 100 + LANES + 3 + killed * (LANES + 1)
    assert at.run("verify")["complete"]


def test_a_write_back_killed_in_the_middle(at):
    """Every contact is written, none twice, none is left behind."""
    people(at.twin, 600)
    at.run("sync", only=("contacts",))
    at.run("provision")
    at.run("live")
    plan = at.run("plan")
    at.twin.dials.latency = {"batch": 0.25, "default": 0.0}
    assert at.kill(2, UPDATE, "apply", "acme", "--hash", plan["hash"], later=0.1)
    at.twin.dials.latency = 0.0
    halfway = sum(1 for p in at.twin.truth("contacts").values() if "leadwright_score" in p)
    at.run("sync", only=("contacts",))
    rest = at.run("plan")
    assert rest["contacts"] == 600 - halfway > 0
    at.run("apply", plan_hash=rest["hash"])
    effects = Counter(e.object_id for e in at.twin.ledger.effects if e.name == "leadwright_score")
    assert (len(effects), set(effects.values())) == (600, {1})
    assert at.run("plan")["contacts"] == 0
    assert at.run("verify")["complete"]
