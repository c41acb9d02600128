"""Marketing and sales sign a draft on its page before it is published, in a portal that asks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.admin.words import catalogue
from connector.store import documents, drafts
from tests.admin.conftest import ANNA
from tests.admin.desk import as_shipped, standing_house
from tests.admin.test_german import CALL

BASE = "/portals/acme/documents"
BO = replace(ANNA, id=7, email="bo@client.example", name="Bo")
ASKED = "Sign for marketing"


@pytest.fixture(scope="module")
def lasting_house(tmp_path_factory):
    yield from standing_house(tmp_path_factory.mktemp("house"))


@pytest.fixture
def house(lasting_house):
    return as_shipped(lasting_house)


@pytest.fixture
def asking(house):
    """Its lifecycle document asks for both signatures; Anna has a draft of the scoring."""
    with house.service.store.unit() as u:
        body = documents.current(u, 1, "lifecycle").body.replace("signatures: none", "signatures: marketing_and_sales")
        documents.publish(u, 1, "lifecycle", body, "anna", "sales has a say", house.rig.clock.now_ms())
    save(house, 0, 20)
    return house


def save(house, seen: int, points: int) -> None:
    with house.service.store.view() as u:
        text = documents.current(u, 1, "scoring").body.replace("threshold: 50", f"threshold: {points}")
    house.post(f"{BASE}/scoring/edit", text=text, base=1, seen=seen)


def the_draft(house):
    with house.service.store.view() as u:
        return drafts.of(u, 1, "scoring", ANNA.email)


def page(house) -> str:
    return house.get(f"{BASE}/scoring/drafts/{the_draft(house).id}")


def send(house, what: str, status: int = 303, **form):
    found = the_draft(house)
    return house.post(f"{BASE}/scoring/drafts/{found.id}/{what}", status, **{"seen": found.revision, **form}).text


def test_a_portal_that_does_not_ask_shows_nothing_of_it(house):
    save(house, 0, 20)
    assert "Signatures" not in page(house)
    assert "Nothing was signed" in send(house, "sign", 422, side="sales")


def test_both_sign_and_it_is_published_with_their_names_in_the_history(asking):
    before = page(asking)
    assert ASKED in before
    assert "Sign for sales" in before
    assert "Marketing: not signed yet" in before
    send(asking, "sign", side="marketing", remark="agreed on Tuesday")
    mine = page(asking)
    assert f"Marketing: signed by {ANNA.email}" in mine
    assert "agreed on Tuesday" in mine
    assert "You have signed" in mine
    assert "Sign for sales" not in mine
    asking.porter.who = BO
    theirs = page(asking)
    assert "Sign for sales" in theirs
    assert ASKED not in theirs
    send(asking, "sign", side="sales")
    assert "It can be published now." in asking.porter.said
    send(asking, "publish", reason="easier")
    with asking.service.store.view() as u:
        assert "threshold: 20" in documents.current(u, 1, "scoring").body
    for shown in (asking.get(f"{BASE}/scoring"), asking.get(f"{BASE}/scoring/versions/2")):
        assert ANNA.email in shown
        assert BO.email in shown
    said = [str(entry) for entry in asking.porter.booked]
    assert any("for marketing: agreed on Tuesday" in one for one in said)
    assert any("for sales" in one for one in said)


def test_without_both_it_is_not_published_and_the_draft_stays(asking):
    assert "A signature is missing; nothing was published." in send(asking, "publish", 422, reason="easier")
    send(asking, "sign", side="sales")
    assert "A signature is missing" in send(asking, "publish", 422, reason="easier")
    assert the_draft(asking).open
    with asking.service.store.view() as u:
        assert documents.current(u, 1, "scoring").version == 1


def test_nobody_signs_for_both_sides_and_no_side_twice(asking):
    send(asking, "sign", side="marketing")
    assert "Nothing was signed" in send(asking, "sign", 422, side="sales")
    asking.porter.who = BO
    assert "Nothing was signed" in send(asking, "sign", 422, side="marketing")
    assert "Sales: not signed yet" in page(asking)


def test_what_was_changed_has_no_signature_and_an_old_page_signs_nothing(asking):
    send(asking, "sign", side="marketing")
    save(asking, 1, 21)
    assert "Marketing: not signed yet" in page(asking)
    assert "changed meanwhile; nothing was signed" in send(asking, "sign", 422, side="marketing", seen=1)
    assert "Choose a side" in send(asking, "sign", 422, side="finance")


def test_going_back_says_what_it_needs(asking):
    with asking.service.store.unit() as u:
        other = documents.current(u, 1, "scoring").body + "\n# remark\n"
        documents.publish(u, 1, "scoring", other, "anna", "a remark", asking.rig.clock.now_ms())
    shown = asking.get(f"{BASE}/scoring/versions/1")
    assert "leadwright config sign acme scoring --for marketing --version 1" in shown
    assert "Publish version 1 again" not in shown
    asking.post(f"{BASE}/scoring/versions/1/revert", 400, base=2)


def test_who_may_only_read_sees_who_signed_and_has_no_button(asking):
    send(asking, "sign", side="marketing")
    asking.signed_in("analyst", "acme", email="eve@client.example")
    shown = page(asking)
    assert "signed by" in shown
    assert "Sign for sales" not in shown
    send(asking, "sign", 404, side="sales")


def test_every_sentence_is_there_in_german(asking):
    from importlib.resources import files

    folder = files("connector.admin")
    sources = [folder / "signing.py", *(folder / "templates" / "admin" / f"document_{name}.html"
                                        for name in ("draft", "version"))]  # fmt: skip
    found = {one or other for source in sources for one, other in CALL.findall(source.read_text(encoding="utf-8"))}
    assert len(found) > 30
    assert {one for one in found if not catalogue("de").get(one)} == set()
