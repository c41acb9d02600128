"""The doctor of one portal, and what connecting it finds; what flows tell of themselves."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from connector.errors import ConfigError, MissingScope, TokenRejected
from connector.sync.checking import check_name
from tests.journeys.steps import people, stream, written_back
from tests.rig import Rig, rig


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with rig(tmp_path_factory.mktemp("check")) as made:
        yield made


@pytest.fixture
def r(shared):
    shared.twin.dials.features_off = set()
    yield shared
    shared.twin.dials.features_off = set()
    shared.twin.dials.daily = None


def checks(r: Rig) -> dict[str, dict]:
    return {row["check"]: row for row in r.run("check_portal")["checks"]}


@pytest.mark.parametrize("name", ["a", "acme-gmbh", "0815", "a" * 40])
def test_a_name_for_a_portal(name):
    check_name(name)


@pytest.mark.parametrize("name", ["", "-a", "Acme", "acme gmbh", "acme_gmbh", "a" * 41, "ä", "a\n", "a/b"])
def test_no_name_for_a_portal(name):
    with pytest.raises(ConfigError):
        check_name(name)


def test_a_healthy_portal(r):
    told = r.run("check_portal")
    assert told["ok"]
    rows = checks(r)
    assert {"token", "portal", "limits", "clock", "contacts"} <= rows.keys()
    assert all(row["ok"] is not False for row in rows.values())
    assert json.loads(json.dumps(told)) == told


def test_a_scope_that_is_missing_is_named_with_what_it_switches_off(tmp_path):
    with rig(tmp_path, connect=False) as r:
        token = r.twin.add_token("narrow", ["crm.objects.contacts.read", "crm.schemas.contacts.read", "oauth"])
        with r.service() as service:
            added = service.add_portal("acme", token, r.url)
        assert added["mode"] == "observe"
        assert added["warnings"]
        rows = checks(r)
        assert (rows["deals"]["ok"], rows["deals"]["off"]) == (None, True)
        assert "Grant crm.objects.deals.read" in rows["deals"]["remedy"]
        told = r.run("sync")
        assert stream(told, "deals")["off"]
        assert stream(told, "contacts")["off"] is None


def test_what_is_merely_off_is_no_fault(tmp_path):
    """A portal may well do without deals; nobody who watches exit codes is woken for it."""
    with rig(tmp_path, connect=False) as r:
        token = r.twin.add_token("narrow", ["crm.objects.contacts.read", "crm.schemas.contacts.read", "oauth"])
        with r.service() as service:
            service.add_portal("acme", token, r.url)
        told = r.run("check_portal")
        assert told["ok"]
        assert {"deals", "forms", "workflows"} <= set(told["off"])


def test_every_source_of_engagement_is_looked_at(r):
    assert {"lists", "sales e-mails", "calls", "meetings", "notes", "tasks", "property rules"} <= checks(r).keys()


@pytest.mark.parametrize(
    ("path", "feature", "status", "words"),
    [
        ("/crm/v3/objects/calls", "calls", 404, "Nothing to grant"),
        ("/crm/property-validations", "property rules", 404, "Nothing to grant"),
        ("/crm/v3/objects/emails", "sales e-mails", 403, "Grant sales-email-read"),
        ("/crm/v3/lists", "lists", 403, "Grant crm.lists.read"),
        ("/crm/v3/lists", "lists", 404, "Nothing to grant"),
        ("/events/v3", "page views and custom events", 403, "It takes oauth (Enterprise)"),
    ],
)
def test_a_scope_is_named_only_where_it_would_help(r, path, feature, status, words):
    r.twin.dials.features_off = {path: status}
    row = checks(r)[feature]
    assert (row["ok"], row["off"]) == (None, True)
    assert words in row["remedy"]
    assert status == 403 or "Grant" not in row["remedy"].replace("Nothing to grant", "")


def test_without_contacts_a_portal_is_not_connected(tmp_path):
    with rig(tmp_path, connect=False) as r:
        token = r.twin.add_token("deals-only", ["crm.objects.deals.read", "oauth"])
        with r.service() as service:
            with pytest.raises(MissingScope) as told:
                service.add_portal("acme", token, r.url)
            assert "crm.objects.contacts.read" in told.value.remedy
            assert service.list_portals()["portals"] == []


def test_a_token_that_is_wrong_keeps_nothing(tmp_path):
    with rig(tmp_path, connect=False) as r, r.service() as service:
        with pytest.raises(TokenRejected):
            service.add_portal("acme", "pat-eu1-falsch", r.url)
        assert service.list_portals()["portals"] == []


def test_a_token_that_was_revoked_ends_the_examination(tmp_path):
    with rig(tmp_path) as r:
        r.twin.access.tokens.clear()
        told = r.run("check_portal")
        assert [row["check"] for row in told["checks"]] == ["token"]
        assert not told["ok"]
        assert told["checks"][0]["remedy"]


def test_a_token_of_another_portal_is_told(tmp_path):
    with rig(tmp_path) as r:
        r.twin.state.portal_id = r.twin.portal_id = 4711
        row = checks(r)["portal"]
        assert row["ok"] is False
        assert "4711" in row["text"]


def test_few_calls_left_are_told(tmp_path):
    with rig(tmp_path, daily=1000) as r:
        r.twin.limits.used_today = 950
        row = checks(r)["limits"]
        assert row["ok"] is False
        assert "midnight" in row["remedy"]


def test_a_clock_that_is_wrong_is_told(tmp_path):
    """Ours runs five minutes behind HubSpot's."""
    with rig(tmp_path) as r:
        now = r.clock.now
        r.twin.state.clock = r.twin.clock = type("Ahead", (), {"now": lambda _: now() + timedelta(minutes=5)})()
        row = checks(r)["clock"]
        assert row["ok"] is False
        assert "NTP" in row["remedy"]


