"""The app's webhook settings: bodies as HubSpot wants them, errors in the words of the app, a key nobody ever sees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from connector.errors import ConfigError, FeatureOff, PortalUnavailable, Refused
from connector.model.subscriptions import Subscription, Wanted
from connector.portal.app_webhooks import AppWebhooks, connect_app
from connector.portal.versions import DATED
from tests.portal.conftest import URL

KEY = "d3v0c0de-very-secret"
BASE = f"{URL}/webhooks/v3/4711"
ROW = {"id": "25", "eventType": "contact.propertyChange", "propertyName": "email", "active": False}


@pytest.fixture
def app(clock, web) -> Iterator[AppWebhooks]:
    made = connect_app(URL, KEY, "4711", clock=clock)
    yield made
    made.close()


class TestReading:
    def test_the_key_travels_in_the_query_and_no_token_beside_it(self, app, web):
        web.get(f"{BASE}/subscriptions", json={"results": []})
        assert app.subscriptions() == ()
        request = web.request_history[0]
        assert request.qs == {"hapikey": [KEY]}
        assert "Authorization" not in request.headers

    def test_subscriptions_with_and_without_a_property(self, app, web):
        rows = [ROW, {"id": "26", "eventType": "object.creation", "objectTypeId": "0-1", "active": True}]
        web.get(f"{BASE}/subscriptions", json={"results": rows})
        assert app.subscriptions() == (
            Subscription("25", Wanted("contact.propertyChange", "email"), active=False),
            Subscription("26", Wanted("object.creation", "", "0-1"), active=True),
        )

    def test_an_app_without_settings_has_no_target(self, app, web):
        web.get(f"{BASE}/settings", status_code=404, json={"category": "OBJECT_NOT_FOUND"})
        assert app.target() == ""

    def test_the_dated_generation_has_an_address_of_its_own(self, clock, web):
        web.get(f"{URL}/app-webhooks/2026-09/4711/settings", json={"targetUrl": "https://x.example"})
        dated = connect_app(URL, KEY, "4711", clock=clock, generation=DATED)
        assert dated.target() == "https://x.example"
        dated.close()


class TestChanging:
    def test_a_new_target_keeps_the_apps_throttling(self, app, web):
        web.get(f"{BASE}/settings", json={"targetUrl": "https://old", "throttling": {"maxConcurrentRequests": 25}})
        put = web.put(f"{BASE}/settings", json={})
        app.aim("https://new.example/webhooks/hubspot")
        assert put.last_request.json() == {
            "targetUrl": "https://new.example/webhooks/hubspot", "throttling": {"maxConcurrentRequests": 25},
        }  # fmt: skip

    def test_a_first_target_comes_with_hubspots_own_default(self, app, web):
        web.get(f"{BASE}/settings", status_code=404, json={})
        put = web.put(f"{BASE}/settings", json={})
        app.aim("https://new.example")
        assert put.last_request.json()["throttling"] == {"maxConcurrentRequests": 10}

    def test_a_new_subscription_is_active_at_once(self, app, web):
        post = web.post(f"{BASE}/subscriptions", status_code=201, json=ROW)
        app.subscribe(Wanted("contact.propertyChange", "email"))
        app.subscribe(Wanted("contact.creation"))
        assert [one.json() for one in web.request_history] == [
            {"eventType": "contact.propertyChange", "propertyName": "email", "active": True},
            {"eventType": "contact.creation", "active": True},
        ]
        assert post.call_count == 2

    def test_one_that_somebody_has_just_made_is_as_good(self, app, web):
        web.post(f"{BASE}/subscriptions", status_code=409, json={"category": "CONFLICT"})
        assert app.subscribe(Wanted("contact.creation")) is None

    def test_many_are_switched_on_by_the_hundred(self, app, web):
        def switched(request, context):
            return {"results": [{**ROW, "id": str(one["id"])} for one in request.json()["inputs"]]}

        post = web.post(f"{BASE}/subscriptions/batch/update", json=switched)
        assert len(app.activate([str(n) for n in range(1, 251)])) == 250
        assert [len(one.json()["inputs"]) for one in web.request_history] == [100, 100, 50]
        assert post.last_request.json()["inputs"][0] == {"id": 201, "active": True}

    def test_those_that_could_not_be_switched_on_are_not_named(self, app, web):
        body = {"results": [{**ROW, "id": "1"}], "errors": [{"category": "OBJECT_NOT_FOUND"}], "numErrors": 1}
        web.post(f"{BASE}/subscriptions/batch/update", status_code=207, json=body)
        assert app.activate(["1", "2"]) == {"1"}

    def test_gone_already_is_as_good_as_deleted(self, app, web):
        web.delete(f"{BASE}/subscriptions/25", status_code=404, json={})
        assert app.unsubscribe("25") is None
        web.delete(f"{BASE}/subscriptions/26", status_code=204)
        assert app.unsubscribe("26") is None

    def test_a_creation_whose_answer_was_lost_is_not_repeated_blindly(self, app, web):
        post = web.post(f"{BASE}/subscriptions", exc=requests.ReadTimeout)
        with pytest.raises(PortalUnavailable):
            app.subscribe(Wanted("contact.creation"))
        assert post.call_count == 1


class TestRefusals:
    def test_a_wrong_key_names_the_setting(self, app, web):
        web.get(f"{BASE}/subscriptions", status_code=401, json={"category": "INVALID_AUTHENTICATION"})
        with pytest.raises(ConfigError, match="LEADWRIGHT_HUBSPOT_DEVELOPER_KEY"):
            app.subscriptions()

    def test_an_unknown_app_names_the_setting(self, app, web):
        web.get(f"{BASE}/subscriptions", status_code=404, json={"category": "OBJECT_NOT_FOUND"})
        with pytest.raises(ConfigError, match="LEADWRIGHT_HUBSPOT_APP_ID"):
            app.subscriptions()

    @pytest.mark.parametrize("status", [403, 405, 410])
    def test_an_app_whose_subscriptions_live_elsewhere_is_no_fault(self, app, web, status):
        web.get(f"{BASE}/subscriptions", status_code=status, json={"category": "MISSING_SCOPES"})
        with pytest.raises(FeatureOff):
            app.subscriptions()

    def test_a_refused_subscription_is_for_the_caller_to_book(self, app, web):
        web.post(f"{BASE}/subscriptions", status_code=400, json={"category": "VALIDATION_ERROR", "message": "no"})
        with pytest.raises(Refused):
            app.subscribe(Wanted("contact.propertyChange", "nowhere"))

    @pytest.mark.parametrize("app_id", ["", "my app"])
    def test_without_the_apps_number_nothing_is_asked(self, clock, app_id):
        with pytest.raises(ConfigError, match="LEADWRIGHT_HUBSPOT_APP_ID"):
            connect_app(URL, KEY, app_id, clock=clock)

    @pytest.mark.parametrize(
        "how",
        [{"status_code": 401, "json": {}}, {"status_code": 500, "text": "x"}, {"exc": requests.ConnectTimeout(KEY)}],
    )
    def test_the_key_is_in_no_error_and_no_log(self, app, web, quiet_log, how):
        web.get(f"{BASE}/subscriptions", **how)
        with pytest.raises((ConfigError, PortalUnavailable)) as caught:
            app.subscriptions()
        chain = [caught.value, caught.value.__cause__, caught.value.__context__]
        assert KEY not in repr([(str(one), vars(one)) for one in chain if one is not None])
        assert quiet_log
        assert KEY not in repr(quiet_log)
