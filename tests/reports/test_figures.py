"""Spans of whole days in a portal's time zone, and figures that know whom they count."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.reports.figures import before, count, days, midnight_ms, none, ratio, share, span, typical
from connector.rules.bands import wilson

NOON = round(datetime(2026, 6, 30, 12, tzinfo=UTC).timestamp() * 1000)
BERLIN = "Europe/Berlin"


class TestASpan:
    """``--from`` and ``--to``: both days are included, as people mean it."""

    def test_begins_and_ends_at_midnight_of_the_portal(self) -> None:
        found = span(BERLIN, NOON, date(2026, 1, 1), date(2026, 1, 31))
        assert found.from_ms == round(datetime(2025, 12, 31, 23, tzinfo=UTC).timestamp() * 1000)
        assert found.to_ms == round(datetime(2026, 1, 31, 23, tzinfo=UTC).timestamp() * 1000)

    def test_is_ninety_days_with_today_unless_said_otherwise(self) -> None:
        found = span("UTC", NOON)
        assert (found.first, found.last) == (date(2026, 4, 2), date(2026, 6, 30))

    def test_ends_now_and_not_in_the_future(self) -> None:
        assert span("UTC", NOON).to_ms == NOON + 1

    def test_has_a_day_of_twenty_three_hours_when_the_clocks_change(self) -> None:
        found = span(BERLIN, NOON, date(2026, 3, 29), date(2026, 3, 29))
        assert found.to_ms - found.from_ms == 23 * 3_600_000

    def test_of_an_unknown_time_zone_is_in_utc(self) -> None:
        assert midnight_ms(date(2026, 1, 1), "Mars/Olympus") == midnight_ms(date(2026, 1, 1), "UTC")

    @given(st.dates(date(2001, 1, 1), date(2030, 1, 1)), st.integers(0, 400))
    def test_before_it_lies_one_of_as_many_days(self, first: date, more: int) -> None:
        last = date.fromordinal(first.toordinal() + more)
        this = span(BERLIN, 4_000_000_000_000, first, last)
        then = before(this)
        assert then.to_ms == this.from_ms
        assert (then.last - then.first).days == (this.last - this.first).days

    def test_names_the_months_it_touches(self) -> None:
        assert span("UTC", NOON, date(2025, 12, 31), date(2026, 2, 1)).months() == ("2025-12", "2026-01", "2026-02")


class TestFigures:
    """None with a reason where there is nothing to tell; never a zero for want of knowledge."""

    def test_count_each_contact_once(self) -> None:
        assert (count("x", [3, 1, 3]).value, count("x", [3, 1, 3]).who) == (2, (1, 3))

    def test_a_share_of_nothing_is_unknown(self) -> None:
        found = share("x", [], [])
        assert (found.value, found.of, found.why) == (None, 0, "nothing_to_share")

    def test_a_share_of_somebody_may_be_zero(self) -> None:
        assert share("x", [], [1, 2]).value == 0

    def test_the_middle_of_nobody_is_unknown(self) -> None:
        assert (typical("x", []).value, typical("x", []).why) == (None, "nobody")

    def test_the_middle_opens_those_it_is_the_middle_of(self) -> None:
        found = typical("x", [(5, 1.0), (2, 9.0), (5, 3.0)])
        assert (found.value, found.of, found.who) == (3.0, 3, (2, 5))

    def test_what_cannot_be_told_carries_its_reason(self) -> None:
        assert none("x", "mails_off").why == "mails_off"

    def test_a_share_of_things_counts_things_and_opens_contacts(self) -> None:
        found = ratio("x", 3, 4, who=[7, 7, 7])
        assert (found.value, found.of, found.who) == (0.75, 4, (7,))

    def test_days_are_told_to_a_hundredth(self) -> None:
        assert days(0, 129_600_000) == 1.5


class TestTheBand:
    """Wilson's interval against values of the published formula."""

    @pytest.mark.parametrize(
        ("hits", "of", "low", "high"),
        [
            (0, 10, 0.0, 0.2775),
            (5, 10, 0.2366, 0.7634),
            (10, 10, 0.7225, 1.0),
            (1, 1, 0.2065, 1.0),
            (81, 263, 0.2553, 0.3662),
        ],
    )
    def test_is_the_published_one(self, hits: int, of: int, low: float, high: float) -> None:
        assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)

    def test_of_nothing_there_is_none(self) -> None:
        assert wilson(0, 0) is None

    @given(st.integers(1, 10_000), st.data())
    def test_holds_the_share_and_stays_within_nothing_and_all(self, of: int, data: st.DataObject) -> None:
        hits = data.draw(st.integers(0, of))
        band = wilson(hits, of)
        assert band is not None
        assert 0 <= band[0] <= hits / of <= band[1] <= 1

    @given(st.integers(1, 50), st.integers(2, 20))
    def test_narrows_with_more_cases(self, hits: int, times: int) -> None:
        few, many = wilson(hits, 2 * hits), wilson(times * hits, times * 2 * hits)
        assert few is not None
        assert many is not None
        assert many[1] - many[0] < few[1] - few[0]
