"""Workflow actions on the wire: the right answer to every call, a state in each, and never a 500."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter
from typing import Any

import orjson
import pytest
from flask import Flask
from structlog.testing import capture_logs

from connector.rules import actions as rules
from webhooks.actions import ACTIONS_PATH, BROKEN, NO_CONTACT, UNREADABLE, Asked, Failure, actions, read
from webhooks.wire import MOST_BYTES

NOW = 1_795_305_601_234
SECRET, PUBLIC = "5e1f-steering-test-secret", "https://hooks.example.test"
PATH = f"{ACTIONS_PATH}/rescore"
QUESTION: dict[str, Any] = {
    "callbackId": "ap-987654-1-11-0",
    "origin": {"portalId": 987654, "actionDefinitionId": 1, "actionDefinitionVersion": 1},
    "context": {"source": "WORKFLOWS", "workflowId": 7},
    "object": {"objectId": 501, "objectType": "CONTACT", "properties": {"email": "anna@example.test"}},
    "fields": {},
    "inputFields": {},
}
BODY = orjson.dumps(QUESTION)
SCORE = {"leadwright_score": 63, "leadwright_grade": "A", "leadwright_stage": "mql"}


class Desk:
    """The endpoint with an answer that is laid ready; what was asked is kept."""

    def __init__(self, **more: Any) -> None:
        self.asked: list[Asked] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.reply: Any = SCORE
        options = {"secrets": ["older", SECRET], "public_url": PUBLIC} | more
        app = Flask("desk")
        tally = lambda *one: self.counts.update([one])  # noqa: E731
        app.register_blueprint(actions(self.answer, names=["rescore"], now_ms=lambda: NOW, tally=tally, **options))
        self.client = app.test_client()

    def answer(self, asked: Asked) -> Any:
        self.asked.append(asked)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply

    def post(self, body: bytes = BODY, path: str = PATH, **headers: str | None) -> Any:
        given = {name.replace("_", "-"): value for name, value in (headers or second(body)).items() if value}
        return self.client.post(path, data=body, headers=given)

    def fields(self, body: bytes = BODY) -> dict[str, Any]:
        said = self.post(body)
        assert said.status_code == 200
        return said.json["outputFields"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def second(
    body: bytes = BODY, *, version: str | None = "v2", secret: str = SECRET, target: str = PATH
) -> dict[str, Any]:
    """Version 2: a hash over secret, method, address and body."""
    made = hashlib.sha256(f"{secret}POST{PUBLIC}{target}".encode() + body).hexdigest()
    return {"X_HubSpot_Signature": made, "X_HubSpot_Signature_Version": version}


def third(body: bytes = BODY, *, at: int = NOW, secret: str = SECRET) -> dict[str, Any]:
    told = f"POST{PUBLIC}{PATH}".encode() + body + str(at).encode()
    made = base64.b64encode(hmac.digest(secret.encode(), told, "sha256")).decode()
    return {"X_HubSpot_Signature_v3": made, "X_HubSpot_Request_Timestamp": str(at)}


def first(body: bytes = BODY) -> dict[str, Any]:
    return {
        "X_HubSpot_Signature": hashlib.sha256(SECRET.encode() + body).hexdigest(),
        "X_HubSpot_Signature_Version": "v1",
    }


class TestSignatures:
    """Version 2 as the page says, version 3 as newer calls have it, and nothing else."""

    @pytest.mark.parametrize(
        "headers", [second(), second(version=None), third(), second() | third(), second(secret="older")]
    )
    def test_signed_by_hubspot(self, desk: Desk, headers: dict[str, Any]) -> None:
        assert desk.post(**headers).status_code == 200
        assert desk.asked == [Asked("rescore", 987654, 501, "ap-987654-1-11-0")]

    @pytest.mark.parametrize(
        ("headers", "reason"),
        [
            ({"X-Nothing": "1"}, "no_signature"),
            (second(secret="another"), "mismatch"),
            (second(target="/webhooks/hubspot"), "mismatch"),
            (second(b"another body"), "mismatch"),
            (first(), "old_version_only"),
            (second() | {"X_HubSpot_Signature_Version": "v9"}, "old_version_only"),
            (second() | third(secret="another"), "mismatch"),
            (third(at=NOW - 301_000), "too_old"),
        ],
    )
    def test_signed_by_nobody_we_know(self, desk: Desk, headers: dict[str, Any], reason: str) -> None:
        assert desk.post(**headers).status_code == 401
        assert desk.asked == []
        assert desk.counts == {("webhooks_refused", reason): 1}

    @pytest.mark.parametrize("lacking", [{"secrets": []}, {"public_url": ""}])
    def test_where_nothing_can_be_checked_hubspot_comes_again(self, lacking: dict[str, Any]) -> None:
        desk = Desk(**lacking)
        assert desk.post().status_code == 503
        assert desk.asked == []


class TestAnswers:
    """What HubSpot's workflow gets to see."""

    def test_a_score_with_the_state_beside_it(self, desk: Desk) -> None:
        assert desk.fields() == {**SCORE, "hs_execution_state": "SUCCESS"}
        assert desk.counts == {("actions_answered", "success"): 1}

    def test_a_failure_lets_the_workflow_go_on_and_says_why(self, desk: Desk) -> None:
        desk.reply = Failure("PAUSED", "This portal is paused.")
        assert desk.fields() == {
            "errorCode": "PAUSED", "leadwright_reason": "This portal is paused.", "hs_execution_state": "FAIL_CONTINUE",
        }  # fmt: skip
        assert desk.counts == {("actions_answered", "paused"): 1}

    def test_while_nothing_can_be_looked_up_hubspot_comes_again(self, desk: Desk) -> None:
        desk.reply = None
        said = desk.post()
        assert (said.status_code, said.headers["Retry-After"]) == (503, "30")

    def test_a_fault_of_ours_is_no_500_and_its_text_is_in_no_log(self, desk: Desk) -> None:
        desk.reply = ZeroDivisionError("anna@example.test")
        with capture_logs() as logs:
            assert desk.fields()["errorCode"] == BROKEN.code
        assert [line["error"] for line in logs] == ["ZeroDivisionError"]
        assert "anna" not in repr(logs)

    def test_an_action_that_is_not_ours_is_not_found(self, desk: Desk) -> None:
        assert desk.post(path=f"{ACTIONS_PATH}/launch").status_code == 404
        assert desk.client.get(PATH).status_code == 405

    def test_a_body_over_the_limit_is_refused_unread(self, desk: Desk) -> None:
        assert desk.post(b"x" * (MOST_BYTES + 1)).status_code == 413


