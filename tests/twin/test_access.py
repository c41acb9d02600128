"""Tokens, scopes, OAuth, and what the account says of itself (hubspot-api.md 1)."""

import re
from datetime import timedelta

import pytest

LIST = "/crm/v3/objects/contacts"


def using(call, token):
    call.session.headers["Authorization"] = f"Bearer {token}"
    return call


@pytest.mark.parametrize("header", ["", "Bearer nope", "Basic abc"])
def test_no_or_unknown_token(call, header):
    call.session.headers["Authorization"] = header
    answer = call.get(LIST)
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


def test_an_expired_token(call, twin, clock):
    using(call, twin.add_token("kurz", expires_at=clock.now() + timedelta(seconds=30)))
    assert call.get(LIST).status_code == 200
    clock.advance(42)
    answer = call.get(LIST)
    assert (answer.status_code, answer.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert answer.json()["message"] == "The OAuth token used to make this call expired 12 second(s) ago."
    assert answer.json()["context"]["expire time"] == ["2026-11-22T09:00:30.000Z"]


@pytest.mark.parametrize(
    ("scopes", "method", "path", "status"),
    [
        (["crm.objects.contacts.read"], "GET", LIST, 200),
        (["crm.objects.contacts.read"], "POST", LIST + "/search", 200),
        (["crm.objects.contacts.read"], "POST", LIST, 403),
        (["crm.objects.contacts.read"], "GET", "/crm/v3/objects/calls", 200),
        (["crm.objects.contacts.read"], "GET", "/crm/v3/objects/companies", 403),
        (["crm.objects.contacts.read"], "GET", "/crm/objects/2026-09/companies", 403),
        (["crm.schemas.contacts.read"], "GET", "/crm/v3/properties/contacts", 200),
        ([], "GET", "/crm/v3/owners/", 403),
        ([], "GET", "/automation/v3/workflows", 403),
        ([], "GET", "/account-info/v3/details", 200),
    ],
)
def test_scopes(call, twin, scopes, method, path, status):
    using(call, twin.add_token("eng", scopes=scopes))
    answer = call(method, path, {} if method == "POST" else None)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["category"] == "MISSING_SCOPES"
        assert answer.json()["errors"][0]["context"]["requiredGranularScopes"]


def test_who_the_portal_is(call, twin):
    for path in ("/account-info/v3/details", "/account-info/2026-09/details"):
        found = call.get(path).json()
        assert found["portalId"] == twin.portal_id
        assert (found["timeZone"], found["utcOffset"]) == ("Europe/Berlin", "+01:00")


# -- OAuth -------------------------------------------------------------------------------------------------------


def grant(call, twin, path="/oauth/2026-09/token", **form):
    client = {"client_id": twin.access.client_id, "client_secret": twin.access.client_secret}
    return call.session.post(call.url + path, data={**client, **form}, timeout=9)


BACK = "https://leadwright.example/oauth/hubspot/callback"


@pytest.mark.parametrize("path", ["/oauth/v1/token", "/oauth/v3/token", "/oauth/2026-09/token"])
def test_from_consent_to_refresh(call, twin, clock, path):
    consent = call.get(
        f"/oauth/authorize?client_id={twin.access.client_id}&redirect_uri={BACK}"
        "&scope=crm.objects.contacts.read%20oauth&state=s1"
    )
    assert consent.status_code == 302
    code = re.search(r"code=([^&]+)&state=s1", consent.headers["Location"])[1]
    first = grant(call, twin, path, grant_type="authorization_code", code=code, redirect_uri=BACK).json()
    assert (first["expires_in"], first["token_type"]) == (1800, "bearer")
    assert ("hub_id" in first) is ("v1" not in path)
    assert using(call, first["access_token"]).get(LIST).status_code == 200
    assert "X-HubSpot-RateLimit-Daily" not in call.get(LIST).headers
    clock.advance(1801)
    assert call.get(LIST).json()["category"] == "EXPIRED_AUTHENTICATION"
    again = grant(call, twin, path, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert using(call, again["access_token"]).get(LIST).status_code == 200


def test_a_code_is_good_once(call, twin):
    code = twin.access.issue_code(BACK)
    assert grant(call, twin, grant_type="authorization_code", code=code, redirect_uri=BACK).status_code == 200
    second = grant(call, twin, grant_type="authorization_code", code=code, redirect_uri=BACK)
    assert (second.status_code, second.json()["status"], second.json()["error"]) == (
        400,
        "BAD_AUTH_CODE",
        "invalid_grant",
    )


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "weg"}, "BAD_REFRESH_TOKEN"),
        ({"grant_type": "magic"}, "BAD_GRANT_TYPE"),
        ({"grant_type": "refresh_token", "client_secret": "falsch"}, "BAD_CLIENT_SECRET"),
        ({"grant_type": "refresh_token", "client_id": "falsch"}, "BAD_CLIENT_ID"),
    ],
)
def test_refused_grants(call, twin, form, status):
    assert grant(call, twin, **form).json()["status"] == status


