"""What was put aside: by cause, with personal data hidden, brought back one or all, or given up in two steps."""

from __future__ import annotations

import re

import pytest

from connector.store import deliveries, flips, inbox, runs
from connector.store.deliveries import Incoming
from connector.store.flips import Frozen
from connector.store.inbox import NewEntry
from tests.admin.hands import best, follow, second, text

CAUSE = "The notice names no record: anna@werk.example"


def put_aside(house, count=3, reason=CAUSE, portal="acme"):
    now = house.rig.clock.now_ms()
    rows = [
        NewEntry(f"{reason}{n}", 1, "contact.creation", 7, "", now + n, now + n, "{}", reason) for n in range(count)
    ]
    with house.service.store.unit() as u:
        inbox.add(u, house.portal_id(portal), rows)


def states(house) -> dict:
    with house.service.store.view() as u:
        return inbox.counts(u, house.portal_id("acme"))


def key(page: str) -> str:
    return re.search(r'name="cause" value="([0-9a-f]+)"', page)[1]


def test_nothing_waiting_says_when_something_last_failed(house):
    page = text(house.get("/portals/acme/held"))
    assert "Nothing waiting No run has failed lately." in page
    with house.service.store.unit() as u:
        run = runs.start(u, house.portal_id("acme"), "pull", house.rig.clock.now_ms() - 3 * 86_400_000)
        runs.finish(u, house.portal_id("acme"), run, "failed", {}, "", house.rig.clock.now_ms() - 3 * 86_400_000)
    assert "Last failure 3 days ago." in text(house.get("/portals/acme/held"))


def test_causes_stand_with_count_first_last_and_no_personal_data(house):
    put_aside(house)
    put_aside(house, 1, "It was tried five times")
    page = house.get("/portals/acme/held")
    seen = text(page)
    assert "4 things wait for somebody, for 2 reasons." in seen
    assert "The notice names no record: a***@werk.example 3" in seen
    assert "anna@" not in page


def test_one_or_all_of_a_cause_are_brought_back(house):
    put_aside(house)
    put_aside(house, 2, "another cause")
    cause = key(house.get("/portals/acme/held"))
    page = follow(house, house.post("/portals/acme/held/retry", kind="notices", cause=cause, how="one"))
    assert "1 brought back; the worker looks at them now." in page
    assert states(house) == {"new": 1, "held": 4}
    house.post("/portals/acme/held/retry", kind="notices", cause=cause, how="all")
    assert states(house) == {"new": 3, "held": 2}
    assert house.woken == [(house.portal_id("acme"), "drain")] * 2
    what, _, before, after = house.porter.booked[-1]
    assert what == "Brought back what was put aside: Notices from HubSpot"
    assert "anna@" not in before
    assert after == "2 brought back"


def test_giving_up_names_how_many_on_a_page_of_its_own(house):
    put_aside(house)
    page = house.get("/portals/acme/held")
    link = re.search(r'href="(/admin/portals/acme/held/discard[^"]+)"', page)[1].replace("&amp;", "&")
    confirm = house.get(link.removeprefix("/admin"))
    assert "Give up 3 for good" in text(confirm)
    assert "this cannot be undone" in text(confirm)
    assert "anna@" not in confirm
    assert states(house) == {"held": 3}
    page = follow(house, house.post("/portals/acme/held/discard", kind="notices", cause=key(confirm)))
    assert "3 given up." in page
    assert states(house) == {"done": 3}
    assert house.porter.booked[-1][3] == "3 given up"


@pytest.mark.parametrize("act", ["retry", "discard"])
def test_a_cause_that_is_there_no_more_is_told(house, act):
    page = follow(house, house.post(f"/portals/acme/held/{act}", kind="notices", cause="00ff", how="all"))
    assert "This cause is there no more." in page
    assert "This cause is there no more." in follow(
        house, house.browser.get("/admin/portals/acme/held/discard?kind=notices&cause=00ff")
    )


def test_fields_that_flip_are_released_and_never_given_up(house):
    who = best(house)
    with house.service.store.unit() as u:
        flips.freeze(u, house.portal_id("acme"), [Frozen(int(who), "jobtitle", 5, "Leadwright, an import")])
    page = house.get("/portals/acme/held")
    assert "Fields left alone" in page
    assert f"/admin/portals/acme/contacts/{who}" in page
    assert "Give up" not in text(page)
    cause = key(page)
    assert "no more" in follow(house, house.post("/portals/acme/held/discard", kind="frozen", cause=cause))
    house.post("/portals/acme/held/retry", kind="frozen", cause=cause, how="all")
    with house.service.store.view() as u:
        assert flips.frozen(u, house.portal_id("acme")) == ()


def test_what_belongs_to_no_portal_is_shown_to_those_who_look_after_all(house):
    with house.service.front.unit() as u:
        deliveries.add(u, [Incoming(b"[", 5, reason="no JSON")])
    assert "Unreadable deliveries" in house.get("/portals/acme/held")
    house.signed_in("admin", "acme")
    assert "Unreadable deliveries" not in house.get("/portals/acme/held")


def test_another_portals_causes_are_not_there(house):
    second(house, "other")
    put_aside(house, 2, "other's cause", portal="other")
    assert "Nothing waiting" in house.get("/portals/acme/held")
    cause = key(house.get("/portals/other/held"))
    follow(house, house.post("/portals/acme/held/retry", kind="notices", cause=cause, how="all"))
    with house.service.store.view() as u:
        assert inbox.counts(u, house.portal_id("other")) == {"held": 2}


def test_who_may_do_what(house):
    put_aside(house)
    cause = key(house.get("/portals/acme/held"))
    house.signed_in("analyst", "acme")
    page = house.get("/portals/acme/held")
    assert "Try all" not in page
    assert "Give up" not in page
    house.post("/portals/acme/held/retry", 404, kind="notices", cause=cause)
    house.signed_in("editor", "acme")
    house.post("/portals/acme/held/discard", 404, kind="notices", cause=cause)
    house.signed_in("viewer", "acme")
    house.get("/portals/acme/held", 404)
    assert states(house) == {"held": 3}
