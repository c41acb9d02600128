"""Connecting a portal by consent, as a browser does it: the web process, a twin over HTTP, a real database."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from connector.errors import ConfigError, GrantRevoked
from connector.service import Service
from connector.serving.oauth import COOKIE
from connector.sync.connecting import BACK, START, free_name
from connector.sync.credentials import grant_of
from connector.twin import Dials, Twin, serve_twin
from connector.vault import Vault
from tests import databases
from tests.rig import OFF, SharedClock, settings_for
from tests.serving.agency import PUBLIC, Agency, with_app


@pytest.fixture
def twin() -> Twin:
    made = Twin.empty(clock=SharedClock(), dials=Dials(**OFF))
    for number in range(3):
        made.create_contact({"email": f"p{number}@kunde.example", "lastname": f"P{number}"})
    return made


@pytest.fixture(params=databases.KINDS)
def agency(request, twin) -> Iterator[Agency]:
    url = databases.fresh_url(request.param)
    with serve_twin(twin) as address:
        own = settings_for(databases.scratch()).model_copy(update={"database_url": url})
        settings = with_app(own, twin, address)
        made = Agency(settings, twin, twin.clock)
        yield made
        made.parts.close()
    databases.drop(url)


class TestTheWayThere:
    """From the link to HubSpot."""

    def test_the_page_says_what_is_asked_for_and_why_and_spends_nothing(self, agency):
        link = agency.link("acme")
        for _ in range(3):
            page = agency.browser().get(link, base_url=PUBLIC)
            assert page.status_code == 200
            assert "Connect acme to HubSpot" in page.text
            assert "crm.objects.contacts.read" in page.text
            assert "reads consent" in page.text

    def test_hubspot_is_asked_with_a_state_a_challenge_and_the_scopes(self, agency, twin):
        asked = parse_qs(urlsplit(agency.asked(agency.browser())).query)
        assert asked["client_id"] == [twin.access.client_id]
        assert asked["redirect_uri"] == [PUBLIC + BACK]
        assert "crm.objects.contacts.read" in asked["scope"][0].split()
        assert "automation" in asked["optional_scope"][0].split()
        assert asked["code_challenge_method"] == ["S256"]
        assert len(asked["state"][0]) >= 32

    def test_what_the_browser_keeps_is_sealed_short_lived_and_for_these_pages_alone(self, agency):
        told = parse_qs(urlsplit(agency.link()).query)["link"][0]
        answer = agency.browser().post(START, data={"link": told}, base_url=PUBLIC)
        cookie = answer.headers["Set-Cookie"]
        for part in ("HttpOnly", "Secure", "SameSite=Lax", "Max-Age=600", "Path=/oauth/hubspot"):
            assert part in cookie
        state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
        assert state not in cookie

    @pytest.mark.parametrize(
        "spoil", [lambda t: "", lambda t: t[:-2], lambda t: "x" + t, lambda t: "a.b", lambda t: "ä"]
    )
    def test_a_forged_link_opens_nothing(self, agency, spoil):
        told = spoil(parse_qs(urlsplit(agency.link("acme")).query)["link"][0])
        for answer in (
            agency.browser().get(START, query_string={"link": told}, base_url=PUBLIC),
            agency.browser().post(START, data={"link": told}, base_url=PUBLIC),
        ):
            assert answer.status_code == 400
            assert "not one of ours" in answer.text

    def test_a_link_is_good_once(self, agency):
        told = parse_qs(urlsplit(agency.link("acme")).query)["link"][0]
        codes = [agency.browser().post(START, data={"link": told}, base_url=PUBLIC).status_code for _ in range(3)]
        assert codes == [303, 400, 400]

    def test_a_link_is_good_for_ten_minutes(self, agency):
        link = agency.link("acme")
        agency.clock.advance(601)
        assert "older than ten minutes" in agency.browser().get(link, base_url=PUBLIC).text

    def test_without_an_app_no_link_is_made(self, agency):
        settings = agency.settings.model_copy(update={"hubspot_client_id": ""})
        with Service.open(settings) as service, pytest.raises(ConfigError, match="not set up"):
            service.connect_link("acme")

    def test_without_a_public_address_no_link_is_made(self, agency):
        settings = agency.settings.model_copy(update={"public_url": ""})
        with Service.open(settings) as service, pytest.raises(ConfigError, match="LEADWRIGHT_PUBLIC_URL"):
            service.connect_link("acme")


class TestBackFromHubSpot:
    """HubSpot's answer."""

    def test_a_new_portal_starts_in_observe_mode_named_by_its_domain(self, agency, twin):
        page = agency.connect()
        assert page.status_code == 200
        assert "example-werke is connected" in page.text
        assert "observe mode" in page.text
        row = agency.row("example-werke")
        assert (row.hub_id, row.live, row.time_zone) == (twin.portal_id, False, "Europe/Berlin")
        assert row.settings["credential"]["kind"] == "oauth"
        assert "crm.objects.contacts.read" in row.settings["credential"]["scopes"]

    def test_it_takes_the_name_of_its_link(self, agency):
        agency.connect("acme")
        assert agency.names() == ["acme"]

    def test_the_connected_portal_is_mirrored(self, agency):
        agency.connect("acme")
        with agency.service() as service:
            told = service.sync("acme", only=("contacts",))
            assert {row["stream"]: row["created"] for row in told["streams"]}["contacts"] == 3

    def test_the_tokens_are_sealed_for_this_portal(self, agency):
        agency.connect("acme")
        vault, sealed = Vault(agency.settings.secret_key.get_secret_value()), agency.row("acme").token_sealed
        grant = grant_of(vault.open(sealed, "acme"))
        assert grant.refresh in agency.twin.access.refresh_tokens
        assert grant.access.encode() not in sealed
        assert not vault.fits(sealed, "other")

    def test_a_connected_portal_is_not_taken_over_by_a_link_for_a_new_one(self, agency):
        agency.connect("acme")
        before = agency.row("acme").token_sealed
        page = agency.connect()
        assert page.status_code == 400
        assert "connected already, as acme" in page.text
        assert agency.row("acme").token_sealed == before

    def test_connecting_anew_keeps_the_portal_and_ends_the_pause_the_loss_brought(self, agency, twin):
        agency.connect("acme")
        with agency.service() as service:
            service.sync("acme", only=("contacts",))
            twin.uninstall()
            with pytest.raises(GrantRevoked, match="leadwright portal connect acme"):
                service.sync("acme", only=("contacts",))
        assert "uninstalled" in agency.row("acme").pause_reason
        missed = twin.create_contact({"email": "missed@kunde.example"})
        page = agency.connect("acme")
        assert "goes on where it stood" in page.text
        with agency.service() as service:
            assert agency.row("acme").paused_ms is None
            service.sync("acme", only=("contacts",))
            assert missed in {int(row["id"]) for row in service.export("acme", "contacts")}

    def test_a_pause_by_hand_outlives_connecting_anew(self, agency):
        agency.connect("acme")
        with agency.service() as service:
            service.pause("acme")
        agency.connect("acme")
        assert agency.row("acme").paused_ms is not None

    def test_a_pasted_token_becomes_a_grant_and_back(self, agency, twin):
        with agency.service() as service:
            service.add_portal("acme", twin.token)
            agency.connect("acme")
            assert agency.row("acme").settings["credential"]["kind"] == "oauth"
            service.sync("acme", only=("contacts",))
            service.add_portal("acme", twin.token)
            assert agency.row("acme").settings["credential"]["kind"] == "token"
            service.sync("acme", only=("contacts",))

    def test_who_says_no_is_told_so_and_nothing_is_kept(self, agency, twin):
        twin.dials.oauth_consent = False
        page = agency.connect("acme")
        assert page.status_code == 400
        assert "HubSpot was told no" in page.text
        assert agency.names() == []

    def test_what_was_not_allowed_is_named_with_its_reason(self, agency, twin):
        browser = agency.browser()
        asked = agency.asked(browser, "acme")
        without = re.sub(r"&optional_scope=[^&]*", "", asked)
        back = requests.get(without, allow_redirects=False, timeout=9).headers["Location"]
        page = browser.get(back.removeprefix(PUBLIC), base_url=PUBLIC)
        assert page.status_code == 200
        assert "goes on without" in page.text
        assert "puts contacts into workflows" in page.text

    def test_a_needed_scope_that_is_not_granted_connects_nothing(self, agency, twin):
        browser = agency.browser()
        asked = agency.asked(browser, "acme")
        back = requests.get(re.sub(r"&scope=[^&]*", "&scope=oauth", asked), allow_redirects=False, timeout=9)
        page = browser.get(back.headers["Location"].removeprefix(PUBLIC), base_url=PUBLIC)
        assert page.status_code == 400
        assert "crm.objects.contacts.read" in page.text
        assert agency.names() == []


