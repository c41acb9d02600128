"""Event sources: each with its own cursor, each off alone; rules that need what is off are unknown, not zero."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.store import cursors
from connector.sync.facts import cases
from connector.sync.pull import off_sources
from connector.sync.visitors import SAMPLE
from tests.journeys.steps import people, stream
from tests.rig import rig
from tests.sync.steps import FORMS, MAILS, VIEWS, acts, context, killed, look, parked, paths, watched

PRICES = "https://www.example-werke.de/preise"


@pytest.fixture
def fresh(tmp_path):
    """Before anything was read."""
    with rig(tmp_path) as made:
        made.ids = people(made, 6)
        made.clock.advance(60)
        yield made


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 6)
        made.run("sync")
        made.clock.advance(60)
        yield made


def kept(r, source: str) -> dict:
    return look(r, lambda u, portal: cursors.get(u, portal, f"events/{source}"))


def engage(r, **options):
    """A pull of engagement alone, whether or not counters moved."""
    return r.run("sync", only=("engagement",), **options)


# e-mail events: a window and an offset -------------------------------------------------------------------------


def test_a_mail_opened_is_met_once(r):
    r.twin.email_event(r.ids[0], "SENT")
    r.twin.email_event(r.ids[0], "OPEN")
    assert stream(r.run("sync"), "email_events")["created"] == 2
    assert stream(r.run("sync"), "email_events")["created"] == 0
    assert sorted(acts(r, r.ids[0])) == ["mail_opened", "mail_sent"]


def test_a_window_of_many_pages_that_was_killed_goes_on_at_its_offset(fresh):
    r = fresh
    for number in range(2500):
        r.twin.email_event(r.ids[number % 6], "SENT", at=r.clock.now() - timedelta(hours=number))
    killed(r, "email_events", 2, "sync")
    stood = kept(r, "email_events")
    assert stood["window"]["offset"] == "2000"
    with watched(fresh) as calls:
        assert stream(r.run("sync"), "email_events")["created"] == 500
    assert len(paths(calls, MAILS)) == 1
    assert kept(r, "email_events") == {"high": stood["window"]["end"]}
    assert len(r.rows("activities")) == 2500


def test_what_came_while_a_window_was_cut_off_is_in_the_next(fresh):
    r = fresh
    for number in range(1200):
        r.twin.email_event(r.ids[0], "SENT", at=r.clock.now() - timedelta(hours=number))
    killed(r, "email_events", 1, "sync")
    r.clock.advance(7200)
    r.twin.email_event(r.ids[1], "CLICK")
    r.run("sync")
    r.run("sync")
    assert len(r.rows("activities")) == 1201


def test_a_mail_that_is_told_late_is_within_the_overlap(r):
    r.run("sync")
    r.clock.advance(300)
    r.twin.email_event(r.ids[0], "OPEN", at=r.clock.now() - timedelta(minutes=8))
    r.run("sync")
    assert acts(r, r.ids[0]) == ["mail_opened"]


def test_what_a_scanner_clicked_is_kept_and_told_apart(r):
    r.twin.email_event(r.ids[0], "CLICK_MACHINE")
    r.run("sync")
    assert [row["verdict"] for row in r.rows("activities")] == ["machine"]


# forms: newest first, down to the newest one known ----------------------------------------------------------------


def test_a_form_is_read_down_to_the_newest_submission_known(r):
    for number in range(120):
        r.twin.submit_form("Newsletter Anmeldung", f"p{number % 6 + 1}@kunde{number % 6 + 1}.example")
        r.clock.advance(60)
    with watched(r) as first:
        assert stream(engage(r), "forms")["created"] == 120
    r.twin.submit_form("Newsletter Anmeldung", "p1@kunde1.example")
    with watched(r) as again:
        assert stream(engage(r), "forms")["created"] == 1
    assert len(paths(first, FORMS)) == 3 + 5
    assert len(paths(again, FORMS)) == 6


def test_two_submissions_in_one_moment_are_both_met(r):
    r.twin.submit_form("Kontaktanfrage", "p1@kunde1.example")
    engage(r)
    r.twin.submit_form("Kontaktanfrage", "p2@kunde2.example", at=r.clock.now() - timedelta(seconds=0))
    engage(r)
    assert [acts(r, r.ids[i]) for i in (0, 1)] == [["contact_request"], ["contact_request"]]


def test_a_form_killed_in_the_middle_is_read_again_from_its_top(r):
    for number in range(120):
        r.twin.submit_form("Newsletter Anmeldung", f"p{number % 6 + 1}@kunde{number % 6 + 1}.example")
        r.clock.advance(60)
    killed(r, "forms", 4, "sync", only=("engagement",))
    engage(r)
    assert len(r.rows("activities")) == 120


def test_a_visitor_that_is_not_mirrored_yet_gets_the_form_later(r):
    """The form is read before the search shows the person."""
    contact = r.twin.submit_form("White Paper Anforderung", "neu@kunde.example", {"lastname": "Neu"})
    engage(r)
    assert (parked(r), acts(r, contact)) == (1, [])
    r.run("sync")
    assert (parked(r), acts(r, contact)) == (0, ["white_paper"])


# page views: only of recent visitors whose counters moved -----------------------------------------------------------


def test_only_visitors_are_asked_for(r):
    r.twin.page_view(r.ids[0], PRICES)
    with watched(r) as calls:
        r.run("sync")
    assert len(paths(calls, VIEWS)) == 1
    assert acts(r, r.ids[0]) == ["price_page"]
    r.clock.advance(3601)
    with watched(r) as calls:
        r.run("sync")
    assert paths(calls, VIEWS) == []


def test_whoever_comes_again_is_asked_for_again(r):
    for contact in r.ids[:3]:
        r.twin.page_view(contact, PRICES)
    r.run("sync")
    r.clock.advance(7200)
    r.twin.page_view(r.ids[1], PRICES)
    with watched(r) as calls:
        r.run("sync")
    assert len(paths(calls, VIEWS)) == 1
    assert acts(r, r.ids[1]) == ["price_page", "price_page"]


def test_a_visitor_who_is_new_to_the_mirror_is_asked_for(r):
    """Anonymous visits are told when somebody becomes a contact."""
    engage(r)
    r.clock.advance(7200)
    came = r.twin.create_contact({"email": "neu@kunde.example"})
    r.twin.page_view(came, PRICES)
    r.run("sync")
    assert acts(r, came) == ["price_page"]


def test_whoever_came_long_ago_is_not_asked_for(r):
    r.twin.page_view(r.ids[0], PRICES, at=r.clock.now() - timedelta(days=91))
    with watched(r) as calls:
        r.run("sync")
    assert paths(calls, VIEWS) == []


def test_visitors_not_reached_before_the_kill_are_asked_for_after_it(tmp_path):
    with rig(tmp_path) as r:
        ids = people(r, 100)
        for contact in ids:
            r.twin.page_view(contact, PRICES)
        killed(r, "page_views", 1, "sync")
        had = len(r.rows("activities"))
        assert 0 < had < 100
        with watched(r) as calls:
            r.run("sync")
        assert 100 - had <= len(paths(calls, VIEWS)) <= 100 - had + 1
        assert len(r.rows("activities")) == 100


def test_a_portal_that_counts_no_visits_is_asked_nevertheless(tmp_path):
    """Unknown is not zero: contacts without counters do not mean that nobody came."""
    with rig(tmp_path, counters_lag=10**9) as r:
        ids = people(r, 30)
        for contact in ids[::2]:
            r.twin.page_view(contact, PRICES)
        r.run("sync")
        assert sorted(int(row["contact"]) for row in r.rows("activities")) == sorted(ids[::2])
        r.clock.advance(7200)
        r.twin.page_view(ids[1], PRICES)
        r.run("sync")
        assert acts(r, ids[1]) == ["price_page"]


def test_where_nobody_ever_came_a_few_are_asked_once(tmp_path):
    with rig(tmp_path) as r:
        people(r, 30)
        with watched(r) as calls:
            r.run("sync")
        assert len(paths(calls, VIEWS)) == SAMPLE
        r.clock.advance(7200)
        with watched(r) as calls:
            r.run("sync")
        assert paths(calls, VIEWS) == []


# marketing events and subscriptions -------------------------------------------------------------------------------


def test_who_attended_a_webinar(fresh):
    r = fresh
    r.run("sync", only=("contacts",))
    webinar = r.twin.activity.catalogue.webinars[-1]
    r.twin.attend(webinar.ident, r.ids[0], "REGISTERED")
    r.twin.attend(webinar.ident, r.ids[0], "ATTENDED", at=r.clock.now() + timedelta(seconds=1))
    r.twin.attend(webinar.ident, r.ids[1], "NO_SHOW")
    r.clock.advance(60)
    engage(r)
    assert acts(r, r.ids[0]) == ["webinar_registered", "webinar_attended"]
    assert acts(r, r.ids[1]) == ["webinar_missed"]


def test_a_webinar_long_past_is_settled(r):
    with watched(r) as first:
        engage(r)
    with watched(r) as again:
        engage(r)
    part = "/marketing/v3/marketing-events/participations/"
    assert len(paths(first, part)) <= len(paths(again, part)) + 12
    assert len(kept(r, "marketing_events")["settled"]) > 5


def test_somebody_left_the_newsletter(r):
    r.twin.set_subscription(r.ids[0], 8401, "UNSUBSCRIBED")
    engage(r)
    assert "newsletter_cancelled" in acts(r, r.ids[0])


# off ---------------------------------------------------------------------------------------------------------------

SOURCES = [
    ("email_events", "email_event", "/email/public/v1/events"),
    ("subscriptions", "subscription", "/email/public/v1/subscriptions"),
    ("forms", "form_submission", "/marketing/v3/forms"),
    ("page_views", "page_view", "/events/v3"),
    ("marketing_events", "marketing_event", "/marketing/v3/marketing-events"),
]


def off(r) -> frozenset[str]:
    with context(r) as ctx:
        return off_sources(ctx)


def test_before_the_first_pull_everything_is_unknown(tmp_path):
    with rig(tmp_path) as r:
        assert off(r) == {event for _, event, _ in SOURCES}
        r.run("sync")
        assert off(r) == frozenset()


@pytest.mark.parametrize(("name", "event", "path"), SOURCES)
def test_a_source_that_is_off_is_said_and_its_rules_are_unknown(r, name, event, path):
    r.twin.dials.features_off = {path: 403}
    r.twin.page_view(r.ids[0], PRICES)
    told = r.run("sync", full=True)
    assert stream(told, name)["off"]
    assert [s["stream"] for s in told["streams"] if s["off"]] == [name]
    assert off(r) == {event}
    with context(r) as ctx, ctx.store.view() as u:
        (case,) = cases(ctx, u, r.ids[:1], r.clock.now_ms(), off_sources(ctx))
    assert case.facts.missing_sources == {event}


def test_points_of_a_source_that_is_off_are_unknown_not_zero(r):
    r.twin.dials.features_off = {"/events/v3": 403}
    r.twin.page_view(r.ids[0], PRICES)
    r.run("sync")
    bill = r.run("explain", str(r.ids[0]))
    assert "site_visit" in {row if isinstance(row, str) else row["rule"] for row in bill["unknown"]}
    r.twin.dials.features_off = {}
    r.clock.advance(3601)
    engage(r)
    bill = r.run("explain", str(r.ids[0]))
    assert "site_visit" in {line["rule"] for line in bill["lines"] if line["points"]}


def test_a_source_that_comes_back_goes_on_from_where_it_was(r):
    r.twin.email_event(r.ids[0], "OPEN")
    r.run("sync")
    r.twin.dials.features_off = {MAILS: 403}
    r.clock.advance(3600)
    r.twin.email_event(r.ids[0], "CLICK")
    r.run("sync")
    assert kept(r, "email_events")["high"]
    r.twin.dials.features_off = {}
    r.clock.advance(3600)
    assert stream(r.run("sync"), "email_events")["created"] == 1
    assert off(r) == frozenset()
