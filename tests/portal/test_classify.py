"""The one table: what came back → which error, with what a caller needs and nothing personal."""

from __future__ import annotations

import http.client
import inspect
import json

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import exceptions as urllib3_errors

from connector import errors
from connector.errors import (
    Conflict,
    DailyLimitReached,
    FeatureOff,
    MissingScope,
    NotFound,
    PortalMoving,
    PortalUnavailable,
    RateLimited,
    RecordLocked,
    Refused,
    SyncError,
    TokenRejected,
)
from connector.portal.bodies import Answer
from connector.portal.classify import TABLE, error_of, error_of_fault, retry_after
from connector.portal.versions import OPERATIONS

HOST = "api.hubapi.test"
LIST, ONE = OPERATIONS["objects.list"], OPERATIONS["objects.read_one"]
FORMS, UPDATE = OPERATIONS["forms.list"], OPERATIONS["objects.batch_update"]
SEARCH, ENROL = OPERATIONS["objects.search"], OPERATIONS["workflows.enrol"]


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer.read(status, {name.replace("_", "-").lower(): value for name, value in headers.items()}, content)


def error(status: int, body: object = b"", operation=LIST, **headers: str) -> SyncError | None:
    return error_of(answer(status, body, **headers), operation, HOST, 0)


HTML = b"<html><body>cloudflare</body></html>"


@pytest.mark.parametrize(
    ("status", "body", "operation", "expected"),
    [
        (401, {"category": "INVALID_AUTHENTICATION"}, LIST, TokenRejected),
        (401, {"category": "EXPIRED_AUTHENTICATION", "context": {"expire time": ["x"]}}, LIST, TokenRejected),
        (401, HTML, LIST, TokenRejected),
        (530, HTML, LIST, TokenRejected),
        (403, {"category": "MISSING_SCOPES"}, LIST, MissingScope),
        (403, {"category": "MISSING_SCOPES"}, FORMS, FeatureOff),
        (403, {"message": "your hub has not this tier"}, FORMS, FeatureOff),
        (403, {"message": "no"}, LIST, MissingScope),
        (403, HTML, FORMS, FeatureOff),
        (404, {"category": "OBJECT_NOT_FOUND"}, ONE, NotFound),
        (404, HTML, ONE, NotFound),
        (404, b"", LIST, FeatureOff),
        (405, b"", LIST, FeatureOff),
        (410, b"", LIST, FeatureOff),
        (409, {"category": "CONFLICT"}, UPDATE, Conflict),
        (400, {"category": "VALIDATION_ERROR"}, LIST, Refused),
        (400, HTML, LIST, Refused),
        (412, b"", ENROL, Refused),
        (414, HTML, LIST, Refused),
        (418, b"", LIST, Refused),
        (423, b"", UPDATE, RecordLocked),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, LIST, RateLimited),
        (429, {"category": "RATE_LIMITS"}, LIST, RateLimited),
        (429, HTML, LIST, RateLimited),
        (429, {"policyName": "DAILY"}, LIST, DailyLimitReached),
        (429, {"message": "You have reached your daily limit."}, LIST, DailyLimitReached),
        (477, b"", LIST, PortalMoving),
        (301, b"", LIST, PortalUnavailable),
        (408, b"", LIST, PortalUnavailable),
        *[
            (status, HTML, LIST, PortalUnavailable)
            for status in (500, 502, 503, 504, 521, 522, 523, 524, 525, 526, 599)
        ],
    ],
)
def test_statuses(status, body, operation, expected):
    found = error(status, body, operation)
    assert type(found) is expected
    assert str(status) in found.message


@given(st.integers(100, 999), st.binary(max_size=200), st.sampled_from(sorted(OPERATIONS)))
def test_every_answer_is_a_success_or_an_error_of_ours(status, body, name):
    found = error_of(Answer.read(status, {}, body), OPERATIONS[name], HOST, 0)
    assert found is None or isinstance(found, SyncError)
    assert 200 <= status < 300 or found is not None


def test_the_table_ends_with_a_row_for_everything():
    assert TABLE[-1].statuses == frozenset(range(100, 1000))