def test_a_paused_portal_can_be_examined(r):
    r.run("pause")
    try:
        assert r.run("check_portal")["ok"]
    finally:
        r.run("resume")


# telling ----------------------------------------------------------------------------------------------------------


def test_every_flow_tells_itself_as_json(tmp_path):
    with rig(tmp_path) as r:
        people(r, 3)
        ran = written_back(r)
        told = [ran, r.run("sync"), r.run("plan"), r.run("cycle"), r.run("verify"), r.run("provision")]
        assert [json.loads(json.dumps(one)) for one in told] == told
        assert (ran["written"], ran["held"], ran["read_back"]) == (
            3,
            ran["held"],
            {"checked": 3, "equal": 3, "different": 0},
        )


@pytest.mark.parametrize(("switch", "mode"), [("live", "live"), ("observe", "observe"), ("pause", "paused")])
def test_the_mode_is_told_by_the_switch_and_the_list(r, switch, mode):
    assert r.run(switch)["mode"] == mode
    with r.service() as service:
        assert service.list_portals()["portals"][0]["mode"] == mode
    assert r.run("resume")["mode"] in ("live", "observe")
    r.run("observe")


def test_a_cycle_in_observe_mode_is_well_and_says_why_nothing_was_written(tmp_path):
    with rig(tmp_path) as r:
        people(r, 2)
        r.run("sync")
        r.run("provision")
        told = r.run("cycle")
        assert (told["ok"], told["apply"], told["mode"]) == (True, None, "observe")
        assert "observe" in told["text"]
        r.run("live")
        assert r.run("cycle")["text"] == "2 contacts written."
        assert r.run("cycle")["text"] == "Nothing to write."


def test_calls_are_counted_as_the_portal_counts_them(tmp_path):
    with rig(tmp_path) as r:
        people(r, 3)
        before = r.twin.ledger.count()
        told = r.run("sync")
        assert told["calls"]["made"] == r.twin.ledger.count() - before
        assert sum(s["calls"] for s in told["streams"]) == told["calls"]["made"]


@pytest.mark.parametrize("only", ["unsinn", "contact", ""])
def test_a_part_there_is_not(r, only):
    with pytest.raises(ConfigError) as told:
        r.run("sync", only=(only,))
    assert "contacts" in told.value.remedy


def test_only_what_was_asked_for_is_pulled(tmp_path):
    with rig(tmp_path) as r:
        people(r, 1)
        names = {s["stream"] for s in r.run("sync", only=("contacts",))["streams"]}
        assert "contacts" in names
        assert not names & {"companies", "deals", "owners", "email_events", "calls"}
