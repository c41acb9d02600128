"""Repeats per class of error, on a clock that only pretends to sleep."""

from __future__ import annotations

import time

import pytest
import requests

from connector.errors import (
    DailyLimitReached,
    NotFound,
    PortalMoving,
    PortalUnavailable,
    RateLimited,
    RecordLocked,
    Refused,
    TokenRejected,
)
from connector.portal.hubspot import connect
from tests.portal.conftest import URL

CONTACTS = f"{URL}/crm/v3/objects/contacts"
GOOD = {"json": {"results": []}}


@pytest.fixture
def page(portal):
    return lambda: portal.page("contacts", after=None, properties=["email"])


@pytest.fixture(autouse=True)
def no_real_waiting():
    started = time.monotonic()
    yield
    assert time.monotonic() - started < 8.0  # the waits themselves would take longer; a busy machine takes some, too


@pytest.fixture
def waited(clock):
    started = clock.monotonic()
    return lambda: clock.monotonic() - started


class TestFaultsOfThePortal:
    @pytest.mark.parametrize("status", [500, 502, 503, 504, 521, 522, 523, 524, 525, 526])
    def test_are_repeated_with_growing_waits(self, page, web, waited, status):
        web.get(CONTACTS, [{"status_code": status, "text": "<html>"}] * 2 + [GOOD])
        page()
        assert web.call_count == 3
        assert 1.4 <= waited() <= 4.0

    def test_at_most_five_tries(self, page, web, portal):
        web.get(CONTACTS, status_code=500)
        with pytest.raises(PortalUnavailable):
            page()
        assert web.call_count == 5
        counts = portal.calls()
        assert (counts.made, counts.retried, counts.wasted) == (5, 4, 5)

    def test_a_named_time_is_waited_for(self, page, web, waited):
        web.get(CONTACTS, [{"status_code": 503, "headers": {"Retry-After": "20"}}, GOOD])
        page()
        assert waited() >= 20

    @pytest.mark.parametrize("body", ["<html>maintenance</html>", "", '{"results": [{"id": "1", "prop'])
    def test_an_unreadable_success_is_repeated(self, page, web, body):
        web.get(CONTACTS, [{"text": body}, GOOD])
        page()
        assert web.call_count == 2

    def test_a_redirect_is_not_followed(self, page, web):
        web.get(CONTACTS, status_code=302, headers={"Location": "https://elsewhere.test/take"})
        web.get("https://elsewhere.test/take", json={"results": []})
        with pytest.raises(PortalUnavailable):
            page()
        assert {one.hostname for one in web.request_history} == {"api.hubapi.test"}

    @pytest.mark.parametrize(
        "fault", [requests.ConnectionError, requests.ReadTimeout, requests.exceptions.ChunkedEncodingError]
    )
    def test_broken_connections_of_reads(self, page, web, fault):
        web.get(CONTACTS, [{"exc": fault}, GOOD])
        page()

    def test_a_portal_that_never_answers_does_not_hold_us_for_all_five(self, page, web, clock):
        def never(_request, _context):
            clock.advance(30)
            raise requests.ReadTimeout

        web.get(CONTACTS, text=never)
        with pytest.raises(PortalUnavailable):
            page()
        assert web.call_count == 1


class TestNotCarriedOut:
    def test_a_lock_waits_at_least_two_seconds(self, page, web, waited):
        web.get(CONTACTS, [{"status_code": 423}, GOOD])
        page()
        assert 2.0 <= waited() <= 4.0

    def test_a_lock_that_stays(self, page, web):
        web.get(CONTACTS, status_code=423)
        with pytest.raises(RecordLocked):
            page()
        assert web.call_count == 5

    def test_a_short_move_is_waited_for(self, page, web, waited):
        web.get(CONTACTS, [{"status_code": 477, "headers": {"Retry-After": "45"}}, GOOD])
        page()
        assert waited() >= 45

    def test_a_long_move_goes_to_the_caller_with_its_time(self, page, web, waited):
        web.get(CONTACTS, status_code=477, headers={"Retry-After": "7200"})
        with pytest.raises(PortalMoving) as caught:
            page()
        assert caught.value.retry_after == 7200
        assert waited() < 1
        assert web.call_count == 1


