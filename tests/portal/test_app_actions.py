"""The app's workflow actions: bodies and addresses as HubSpot wants them, errors in the words of the app."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from connector.errors import ConfigError, FeatureOff, PortalUnavailable, ProtocolBroken, Refused
from connector.portal.app_actions import AppActions, connect_actions
from connector.portal.versions import DATED
from tests.portal.conftest import URL

KEY = "d3v0c0de-very-secret"
BASE = f"{URL}/automation/v4/actions/4711"
ROW = {"id": "7", "revisionId": "3", "actionUrl": "https://x.example/a", "published": True}


@pytest.fixture
def app(clock, web) -> Iterator[AppActions]:
    made = connect_actions(URL, KEY, "4711", clock=clock)
    yield made
    made.close()


def test_the_key_travels_in_the_query(app, web):
    web.get(BASE, json={"results": [ROW]})
    [found] = app.all()
    assert (found.id, found.revision, found.definition) == ("7", "3", ROW)
    assert web.request_history[0].qs == {"hapikey": [KEY], "limit": ["100"]}


def test_every_page_is_read(app, web):
    web.get(BASE, [{"json": {"results": [ROW], "paging": {"next": {"after": "1"}}}}, {"json": {"results": [ROW]}}])
    assert len(app.all()) == 2
    assert web.request_history[1].qs["after"] == ["1"]


def test_a_list_without_an_end_is_no_endless_loop(app, web):
    web.get(BASE, json={"results": [], "paging": {"next": {"after": "1"}}})
    with pytest.raises(ProtocolBroken):
        app.all()


def test_the_dated_generation_has_an_address_of_its_own(clock, web):
    web.get(f"{URL}/automation/actions/2026-09/4711", json={"results": []})
    dated = connect_actions(URL, KEY, "4711", clock=clock, generation=DATED)
    assert dated.all() == ()
    dated.close()


def test_a_definition_is_sent_whole_a_change_without_its_functions(app, web):
    post = web.post(BASE, status_code=201, json=ROW)
    patch = web.patch(f"{BASE}/7", json={**ROW, "revisionId": "4"})
    app.define({"actionUrl": "https://x.example/a", "functions": []})
    assert app.redefine("7", {"actionUrl": "https://x.example/b", "functions": []}).revision == "4"
    assert post.last_request.json() == {"actionUrl": "https://x.example/a", "functions": []}
    assert patch.last_request.json() == {"actionUrl": "https://x.example/b"}


def test_a_definition_whose_answer_was_lost_is_not_repeated_blindly(app, web):
    post = web.post(BASE, exc=requests.ReadTimeout)
    with pytest.raises(PortalUnavailable):
        app.define({})
    assert post.call_count == 1


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, ConfigError, "LEADWRIGHT_HUBSPOT_DEVELOPER_KEY"), (404, ConfigError, "LEADWRIGHT_HUBSPOT_APP_ID"),
        (403, FeatureOff, "workflow actions"), (400, Refused, "."),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do(app, web, status, error, words):
    web.get(BASE, status_code=status, json={"category": "VALIDATION_ERROR" if status == 400 else ""})
    with pytest.raises(error, match=words):
        app.all()