class TestTheGrantItself:
    """What HubSpot says of it (P14), and how it ends (P06)."""

    def grant(self, agency) -> dict:
        with agency.service() as service:
            rows = {row["check"]: row for row in service.check_portal("acme")["checks"]}
        return rows["grant"]

    def test_check_tells_app_scopes_and_how_long_the_token_is_good(self, agency, twin):
        agency.connect("acme")
        row = self.grant(agency)
        assert (row["ok"], row["app_id"]) == (True, twin.subscriptions.app_id)
        assert {"oauth", "crm.objects.contacts.read", "automation"} <= set(row["scopes"])
        assert row["expires"] > agency.clock.now().isoformat()
        for words in (f"App {twin.subscriptions.app_id}", "renewed by itself", "crm.objects.contacts.read"):
            assert words in row["text"]

    def test_after_a_renewal_it_is_the_new_token_that_is_asked_about(self, agency):
        agency.connect("acme")
        agency.clock.advance(3600)
        assert self.grant(agency)["ok"] is True
        assert self.grant(agency)["expires"] > agency.clock.now().isoformat()

    def test_where_hubspot_does_not_say_what_is_kept_is_told(self, agency, twin):
        agency.connect("acme")
        twin.access.client_secret = "rotated"
        row = self.grant(agency)
        assert (row["ok"], row["app_id"]) == (None, None)
        assert "client secret" in row["text"]
        assert "crm.objects.contacts.read" in row["scopes"]

    def test_a_pasted_token_has_none(self, agency, twin):
        with agency.service() as service:
            service.add_portal("acme", twin.token)
            assert "grant" not in {row["check"] for row in service.check_portal("acme")["checks"]}

    def test_removing_the_portal_gives_the_grant_up_at_hubspot(self, agency, twin):
        agency.connect("acme")
        assert len(twin.access.refresh_tokens) == 1
        with agency.service() as service:
            told = service.remove("acme")
        assert (told["revoked"], twin.access.refresh_tokens) == (True, {})
        assert "revoked at HubSpot" in told["text"]
        assert agency.names() == []

    def test_a_grant_that_cannot_be_given_up_hinders_no_removal_and_is_told(self, agency, twin):
        agency.connect("acme")
        twin.access.client_secret = "rotated"
        with agency.service() as service:
            told = service.remove("acme")
        assert told["revoked"] is False
        for words in ("could not be revoked", "client secret", "Connected apps"):
            assert words in told["text"]
        assert agency.names() == []

    def test_without_an_app_any_more_it_is_removed_all_the_same(self, agency):
        agency.connect("acme")
        settings = agency.settings.model_copy(update={"hubspot_client_id": ""})
        with Service.open(settings, clock=agency.clock) as service:
            assert service.remove("acme")["revoked"] is False

    def test_a_pasted_token_is_left_to_people(self, agency, twin):
        with agency.service() as service:
            service.add_portal("acme", twin.token)
            told = service.remove("acme")
        assert told["revoked"] is None
        assert "delete the private app" in told["text"]


