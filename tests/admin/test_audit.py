"""The page of the audit log: what stands in it, how it is narrowed down, and what it says when somebody changed it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Response

from connector.admin.doors import Door, Visitor
from connector.admin.frame import Ask, Frame
from connector.admin.porter import HousePorter
from connector.admin.words import Words
from connector.model.people import EVERYWHERE, Actor
from connector.store import audit, portals
from connector.store.people_schema import AUDIT
from tests.admin.hall import open_hall

ANNA = "anna@agency.example"


@pytest.fixture
def hall(tmp_path):
    with open_hall(tmp_path) as made:
        made.acme, made.globex = made.portal("acme", 11), made.portal("globex", 12)
        yield made


@pytest.fixture
def anna(hall):
    return hall.person(ANNA)


def entries(hall, count: int, *, portal: str = "", who: str = ANNA, what: str = "Published the mapping") -> None:
    """As other pages book them."""
    number = hall.id_of(who) if "@" in who else None
    with hall.parts.store.unit() as u:
        row = portals.by_name(u, portal) if portal else None
        for at in range(count):
            hall.service.books.book(
                u, Actor(who, "owner", number, "192.0.2.9"), what, before=f"version {at}", after=f"version {at + 1}",
                portal_id=row.id if row else None, portal=portal,
            )  # fmt: skip


def test_who_did_what_where_when_and_from_where(hall, anna):
    entries(hall, 1, portal="acme")
    page = anna.get("/audit")
    for told in (ANNA, "Published the mapping", "acme", "version 0", "version 1", "192.0.2.9"):
        assert told in page
    assert "The log is whole: 3 entries" in page  # with the invitation and the first password


def test_only_of_a_portal_or_a_person(hall, anna):
    entries(hall, 1, portal="acme", what="In acme")
    entries(hall, 1, portal="globex", what="In globex")
    hall.invited("bo@agency.example", {EVERYWHERE: "viewer"})
    entries(hall, 1, who="bo@agency.example", what="By Bo")
    page = anna.get(f"/audit?portal={hall.acme}")
    assert "In acme" in page
    assert "In globex" not in page
    page = anna.get(f"/audit?person={hall.id_of('bo@agency.example')}")
    assert "By Bo" in page
    assert "In acme" not in page
    assert "No entry" in anna.get("/audit?person=99")
    for odd in ("portal=x", "person=-1", "before=%00", "portal=" + "9" * 40, "check=maybe"):
        anna.get(f"/audit?{odd}")


def test_a_long_log_comes_in_pages(hall, anna):
    entries(hall, 120, portal="acme")
    seen, path = [], f"/audit?portal={hall.acme}"
    for _ in range(3):
        page = anna.get(path)
        seen += [int(part.split("<")[0]) for part in page.split('<td class="number">')[1:]]
        path = page.split('rel="next" href="/admin')[1].split('"')[0] if 'rel="next"' in page else ""
    assert path == ""
    assert len(seen) == 120
    assert seen == sorted(seen, reverse=True)


def test_a_very_long_one_is_checked_when_it_is_asked_for(hall, anna, monkeypatch):
    monkeypatch.setattr("connector.reports.audit.AT_ONCE", 5)
    entries(hall, 10)
    page = anna.get("/audit")
    assert "The log has 12 entries" in page
    assert "check=all" in page
    assert "The log is whole: 12 entries" in anna.get("/audit?check=all")


def test_a_changed_entry_is_named_on_the_page(hall, anna):
    """A19: also by somebody who may write to the database."""
    entries(hall, 5, portal="acme")
    with hall.parts.store.unit() as u:
        u.change(sa.update(AUDIT).where(AUDIT.c.id == 4).values(after="something else"))
    page = anna.get("/audit")
    assert "The log is not as it was written." in page
    assert "number 4: it was changed" in page
    with hall.parts.store.unit() as u:
        u.change(sa.delete(AUDIT).where(AUDIT.c.id == 2))
    assert "number 2: it is missing" in anna.get("/audit")


def test_markup_in_an_entry_is_text(hall, anna):
    entries(hall, 1, what="<img src=x onerror=alert(1)>")
    anna.ask("GET", "/audit")
    assert "<img src=x" not in anna.last.text


def test_what_a_view_books_is_in_the_log_with_the_portal_and_the_address(hall, anna):
    """``ask.book``, as every page that changes something calls it."""
    service = hall.service
    porter = HousePorter(hall.parts.store, service.entrance, service.books, hall.clock)
    frame = Frame(hall.settings, hall.parts.store, service, hall.clock, porter, print)
    door = Door("POST", "/portals/<portal>/x", "editor", lambda ask: Response())
    who = Visitor(hall.id_of(ANNA), ANNA, "Anna", roles={EVERYWHERE: "owner"})
    with hall.parts.store.view() as u:
        row = portals.by_name(u, "acme")
    ask = Ask(frame, door, Words(), None, None, "/", who, row, "198.51.100.3")
    ask.book("Took the portal live", before="observe mode", after="live")
    with hall.parts.store.view() as u:
        deed = audit.page(u)[0].deed
    assert (deed.who, deed.user_id, deed.portal_id, deed.portal) == (ANNA, who.id, hall.acme, "acme")
    assert (deed.what, deed.before, deed.after) == ("Took the portal live", "observe mode", "live")
    assert (deed.address, deed.at_ms) == ("198.51.100.3", hall.clock.now_ms())


def test_it_stays_whole_when_a_portal_is_removed(hall, anna):
    entries(hall, 3, portal="acme")
    hall.service.remove("acme")
    page = anna.get("/audit")
    assert "The log is whole: 5 entries" in page
    assert "acme" in page


def test_removing_a_portal_takes_the_roles_in_it(hall, anna):
    hall.invited("bo@agency.example", {hall.acme: "viewer", hall.globex: "editor"})
    hall.service.remove("acme")
    assert hall.people.named("bo@agency.example").roles == {hall.globex: "editor"}
