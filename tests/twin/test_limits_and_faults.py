"""429s by policy, both limiters, scripted faults, latency (hubspot-api.md 2)."""

import pytest
import requests

from connector.twin import Dials, Twin, serve_twin

LIST = "/crm/v3/objects/contacts"


def statuses(call, count, path=LIST, method="GET", body=None):
    return [call(method, path, body).status_code for _ in range(count)]


def test_rolling_at_most_so_many_in_any_window(call, twin, clock):
    twin.dials.turn({"burst": 5, "burst_window": 10})
    assert statuses(call, 6) == [200] * 5 + [429]
    clock.advance(9.9)
    assert statuses(call, 1) == [429]
    clock.advance(0.1)
    assert statuses(call, 6) == [200] * 5 + [429]


def test_bucket_refills_evenly(call, twin, clock):
    twin.dials.turn({"burst": 10, "burst_window": 10, "limiter": "bucket"})
    assert statuses(call, 11) == [200] * 10 + [429]
    clock.advance(2)
    assert statuses(call, 3) == [200, 200, 429]
    clock.advance(1000)
    assert statuses(call, 11) == [200] * 10 + [429]


def test_the_burst_body_and_headers(call, twin):
    twin.dials.turn({"burst": 2})
    good = call.get(LIST)
    assert good.headers["X-HubSpot-RateLimit-Max"] == "2"
    assert good.headers["X-HubSpot-RateLimit-Remaining"] == "1"
    assert good.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert good.headers["X-HubSpot-RateLimit-Daily-Remaining"] == "624999"
    call.get(LIST)
    bad = call.get(LIST)
    assert bad.json() | {"correlationId": 0, "requestId": 0} == {
        "status": "error", "message": "You have reached your ten_secondly_rolling limit.", "errorType": "RATE_LIMIT",
        "policyName": "TEN_SECONDLY_ROLLING", "correlationId": 0, "requestId": 0,
        "groupName": f"publicapi:private_app-api-calls-ten-secondly:static:{twin.portal_id}",
    }  # fmt: skip
    assert "Retry-After" not in bad.headers
    twin.dials.retry_after = True
    assert call.get(LIST).headers["Retry-After"] == "10"


def test_search_has_its_own_bucket_and_no_rate_headers(call, twin, clock):
    twin.dials.turn({"search_per_second": 5, "burst": 1})
    answers = [call.post(f"{LIST}/search") for _ in range(6)]
    assert [a.status_code for a in answers] == [200] * 5 + [429]
    assert answers[-1].json()["policyName"] == "SECONDLY"
    assert not [h for a in answers for h in a.headers if "ratelimit" in h.lower()]
    assert statuses(call, 2) == [200, 429]
    clock.advance(1)
    assert call.post(f"{LIST}/search").status_code == 200


def test_the_day_ends_at_the_portals_midnight(call, twin, clock):
    twin.dials.turn({"daily": 3, "burst": None})
    assert statuses(call, 4) == [200] * 3 + [429]
    assert call.get(LIST).json()["policyName"] == "DAILY"
    clock.advance(13 * 3600 + 3599)
    assert statuses(call, 1) == [429]
    clock.advance(3601)
    assert statuses(call, 1) == [200]


def test_usage_is_counted(call, twin):
    statuses(call, 3)
    usage = call.get("/account-info/v3/api-usage/daily/private-apps").json()["results"][0]
    assert (usage["usageLimit"], usage["currentUsage"]) == (625_000, 4)


def test_every_app_has_its_own_burst(call, twin):
    twin.dials.burst = 1
    other = twin.add_token("andere-app")
    assert statuses(call, 2) == [200, 429]
    call.session.headers["Authorization"] = f"Bearer {other}"
    assert statuses(call, 2) == [200, 429]


def test_the_ledger_counts_everything(call, twin, anna):
    twin.dials.burst = 2
    statuses(call, 2)
    call("PATCH", f"{LIST}/{anna}", {"properties": {"city": "Ulm"}})
    assert twin.ledger.count(prefix=LIST) == 3
    assert twin.ledger.count(status=429) == 1
    assert [c.status for c in twin.ledger.writes()] == [429]
    twin.reset_ledger()
    assert twin.ledger.count() == 0


# -- faults ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [423, 477, 500, 502, 503, 504, 524])
def test_a_scripted_fault_comes_so_many_times(call, twin, status):
    twin.dials.faults = [{"match": LIST, "method": "GET", "times": 2, "status": status, "retry_after": 3}]
    answers = [call.get(LIST) for _ in range(3)]
    assert [a.status_code for a in answers] == [status, status, 200]
    assert answers[0].headers["Retry-After"] == "3"