class TestRefusals:
    """A09: an answer that is not the one this browser waits for, once and in time."""

    def refused(self, agency, answer, words: str) -> None:
        assert answer.status_code == 400
        assert words in answer.text
        assert agency.names() == []

    def test_another_browser(self, agency):
        back = agency.consent(agency.browser(), "acme")
        self.refused(agency, agency.browser().get(back, base_url=PUBLIC), "has asked HubSpot for nothing")

    def test_without_state(self, agency):
        browser = agency.browser()
        back = re.sub(r"&state=[^&]*", "", agency.consent(browser, "acme"))
        self.refused(agency, browser.get(back, base_url=PUBLIC), "has asked HubSpot for nothing")

    def test_the_state_of_another_question(self, agency):
        first, second = agency.browser(), agency.browser()
        back = agency.consent(first, "acme")
        agency.consent(second, "beta")
        self.refused(agency, second.get(back, base_url=PUBLIC), "belongs to another question")

    def test_a_cookie_that_was_tampered_with(self, agency):
        browser = agency.browser()
        back = agency.consent(browser, "acme")
        browser.set_cookie(COOKIE, "AAAA", domain="leads.example.test", path="/oauth/hubspot", secure=True)
        self.refused(agency, browser.get(back, base_url=PUBLIC), "has asked HubSpot for nothing")

    def test_too_late(self, agency):
        browser = agency.browser()
        back = agency.consent(browser, "acme")
        agency.clock.advance(601)
        self.refused(agency, browser.get(back, base_url=PUBLIC), "more than ten minutes")

    def test_twice(self, agency):
        browser = agency.browser()
        back = agency.consent(browser, "acme")
        kept = browser.get_cookie(COOKIE, domain="leads.example.test", path="/oauth/hubspot")
        assert browser.get(back, base_url=PUBLIC).status_code == 200
        browser.set_cookie(COOKIE, kept.value, domain="leads.example.test", path="/oauth/hubspot", secure=True)
        again = browser.get(back, base_url=PUBLIC)
        assert again.status_code == 400
        assert "used already" in again.text
        assert agency.names() == ["acme"]

    def test_a_code_of_somebody_elses_consent(self, agency, twin):
        """PKCE: a code that was asked for with another challenge is worth nothing here."""
        victim = agency.consent(agency.browser(), "acme")
        thief = agency.browser()
        mine = agency.consent(thief, "beta")
        stolen = re.search(r"code=([^&]+)", victim)[1]
        page = thief.get(re.sub(r"code=[^&]+", f"code={stolen}", mine), base_url=PUBLIC)
        self.refused(agency, page, "belongs to another attempt")

    def test_another_portal_than_the_one_being_connected(self, agency, twin):
        with agency.service() as service:
            service.add_portal("acme", twin.token)
        browser, before = agency.browser(), agency.row("acme").token_sealed
        asked = agency.asked(browser, "acme")
        assert f"/oauth/{twin.portal_id}/authorize" in asked
        twin.access.portal_id = 99  # the person is signed in elsewhere, and HubSpot asks about that portal
        back = requests.get(asked.replace(f"/{twin.portal_id}/", "/99/"), allow_redirects=False, timeout=9)
        page = browser.get(back.headers["Location"].removeprefix(PUBLIC), base_url=PUBLIC)
        assert page.status_code == 400
        assert "portal 99 was picked" in page.text
        assert agency.row("acme").token_sealed == before

    def test_there_is_no_open_redirect(self, agency):
        link = agency.link("acme")
        for more in ("&next=https://evil.example", "&redirect_uri=https://evil.example"):
            assert "evil.example" not in agency.browser().get(link + more, base_url=PUBLIC).text
        told = parse_qs(urlsplit(link).query)["link"][0]
        form = {"link": told, "next": "https://evil.example", "redirect_uri": "https://evil.example"}
        answer = agency.browser().post(START, data=form, base_url=PUBLIC)
        assert "evil.example" not in answer.headers["Location"]


