"""Who the portal is, its generation of paths, its limits left, and what its token may do."""

from __future__ import annotations

import pytest
import requests_mock

from connector.errors import ConfigError, FeatureOff, PortalUnavailable, TokenRejected
from connector.portal.hubspot import connect
from tests.portal.conftest import START_MS, TOKEN, URL

OLD, DATED = f"{URL}/account-info/v3/details", f"{URL}/account-info/2026-09/details"
DETAILS = {"portalId": 62515, "timeZone": "Europe/Berlin", "companyCurrency": "EUR", "accountType": "STANDARD",
           "uiDomain": "app-eu1.hubspot.com"}  # fmt: skip


@pytest.fixture
def portal(clock, web):
    made = connect(URL, TOKEN, clock=clock)
    yield made
    made.close()


class TestIdentity:
    def test_old_generation_first(self, portal, web):
        web.get(OLD, json=DETAILS)
        found = portal.identity()
        assert (found.hub_id, found.time_zone, found.currency, found.generation) == (
            62515,
            "Europe/Berlin",
            "EUR",
            "v3",
        )
        assert web.call_count == 1

    def test_the_dated_one_where_the_old_is_gone(self, portal, web):
        web.get(OLD, status_code=404)
        web.get(DATED, json=DETAILS)
        assert portal.identity().generation == "2026-09"
        web.get(f"{URL}/crm/objects/2026-09/contacts", json={"results": []})
        portal.page("contacts", after=None, properties=["email"])

    def test_a_listing_that_is_not_there_makes_it_look(self, portal, web):
        web.get(f"{URL}/crm/v3/objects/contacts", status_code=404)
        web.get(OLD, status_code=404)
        web.get(DATED, json=DETAILS)
        web.get(f"{URL}/crm/objects/2026-09/contacts", json={"results": []})
        assert portal.page("contacts", after=None, properties=["email"]).records == ()

    def test_a_feature_that_is_off_in_the_old_one_is_looked_for_in_the_other_once(self, portal, web):
        web.get(OLD, json=DETAILS)
        web.get(f"{URL}/crm/v3/objects/deals", status_code=404)
        there = web.get(f"{URL}/crm/objects/2026-09/deals", status_code=404)
        for _ in range(3):
            with pytest.raises(FeatureOff):
                portal.page("deals", after=None, properties=["dealname"])
        assert there.call_count == 1

    def test_calls_that_have_moved_are_found_where_they_are(self, portal, web):
        """An account that still answers under its old path says nothing about where the records are."""
        web.get(OLD, json=DETAILS)
        old = web.get(f"{URL}/crm/v3/objects/contacts", status_code=404)
        web.get(f"{URL}/crm/objects/2026-09/contacts", json={"results": []})
        web.post(f"{URL}/crm/objects/2026-09/contacts/search", json={"total": 0, "results": []})
        for _ in range(3):
            assert portal.page("contacts", after=None, properties=["email"]).records == ()
        assert old.call_count == 1
        assert portal.search("contacts", groups=(), sort="hs_object_id", properties=("email",)).total == 0

    def test_a_configured_generation_is_not_questioned(self, clock, web):
        portal = connect(URL, TOKEN, clock=clock, generation="2026-09")
        web.get(DATED, json=DETAILS)
        assert portal.identity().generation == "2026-09"
        portal.close()

    def test_what_is_not_hubspot_is_told_plainly(self, portal, web):
        web.get(requests_mock.ANY, status_code=404, text="<html>nginx</html>")
        with pytest.raises(PortalUnavailable, match="not like HubSpot"):
            portal.identity()

    def test_a_token_that_may_not_ask_is_still_connected(self, portal, web):
        web.get(OLD, status_code=403, json={"category": "MISSING_SCOPES"})
        found = portal.identity()
        assert (found.hub_id, found.time_zone) == (0, "UTC")

    def test_a_rejected_token(self, portal, web):
        web.get(OLD, status_code=401, json={"category": "INVALID_AUTHENTICATION"})
        with pytest.raises(TokenRejected) as caught:
            portal.identity()
        assert "api.hubapi.test" in caught.value.message
        assert "leadwright portal add" in caught.value.remedy


@pytest.mark.parametrize(
    "address", ["", "api.hubapi.com", "ftp://x.co", "https://", "https://u:p@x.co", "https://x.co?a=1"]
)
def test_addresses_that_cannot_be_one(clock, address):
    with pytest.raises(ConfigError):
        connect(address, TOKEN, clock=clock)


def test_an_unknown_generation(clock):
    with pytest.raises(ConfigError):
        connect(URL, TOKEN, clock=clock, generation="v9")


