"""From an empty browser to a score that explains itself: connect, observe, map, preview, publish, live, webhook."""

from __future__ import annotations

import re

import pytest

from tests.browser.stage import NAME, OWNER, SECOND
from tests.serving.trees import until

pytestmark = pytest.mark.timeout(280)


def test_somebody_new_connects_a_portal_and_reads_a_first_score(visit):
    """Sign in by a link, connect by token in observe mode, wait for the first mirror, read why a lead has its score."""
    visit.sign_in()
    page = visit.page
    page.get_by_role("link", name=re.compile("Connect")).first.click()
    page.locator("#f-name").fill("zweig")
    page.locator("#f-token").fill(visit.stage.second.token)
    page.get_by_role("button", name="Connect", exact=True).click()
    page.wait_for_url("**/portals/zweig/start")
    assert visit.barriers() == []
    begin = page.get_by_role("button", name="Start the first sync")
    if begin.count():  # the schedule may have been quicker
        begin.click()
        page.wait_for_url("**/portals/zweig")
    until(lambda: "40 contacts mirrored; nothing is written" in visit.go("", portal="zweig"), 60, "the first mirror")
    assert visit.stage.second.ledger.count("/batch/update") == 0
    visit.go("/contacts", portal="zweig")
    page.locator("tbody a").first.click()
    bill = page.locator("main")
    assert re.search(r"Why -?\d+ points\?", bill.inner_text())


def test_the_portal_that_was_connected_is_the_second_one(visit):
    visit.sign_in()
    assert str(SECOND) in visit.go("", portal="zweig")
    assert "zweig" in visit.go("/")
    assert NAME in page_text(visit)


def page_text(visit) -> str:
    return str(visit.page.inner_text("main"))


def test_a_change_in_hubspot_reaches_the_page_by_its_webhook(visit):
    """The portal ``acme`` is live: somebody edits a job title there, and the page shows another bill soon after."""
    visit.sign_in()
    stage = visit.stage
    with stage.grounds.service() as service:
        contact = int(service.best(NAME, 1)[0]["contact"])
    before = visit.go(f"/contacts/{contact}", portal=NAME)
    stage.twin.edit("contacts", contact, {"jobtitle": "Praktikantin"})
    until(lambda: visit.go(f"/contacts/{contact}", portal=NAME) != before, 30, "another bill")
    assert "Praktikantin" in page_text(visit)


def test_signed_out_is_signed_out(visit):
    visit.sign_in(OWNER)
    kept = visit.page.context.cookies()
    visit.page.get_by_role("button", name="Sign out").click()
    visit.page.wait_for_url("**/sign-in")
    visit.page.context.add_cookies(kept)
    visit.go("/")
    assert visit.page.url.endswith("/sign-in")
