"""Every page is behind its door: session, role, the portal out of the path, the form's token; errors are pages."""

from __future__ import annotations

import pytest
from flask import Flask, Response

from connector.admin.doors import Door
from connector.admin.pages import POLICY, admin_blueprint
from connector.errors import StoreError
from tests.admin.conftest import CSRF


def shown(ask, **parts) -> Response:
    return Response(f"shown {ask.portal.name if ask.door.of_portal else ''} {parts}")


def broken(ask) -> Response:
    raise RuntimeError("select secret from /srv")


def no_store(ask) -> Response:
    raise StoreError("The database is locked.")


@pytest.fixture
def at(house):
    doors = (
        Door("GET", "/x/open", "anybody", shown),
        Door("GET", "/x/mine", "signed_in", shown),
        Door("POST", "/x/owners", "owner", shown),
        Door("GET", "/portals/<portal>/x/<thing>", "editor", shown),
        Door("GET", "/x/broken", "anybody", broken),
        Door("GET", "/x/store", "anybody", no_store),
    )
    house.app = Flask("leadwright", static_folder=None)
    house.app.register_blueprint(admin_blueprint(house.frame, doors))
    house.browser = house.app.test_client()
    return house


def test_nobody_sees_only_open_doors_and_is_sent_to_sign_in(at):
    at.porter.who = None
    at.get("/x/open")
    assert at.browser.get("/admin/x/mine").headers["Location"] == "/admin/sign-in"
    assert at.browser.get("/admin/portals/acme/x/1").headers["Location"] == "/admin/sign-in"
    at.post("/x/owners", 401)


def test_a_portal_without_a_role_is_as_if_it_did_not_exist(at):
    at.signed_in("editor", "acme")
    assert "shown acme {'thing': '7'}" in at.get("/portals/acme/x/7")
    at.signed_in("viewer", "acme")
    less = at.get("/portals/acme/x/7", 404)
    at.signed_in(None)
    none = at.get("/portals/acme/x/7", 404)
    assert none == at.get("/portals/nobodys/x/7", 404) == less


def test_a_form_needs_the_token_of_the_session(at):
    at.post("/x/owners", 200)
    assert at.browser.post("/admin/x/owners").status_code == 403
    assert at.browser.post("/admin/x/owners", data={"csrf": CSRF[:-1]}).status_code == 403
    assert at.browser.post("/admin/x/owners", headers={"X-CSRF-Token": CSRF}).status_code == 200


def test_what_breaks_is_told_with_a_number_and_nothing_of_the_inside(at):
    page = at.get("/x/broken", 500)
    assert "secret" not in page
    assert "/srv" not in page
    assert "RuntimeError" not in page
    assert "Something went wrong here" in page
    assert "locked" not in at.get("/x/store", 503)


def test_every_answer_says_what_a_browser_may_do_with_it(at):
    for path in ("/x/open", "/x/broken", "/portals/none/x/1"):
        answer = at.browser.get(f"/admin{path}")
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["Cache-Control"] == "no-store"


def test_pages_speak_german_to_whom_wants_german(at):
    at.signed_in("owner", language="de")
    assert "Diese Seite gibt es nicht" in at.get("/portals/none/x/1", 404)
    at.porter.who = None
    answer = at.browser.get("/admin/x/broken", headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert "schiefgegangen" in answer.text
