"""Every page in every state a portal can be in, in both languages: it has its sentence, its heading and its title,
says nothing in the wrong language, and where the database fails it says what happened and what to do.

The table of doors is read, so that a new page is looked at as well.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest
import structlog

from connector.admin import words
from connector.admin.areas import DOORS
from connector.admin.doors import Door
from connector.rules.words import translate
from connector.store import portals
from tests.admin.conftest import ANNA, House
from tests.rig import rig

DATA_DOORS = ("/counts", "/sheet.csv")  # these are no pages
GETS = [door for door in DOORS if door.method == "GET" and not door.path.endswith(DATA_DOORS)]
OF_PORTAL = [door for door in GETS if door.of_portal]
STATES = ("fresh", "synced", "paused", "uninstalled")
VALUES = {
    "portal": "acme", "person": "1", "token": "x" * 43, "kind": "scoring", "number": "1", "run": "no-such-run",
    "what": "kpis", "ident": "{contact}",
}  # fmt: skip
OK, GONE = 200, 404
GRANT_GONE = (
    "acme is no longer connected: the app was uninstalled in HubSpot, or its access was taken back. "
    "Connect it again: leadwright portal connect acme"
)
OWN = {  # the same in both languages, or a name
    "HubSpot {number}", "MQL", "SAL", "SQL", "Subscriber", "Lead", "Plan", "Start", "“{words}”", "Live", "Leads",
}  # fmt: skip
ENGLISH = re.compile(r"\b(the|is|are|nothing|with|and|not|of|this|that|which|has)\b", re.IGNORECASE)
DATA = re.compile(
    r"<(code|pre|textarea|samp)\b.*?</\1>|<(\w+)[^>]*(?:lang=\"en\"|translate=\"no\")[^>]*>.*?</\2>", re.DOTALL
)
INSIDE = ("Traceback", "sqlite", "SELECT", "OperationalError", ".py", "no such table", "StoreError", "{", "}")


def named(door: Door) -> str:
    return door.path


def path_of(house: House, door: Door) -> str:
    def value(found: re.Match[str]) -> str:
        return VALUES[found[1].rpartition(":")[2]].format(contact=house.contact)

    return re.sub(r"<([^>]+)>", value, door.path)


def seen(page: str) -> str:
    """What a reader sees between head and foot, without values that are nobody's words."""
    body = DATA.sub(" ", page[page.index("<body") :])
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def state_of(tmp_path_factory, state: str) -> Iterator[House]:
    with rig(tmp_path_factory.mktemp(state), contacts=20) as r, r.service(lasting=True) as service:
        service.people_invite("berta@agentur.example", "editor")
        contact = "1"
        if state != "fresh":
            service.sync("acme")
            service.provision("acme")
            service.plan("acme")
            contact = str(service.best("acme", 1)[0]["contact"])
        if state == "paused":
            service.pause("acme")
        if state == "uninstalled":
            with service.store.unit() as u:
                portals.pause(u, 1, GRANT_GONE, r.clock.now_ms())
        made = House(r, service)
        made.contact, made.state = contact, state
        yield made


@pytest.fixture(scope="module", autouse=True)
def silent() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture(scope="module", params=STATES)
def standing(request, tmp_path_factory) -> Iterator[House]:
    yield from state_of(tmp_path_factory, request.param)


def read(house: House, door: Door, language: str) -> tuple[int, str]:
    house.porter.who, house.porter.said = replace(ANNA, language=language), ""
    answer = house.browser.get(f"/admin{path_of(house, door)}")
    if answer.status_code in (301, 302, 303):
        answer = house.browser.get(answer.headers["Location"])
    return answer.status_code, answer.text


@pytest.fixture
def missing(monkeypatch) -> set[str]:
    """Sentences that were asked for in German and have none."""
    found: set[str] = set()
    german = words.catalogue("de")

    class Noting(dict):
        def get(self, key, default=None):
            if key not in self and key not in OWN and re.search(r"[A-Za-z]{3}", key) and translate(key, "de") == key:
                found.add(key)
            return super().get(key, default)

    noting = Noting(german)
    monkeypatch.setattr(words, "catalogue", lambda language: noting if language == "de" else {})
    return found


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("door", GETS, ids=named)
class TestEveryPage:
    def test_is_whole(self, standing, door, language):
        """One heading, a title that is not empty, no hole where a value should be, nothing of the inside."""
        status, page = read(standing, door, language)
        assert status in (OK, GONE), f"{status}: {seen(page)[:400]}"
        assert len(re.findall(r"<h1[ >]", page)) == 1
        heading = unescape(re.sub(r"<[^>]+>", "", re.search(r"<h1.*?>(.*?)</h1>", page, re.DOTALL)[1])).strip()
        title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)[1]
        assert heading
        assert title.strip().removesuffix("· Leadwright").strip()
        assert f'<html lang="{language}">' in page
        assert not re.search(r"\bNone\b(?! is taken)|\bundefined\b|\{\w+\}|\bnan\b", seen(page)), seen(page)[:600]

    def test_says_something_whatever_there_is(self, standing, door, language):
        """A page without rows is no blank: under its heading stands a sentence."""
        _, page = read(standing, door, language)
        main = seen("<body" + page[page.index("<main") :].partition("</main>")[0])
        assert len(main) > 60, main
        for table in re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL):
            assert "<tr" in table, "a table without a row"

    def test_speaks_its_language(self, standing, door, language, missing):
        _, page = read(standing, door, language)
        assert missing == set(), "sentences without German"
        if language == "de":
            told = [ENGLISH.search(one) and one for one in re.split(r"(?<=[.!?])\s", seen(page))]
            assert [one for one in told if one] == []


@pytest.fixture(scope="module")
def gone(tmp_path_factory) -> Iterator[House]:
    """The tables were taken away under the running service."""
    for house in state_of(tmp_path_factory, "synced"):
        with sqlite3.connect(house.rig.folder / "leadwright.db") as raw:
            for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall():
                if not name.startswith("sqlite_"):
                    raw.execute(f'DROP TABLE "{name}"')
        yield house


def test_a_rest_that_no_button_ends_offers_none(standing):
    """A paused portal is resumed; one whose app is gone is connected again."""
    for path in ("/portals/acme", "/"):
        _, page = read(standing, next(door for door in GETS if path_of(standing, door) == path), "en")
        assert ("/portals/acme/resume" in page) == (standing.state == "paused")
        assert ("Connect it again" in page) == (standing.state == "uninstalled")


class TestADatabaseThatFails:
    """What happened, what to do, a number to ask for; nothing of the inside, nobody's name."""

    @pytest.mark.parametrize("language", ["en", "de"])
    @pytest.mark.parametrize("door", OF_PORTAL, ids=named)
    def test_the_page_says_so(self, gone, door, language):
        status, page = read(gone, door, language)
        assert status in (500, 503), seen(page)[:300]
        told = seen(page)
        assert len(re.findall(r"<h1[ >]", page)) == 1
        assert re.search(r"\b[0-9a-f]{8}\b", told), "a number to ask for"
        assert ("again in a minute" if language == "en" else "in einer Minute") in told or status == 500
        for word in INSIDE:
            assert word not in told, word
        assert not re.search(r"[\w.]+@(?!agentur\.example)[\w.]+", told)
