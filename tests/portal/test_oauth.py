"""The app at HubSpot's token endpoints: what is sent, what comes back, and what every refusal means."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from connector.errors import ConfigError, GrantRefused, GrantRevoked, PortalUnavailable
from connector.portal.oauth import OAuthClient, Proof, consent_host
from connector.portal.scopes import NEEDED, OPTIONAL, SCOPES, missing
from tests.portal.conftest import START_MS, URL

DATED, V1 = f"{URL}/oauth/2026-09/token", f"{URL}/oauth/v1/token"
SECRET, BACK = "client-secret-very-secret", "https://leads.example.test/oauth/hubspot/callback"
GRANTED = {
    "access_token": "CK-access", "refresh_token": "eu1-refresh", "expires_in": 1800, "token_type": "bearer",
    "hub_id": 62515, "scopes": ["oauth"],
}  # fmt: skip


@pytest.fixture
def app(clock, web):
    made = OAuthClient(URL, "client-7", [SECRET, "older"], clock=clock)
    yield made
    made.close()


def refusal(status: str, error: str = "invalid_grant") -> dict:
    return {"error": error, "error_description": "words", "status": status, "message": "words of HubSpot's"}


class TestConsent:
    """Where the person is sent."""

    def test_it_names_app_way_back_state_scopes_and_challenge(self, app):
        proof = Proof("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        url = app.consent_url(BACK, "s1", proof)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked == {
            "client_id": "client-7", "redirect_uri": BACK, "state": "s1", "code_challenge_method": "S256",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",  # RFC 7636, appendix B
            "scope": " ".join(NEEDED), "optional_scope": " ".join(OPTIONAL),
        }  # fmt: skip
        assert "+" not in urlsplit(url).query  # HubSpot wants %20

    def test_a_portal_that_is_connected_anew_is_preselected(self, app):
        assert "/oauth/62515/authorize?" in app.consent_url(BACK, "s1", Proof.new(), hub_id=62515)

    def test_hubspot_asks_people_at_a_host_of_its_own(self):
        assert consent_host("https://api.hubapi.com") == "https://app.hubspot.com"
        assert consent_host("http://127.0.0.1:8010/") == "http://127.0.0.1:8010"

    def test_every_verifier_is_new_and_long_enough(self):
        made = {Proof.new().verifier for _ in range(50)}
        assert len(made) == 50
        assert all(43 <= len(one) <= 128 for one in made)

    def test_every_scope_has_its_reason(self):
        assert all(len(scope.reason) > 15 for scope in SCOPES)
        assert len({scope.name for scope in SCOPES}) == len(SCOPES)
        assert [scope.name for scope in missing(frozenset(NEEDED))] == list(OPTIONAL)
        assert missing(frozenset()) == ()


class TestTokens:
    """Codes and refresh tokens."""

    def test_a_code_becomes_tokens(self, app, web):
        web.post(DATED, json=GRANTED)
        tokens = app.redeem("code-1", BACK, Proof("verifier"))
        assert (tokens.access, tokens.refresh, tokens.hub_id, tokens.scopes) == (
            "CK-access", "eu1-refresh", 62515, ("oauth",),
        )  # fmt: skip
        assert tokens.expires_ms == START_MS + 1_800_000
        sent = {name: values[0] for name, values in parse_qs(web.last_request.text).items()}
        assert sent == {
            "client_id": "client-7", "client_secret": SECRET, "grant_type": "authorization_code", "code": "code-1",
            "redirect_uri": BACK, "code_verifier": "verifier",
        }  # fmt: skip
        assert web.last_request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert "Authorization" not in web.last_request.headers

    def test_a_refresh_that_hands_out_no_refresh_token_keeps_the_old_one(self, app, web):
        web.post(DATED, json={"access_token": "CK-2", "expires_in": 1800})
        assert app.refresh("eu1-refresh").refresh == "eu1-refresh"

    def test_the_old_address_only_where_nobody_knows_the_dated_one(self, app, web, quiet_log):
        web.post(DATED, status_code=404)
        web.post(V1, json=GRANTED)
        assert app.refresh("eu1-refresh").access == "CK-access"
        assert [one["path"] for one in quiet_log if one["event"] == "oauth.old_address"] == ["/oauth/v1/token"]

    def test_the_dated_address_is_enough(self, app, web):
        web.post(DATED, json=GRANTED)
        app.refresh("eu1-refresh")
        assert [one.url for one in web.request_history] == [DATED]

    def test_a_lost_answer_to_a_code_is_not_asked_for_twice(self, app, web):
        web.post(DATED, status_code=502)
        with pytest.raises(PortalUnavailable):
            app.redeem("code-1", BACK, Proof("v"))
        assert web.call_count == 1

    def test_a_refresh_is_repeated_when_hubspot_has_a_fault(self, app, web):
        web.post(DATED, [{"status_code": 503}, {"json": GRANTED}])
        assert app.refresh("eu1-refresh").access == "CK-access"

    def test_an_answer_without_a_token_is_none(self, app, web):
        web.post(DATED, json={"expires_in": 1800})
        with pytest.raises(ConfigError):
            app.refresh("eu1-refresh")

    def test_without_an_app_there_is_nothing_to_ask(self, clock):
        for told in (("", [SECRET]), ("client-7", [])):
            with pytest.raises(ConfigError, match="not set up"):
                OAuthClient(URL, *told, clock=clock)


class TestRefusals:
    """hubspot-api.md 1.4."""

    @pytest.mark.parametrize(
        "body",
        [
            refusal("BAD_REFRESH_TOKEN"),
            refusal("BAD_HUB", "access_denied"),
            {"error": "invalid_grant"},
            {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token", "correlationId": "c"},
        ],
    )
    def test_a_grant_that_is_gone(self, app, web, body):
        web.post(DATED, status_code=400, json=body)
        with pytest.raises(GrantRevoked):
            app.refresh("eu1-refresh")
        assert web.call_count == 1

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (refusal("BAD_AUTH_CODE"), "used already"),
            ({"error": "invalid_grant"}, "used already"),
            (refusal("BAD_REDIRECT_URI", "invalid_request"), "redirect URLs"),
            (refusal("BAD_CLIENT_ID", "invalid_client"), "LEADWRIGHT_HUBSPOT_CLIENT_ID"),
            (refusal("BAD_CLIENT_SECRET", "invalid_client"), "LEADWRIGHT_HUBSPOT_CLIENT_SECRET"),
            ({"error": "invalid_client"}, "LEADWRIGHT_HUBSPOT_CLIENT_SECRET"),
            (refusal("BAD_SCOPES", "invalid_scope"), "scopes"),
            (refusal("BAD_CODE_VERIFIER", "invalid_request"), "another attempt"),
            (refusal("SOMETHING_NEW", "odd"), "SOMETHING_NEW"),
        ],
    )
    def test_what_people_here_can_mend_is_said_in_words(self, app, web, body, words):
        web.post(DATED, status_code=400, json=body)
        with pytest.raises(ConfigError) as told:
            app.redeem("code-1", BACK, Proof("v"))
        assert words in str(told.value)
        assert told.value.remedy

    def test_a_page_of_a_proxy_does_not_end_a_grant(self, app, web):
        web.post(DATED, status_code=403, text="<html>blocked</html>")
        with pytest.raises(ConfigError):
            app.refresh("eu1-refresh")

    def test_no_secret_stands_in_errors_logs_or_pictures_of_values(self, app, web, quiet_log):
        body = refusal("BAD_REFRESH_TOKEN") | {"message": f"no such token eu1-refresh for {SECRET}"}
        web.post(DATED, [{"status_code": 400, "json": body}, {"json": GRANTED}])
        with pytest.raises(GrantRefused) as told:
            app.refresh("eu1-refresh")
        shown = f"{told.value!r} {told.value} {quiet_log} {app.refresh('eu1-refresh')!r} {Proof('hidden-verifier')!r}"
        for secret in (SECRET, "eu1-refresh", "CK-access", "hidden-verifier"):
            assert secret not in shown


class TestLookingAndGivingUp:
    """Introspection and revocation."""

    def test_whose_a_token_is(self, app, web):
        web.post(
            f"{DATED}/introspect",
            json={"active": True, "hub_id": 62515, "hub_domain": "acme.example", "user": "a@acme.example",
                  "user_id": 7, "app_id": 9, "scopes": ["oauth", "forms"]},
        )  # fmt: skip
        facts = app.introspect("CK-access")
        assert (facts.active, facts.hub_id, facts.hub_domain, facts.app_id) == (True, 62515, "acme.example", 9)
        assert facts.scopes == ("oauth", "forms")
        assert (facts.user, facts.user_id) == ("a@acme.example", 7)
        assert "a@acme.example" not in repr(facts)
        assert "CK-access" not in web.last_request.url

    def test_a_dead_one_is_not_active(self, app, web):
        web.post(f"{DATED}/introspect", json={"active": False})
        assert app.introspect("CK-old").active is False

    @pytest.mark.parametrize("answer", [{"status_code": 204}, {"json": {}}, {"status_code": 200, "text": ""}])
    def test_a_grant_is_given_up(self, app, web, answer):
        web.post(f"{DATED}/revoke", **answer)
        app.revoke("eu1-refresh")
        assert parse_qs(web.last_request.text)["token"] == ["eu1-refresh"]

    def test_one_that_is_gone_already_is_as_good(self, app, web):
        web.post(f"{DATED}/revoke", status_code=400, json=refusal("BAD_REFRESH_TOKEN"))
        app.revoke("eu1-refresh")
