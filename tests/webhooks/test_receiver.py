"""The endpoint: the right answer to every request, and nothing kept of what is refused (W01)."""

from __future__ import annotations

import base64
import hmac
from collections import Counter
from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from webhooks.receiver import PATH, receiver
from webhooks.wire import MOST_BYTES

NOW = 1_795_305_601_234
SECRET, PUBLIC = "5e1f-steering-test-secret", "https://hooks.example.test"
BODY = b'[{"portalId":987654,"note":"anna@example.test"}]'
FIVE_AND_ONE = 301_000


class Desk:
    """A receiver whose store is a list."""

    def __init__(self, **more) -> None:
        self.stored: list[bytes] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.now = NOW
        self.answer: Callable[[bytes], str] = lambda _: "stored"
        options = {"secrets": [SECRET], "public_url": PUBLIC} | more
        app = Flask("desk")
        app.register_blueprint(
            receiver(self.accept, now_ms=lambda: self.now, tally=lambda *one: self.counts.update([one]), **options)
        )
        self.client: FlaskClient = app.test_client()

    def accept(self, body: bytes) -> str:
        answer = self.answer(body)
        if answer == "stored":
            self.stored.append(body)
        return answer

    def post(self, target: str = PATH, body: bytes = BODY, **headers: str | None) -> int:
        told = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        return self.client.post(target, data=body, headers=told).status_code


@pytest.fixture
def desk() -> Desk:
    return Desk()


def signature(body: bytes = BODY, target: str = PATH, at: int | str = NOW, secret: str = SECRET, base: str = PUBLIC):
    return base64.b64encode(
        hmac.digest(secret.encode(), f"POST{base}{target}".encode() + body + str(at).encode(), "sha256")
    ).decode()


def headers(at: int | str = NOW, **more: str | None) -> dict[str, str | None]:
    return {"X_HubSpot_Signature_v3": signature(at=at), "X_HubSpot_Request_Timestamp": str(at)} | more


CODES = ("3A", "2F", "3F", "40", "21", "24", "27", "28", "29", "2A", "2C", "3B")
ESCAPES = dict(zip(CODES, ":/?@!$'()*,;", strict=True))


def made(**more) -> dict[str, str | None]:
    """Headers whose signature was made otherwise."""
    return headers(X_HubSpot_Signature_v3=signature(**more))


def old(version: str) -> dict[str, str | None]:
    return {"X_HubSpot_Signature": "ab", "X_HubSpot_Signature_Version": version}


def escaped(code: str) -> tuple[str, dict[str, str | None]]:
    target = f"{PATH}?note=%{code}"
    return target, made(target=f"{PATH}?note={ESCAPES[code]}")


