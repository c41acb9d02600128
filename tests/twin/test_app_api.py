"""The app's webhook settings over HTTP: the addresses of all generations, the developer's key, limits and refusals."""

from __future__ import annotations

import pytest
import requests
from hubspot import HubSpot

from connector.twin import serve_twin
from connector.twin.subscriptions import MOST, TYPES
from tests.twin.receiver import receiving

V3, DATED, NEWEST = "/webhooks/v3/4711", "/webhooks/2026-03/4711", "/app-webhooks/2026-09/4711"


@pytest.fixture
def app(twin):
    """Speaks with the developer's key in the query; answers are ``requests`` responses."""
    with serve_twin(twin) as url:

        def call(method: str, path: str, body=None, *, key: str = twin.access.developer_key, **kwargs):
            return requests.request(method, url + path, json=body, params={"hapikey": key}, timeout=10, **kwargs)

        call.url = url
        yield call


def subscribe(app, event: str, name: str | None = None, **more) -> requests.Response:
    body = {"eventType": event, **({"propertyName": name} if name else {}), **more}
    return app("POST", f"{V3}/subscriptions", body)


def test_the_48_kinds_of_notice_are_those_of_the_reference():
    assert len(TYPES) == 48
    assert "product.associationChange" not in TYPES


@pytest.mark.parametrize("base", [V3, DATED, NEWEST])
def test_settings_in_every_generation(app, base):
    assert app("GET", f"{base}/settings").status_code == 404
    wanted = {"targetUrl": "https://hooks.example.test/x", "throttling": {"maxConcurrentRequests": 12}}
    made = app("PUT", f"{base}/settings", wanted)
    assert (made.status_code, made.json()["targetUrl"]) == (200, "https://hooks.example.test/x")
    assert app("GET", f"{base}/settings").json() == made.json()
    assert {"createdAt", "throttling"} <= set(made.json())
    assert app("DELETE", f"{base}/settings").status_code == 204
    assert app("GET", f"{base}/settings").status_code == 404


@pytest.mark.parametrize("base", [V3, DATED, NEWEST])
def test_a_subscription_from_birth_to_death(app, base):
    made = app("POST", f"{base}/subscriptions", {"eventType": "contact.propertyChange", "propertyName": "email"})
    assert made.status_code == 201
    assert made.json()["active"] is False
    one = f"{base}/subscriptions/{made.json()['id']}"
    assert app("PATCH", one, {"active": True}).json()["active"] is True
    assert app("GET", one).json() == app("GET", f"{base}/subscriptions").json()["results"][0]
    assert app("DELETE", one).status_code == 204
    assert app("GET", one).status_code == 404
    assert app("GET", f"{base}/subscriptions").json() == {"results": []}


