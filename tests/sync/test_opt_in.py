"""The two steps of a sign-up, through the whole service: read from HubSpot, kept, shown, and gone with the person."""

from __future__ import annotations

from typing import Any

import pytest

from connector.store import opt_ins
from tests.journeys.steps import go_live
from tests.rig import Rig, rig
from tests.sync.steps import document, look, publish

DAY = 24 * 3600
STATUS = "hs_emailconfirmationstatus"
PENDING, CLICKED = "Confirmation Pending", "User clicked confirmation"
ANNA = "anna@werk.example"


@pytest.fixture
def r(tmp_path):
    """A portal that is live, with wordings named; Anna has just sent off the newsletter's form."""
    with rig(tmp_path) as made:
        body = document("consent")
        body["wordings"] = [{"version": "autumn", "since": "2026-09-01", "forms": ["Newsletter Anmeldung"]}]
        publish(made, tmp_path, "consent", body)
        go_live(made)
        made.anna = made.twin.submit_form("Newsletter Anmeldung", ANNA)
        made.folder = tmp_path
        yield made


def status(r: Rig, value: str) -> None:
    r.twin.edit("contacts", r.anna, {STATUS: value})
    r.run("cycle")


def opt_in(r: Rig, at_ms: int | None = None) -> dict[str, Any]:
    return r.run("explain", str(r.anna), at_ms)["opt_in"]


def test_both_steps_are_on_record_with_time_source_and_wording(r):
    status(r, PENDING)
    asked = opt_in(r)
    assert (asked["step"], asked["confirmed"]) == ("asked", None)
    assert (asked["requested"]["source"], asked["requested"]["what"]) == ("form", "Newsletter Anmeldung")
    assert (asked["requested"]["at"][:10], asked["requested"]["wording"]) == ("2026-11-22", "autumn")
    assert asked["expires"][:10] == "2026-12-22"
    assert asked["missing"] == "Asked on 2026-11-22 by form “Newsletter Anmeldung”, not confirmed"
    r.clock.advance(3 * DAY)
    status(r, CLICKED)
    done = opt_in(r)
    assert (done["step"], done["missing"]) == ("confirmed", None)
    assert (done["confirmed"]["at"][:10], done["confirmed"]["what"]) == ("2026-11-25", CLICKED)
    assert done["confirmed"]["source"] == "property"


def test_a_past_minute_knows_only_the_steps_of_then(r):
    status(r, PENDING)
    then = r.clock.now_ms()
    r.clock.advance(3 * DAY)
    status(r, CLICKED)
    assert opt_in(r, then)["step"] == "asked"
    assert opt_in(r)["step"] == "confirmed"


def test_what_expired_is_not_revived_by_a_late_click(r):
    status(r, PENDING)
    r.clock.advance(40 * DAY)
    status(r, PENDING)
    assert opt_in(r)["step"] == "lapsed"
    status(r, CLICKED)
    late = opt_in(r)
    assert late["step"] == "lapsed"
    assert late["missing"].endswith("the confirmation of 2027-01-01 came too late")
    r.clock.advance(60)
    r.twin.submit_form("Newsletter Anmeldung", ANNA)
    r.run("cycle")
    assert opt_in(r)["step"] == "confirmed"


def test_the_steps_outlive_the_history_they_were_read_from(r):
    status(r, PENDING)
    r.clock.advance(3 * DAY)
    status(r, CLICKED)
    before = opt_in(r)
    r.clock.advance(800 * DAY)
    with r.service() as service:
        service.retention("acme")
    r.run("cycle")
    assert opt_in(r) == before


def test_a_change_of_the_wording_later_changes_no_sign_up_of_before(r):
    status(r, PENDING)
    body = document("consent")
    body["wordings"] = [{"version": "rewritten", "since": "2026-09-01", "forms": ["Newsletter Anmeldung"]}]
    publish(r, r.folder, "consent", body)
    r.run("cycle")
    assert opt_in(r)["requested"]["wording"] == "autumn"


def test_a_pending_contact_of_before_counts_from_when_it_was_first_seen(tmp_path):
    with rig(tmp_path) as r:
        r.anna = r.twin.create_contact({"email": ANNA, STATUS: PENDING})
        go_live(r)
        r.run("cycle")
        assert opt_in(r)["requested"]["source"] == "seen"
        r.clock.advance(31 * DAY)
        assert opt_in(r)["step"] == "lapsed"


def test_the_person_is_told_of_them_and_takes_them_along(r):
    status(r, PENDING)
    with r.service() as service:
        told = service.person("acme", str(r.anna))["kinds"]["opt_in_steps"]
        assert [row["step"] for row in told["rows"]] == ["requested"]
        assert told["rows"][0]["what"] == "Newsletter Anmeldung"
        service.erase("acme", str(r.anna))
    assert look(r, lambda u, portal: opt_ins.of(u, portal, [r.anna])) == {}