class TestSuccesses:
    @pytest.mark.parametrize("body", [b'{"results": []}', b"[]"])
    def test_json(self, body):
        assert error(200, body) is None

    @pytest.mark.parametrize("body", [HTML, b"", b'{"results": [{"id"', b"nonsense", b'"text"', b"null", b"\xff\xfe"])
    def test_what_cannot_be_read_is_a_fault_of_the_portal(self, body):
        found = error(200, body)
        assert type(found) is PortalUnavailable
        assert found.reason == "unreadable"

    def test_nothing_where_nothing_is_said(self):
        assert error(204, b"", ENROL) is None
        assert error(204, b"") is None


class TestDetails:
    def test_scopes_in_both_spellings_and_places(self, payload):
        assert error(403, payload("missing_scope")).scopes == ("crm.objects.contacts.read",)
        old = {"category": "MISSING_SCOPES", "context": {"requiredScopes": ["contacts", "forms"]}}
        assert error(403, old).scopes == ("contacts", "forms")
        assert "contacts" in error(403, old).remedy

    def test_a_rejected_token_names_host_and_remedy(self):
        found = error(401, {"category": "EXPIRED_AUTHENTICATION"})
        assert HOST in found.message
        assert "EXPIRED_AUTHENTICATION" in found.message
        assert "leadwright portal add" in found.remedy

    def test_a_conflict_names_the_existing_id(self):
        found = error(409, {"message": "Contact already exists. Existing ID: 12345"}, UPDATE)
        assert found.existing_id == 12345

    @pytest.mark.parametrize(("operation", "policy"), [(LIST, "TEN_SECONDLY_ROLLING"), (SEARCH, "SECONDLY")])
    def test_a_429_without_a_body_is_of_the_bucket_that_was_asked(self, operation, policy):
        assert error(429, b"", operation).policy == policy

    def test_the_correlation_id_is_kept_from_body_or_header(self):
        assert "abc-1" in error(500, {"correlationId": "abc-1"}).message
        assert "abc-2" in error(500, HTML, x_hubspot_correlation_id="abc-2").message

    def test_the_portals_sentence_is_not_repeated(self):
        found = error(400, {"message": "grace@example.org is not valid", "category": "grace@example.org"})
        assert "@" not in str(found)

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("Thu, 01 Jan 1970 00:01:00 GMT", 60.0), ("soon", None), ("", None)],
    )
    def test_retry_after(self, value, seconds):
        assert retry_after({"retry-after": value}, 0) == seconds
        assert error(429, b"", retry_after=value).retry_after == seconds


def faults() -> list[type[requests.RequestException]]:
    kinds = [kind for _, kind in inspect.getmembers(requests.exceptions, inspect.isclass)]
    return [kind for kind in kinds if issubclass(kind, requests.RequestException)]


class TestFaults:
    @pytest.mark.parametrize("kind", faults())
    def test_every_exception_of_the_library_has_a_class_of_ours(self, kind):
        fault = kind("a", "b", 0) if kind is requests.exceptions.JSONDecodeError else kind("a@b.co in an address")
        found = error_of_fault(fault, LIST, HOST)
        assert isinstance(found, PortalUnavailable | TokenRejected)
        assert "@" not in str(found)

    @pytest.mark.parametrize(
        ("fault", "operation", "reason"),
        [
            (requests.ConnectTimeout(), UPDATE, "not_connected"),
            (requests.exceptions.SSLError(), UPDATE, "not_connected"),
            (requests.ReadTimeout(), UPDATE, "outcome_unknown"),
            (requests.ReadTimeout(), LIST, "unavailable"),
            (requests.ConnectionError(http.client.RemoteDisconnected()), ENROL, "outcome_unknown"),
            (requests.exceptions.ChunkedEncodingError(), UPDATE, "outcome_unknown"),
        ],
    )
    def test_whether_the_request_left_us_is_told(self, fault, operation, reason):
        assert error_of_fault(fault, operation, HOST).reason == reason

    def test_a_refused_connection_is_found_under_its_wrappers(self):
        inner = urllib3_errors.NewConnectionError(None, "refused")
        fault = requests.ConnectionError(urllib3_errors.MaxRetryError(None, "/", inner))
        assert error_of_fault(fault, ENROL, HOST).reason == "not_connected"


def test_only_classes_of_the_one_tree_are_raised():
    made = {row.make.__annotations__["return"] for row in TABLE}
    assert made == {"SyncError"}
    assert issubclass(SyncError, errors.ConnectorError)