@pytest.mark.parametrize(
    ("body", "start"), [("html", "<html>"), ("json", '{"status":"error"'), ("cut", '{"status":"error"')]
)
def test_bodies_of_faults(call, twin, body, start):
    twin.dials.faults = [{"match": LIST, "times": 1, "status": 502, "body": body}]
    answer = call.get(LIST)
    assert answer.text.startswith(start)
    if body == "cut":
        with pytest.raises(requests.exceptions.JSONDecodeError):
            answer.json()


def test_a_write_may_have_happened_although_the_answer_says_no(call, twin):
    twin.dials.faults = [{"match": LIST, "method": "POST", "times": 1, "status": 504, "after_effect": True}]
    body = {"properties": {"email": "neu@example.org"}}
    assert call.post(LIST, body).status_code == 504
    assert call.post(LIST, body).status_code == 409


def test_a_fault_before_the_effect_leaves_nothing(call, twin):
    twin.dials.faults = [{"match": LIST, "method": "POST", "times": 1, "status": 503}]
    call.post(LIST, {"properties": {"email": "neu@example.org"}})
    assert twin.ids("contacts") == []


def test_a_reset_connection(call, twin):
    twin.dials.faults = [{"match": LIST, "times": 1, "status": "reset"}]
    with pytest.raises(requests.exceptions.ConnectionError):
        call.get(LIST)
    assert call.get(LIST).status_code == 200


def test_slowness_and_latency_pass_on_the_clock_alone(call, twin, clock):
    twin.dials.latency = {"list": 0.08, "search": 0.2, "default": 0.05}
    begun = clock.now()
    call.get(LIST)
    assert (clock.now() - begun).total_seconds() == pytest.approx(0.08)
    call.post(f"{LIST}/search")
    call.get("/crm/v3/owners/")
    assert (clock.now() - begun).total_seconds() == pytest.approx(0.33)
    twin.dials.faults = [{"match": LIST, "times": 1, "status": "slow", "seconds": 60}]
    assert call.get(LIST).status_code == 200
    assert (clock.now() - begun).total_seconds() == pytest.approx(60.41)


def test_every_answer_carries_the_portals_own_time(call, twin, clock):
    """RFC 7231 Date header: a client learns the portal's clock from it, a refusal's and a fault's included."""
    twin.dials.faults = [{"match": "/crm/v3/owners", "times": 1, "status": 524}]
    asked = [call.get(LIST), call.get("/crm/v3/owners/"), call.get("/crm/v3/nothing"), call.get("/__twin__/dials")]
    assert [a.headers["Date"] for a in asked] == ["Sun, 22 Nov 2026 09:00:00 GMT"] * 4
    assert [a.status_code for a in asked] == [200, 524, 404, 200]
    clock.advance(3600.9)
    assert call.get(LIST).headers["Date"] == "Sun, 22 Nov 2026 10:00:00 GMT"


def test_faults_by_chance_follow_their_seed():
    def course():
        twin = Twin.empty(dials=Dials(fault_rate=0.3, fault_seed=5))
        client = twin.app().test_client()
        auth = {"Authorization": f"Bearer {twin.token}"}
        return [client.get(LIST, headers=auth).status_code for _ in range(40)]

    first = course()
    assert first == course()
    assert 3 < sum(status >= 500 for status in first) < 25


def test_a_url_that_is_too_long(call):
    assert call.get(f"{LIST}?properties=" + "x" * 16_300).status_code == 414


def test_features_of_a_tier_that_is_not_there(call, twin, anna):
    twin.dials.features_off = {"/events/v3"}
    assert call.get(f"/events/v3/events?objectType=contact&objectId={anna}").status_code == 403
    twin.dials.features_off = {"/events/v3": 404}
    assert call.get(f"/events/event-occurrences/2026-09?objectId={anna}").status_code == 404


# -- the controls over HTTP --------------------------------------------------------------------------------------


def test_dials_and_ledger_over_http(call, twin, anna):
    assert call.post("/__twin__/dials", {"burst": 1, "features_off": ["/events"]}).json()["burst"] == 1
    assert statuses(call, 2) == [200, 429]
    assert call.get("/__twin__/ledger").json()["counts"]["throttled"] == 1
    assert call.post("/__twin__/dials", {"bursd": 1}).status_code == 400
    act = {"args": ["contacts", anna, {"city": "Jena"}]}
    assert call.post("/__twin__/act/edit", act).status_code == 200
    assert call.get("/__twin__/truth/contacts").json()[str(anna)]["city"] == "Jena"
    assert call.get("/__twin__/changes").json()["results"][-1]["propertyValue"] == "Jena"


def test_two_portals_are_served_side_by_side():
    twins = [Twin.empty(), Twin.empty()]
    twins[0].create_contact({"firstname": "x"})
    auth = {"Authorization": f"Bearer {twins[0].token}"}
    with serve_twin(twins[0]) as one, serve_twin(twins[1]) as two:
        counts = [len(requests.get(url + LIST, headers=auth, timeout=9).json()["results"]) for url in (one, two)]
    assert counts == [1, 0]