def test_many_are_switched_at_once_and_strangers_are_named(app):
    ids = [int(subscribe(app, event).json()["id"]) for event in ("contact.creation", "contact.deletion")]
    inputs = [{"id": ident, "active": True} for ident in (*ids, 99)]
    answer = app("POST", f"{V3}/subscriptions/batch/update", {"inputs": inputs})
    assert answer.status_code == 207
    assert {row["id"] for row in answer.json()["results"]} == {str(ident) for ident in ids}
    assert answer.json()["numErrors"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"eventType": "contact.exploded"}, {}, {"eventType": "contact.propertyChange"},
        {"eventType": "contact.creation", "propertyName": "email"}, {"eventType": "object.creation"},
        {"eventType": "contact.propertyChange", "propertyName": "num_unique_conversion_events"},
        {"eventType": "company.propertyChange", "propertyName": "hs_lastmodifieddate"},
        {"eventType": "contact.creation", "active": "yes"},
    ],
)  # fmt: skip
def test_what_hubspot_would_refuse_is_refused(app, body):
    answer = app("POST", f"{V3}/subscriptions", body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_an_unknown_property_is_refused_only_where_the_dial_says_so(app, twin):
    assert subscribe(app, "contact.propertyChange", "only_elsewhere").status_code == 201
    twin.dials.webhook_unknown_property = "reject"
    assert subscribe(app, "contact.propertyChange", "nowhere_at_all").status_code == 400


def test_the_same_twice_is_a_conflict(app):
    assert [subscribe(app, "contact.creation").status_code for _ in range(2)] == [201, 409]


def test_a_thousand_is_enough(app, twin):
    for number in range(MOST):
        twin.subscriptions.create("contact.propertyChange", f"p{number}")
    answer = subscribe(app, "contact.creation")
    assert (answer.status_code, str(MOST) in answer.json()["message"]) == (400, True)


@pytest.mark.parametrize(
    "body",
    [
        {"targetUrl": "http://hooks.example.test/x", "throttling": {"maxConcurrentRequests": 10}},
        {"targetUrl": "nowhere", "throttling": {"maxConcurrentRequests": 10}},
        {"targetUrl": "https://hooks.example.test/x", "throttling": {"maxConcurrentRequests": 5}},
        {"targetUrl": "https://hooks.example.test/x"},
    ],
)
def test_a_target_is_encrypted_and_takes_more_than_five_at_once(app, body):
    assert app("PUT", f"{V3}/settings", body).status_code == 400


# -- who may -----------------------------------------------------------------------------------------------------


def test_a_wrong_key_opens_nothing(app):
    assert app("GET", f"{V3}/subscriptions", key="wrong").status_code == 401


def test_a_portals_token_is_the_wrong_kind_of_key(app, twin):
    headers = {"Authorization": f"Bearer {twin.token}"}
    answer = requests.get(f"{app.url}{V3}/subscriptions", headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")


def test_the_key_opens_as_a_bearer_too(app, twin):
    headers = {"Authorization": f"Bearer {twin.access.developer_key}"}
    assert requests.get(f"{app.url}{V3}/subscriptions", headers=headers, timeout=10).status_code == 200


def test_another_app_is_not_found(app):
    assert app("GET", "/webhooks/v3/1/subscriptions").status_code == 404


@pytest.mark.parametrize("kind", ["private", "project"])
def test_some_apps_keep_their_subscriptions_elsewhere(app, twin, kind):
    twin.dials.app_kind = kind
    assert app("GET", f"{V3}/subscriptions").status_code == 403


def test_the_ledger_never_holds_the_key(app, twin):
    subscribe(app, "contact.creation")
    assert [call.path for call in twin.ledger.calls] == [f"{V3}/subscriptions"]
    assert twin.access.developer_key not in str(twin.ledger.as_json())


def test_the_official_client_agrees(app, twin):
    client = HubSpot(api_key=twin.access.developer_key, host=app.url)
    api = client.webhooks.subscriptions_api
    made = api.create(4711, {"eventType": "contact.propertyChange", "propertyName": "email", "active": True})
    assert [(one.id, one.event_type, one.property_name) for one in api.get_all(4711).results] == [
        (made.id, "contact.propertyChange", "email")
    ]
    wanted = {"targetUrl": "https://hooks.example.test/x", "throttling": {"maxConcurrentRequests": 10}}
    assert client.webhooks.settings_api.configure(4711, wanted).throttling.max_concurrent_requests == 10
    for one in (api, client.webhooks.settings_api):
        one.api_client.rest_client.pool_manager.clear()


# -- what it leads to --------------------------------------------------------------------------------------------


def test_a_target_set_over_the_api_is_called(app, twin):
    with receiving() as receiver:
        wanted = {"targetUrl": receiver.url, "throttling": {"maxConcurrentRequests": 10}}
        assert app("PUT", f"{V3}/settings", wanted).status_code == 200
        subscribe(app, "contact.creation", active=True)
        twin.create_contact({"email": "eva@example.org"})
        assert twin.webhooks.quiet()
        assert receiver.types() == ["contact.creation"]
        app("DELETE", f"{V3}/settings")
        twin.create_contact({"email": "ida@example.org"})
        assert twin.webhooks.quiet()
        assert len(receiver.received) == 1
