"""Links are read again in turn: a removed one is seen within a day, without webhooks and within the calls of a pull."""

from __future__ import annotations

import pytest

from connector.store import cursors
from connector.sync import rotation
from tests.journeys.steps import go_live, people
from tests.rig import Rig, rig
from tests.sync.steps import context, look, paths, tamper, watched

ASSOCIATIONS = "/crm/v4/associations/contacts/companies/batch/read"
HOUR = 3600


@pytest.fixture
def r(tmp_path):
    """Three contacts of one company, mirrored and written back."""
    with rig(tmp_path) as made:
        made.ids = people(made, 3)
        made.company = made.twin.create("companies", {"name": "Werk GmbH", "industry": "MACHINERY"})
        for contact in made.ids:
            made.twin.associate("contacts", contact, "companies", made.company)
        go_live(made)
        made.run("apply", plan_hash=made.run("plan")["hash"])
        made.run("cycle")
        yield made


def linked(r: Rig, contact: int) -> bool:
    with context(r) as ctx, ctx.store.view() as u:
        return contact in rotation.associations.companies_of(u, ctx.portal_id, [contact])


def long_ago(r: Rig, hours: int) -> None:
    """The turn was last taken so long ago; nothing else is due."""
    state = look(r, lambda u, portal: cursors.get(u, portal, "links"))
    early = {**state, "read_ms": state["read_ms"] - hours * HOUR * 1000}
    tamper(r, lambda u: cursors.save(u, 1, "links", early, r.clock.now_ms()))


def test_a_removed_link_is_seen_within_a_day_and_re_scores(r):
    contact = r.ids[1]
    r.twin.dissociate("contacts", contact, "companies", r.company)
    r.clock.advance(60)
    r.run("cycle")
    assert linked(r, contact)
    r.clock.advance(24 * HOUR)
    plan = r.run("cycle")["plan"]
    assert not linked(r, contact)
    assert linked(r, r.ids[0])
    assert plan["judged"] >= 1


def test_a_link_that_came_is_seen_too(r):
    late = r.twin.create_contact({"email": "neu@werk.example"})
    r.clock.advance(60)
    r.run("cycle")
    r.twin.associate("contacts", late, "companies", r.company)
    long_ago(r, 21)
    r.clock.advance(HOUR)
    r.run("cycle")
    assert linked(r, late)


def test_a_quiet_cycle_stays_within_ten_calls_also_when_it_is_its_turn(r):
    long_ago(r, 21)
    with watched(r) as calls:
        r.run("cycle")
    assert len(paths(calls, ASSOCIATIONS)) == 1
    assert len(calls) <= 10
    with watched(r) as calls:
        r.run("cycle")
    assert paths(calls, ASSOCIATIONS) == []
    assert len(calls) <= 10


def test_a_hundred_thousand_contacts_are_through_within_a_day_of_quarter_hours(tmp_path, monkeypatch):
    """The arithmetic with a thousandth of the batch: 100 contacts, one a call, 96 pulls of at most three calls."""
    monkeypatch.setattr(rotation, "BATCH", 1)
    with rig(tmp_path) as r:
        people(r, 100)
        r.run("sync", only=("contacts",))
        asked = 0
        with watched(r) as calls:
            for _ in range(96):
                r.clock.advance(15 * 60)
                with context(r) as ctx:
                    owed = rotation.due(ctx)
                    assert owed <= rotation.MOST
                    rotation.read_links(ctx, owed)
                    asked += owed
        assert 100 <= len(paths(calls, ASSOCIATIONS)) <= asked <= 130
        assert look(r, lambda u, portal: cursors.get(u, portal, "links"))["after"] != 0


def test_a_portal_that_does_not_show_links_is_left_alone(r):
    r.twin.dials.faults = [{"match": ASSOCIATIONS, "times": 9, "status": 403}]
    long_ago(r, 21)
    (row,) = [s for s in r.run("sync")["streams"] if s["stream"] == "links"]
    assert row["off"]
    assert linked(r, r.ids[0])
