"""The interface in the whole web process, on both databases: its headers, and that it is there only with a key."""

from __future__ import annotations

import pytest

from connector.model.people import COMMAND_LINE
from connector.serving.web import Parts, create_app
from tests import databases
from tests.admin.hall import HOST, open_hall
from tests.rig import settings_for


@pytest.fixture(params=databases.KINDS)
def hall(request, tmp_path):
    with open_hall(tmp_path, request.param) as made:
        made.acme, made.globex = made.portal("acme", 11), made.portal("globex", 12)
        yield made


def ask(hall, method: str, path: str, token: str = "", **more):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return hall.app.test_client().open(path, method=method, base_url=f"https://{HOST}", headers=headers, **more)


def test_a_token_opens_its_portal_and_no_other(hall):
    token = hall.service.tokens.add(COMMAND_LINE, "crm", "editor", portal="acme").secret
    assert [one["portal"] for one in ask(hall, "GET", "/api/v1/portals", token).json["portals"]] == ["acme"]
    assert ask(hall, "GET", "/api/v1/portals/globex", token).status_code == 404
    assert ask(hall, "GET", "/api/v1/portals/acme/contacts", token).json["contacts"] == []
    assert ask(hall, "GET", "/api/v1/portals/acme/held", token).json["held"] == []
    assert ask(hall, "GET", "/api/v1/portals/acme/runs?before=3", token).json["runs"] == []


def test_a_change_is_kept_with_its_entry(hall):
    token = hall.service.tokens.add(COMMAND_LINE, "crm", "editor", portal="acme").secret
    path = "/api/v1/portals/acme/documents/scoring/draft"
    headers = {"Authorization": f"Bearer {token}", "If-Match": '"0"'}
    client = hall.app.test_client()
    assert client.put(path, json={"body": "name: x\n"}, headers=headers, base_url=f"https://{HOST}").status_code == 200
    assert client.put(path, json={"body": "name: y\n"}, headers=headers, base_url=f"https://{HOST}").status_code == 412
    assert [(who, what) for who, what, _, _ in hall.deeds()][1:] == [("token crm", "Saved a draft of scoring")]
    assert hall.service.audit_log(check=True).verdict.ok


def test_what_stands_on_every_answer(hall):
    token = hall.service.tokens.add(COMMAND_LINE, "crm", "viewer").secret
    for answer in (
        ask(hall, "GET", "/api/v1/portals", token),
        ask(hall, "GET", "/api/v1/portals"),
        ask(hall, "GET", "/api/openapi.json"),
        ask(hall, "GET", "/api/nothing", token),
        ask(hall, "PATCH", "/api/v1/portals", token),
    ):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Strict-Transport-Security"]
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert not answer.headers.getlist("Set-Cookie")
        assert answer.content_type.split(";")[0] in ("application/json", "application/problem+json")


def test_a_session_of_the_pages_is_no_token(hall):
    owner = hall.person("owner@agency.example")
    answer = owner.client.get("/api/v1/portals", base_url=f"https://{HOST}")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("header", "status"),
    [("Bearer {}", 200), ("bearer {}", 200), ("BEARER  {}", 200), ("Bearer{}", 401), ("{}", 401), ("Token {}", 401),
     ("Bearer {} x", 401), ("Bearer", 401)],
)  # fmt: skip
def test_how_a_token_is_sent(hall, header, status):
    token = hall.service.tokens.add(COMMAND_LINE, "crm", "viewer").secret
    client = hall.app.test_client()
    answer = client.get(
        "/api/v1/portals", headers={"Authorization": header.format(token)}, base_url=f"https://{HOST}"
    )  # fmt: skip
    assert answer.status_code == status


def test_without_a_key_there_is_no_interface(tmp_path):
    url = databases.fresh_url("sqlite")
    settings = settings_for(tmp_path).model_copy(update={"database_url": url, "secret_key": None})
    parts = Parts.open(settings, lambda _front: lambda _u, _portal: None)
    try:
        assert create_app(parts).test_client().get("/api/v1/portals").status_code == 404
    finally:
        parts.close()
        databases.drop(url)
