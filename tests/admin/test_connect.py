"""Connecting a portal: from nothing to its first contacts in a few clicks, and nothing is written on the way."""

from __future__ import annotations

import re

import pytest
from pydantic import SecretStr

from connector.portal.scopes import SCOPES
from connector.store import documents, portals
from connector.sync.rulebook import SHIPPED
from tests.admin.conftest import House
from tests.admin.hands import follow, links, second, text, with_worker
from tests.rig import rig

APP = {"hubspot_client_id": "app", "public_url": "https://leadwright.example"}


@pytest.fixture
def fresh(tmp_path):
    """No portal yet; a twin of 40 contacts answers where HubSpot would."""
    with rig(tmp_path, contacts=40, connect=False) as r:
        r.settings = r.settings.model_copy(update={"hubspot_url": r.url})
        with r.service(lasting=True) as service:
            yield House(r, service)


def connected(house) -> list[str]:
    with house.service.store.view() as u:
        return [row.name for row in portals.every(u)]


def add(house, status=303, **form):
    return house.post("/connect/token", status, **{"name": "werke", "token": house.rig.twin.token, **form})


def test_each_permission_is_shown_with_its_reason_before_anything_is_asked(fresh):
    seen = text(fresh.get("/connect"))
    assert "crm.objects.contacts.read reads the contacts that are judged needed" in seen
    assert "automation puts contacts into workflows, once you allow it optional" in seen
    assert "nothing is written to HubSpot until somebody ends observe mode" in seen


def test_from_the_empty_home_to_the_first_explained_score_in_few_clicks(fresh):
    """Clicks are links followed and forms sent; each field typed into counts as one, too."""
    with_worker(fresh)
    clicks = 0
    page = fresh.get("/")
    assert "/admin/connect" in links(page)
    fresh.get("/connect")
    clicks += 1
    page = follow(fresh, add(fresh))
    clicks += 3  # name, token, the button
    assert "werke is connected, in observe mode: nothing is written to it." in text(page)
    page = follow(fresh, fresh.post("/portals/werke/start"))
    clicks += 1
    assert "40 contacts mirrored; nothing is written (observe mode)." in text(page)
    page = fresh.get("/portals/werke/contacts")
    clicks += 1
    first = re.search(r'href="/admin(/portals/werke/contacts/\d+)"', page)[1]
    assert "Why" in fresh.get(first)
    clicks += 1
    assert clicks <= 12


def test_a_first_sync_in_observe_mode_writes_nothing(fresh):
    with_worker(fresh)
    add(fresh)
    truth = fresh.rig.twin.truth()
    fresh.post("/portals/werke/start")
    assert fresh.rig.twin.truth() == truth


def test_a_first_sync_that_the_schedule_began_is_not_offered_once_more(fresh):
    add(fresh)
    assert "Start the first sync" in text(fresh.get("/portals/werke/start"))
    fresh.service.sync("werke")
    page = fresh.get("/portals/werke/start")
    assert "The schedule has begun it already: 40 contacts are mirrored. Nothing was written." in text(page)
    assert "Start the first sync" not in text(page)
    assert "/admin/portals/werke/contacts" in links(page)


def granted(house, *without: str) -> None:
    """The token's permissions from now on: all that are asked for, without these."""
    named = {scope.name for scope in SCOPES} | {"crm.schemas.companies.read", "crm.schemas.deals.read"}
    token = house.rig.twin.access.tokens[house.rig.twin.token]
    token.scopes = frozenset(named - set(without) - {f"{one.removesuffix('.read')}.write" for one in without})


def test_what_the_token_gives_is_told_and_what_it_lacks_switches_off(fresh):
    granted(fresh, "automation", "forms")
    page = follow(fresh, add(fresh))
    seen = text(page)
    assert "The token lacks 2 permissions." in seen
    assert "missing Downloads, requests and sign-ups do not count." in seen
    assert "missing Workflows cannot be checked, and nobody is enrolled in them." in seen
    assert "Portal 27418063" in seen
    assert "Europe/Berlin" in seen


def test_a_permission_given_later_is_seen_by_checking_again(fresh):
    granted(fresh, "forms")
    add(fresh)
    assert "lacks 1 permissions" in text(fresh.get("/portals/werke/start"))
    granted(fresh)
    assert "lacks 1 permissions" in text(fresh.get("/portals/werke/start")), "looking asks nothing"
    page = follow(fresh, fresh.post("/portals/werke/check"))
    assert "The token may read everything that the rules use." in text(page)


@pytest.mark.parametrize(
    ("form", "sentence", "remedy"),
    [
        ({"token": "pat-eu1-wrong"}, "HubSpot does not accept this token.", "Copy it once more from the private app"),
        ({"token": ""}, "That is not a token", "Copy it once more."),
        ({"token": "two words"}, "That is not a token", "Copy it once more."),
        ({"name": "Werke GmbH"}, "A portal's name is 1 to 40 lower-case letters", "For example: acme-gmbh"),
        ({"name": "../x"}, "A portal's name is 1 to 40 lower-case letters", "For example: acme-gmbh"),
    ],
)
def test_what_is_wrong_is_said_with_a_remedy_and_the_name_is_kept(fresh, form, sentence, remedy):
    page = add(fresh, 422, **form).text
    assert sentence in text(page)
    assert remedy in text(page)
    assert f'value="{form.get("name", "werke")}"' in page
    assert connected(fresh) == []


def test_a_token_without_contacts_is_refused_with_the_permission_it_lacks(fresh):
    granted(fresh, "crm.objects.contacts.read")
    page = text(add(fresh, 422).text)
    assert "This token lacks a permission without which nothing can be mirrored." in page
    assert "crm.objects.contacts.read" in page
    assert connected(fresh) == []