class TestDailyUsage:
    ADDRESS = f"{URL}/account-info/v3/api-usage/daily/private-apps"

    def test_the_portals_own_count(self, portal, web):
        row = {"name": "private-apps-api-calls-daily", "usageLimit": 1000, "currentUsage": 10, "fetchStatus": "SUCCESS",
               "resetsAt": "2026-11-23T00:00:00Z"}  # fmt: skip
        web.get(self.ADDRESS, json={"results": [row]})
        usage = portal.daily_usage()
        assert (usage.limit, usage.used, usage.left, usage.resets_ms) == (1000, 10, 990, 1795392000000)

    def test_headers_where_it_does_not_tell(self, portal, web):
        headers = {"X-HubSpot-RateLimit-Daily": "500", "X-HubSpot-RateLimit-Daily-Remaining": "400"}
        web.get(self.ADDRESS, status_code=404, headers=headers)
        web.get(OLD, json=DETAILS, headers=headers)
        portal.identity()
        usage = portal.daily_usage()
        assert (usage.limit, usage.used) == (500, 100)
        assert usage.resets_ms == START_MS + 14 * 3_600_000

    def test_nothing_known(self, portal, web):
        web.get(self.ADDRESS, json={"results": [{"usageLimit": 5, "currentUsage": 1, "fetchStatus": "FAILURE"}]})
        assert portal.daily_usage() is None


class TestScopes:
    def test_each_feature_and_what_is_missing(self, clock, web, payload):
        portal = connect(URL, TOKEN, clock=clock, generation="v3")
        web.register_uri(requests_mock.ANY, requests_mock.ANY, json={"results": []})
        web.get(f"{URL}/crm/v3/objects/contacts", status_code=403, json=payload("missing_scope"))
        web.get(f"{URL}/crm/v3/owners/", status_code=403, json=payload("missing_scope"))
        web.get(f"{URL}/events/v3/events/", status_code=403, json={"message": "Enterprise only"})
        web.get(f"{URL}/marketing/v3/forms/", status_code=500)
        reports = {report.feature: report for report in portal.scopes_check()}
        assert {name for name, report in reports.items() if report.ok is False} == {
            "contacts", "owners", "page views and custom events"
        }  # fmt: skip
        assert reports["contacts"].scope == "crm.objects.contacts.read"
        assert reports["forms"].ok is None
        assert reports["deals"].ok is True
        assert set(reports) == {
            "contacts", "companies", "deals", "owners", "properties", "forms", "email events", "marketing events",
            "page views and custom events", "subscriptions", "lists", "workflows", "sales e-mails", "calls", "meetings",
            "notes", "tasks", "property rules",
        }  # fmt: skip
        portal.close()

    @pytest.mark.parametrize(
        ("status", "body", "absent"),
        [
            (404, {"message": "no such path"}, True),
            (405, {"message": "no"}, True),
            (403, {"message": "Enterprise only"}, False),
            (403, {"category": "MISSING_SCOPES", "message": "x"}, False),
        ],
    )
    def test_an_endpoint_that_is_not_there_is_told_from_one_that_is_not_allowed(self, clock, web, status, body, absent):
        portal = connect(URL, TOKEN, clock=clock, generation="v3")
        web.register_uri(requests_mock.ANY, requests_mock.ANY, json={"results": []})
        web.get(f"{URL}/crm/v3/objects/calls", status_code=status, json=body)
        reports = {report.feature: report for report in portal.scopes_check()}
        assert (reports["calls"].ok, reports["calls"].absent) == (False, absent)
        assert not any(report.absent for name, report in reports.items() if name != "calls")
        portal.close()


class TestPortalClock:
    def say(self, web, date: str) -> None:
        web.get(OLD, json=DETAILS, headers={"Date": date})

    def test_a_small_difference_is_none(self, portal, web, clock):
        self.say(web, "Sun, 22 Nov 2026 09:00:00 GMT")
        portal.identity()
        assert portal.now_ms() == clock.now_ms()

    def test_a_portal_ahead_is_followed(self, portal, web, clock):
        self.say(web, "Sun, 22 Nov 2026 09:10:00 GMT")
        portal.identity()
        assert abs(portal.skew_ms() - 600_500) <= 500
        assert portal.now_ms() == clock.now_ms() + portal.skew_ms()

    def test_a_clock_that_was_set_is_believed_anew(self, portal, web):
        self.say(web, "Sun, 22 Nov 2026 09:10:00 GMT")
        portal.identity()
        self.say(web, "Sun, 22 Nov 2026 09:00:00 GMT")
        portal.identity()
        assert portal.skew_ms() == 0

    def test_nonsense_is_ignored(self, portal, web, clock):
        self.say(web, "yesterday")
        portal.identity()
        assert portal.now_ms() == clock.now_ms()
