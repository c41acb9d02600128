"""The twin's workflow actions: kept as HubSpot keeps them, refused as it refuses, run with a signature that holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest
import requests

from connector.rules.actions import definition
from connector.twin import serve_twin
from webhooks.signature import Request, verify

V4, NEWEST = "/automation/v4/actions/4711", "/automation/actions/2026-09/4711"
PUBLIC = "https://hooks.example.test"
SCORE = {"outputFields": {"leadwright_score": 63, "hs_execution_state": "SUCCESS"}}


@pytest.fixture
def app(twin) -> Iterator[Any]:
    with serve_twin(twin) as url:

        def call(method: str, path: str, body=None, *, key: str = twin.access.developer_key, **params):
            return requests.request(method, url + path, json=body, params={"hapikey": key, **params}, timeout=10)

        call.url = url
        yield call


@contextmanager
def called(status: int = 200, content: bytes = orjson.dumps(SCORE)) -> Iterator[tuple[str, list[tuple[dict, bytes]]]]:
    """Somebody who is called: its address and what came."""
    heard: list[tuple[dict, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/x", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.mark.parametrize("base", [V4, NEWEST])
def test_a_definition_from_birth_to_death(app, base):
    made = app("POST", base, definition(PUBLIC))
    assert (made.status_code, made.json()["revisionId"]) == (201, "1")
    one = f"{base}/{made.json()['id']}"
    assert app("GET", base).json() == {"results": [made.json()]}
    changed = app("PATCH", one, {"published": False}).json()
    assert (changed["revisionId"], changed["published"]) == ("2", False)
    assert app("GET", one).json() == changed
    assert app("DELETE", one).status_code == 204
    assert app("GET", one).status_code == 404


def test_pages(app):
    for _ in range(3):
        app("POST", V4, definition(PUBLIC))
    page = app("GET", V4, limit=2).json()
    assert len(page["results"]) == 2
    assert len(app("GET", V4, limit=2, after=page["paging"]["next"]["after"]).json()["results"]) == 1


@pytest.mark.parametrize("spoil", [
    lambda d: d.pop("published"), lambda d: d.pop("functions"), lambda d: d.update(actionUrl="ftp://x"),
    lambda d: d.update(surprise=1), lambda d: d["labels"].pop("en"),
    lambda d: d["labels"]["de"]["executionRules"].pop("PAUSED"),
    lambda d: d["outputFields"][0]["typeDefinition"].pop("schema"),
    lambda d: d["outputFields"][0]["typeDefinition"].update(type="integer"),
])  # fmt: skip
def test_what_hubspots_schema_does_not_allow_is_refused(app, spoil):
    body = definition(PUBLIC)
    spoil(body)
    assert app("POST", V4, body).status_code == 400
    assert app("GET", V4).json() == {"results": []}


def test_functions_are_no_part_of_a_change(app):
    one = app("POST", V4, definition(PUBLIC)).json()["id"]
    assert app("PATCH", f"{V4}/{one}", {"functions": []}).status_code == 400


def test_only_the_developers_key_opens_it(app, twin):
    assert app("GET", V4, key="wrong").status_code == 401
    assert app("GET", V4, key=twin.token).status_code == 403
    assert app("GET", "/automation/v4/actions/1").status_code == 404
    twin.dials.app_kind = "project"
    assert app("GET", V4).status_code == 403


class TestRunning:
    """A workflow's step, as our endpoint sees it."""

    @pytest.mark.parametrize("v3", [False, True])
    def test_it_is_signed_for_the_registered_address(self, twin, anna, v3):
        twin.actions.define(definition(PUBLIC))
        with called() as (via, heard):
            ran = twin.actions.run(anna, via=via, v3=v3)
        [(headers, body)] = heard
        told = Request(
            "POST", b"/webhooks/hubspot/actions/rescore", body, headers.get("X-HubSpot-Signature-v3"),
            headers.get("X-HubSpot-Request-Timestamp"), headers["X-HubSpot-Signature"],
            headers["X-HubSpot-Signature-Version"],
        )  # fmt: skip
        secret = twin.access.client_secret
        assert verify(told, secrets=[secret], public_url=PUBLIC, now_ms=twin.state.now_ms(), allow_old=True)
        assert (told.signature_v3 is not None) == v3
        assert (ran.status, ran.meaning, ran.outputs) == (200, "SUCCESS", SCORE["outputFields"])

    def test_the_question_names_portal_contact_and_callback(self, twin, anna):
        twin.actions.define({**definition(PUBLIC), "objectRequestOptions": {"properties": ["firstname", "phone"]}})
        with called() as (via, heard):
            twin.actions.run(anna, via=via)
            twin.actions.run(anna, via=via, callback_id="ap-1")
        first, second = (orjson.loads(body) for _, body in heard)
        assert first["origin"]["portalId"] == twin.portal_id
        assert first["object"] == {"objectId": anna, "objectType": "CONTACT", "properties": {"firstname": "Anna"}}
        assert first["callbackId"].startswith("ap-")
        assert (second["callbackId"], first["callbackId"] != "ap-1") == ("ap-1", True)

    @pytest.mark.parametrize(
        ("status", "content", "meaning"),
        [
            (503, b"", "again"), (429, b"", "again"), (404, b"", "failed"), (200, b"no JSON", "failed"),
            (200, b"[]", "failed"), (200, b'{"outputFields": {"hs_execution_state": "BLOCK"}}', "BLOCK"),
            (200, b'{"outputFields": {}}', "SUCCESS"),
        ],
    )  # fmt: skip
    def test_what_the_workflow_makes_of_an_answer(self, twin, anna, status, content, meaning):
        twin.actions.define(definition(PUBLIC))
        with called(status, content) as (via, _):
            assert twin.actions.run(anna, via=via).meaning == meaning

    def test_nobody_at_home_is_another_attempt(self, twin, anna):
        twin.actions.define(definition(PUBLIC))
        assert twin.actions.run(anna, via="http://127.0.0.1:9/x").meaning == "again"

    def test_an_action_that_is_not_published_is_not_run(self, twin, anna):
        twin.actions.define({**definition(PUBLIC), "published": False})
        with pytest.raises(KeyError):
            twin.actions.run(anna)

    def test_another_process_runs_it_over_the_control_address(self, app, twin, anna):
        twin.actions.define(definition(PUBLIC))
        with called() as (via, heard):
            told = requests.post(f"{app.url}/__twin__/webhooks/action", json={"contact": anna, "via": via}, timeout=10)
        assert (told.json()["meaning"], len(heard)) == ("SUCCESS", 1)