# Name, address, headers, body, answer, reason. With the twelve escapes of one row each: 36 rows over W01's 24 cases.
MATRIX = [
    ("good v3", PATH, headers(), BODY, 204, None),
    ("wrong secret", PATH, made(secret="other"), BODY, 401, "mismatch"),
    ("one byte changed", PATH, headers(), BODY.replace(b"anna", b"anne"), 401, "mismatch"),
    ("no header", PATH, {}, BODY, 401, "no_signature"),
    ("timestamp alone", PATH, headers(X_HubSpot_Signature_v3=None), BODY, 401, "no_signature"),
    ("no timestamp", PATH, headers(X_HubSpot_Request_Timestamp=None), BODY, 401, "no_timestamp"),
    ("only v1", PATH, old("v1"), BODY, 401, "old_version_only"),
    ("only v2", PATH, old("v2"), BODY, 401, "old_version_only"),
    ("-5:01", PATH, headers(NOW - FIVE_AND_ONE), BODY, 401, "too_old"),
    ("+5:01", PATH, headers(NOW + FIVE_AND_ONE), BODY, 401, "in_the_future"),
    ("-4:59", PATH, headers(NOW - 299_000), BODY, 204, None),
    ("+4:59", PATH, headers(NOW + 299_000), BODY, 204, None),
    ("time as text", PATH, headers("yesterday"), BODY, 401, "bad_timestamp"),
    ("empty time", PATH, headers(""), BODY, 401, "bad_timestamp"),
    ("seconds", PATH, headers(NOW // 1000), BODY, 401, "too_old"),
    ("signature not ASCII", PATH, headers(X_HubSpot_Signature_v3="é" * 44), BODY, 401, "malformed"),
    ("empty signature", PATH, headers(X_HubSpot_Signature_v3=""), BODY, 401, "malformed"),
    ("body not UTF-8", PATH, headers(X_HubSpot_Signature_v3=signature(b"\xff\xfe")), b"\xff\xfe", 204, None),
    ("empty body", PATH, headers(X_HubSpot_Signature_v3=signature(b"")), b"", 204, None),
    ("query", f"{PATH}?a=1&b=2", made(target=f"{PATH}?a=1&b=2"), BODY, 204, None),
    ("query not signed", f"{PATH}?a=1", headers(), BODY, 401, "mismatch"),
    ("signed for http", PATH, made(base="http://hooks.example.test"), BODY, 401, "mismatch"),
    ("signed for the inner host", PATH, made(base="http://127.0.0.1:8000"), BODY, 401, "mismatch"),
    ("proxy names others", PATH, headers(X_Forwarded_Host="evil.test", X_Forwarded_Proto="http"), BODY, 204, None),
    ("forged Host", PATH, headers(Host="evil.test"), BODY, 204, None),
    ("forged Host, signed for it", PATH, {"Host": "evil.test"} | made(base="https://evil.test"), BODY, 401, "mismatch"),
    *[(f"escape %{code}", *escaped(code), BODY, 204, None) for code in ESCAPES],
]  # fmt: skip


@pytest.mark.parametrize(("name", "target", "told", "body", "answer", "reason"), MATRIX, ids=[row[0] for row in MATRIX])
def test_the_signature_matrix(desk: Desk, name, target, told, body, answer, reason) -> None:
    assert desk.post(target, body, **told) == answer
    assert desk.stored == ([body] if answer == 204 else [])
    assert desk.counts == ({} if answer == 204 else {("webhooks_refused", reason): 1})


class TestAnswers:
    """Each status has one meaning."""

    def test_what_cannot_be_stored_now_is_asked_for_again(self, desk: Desk) -> None:
        desk.answer = lambda _: "busy"
        answer = desk.client.post(PATH, data=BODY, headers={k.replace("_", "-"): v for k, v in headers().items()})
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0

    def test_a_fault_of_ours_is_never_a_500(self, desk: Desk) -> None:
        def broken(_: bytes) -> str:
            raise RuntimeError("anna@example.test is not for the log")

        desk.answer = broken
        with capture_logs() as logs:
            assert desk.post(**headers()) == 503
        assert desk.counts == {("webhooks_failed", "RuntimeError"): 1}
        assert [(line["event"], line["error"]) for line in logs] == [("webhook_failed", "RuntimeError")]

    @pytest.mark.parametrize("missing", [{"secrets": []}, {"secrets": ["", " "]}, {"public_url": ""}])
    def test_without_secret_or_address_nothing_is_taken_and_the_log_says_so(self, missing: dict) -> None:
        desk = Desk(**missing)
        with capture_logs() as logs:
            assert [desk.post(**headers()) for _ in range(20)] == [503] * 20
        assert desk.stored == []
        assert len(logs) == 1
        assert "LEADWRIGHT_" in logs[0]["reason"]

    def test_a_body_over_the_limit_is_refused_by_its_own_word(self, desk: Desk) -> None:
        assert desk.post(body=b"x" * (MOST_BYTES + 1), **headers()) == 413
        assert desk.counts == {("webhooks_refused", "too_large"): 1}

    def test_a_body_over_the_limit_that_hides_its_length_is_refused_while_it_is_read(self, desk: Desk) -> None:
        stream = BytesIO(b"x" * (MOST_BYTES + 1))
        environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
        assert desk.client.post(PATH, input_stream=stream, environ_overrides=environ).status_code == 413

    def test_a_body_at_the_limit_is_taken(self, desk: Desk) -> None:
        body = b"x" * MOST_BYTES
        assert desk.post(body=body, **headers(X_HubSpot_Signature_v3=signature(body))) == 204

    @pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
    def test_other_methods_are_not_ours(self, desk: Desk, method: str) -> None:
        assert getattr(desk.client, method)(PATH).status_code == 405

    def test_both_secrets_count_while_one_replaces_the_other(self) -> None:
        desk = Desk(secrets=["new", f" {SECRET} "])
        assert desk.post(**headers()) == 204
        assert desk.post(**made(secret="new")) == 204

    def test_old_signatures_count_once_they_are_switched_on(self) -> None:
        told = {"X_HubSpot_Signature": "232d", "X_HubSpot_Signature_Version": "v1"}
        desk = Desk(allow_old_signatures=True)
        assert desk.post(**told) == 401
        assert desk.counts == {("webhooks_refused", "mismatch"): 1}


class TestTheLog:
    """It stays small and holds nothing about people."""

    def test_a_flood_of_refusals_is_one_line_a_minute(self, desk: Desk) -> None:
        with capture_logs() as logs:
            for _ in range(500):
                desk.post()
            desk.now += 60_000
            desk.post()
        assert [line["event"] for line in logs] == ["webhook_refused"] * 2
        assert desk.counts == {("webhooks_refused", "no_signature"): 501}

    def test_no_body_and_no_header_is_logged(self, desk: Desk) -> None:
        with capture_logs() as logs:
            desk.post(**headers(X_HubSpot_Signature_v3="made-up"))
        assert "anna" not in str(logs)
        assert "made-up" not in str(logs)

    def test_a_replay_after_the_window_is_refused(self, desk: Desk) -> None:
        assert [desk.post(**headers()) for _ in range(3)] == [204] * 3
        desk.now += FIVE_AND_ONE
        assert desk.post(**headers()) == 401