def test_a_name_of_another_portal_and_a_portal_of_another_name_are_refused(fresh):
    second(fresh, "werke", 4711)
    page = text(add(fresh, 422).text)
    assert "Another HubSpot portal is connected under this name." in page
    add(fresh, name="nord")
    page = text(add(fresh, 422, name="sued").text)
    assert "This HubSpot portal is connected already, under another name." in page
    assert connected(fresh) == ["nord", "werke"]


def test_a_portal_that_does_not_answer_is_told(tmp_path):
    with rig(tmp_path, connect=False) as r:
        r.settings = r.settings.model_copy(update={"hubspot_url": "http://127.0.0.1:9"})
        with r.service(lasting=True) as service:
            house = House(r, service)
            page = text(add(house, 422).text)
    assert "HubSpot does not answer at the moment." in page


def test_the_token_is_in_no_page_and_no_address(fresh):
    token = fresh.rig.twin.token
    refused = add(fresh, 422, name="NO")
    answer = add(fresh)
    assert token not in refused.text
    assert token not in answer.headers["Location"]
    for path in ("/portals/werke/start", "/portals/werke", "/connect", "/"):
        assert token not in fresh.get(path)
    assert token not in str(fresh.porter.booked)


def test_a_new_token_for_a_portal_that_is_connected_is_taken(fresh):
    add(fresh)
    assert "werke is connected" in follow(fresh, add(fresh))
    assert connected(fresh) == ["werke"]
    assert [what for what, *_ in fresh.porter.booked] == ["Connected the portal", "Connected the portal"]


def test_connecting_is_for_admins_of_everything(fresh):
    for role, portal in (("editor", None), ("viewer", None)):
        fresh.signed_in(role, portal)
        fresh.get("/connect", 404)
        add(fresh, 404)
    fresh.signed_in("owner")
    add(fresh)
    fresh.signed_in("admin", "werke")
    fresh.get("/connect", 404)
    fresh.get("/portals/werke/start")


# by consent ----------------------------------------------------------------------------------------------------------


def test_without_an_app_there_is_no_consent_to_ask_for(fresh):
    assert "This installation has no HubSpot app of its own" in fresh.get("/connect")
    page = fresh.post("/connect/consent", 422, name="werke").text
    assert "Nothing was kept." in text(page)


def test_consent_sends_the_browser_to_a_link_of_ours_good_once(tmp_path):
    with rig(tmp_path, contacts=5, connect=False) as r:
        more = {**APP, "hubspot_url": r.url, "hubspot_client_secret": SecretStr("secret")}
        r.settings = r.settings.model_copy(update=more)
        with r.service(lasting=True) as service:
            house = House(r, service)
            assert "Go to HubSpot" in house.get("/connect")
            answer = house.post("/connect/consent", name="werke")
            assert answer.headers["Location"].startswith("https://leadwright.example/oauth/hubspot/start?link=")
            assert house.porter.booked[-1][0] == "Began to connect a portal by consent"
            wrong = house.post("/connect/consent", 422, name="No Good").text
            assert "A portal&#39;s name is" in wrong
            assert 'value="No Good"' in wrong


# documents of another portal -----------------------------------------------------------------------------------------


@pytest.fixture
def two(fresh):
    """A new portal beside a proven one whose scoring is another."""
    add(fresh)
    proven = second(fresh, "proven", 4711)
    with fresh.service.store.unit() as u:
        scoring = documents.current(u, proven, "scoring").body
        documents.publish(u, proven, "scoring", scoring.replace("threshold: 50", "threshold: 61"), "a", "b", 5)
    return fresh


def test_every_difference_is_listed_before_anything_is_taken_over(two):
    page = two.get("/portals/werke/copy?from=proven")
    assert f"1 of {len(SHIPPED)} documents differ." in text(page)
    assert "1 lines come, 1 lines go" in text(page)
    assert re.search(r"<del>-\s*threshold: 50", page)
    assert re.search(r"<ins>\+\s*threshold: 61", page)
    with two.service.store.view() as u:
        assert "threshold: 50" in documents.current(u, two.portal_id("werke"), "scoring").body


def test_what_is_ticked_becomes_a_version_of_its_own(two):
    page = follow(two, two.post("/portals/werke/copy", **{"from": "proven", "kind": "scoring"}))
    assert "Taken over from proven: scoring." in text(page)
    with two.service.store.view() as u:
        now = documents.current(u, two.portal_id("werke"), "scoring")
    assert (now.version, now.author, now.reason) == (2, "anna@agentur.example", "copied from proven")
    assert "threshold: 61" in now.body
    assert two.porter.booked[-1][0] == "Copied documents from proven"
    assert "The documents are the same" in two.get("/portals/werke/copy?from=proven")


def test_nothing_ticked_changes_nothing_and_is_said(two):
    page = two.post("/portals/werke/copy", 422, **{"from": "proven"}).text
    assert "No document was chosen." in text(page)
    with two.service.store.view() as u:
        assert documents.current(u, two.portal_id("werke"), "scoring").version == 1


def test_documents_of_a_portal_without_a_role_in_it_cannot_be_read(two):
    second(two, "rival", 5)
    two.signed_in("admin", "werke")
    start = two.get("/portals/werke/start")
    assert "rival" not in start
    assert "proven" not in start
    answer = two.browser.get("/admin/portals/werke/copy?from=rival")
    assert answer.status_code == 303
    answer = two.post("/portals/werke/copy", **{"from": "rival", "kind": "scoring"})
    assert "Choose the portal" in follow(two, answer)
    with two.service.store.view() as u:
        assert documents.current(u, two.portal_id("werke"), "scoring").version == 1
