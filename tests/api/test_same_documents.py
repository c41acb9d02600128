"""The same documents through the pages, the command line, YAML files and this interface: one text, one history."""

from __future__ import annotations

import re
import threading
from html import unescape
from typing import Any

import pytest

from connector.admin.areas import DOORS
from connector.admin.doors import Visitor
from connector.admin.frame import Frame
from connector.admin.pages import admin_blueprint
from connector.model.people import Role
from connector.rules.documents import KINDS
from tests.admin.conftest import CSRF, FixedPorter
from tests.api.conftest import ACME, Desk

AT = f"/portals/{ACME}"
ANNA = "anna@x.example"


class Page:
    """The pages of the same installation, with Anna before them."""

    def __init__(self, desk: Desk, role: Role) -> None:
        desk.person(ANNA, role)
        porter = FixedPorter(Visitor(1, ANNA, "Anna", csrf=CSRF, session="s", roles={desk.acme: role}))
        service = desk.service
        frame = Frame(service._settings, service.store, service, desk.clock, porter, lambda *_: None)
        desk.app.register_blueprint(admin_blueprint(frame, DOORS))
        self.browser = desk.browser

    def text(self, path: str) -> str:
        """What stands in the editor."""
        page = self.browser.get(f"/admin{AT}{path}").text
        return unescape(re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.DOTALL)[1])

    def send(self, path: str, **form: Any) -> int:
        return self.browser.post(f"/admin{AT}{path}", data={"csrf": CSRF, **form}).status_code


@pytest.fixture
def page(desk):
    return Page(desk, "admin")


@pytest.fixture
def anna(desk, page):
    return desk.program("admin", person=ANNA)


def changed(text: str, by: int = 1) -> str:
    return re.sub(r"points: (\d+)", lambda found: f"points: {int(found[1]) + by}", text, count=1)


@pytest.mark.parametrize("kind", KINDS)
def test_one_text_everywhere(desk, page, anna, kind):
    text = anna.get(f"{AT}/documents/{kind}")["body"]
    assert text == desk.service.config_show(ACME, kind)["body"]
    if kind != "mapping":
        assert text.strip() == page.text(f"/documents/{kind}/edit").strip()


def test_a_draft_begun_on_the_page_is_saved_here_and_published_by_command(desk, page, anna):
    text = changed(page.text("/documents/scoring/edit"))
    assert page.send("/documents/scoring/edit", text=text, base="1", seen="0") == 303
    told = anna.get(f"{AT}/documents/scoring/draft")
    assert (told["open"], told["revision"], told["body"]) == (True, 1, text)
    anna.send("PUT", f"{AT}/documents/scoring/draft", match=1, body=changed(text))
    assert page.text("/documents/scoring/edit") == changed(text)
    desk.service.config_draft_publish(ACME, "scoring", ANNA, "from all sides")
    history = anna.get(f"{AT}/documents/scoring/versions")["versions"]
    assert [(one["version"], one["author"], one["reason"]) for one in history][:1] == [(2, ANNA, "from all sides")]
    assert anna.get(f"{AT}/documents/scoring")["body"] == changed(text)


def test_a_page_that_was_overtaken_by_a_program_keeps_its_text_and_says_so(desk, page, anna):
    text = page.text("/documents/scoring/edit")
    anna.send("PUT", f"{AT}/documents/scoring/draft", match=0, body=changed(text))
    assert page.send("/documents/scoring/edit", text=changed(text, 5), base="1", seen="0") == 422
    assert anna.get(f"{AT}/documents/scoring/draft")["body"] == changed(text)


def test_a_file_that_was_published_is_what_everybody_sees_and_goes_back_from_here(desk, page, anna, tmp_path):
    file = tmp_path / "scoring.yaml"
    before = anna.get(f"{AT}/documents/scoring")["body"]
    file.write_text(changed(before), encoding="utf-8")
    desk.service.config_publish(ACME, file, "bo", "by file")
    assert anna.get(f"{AT}/documents/scoring") == desk.service.config_show(ACME, "scoring")
    assert page.text("/documents/scoring/edit") == changed(before)
    anna.post(f"{AT}/documents/scoring/revert", version=1, expected=2)
    assert desk.service.config_show(ACME, "scoring")["body"] == before


def test_of_programs_that_save_at_the_same_time_one_does(desk):
    who = desk.program("editor")
    text, answers = who.get(f"{AT}/documents/scoring/draft")["body"], []

    def save(number: int) -> None:
        client = desk.app.test_client()
        answer = client.put(
            f"/api/v1{AT}/documents/scoring/draft", json={"body": changed(text, number)},
            headers={"Authorization": f"Bearer {who.token}", "If-Match": '"0"'},
        )  # fmt: skip
        answers.append((answer.status_code, number))

    threads = [threading.Thread(target=save, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in answers) == [200, *[412] * 5]
    winner = next(number for status, number in answers if status == 200)
    assert who.get(f"{AT}/documents/scoring/draft")["body"] == changed(text, winner)
    assert len(desk.deeds()) == 1