def test_a_code_with_a_challenge_asks_for_its_verifier(call, twin):
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    for given, status in (("", 400), ("another", 400), (verifier, 200)):
        code = twin.access.issue_code(BACK, None, challenge)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": given}
        assert grant(call, twin, **form).status_code == status


def test_a_code_is_good_for_ten_minutes(call, twin, clock):
    code = twin.access.issue_code(BACK)
    clock.advance(601)
    late = grant(call, twin, grant_type="authorization_code", code=code, redirect_uri=BACK)
    assert late.json()["status"] == "BAD_AUTH_CODE"


def test_who_says_no_is_sent_back_with_the_error(call, twin):
    twin.dials.oauth_consent = False
    answer = call.get(f"/oauth/authorize?client_id={twin.access.client_id}&redirect_uri={BACK}&scope=oauth&state=s1")
    assert "error=access_denied" in answer.headers["Location"]
    assert "state=s1" in answer.headers["Location"]


@pytest.mark.parametrize(("path", "client"), [("/oauth/authorize", "x"), ("/oauth/1/authorize", "")])
def test_an_unknown_app_and_another_portal_get_no_consent(call, twin, path, client):
    answer = call.get(f"{path}?client_id={client or twin.access.client_id}&redirect_uri={BACK}&scope=oauth")
    assert answer.status_code in (400, 403)
    assert "Location" not in answer.headers


def test_with_rotation_a_refresh_token_is_good_once(call, twin):
    twin.dials.oauth_rotates = True
    first = twin.access.issue_refresh(None)
    second = grant(call, twin, grant_type="refresh_token", refresh_token=first).json()["refresh_token"]
    assert second != first
    again = grant(call, twin, grant_type="refresh_token", refresh_token=first)
    assert again.json()["status"] == "BAD_REFRESH_TOKEN"
    assert grant(call, twin, grant_type="refresh_token", refresh_token=second).status_code == 200


@pytest.mark.parametrize(("status", "error"), [("BAD_REFRESH_TOKEN", "invalid_grant"), ("BAD_HUB", "access_denied")])
def test_after_an_uninstall_nothing_that_was_granted_works(call, twin, status, error):
    twin.dials.oauth_gone = status
    access, refresh = twin.access.issue_access(None), twin.access.issue_refresh(None)
    assert using(call, access).session.delete(call.url + "/appinstalls/2026-09/external-install").status_code == 204
    assert call.get(LIST).status_code == 401
    told = grant(call, twin, grant_type="refresh_token", refresh_token=refresh)
    assert (told.status_code, told.json()["status"], told.json()["error"]) == (400, status, error)
    assert using(call, twin.token).get(LIST).status_code == 200


def test_introspection_and_revocation(call, twin, clock):
    token = twin.access.issue_access(frozenset({"oauth"}))
    found = grant(call, twin, "/oauth/2026-09/token/introspect", token=token).json()
    assert (found["active"], found["hub_id"], found["scopes"]) == (True, twin.portal_id, ["oauth"])
    assert call.get(f"/oauth/v1/access-tokens/{token}").json()["hub_id"] == twin.portal_id
    clock.advance(1801)
    assert grant(call, twin, "/oauth/2026-09/token/introspect", token=token).json() == {"active": False}
    refresh = twin.access.issue_refresh(None)
    grant(call, twin, "/oauth/2026-09/token/revoke", token=refresh)
    assert grant(call, twin, grant_type="refresh_token", refresh_token=refresh).json()["status"] == "BAD_REFRESH_TOKEN"


def test_an_address_that_does_not_exist(call):
    assert call.get("/crm/v9/nichts").status_code == 404
    assert call("PUT", LIST, {}).status_code == 405
