"""The page of the tokens: made and shown once, listed without their secret, revoked after a second look."""

from __future__ import annotations

import ast
import re

import pytest

from connector.admin.words import catalogue
from connector.sync import tokens
from tests.admin.hall import open_hall
from tests.house.code import HOUSE

OWNER, BO = "owner@agency.example", "bo@client.example"
FORM = {"name": "crm-sync", "role": "editor", "portal": "acme", "person": "", "days": "30"}
SECRET = re.compile(r"lw_[\w-]{43}")


@pytest.fixture
def hall(tmp_path):
    with open_hall(tmp_path) as made:
        made.acme, made.globex = made.portal("acme", 11), made.portal("globex", 12)
        yield made


@pytest.fixture
def owner(hall):
    return hall.person(OWNER)


def test_from_the_form_to_the_first_call(hall, owner):
    assert "No token yet" in owner.get("/tokens")
    page = owner.send("/tokens", 200, **FORM)
    caller = hall.service.tokens.caller(SECRET.search(page)[0])
    assert (caller.who, caller.roles) == ("token crm-sync", {hall.acme: "editor"})
    assert hall.deeds()[-1] == (OWNER, "Made an API token", "", f"crm-sync ({caller.token_id}): editor in acme")


def test_it_is_shown_once(hall, owner):
    secret = SECRET.search(owner.send("/tokens", 200, **FORM))[0]
    for path in ("/tokens", "/audit", "/me"):
        page = owner.get(path)
        assert secret not in page
    shown = owner.get("/tokens")
    for told in ("crm-sync", "editor", "acme", "never", "Good until"):
        assert told in shown


def test_for_a_person(hall, owner):
    hall.person(BO, "viewer", hall.globex)
    page = owner.send("/tokens", 200, **FORM | {"person": BO, "portal": ""})
    caller = hall.service.tokens.caller(SECRET.search(page)[0])
    assert (caller.who, caller.roles) == (BO, {hall.globex: "viewer"})


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": ""}, "needs a name"),
        ({"role": "owner"}, "role is viewer"),
        ({"days": "x"}, "1 to 366 days"),
        ({"days": "٣"}, "1 to 366 days"),
        ({"days": "367"}, "1 to 366 days"),
        ({"person": "nobody@x.example"}, "Nobody of that address"),
    ],
)
def test_what_is_wrong_stands_above_the_form_with_what_was_typed(hall, owner, wrong, why):
    page = owner.send("/tokens", 422, **FORM | wrong)
    assert why in page
    assert 'value="acme" selected' in page
    assert hall.service.tokens.every() == ()


def test_another_portal_than_there_is_says_no_name_of_any(hall, owner):
    owner.ask("GET", "/tokens")
    tokens_of = owner.tokens(owner.last.text)
    answer = owner.ask("POST", "/tokens", data=tokens_of | FORM | {"portal": "initech"})
    assert answer.status_code in (404, 422)
    assert hall.service.tokens.every() == ()


def test_revoked_it_opens_nothing(hall, owner):
    secret = SECRET.search(owner.send("/tokens", 200, **FORM))[0]
    ident = hall.service.tokens.caller(secret).token_id
    owner.send(f"/tokens/{ident}/revoke", page="/tokens")
    assert "crm-sync opens nothing any more" in owner.get("/tokens")
    assert hall.service.tokens.caller(secret) is None
    assert hall.deeds()[-1][1] == "Revoked an API token"
    assert "no such token" in owner.send(f"/tokens/{ident}/revoke", 422, page="/tokens")


def test_it_is_for_admins_of_everything_who_have_proved_who_they_are(hall, owner):
    for role in ("viewer", "analyst", "editor"):
        hall.person(f"{role}@x.example", role).get("/tokens", 404)
    hall.person("boss@x.example", "owner", hall.acme).get("/tokens", 404)
    hall.clock.advance(20 * 60)
    owner.send("/tokens", 303, **FORM)
    assert "/again" in owner.last.headers["Location"]
    assert hall.service.tokens.every() == ()


def test_an_admin_makes_none_that_acts_for_an_owner(hall, owner):
    admin = hall.person("adm@x.example", "admin")
    assert "Only an owner" in admin.send("/tokens", 422, **FORM | {"person": OWNER})


def test_in_german(hall, owner):
    owner.send("/me", page="/me", name="Anna", language="de", time_zone="Europe/Berlin")
    page = owner.send("/tokens", 200, **FORM)
    assert "Kopieren Sie es jetzt" in page
    assert "Alle Token, nie ihr Geheimnis" in owner.get("/tokens")
    assert "Die Rolle eines Tokens" in owner.send("/tokens", 422, **FORM | {"role": "owner"})


def test_every_sentence_of_the_flow_has_its_german():
    tree = ast.parse((HOUSE / "connector" / "sync" / "tokens.py").read_text(encoding="utf-8"))
    said = {getattr(tokens, name) for name in dir(tokens) if name.startswith("NO_") or name == "UNKNOWN"}
    said |= {tokens.NOBODY, tokens.WITHOUT_ROLE}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "self._book":
            said.add(node.args[2].value)
    assert len(said) == 8
    assert sorted(said - set(catalogue("de"))) == []
