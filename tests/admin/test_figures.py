"""Reports as pages: the funnel first, every number opens its contacts, spans of days, German, and what went wrong."""

from __future__ import annotations

import re

import pytest

from connector.admin.figures import KINDS
from connector.store import quality_days
from connector.store.quality_days import QualityDay
from tests.admin.conftest import House
from tests.admin.desk import as_shipped, standing_house
from tests.admin.hands import text


@pytest.fixture(scope="module")
def lasting_house(tmp_path_factory):
    yield from standing_house(tmp_path_factory.mktemp("house"))


@pytest.fixture
def house(lasting_house):
    return as_shipped(lasting_house)


def page(house: House, what: str, query: str = "", status: int = 200) -> str:
    """The page once its report is there."""
    for _ in range(30):
        told = house.get(f"/portals/acme/reports/{what}{query}", status)
        if 'http-equiv="refresh"' not in told:
            return told
    raise AssertionError("the report never came")


@pytest.mark.parametrize("what", KINDS)
def test_each_report_has_its_page(house, what):
    told = text(page(house, what))
    assert "both days included" in told
    assert "Last sync" in told


def test_the_funnel_is_where_people_begin(house):
    for _ in range(30):
        told = house.get("/portals/acme/reports")
        if 'http-equiv="refresh"' not in told:
            break
    assert "The funnel" in text(told)


def test_a_number_opens_the_contacts_it_counts(house):
    told = page(house, "funnel")
    link, count = re.search(r'href="/admin/portals/acme/reports/funnel\?(list=[^"]+)">(\d+) contact', told).groups()
    listed = page(house, "funnel", f"?{link}".replace("&amp;", "&"))
    assert len(re.findall(r'<th scope="row" class="name"><a href="/admin/portals/acme/contacts/\d+"', listed)) == int(
        count
    )
    assert "***@" in listed
    assert "Back to the report" in listed


def test_a_span_of_days_is_asked_for_and_shown(house):
    told = text(page(house, "kpis", "?from=2026-01-01&to=2026-03-31"))
    assert "From 2026-01-01 to 2026-03-31" in told


def test_a_span_that_ends_before_it_begins_is_refused_in_words(house):
    told = text(page(house, "kpis", "?from=2026-03-31&to=2026-01-01", 422))
    assert "before it begins" in told


def test_an_invented_number_is_refused_with_the_nearest(house):
    assert "No number of this report is called" in text(page(house, "kpis", "?list=nothing/at-all", 422))


def test_what_is_no_day_is_left_out(house):
    assert "both days included" in text(page(house, "kpis", "?from=yesterday"))


def test_in_german_with_german_words(house):
    house.signed_in("viewer", "acme", language="de")
    told = text(page(house, "quality"))
    assert "Vollständig" in told
    assert "beide Tage eingeschlossen" in told


def test_there_is_no_other_report(house):
    house.get("/portals/acme/reports/secrets", 404)


def test_before_the_first_sync_the_page_says_so(empty_house):
    empty_house.get("/portals/acme/reports/kpis", 404)


def test_the_trend_of_data_quality_is_drawn_when_it_has_days_enough(house):
    assert "The trend needs 7 days; it has 0." in text(page(house, "quality"))
    with house.service.store.unit() as u:
        for n in range(8):
            one = QualityDay(f"2026-10-{n + 1:02}", n, 60, 0.5 + n / 100, 0.9, 0.8, None if n == 0 else 1.0)
            quality_days.put(u, house.portal_id("acme"), one)
    house.rig.clock.advance(700)
    told = page(house, "quality")
    assert told.count("<polyline") == 4
    assert re.search(r'points="0\.0,20\.0 [^"]+ 240\.0,17\.2"', told)
    assert "style=" not in told[told.index("<polyline") :]
    assert "From 2026-10-01 to 2026-10-08: 8 days." in told
    assert "2026-10-05" in told[told.index("<details") :], "the days stand there in figures too"