class TestLimits:
    def test_burst_without_retry_after_waits_ten_seconds(self, page, web, waited, payload):
        web.get(CONTACTS, [{"status_code": 429, "json": payload("burst_limit")}, GOOD])
        page()
        assert 10.0 <= waited() <= 11.0

    def test_burst_with_retry_after_waits_that_long(self, page, web, waited, payload):
        web.get(CONTACTS, [{"status_code": 429, "json": payload("burst_limit"), "headers": {"Retry-After": "3"}}, GOOD])
        page()
        assert 3.0 <= waited() <= 4.0

    def test_a_storm_of_a_minute_loses_nothing_and_wastes_little(self, page, web, clock, payload, portal):
        end = clock.monotonic() + 60

        def storm(_request, context):
            context.status_code = 429 if clock.monotonic() < end else 200
            return payload("burst_limit") if context.status_code == 429 else {"results": []}

        web.get(CONTACTS, json=storm)
        page()
        counts = portal.calls()
        assert counts.refused_429 <= 7
        assert clock.monotonic() - end <= 10

    def test_a_storm_without_end_ends_for_the_caller(self, page, web, waited, payload):
        web.get(CONTACTS, status_code=429, json=payload("burst_limit"))
        with pytest.raises(RateLimited):
            page()
        assert waited() <= 140

    def test_a_long_pause_holds_no_worker(self, page, web, waited, payload):
        limit = {"status_code": 429, "json": payload("burst_limit"), "headers": {"Retry-After": "3600"}}
        web.get(CONTACTS, [limit, GOOD])
        for _ in range(3):
            with pytest.raises(RateLimited) as caught:
                page()
            assert caught.value.retry_after >= 3590
        assert waited() < 5
        assert web.call_count == 1

    def test_a_search_waits_about_a_second(self, portal, web, waited, payload):
        web.post(f"{CONTACTS}/search", [{"status_code": 429, "json": payload("search_limit")}, GOOD])
        portal.search("contacts", groups=[], sort="", properties=[])
        assert 1.0 <= waited() <= 2.0

    def test_daily_is_never_repeated_and_stops_all_calls_until_midnight(self, clock, web, payload):
        portal = connect(URL, "t", clock=clock, generation="v3")
        web.get(f"{URL}/account-info/v3/details", json={"portalId": 1, "timeZone": "America/New_York"})
        portal.identity()
        web.get(CONTACTS, [{"status_code": 429, "json": payload("daily_limit")}, GOOD])
        for _ in range(3):
            with pytest.raises(DailyLimitReached) as caught:
                portal.page("contacts", after=None, properties=["email"], live=True)
        assert web.call_count == 2
        assert "2026-11-23 00:00 EST" in caught.value.message
        clock.advance(20 * 3600 + 60)
        portal.page("contacts", after=None, properties=["email"])
        portal.close()


class TestNever:
    @pytest.mark.parametrize(("status", "error"), [(400, Refused), (401, TokenRejected), (414, Refused)])
    def test_faults_of_ours(self, page, web, status, error):
        web.get(CONTACTS, status_code=status, json={})
        with pytest.raises(error):
            page()
        assert web.call_count == 1

    def test_a_record_that_is_not_there(self, portal, web):
        web.get(f"{CONTACTS}/1", status_code=404)
        with pytest.raises(NotFound):
            portal.read_one("contacts", 1, ["email"])
        assert web.call_count == 1


def test_a_token_replaced_meanwhile_is_tried_once(clock, web):
    tokens = iter(["old", "new"])
    portal = connect(URL, lambda: next(tokens), clock=clock, generation="v3")
    web.get(CONTACTS, json={"results": []}, request_headers={"Authorization": "Bearer new"})
    web.get(CONTACTS, status_code=401, request_headers={"Authorization": "Bearer old"})
    portal.page("contacts", after=None, properties=["email"])
    assert [one.headers["Authorization"] for one in web.request_history] == ["Bearer old", "Bearer new"]
    portal.close()
