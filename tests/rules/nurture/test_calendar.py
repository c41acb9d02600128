"""Delays and the window for mails, by the wall clock of the portal, also in the nights when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.rules.documents.nurture import Pace
from connector.rules.nurture.calendar import Calendar
from tests.rules.nurture.build import BERLIN, ms

OFFICE = Calendar(Pace(), BERLIN)
HOLIDAY = Calendar(Pace(holidays=("2026-12-25", "2026-12-28")), BERLIN)


def wall(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, BERLIN):%Y-%m-%d %H:%M}"


class TestTheWindow:
    """Mails go out from 8 to 18 on working days."""

    @pytest.mark.parametrize(
        ("asked", "opens"),
        [
            ("2026-11-02 10:00", "2026-11-02 10:00"),
            ("2026-11-02 08:00", "2026-11-02 08:00"),
            ("2026-11-02 07:59", "2026-11-02 08:00"),
            ("2026-11-02 18:00", "2026-11-03 08:00"),
            ("2026-11-06 19:00", "2026-11-09 08:00"),
            ("2026-11-08 12:00", "2026-11-09 08:00"),
        ],
    )
    def test_next_open(self, asked, opens):
        assert wall(OFFICE.next_open(ms(asked))) == opens

    def test_holidays_are_no_working_days(self):
        assert wall(HOLIDAY.next_open(ms("2026-12-24 18:30"))) == "2026-12-29 08:00"

    def test_the_zone_is_the_portals(self):
        """Ten in the morning in Berlin is four in New York: too early there."""
        new_york = Calendar(Pace(), ZoneInfo("America/New_York"))
        assert wall(new_york.next_open(ms("2026-11-02 10:00"))) == "2026-11-02 14:00"

    @given(st.integers(1_700_000_000_000, 1_900_000_000_000))
    def test_it_never_opens_in_the_past_and_opening_is_stable(self, at_ms):
        opens = OFFICE.next_open(at_ms)
        assert opens >= at_ms
        assert OFFICE.next_open(opens) == opens
        assert OFFICE.local(opens).weekday() < 5
        assert 8 <= OFFICE.local(opens).hour < 18


class TestDelays:
    """Days are days of the calendar."""

    @pytest.mark.parametrize(
        ("begin", "delay", "over"),
        [
            ("2026-11-02 10:00", {"days": 3}, "2026-11-05 10:00"),
            ("2026-11-02 10:00", {"days": 0, "hours": 5}, "2026-11-02 15:00"),
            ("2026-11-02 10:00", {"days": 1, "hours": 5}, "2026-11-03 15:00"),
            ("2026-11-05 10:00", {"days": 3, "working": True}, "2026-11-10 10:00"),
            ("2026-11-07 10:00", {"days": 1, "working": True}, "2026-11-09 10:00"),
            ("2026-11-02 10:00", {"days": 3, "at": "09:00"}, "2026-11-05 09:00"),
            ("2026-11-02 10:00", {"days": 0, "at": "16:00"}, "2026-11-02 16:00"),
            ("2026-11-02 10:00", {"days": 0, "at": "09:00"}, "2026-11-03 09:00"),
            ("2027-03-27 10:00", {"days": 1}, "2027-03-28 10:00"),  # the clocks go forward in that night
            ("2026-10-24 10:00", {"days": 1}, "2026-10-25 10:00"),  # and back in this one
            ("2027-03-27 02:30", {"days": 1}, "2027-03-28 03:00"),  # an hour that does not exist
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_plus(self, begin, delay, over):
        assert wall(OFFICE.plus(ms(begin), **delay)) == over

    def test_holidays_do_not_count_as_working_days(self):
        assert wall(HOLIDAY.plus(ms("2026-12-24 10:00"), 1, working=True)) == "2026-12-29 10:00"

    def test_a_pace_without_end_gives_up_the_search(self):
        """One weekday, and years of holidays on it: the search ends all the same."""
        days = tuple(f"2027-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 29))
        odd = Calendar(Pace(holidays=days, weekdays=("mon",)), UTC)
        assert odd.next_open(ms("2027-01-01 10:00")) > ms("2027-01-01 10:00")

    @given(st.integers(1_700_000_000_000, 1_900_000_000_000), st.integers(0, 60))
    def test_a_longer_delay_is_never_over_sooner(self, at_ms, days):
        at_ms -= at_ms % 1000
        assert at_ms <= OFFICE.plus(at_ms, days) <= OFFICE.plus(at_ms, days + 1)
        assert OFFICE.plus(at_ms, days) <= OFFICE.plus(at_ms, days, working=True)
