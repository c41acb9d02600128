"""Whatever comes back instead of an answer: in the end the mirror is right, or the error says what to do (O03, O05)."""

from __future__ import annotations

import pytest

from connector.errors import PortalMoving, PortalUnavailable, RetryableError
from tests.journeys.steps import people, stream, wrong
from tests.rig import rig

LIST = "/crm/v3/objects/contacts"
PASSING = [
    {"status": 423},
    {"status": 477, "retry_after": 20},
    {"status": 500},
    {"status": 502},
    {"status": 502, "body": "html"},
    {"status": 503, "retry_after": 3},
    {"status": 504},
    {"status": 521},
    {"status": 524},
    {"status": "reset"},
    {"status": 502, "body": "cut"},
    {"status": 200, "body": "html"},
    {"status": "slow", "seconds": 0, "body": "cut"},
]

LASTING = [one for one in PASSING if one["status"] in (423, 503, "reset")] + [{"status": 502, "body": "cut"}]


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        people(made, 420)
        yield made


def test_passing_faults_are_outlived(r):
    """Three of a kind in a whole read, two in an increment, of every kind: tried again, complete."""
    for number, fault in enumerate(PASSING):
        r.twin.bulk_touch(r.twin.ids("contacts")[number::3], {"city": f"Jena {number}"})
        r.twin.dials.faults = [{"match": LIST, "times": 2, **fault}]
        r.run("sync", only=("contacts",))
        assert wrong(r) == [], fault
        r.twin.dials.faults = [{"match": LIST, "times": 3, **fault}]
        r.run("sync", only=("contacts",), full=number % 3 == 0)
        assert wrong(r) == [], fault
        r.clock.advance(600)


@pytest.mark.parametrize("fault", LASTING, ids=lambda f: "-".join(str(v) for v in f.values()))
def test_a_lasting_fault_is_told_and_gone_on_from(r, fault):
    """It ends with an error that names the matter, soon; what was read is kept, and the next sync completes it."""
    r.run("sync", only=("owners",))
    r.twin.dials.faults = [
        {"match": f"{LIST}/search", "times": 0},
        {"match": LIST, "method": "GET", "times": 400, **fault},
    ]
    before = r.twin.ledger.count()
    with pytest.raises(RetryableError) as told:
        r.run("sync", only=("contacts",))
    assert told.value.exit_code == 1
    assert "kunde" not in str(told.value)
    assert r.twin.token not in str(told.value)
    assert r.twin.ledger.count() - before <= 50
    r.twin.dials.faults = []
    r.run("sync", only=("contacts",))
    assert wrong(r) == []


def test_a_move_of_the_portal_is_not_waited_through(r):
    """477 with hours of Retry-After: the command ends and names the time."""
    r.twin.dials.faults = [{"match": LIST, "times": 99, "status": 477, "retry_after": 7200}]
    before = r.clock.now_ms()
    with pytest.raises(PortalMoving) as told:
        r.run("sync")
    assert told.value.retry_after == 7200
    assert r.clock.now_ms() - before < 600_000


def test_cut_off_in_the_middle_of_a_first_mirror(r):
    """Pages that came are kept, and are not read again."""
    r.run("sync", only=("owners",))
    r.twin.dials.faults = [{"match": LIST, "method": "GET", "times": 3, "status": "slow", "seconds": 0}]
    r.twin.dials.faults += [{"match": LIST, "method": "GET", "times": 40, "status": 503}]
    with pytest.raises(PortalUnavailable):
        r.run("sync", only=("contacts",))
    held = len(r.mirrored())
    assert held >= 100
    r.twin.dials.faults = []
    before = r.twin.ledger.count(LIST, 200, "GET")
    r.run("sync", only=("contacts",))
    assert wrong(r) == []
    assert r.twin.ledger.count(LIST, 200, "GET") - before <= (420 - held) / 100 + 9


SOURCES = {
    "email_events": "/email/public/v1/events",
    "forms": "/form-integrations/v1/submissions",
    "marketing_events": "/marketing/v3/marketing-events",
    "page_views": "/events/v3",
    "subscriptions": "/email/public/v1/subscriptions/timeline",
    "notes": "/crm/v3/objects/notes",
    "deals": "/crm/v3/objects/deals",
    "owners": "/crm/v3/owners",
    "workflows": "/automation/",
}


@pytest.mark.parametrize(("name", "status"), [("forms", 400), ("notes", 403), ("email_events", 410)])
def test_one_source_that_is_refused_stops_no_other(tmp_path, name, status):
    """P15: it is off with a reason; contacts and all the others are read; later it may be on again."""
    with rig(tmp_path, contacts=12) as r:
        r.twin.dials.faults = [{"match": SOURCES[name], "times": 10_000, "status": status}]
        result = r.run("sync")
        assert wrong(r) == []
        assert [row["stream"] for row in result["streams"] if row["off"]] == [name]
        r.twin.dials.faults = []
        r.clock.advance(3601)
        assert stream(r.run("sync"), name)["off"] is None


@pytest.mark.parametrize("status", [400, 403])
def test_contacts_are_mirrored_where_every_other_source_is_refused(tmp_path, status):
    with rig(tmp_path, contacts=12) as r:
        r.twin.dials.faults = [{"match": path, "times": 10_000, "status": status} for path in SOURCES.values()]
        result = r.run("sync")
        assert wrong(r) == []
        assert {row["stream"] for row in result["streams"] if row["off"]} == set(SOURCES)
        r.run("plan")
        assert r.run("explain", str(r.twin.ids("contacts")[0]))["unknown"]


def test_random_faults_all_day(tmp_path):
    """One call in twelve fails somehow; in the end everything is there once."""
    with rig(tmp_path, contacts=40, fault_statuses=(429, 423, 500, 502, 503, 504, 524)) as r:
        r.run("provision")
        r.run("live")
        r.twin.dials.fault_rate = 0.08
        r.run("sync")
        ran = r.run("apply", plan_hash=r.run("plan")["hash"])
        assert ran["ok"]
        assert wrong(r) == []
        booked = r.rows("writes")
        assert len({row["contact"] for row in booked}) == len(booked) == ran["written"]
        assert r.run("verify")["complete"]