class TestReading:
    """Values from outside are believed only after a check."""

    def test_ids_may_be_numbers_or_digits(self) -> None:
        told = {"origin": {"portalId": "987654"}, "object": {"objectId": "501", "objectType": "contact"}}
        assert read("rescore", orjson.dumps(told)) == Asked("rescore", 987654, 501, "")

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"{", b"[]", b"null", b"7", b"{}", b'{"origin": 7, "object": []}',
            orjson.dumps(QUESTION | {"origin": {}}),
            orjson.dumps(QUESTION | {"object": {"objectType": "CONTACT"}}),
            orjson.dumps(QUESTION | {"object": {"objectId": True}}),
            orjson.dumps(QUESTION | {"object": {"objectId": -1}}),
            orjson.dumps(QUESTION | {"object": {"objectId": "5" * 40}}),
            orjson.dumps(QUESTION | {"object": {"objectId": 1.5}}),
            b'{"origin": {"portalId": 1}, "object": {"objectId": 99999999999999999999}}',
        ],
    )  # fmt: skip
    def test_what_names_nobody_is_answered_all_the_same(self, desk: Desk, body: bytes) -> None:
        assert desk.fields(body)["errorCode"] == UNREADABLE.code
        assert desk.asked == []

    def test_companies_have_no_score(self, desk: Desk) -> None:
        told = orjson.dumps(QUESTION | {"object": {"objectId": 501, "objectType": "COMPANY"}})
        assert desk.fields(told)["errorCode"] == NO_CONTACT.code

    @pytest.mark.parametrize("callback", [None, 7, ["x"], "x" * 501])
    def test_a_callback_that_is_none_is_left_out(self, callback: Any) -> None:
        asked = read("rescore", orjson.dumps(QUESTION | {"callbackId": callback}))
        assert asked == Asked("rescore", 987654, 501, "")


def test_the_definition_has_a_sentence_for_every_failure_of_the_wire() -> None:
    """The wire is a leaf and has its own words; a workflow's history must know them."""
    assert ACTIONS_PATH == rules.ACTIONS_PATH
    for failure in (UNREADABLE, NO_CONTACT, BROKEN):
        assert rules.FAILURES[failure.code][0] == failure.reason