class TestPages:
    """What every page of these is like."""

    def test_nothing_may_be_loaded_framed_or_kept(self, agency):
        browser = agency.browser()
        pages = [
            browser.get(agency.link("acme"), base_url=PUBLIC),
            browser.get(BACK, base_url=PUBLIC),
            browser.get(agency.consent(browser, "acme"), base_url=PUBLIC),
        ]
        assert [page.status_code for page in pages] == [200, 400, 200]
        for page in pages:
            policy = page.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "form-action" in policy
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["Referrer-Policy"] == "no-referrer"
            assert "<script" not in page.text

    def test_the_style_is_the_one_the_policy_allows(self, agency):
        page = agency.browser().get(agency.link("acme"), base_url=PUBLIC)
        style = re.search(r"<style>(.*)</style>", page.text, re.DOTALL)[1]
        told = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"'sha256-{told}'" in page.headers["Content-Security-Policy"]

    def test_what_comes_from_outside_is_shown_as_text(self, agency):
        answer = agency.browser().get(BACK, query_string={"error": "<b>x</b>", "state": "<i>"}, base_url=PUBLIC)
        assert "<b>x</b>" not in answer.text
        assert "<i>" not in answer.text

    def test_when_hubspot_is_down_the_page_says_so_without_the_inside(self, agency, twin):
        browser = agency.browser()
        back = agency.consent(browser, "acme")
        twin.dials.faults = [{"match": "/oauth/", "status": 503, "times": 99}]
        page = browser.get(back, base_url=PUBLIC)
        assert page.status_code == 503
        assert "could not be asked" in page.text
        assert "oauth.redeem" not in page.text


@pytest.mark.parametrize(
    ("domain", "taken", "name"),
    [
        ("www.example-werke.de", (), "example-werke"),
        ("Example.com", (), "example"),
        ("www.example-werke.de", ("example-werke",), "example-werke-7"),
        ("", (), "portal-7"),
        ("Ünïcode.example", (), "n-code"),
        ("a" * 80 + ".example", (), "a" * 28),
    ],
)
def test_a_portals_name_comes_from_its_domain(domain, taken, name):
    assert free_name(domain, 7, dict.fromkeys(taken)) == name
