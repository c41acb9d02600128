"""Which slots are due: every time of day once a day, whatever the clocks do that night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import DocumentInvalid
from connector.presets import load_yaml, preset_text
from connector.rules.documents import parse_document
from connector.rules.documents.schedule import WEEKDAYS, Entry
from connector.rules.timetable import latest, slots, upcoming

BERLIN, AUCKLAND, APIA, NEW_YORK = (
    ZoneInfo(name) for name in ("Europe/Berlin", "Pacific/Auckland", "Pacific/Apia", "America/New_York")
)
LORD_HOWE, KATHMANDU = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")
ZONES = (UTC, BERLIN, AUCKLAND, APIA, NEW_YORK, LORD_HOWE, KATHMANDU)
DAY_MS = 86_400_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def nightly(*at: str, weekdays=WEEKDAYS) -> Entry:
    return Entry(kind="verify", at=at, weekdays=weekdays)


def told(found, zone) -> list[str]:
    return [datetime.fromtimestamp(slot / 1000, zone).strftime("%m-%d %H:%M") for slot in found]


class TestNights:
    """The two nights of daylight saving, and zones far from here."""

    def test_in_the_spring_night_a_skipped_time_is_done_once_at_the_next_valid_one(self):
        found = slots(nightly("02:30"), BERLIN, ms("2026-03-28T00:00+01:00"), ms("2026-03-30T12:00+02:00"))
        assert told(found, BERLIN) == ["03-28 02:30", "03-29 03:00", "03-30 02:30"]

    def test_in_the_autumn_night_a_doubled_time_is_done_once_at_its_first_coming(self):
        found = slots(nightly("02:30"), BERLIN, ms("2026-10-24T00:00+02:00"), ms("2026-10-26T12:00+01:00"))
        assert told(found, BERLIN) == ["10-24 02:30", "10-25 02:30", "10-26 02:30"]
        assert found[1] == ms("2026-10-25T02:30+02:00")

    def test_two_times_in_the_same_gap_meet_and_are_done_once(self):
        found = slots(
            nightly("02:15", "02:30", "03:00"), BERLIN, ms("2026-03-29T00:00+01:00"), ms("2026-03-29T12:00+02:00")
        )
        assert told(found, BERLIN) == ["03-29 03:00"]

    def test_thirteen_hours_ahead_of_greenwich(self):
        found = slots(nightly("03:30"), AUCKLAND, ms("2026-01-14T00:00+00:00"), ms("2026-01-15T00:00+00:00"))
        assert found == (ms("2026-01-15T03:30+13:00"),)

    def test_a_gap_of_half_an_hour(self):
        found = slots(nightly("02:10"), LORD_HOWE, ms("2026-10-03T00:00+10:30"), ms("2026-10-05T00:00+11:00"))
        assert told(found, LORD_HOWE) == ["10-03 02:10", "10-04 02:30"]

    def test_a_day_that_a_country_skipped_is_made_up_for_when_the_next_one_begins(self):
        found = slots(nightly("12:00"), APIA, ms("2011-12-29T00:00-10:00"), ms("2012-01-01T00:00+14:00"))
        assert told(found, APIA) == ["12-29 12:00", "12-31 00:00", "12-31 12:00"]

    def test_an_interval_goes_on_through_both_nights(self):
        entry = Entry(kind="cycle", every=5)
        for begin in (ms("2026-03-29T00:00+01:00"), ms("2026-10-25T00:00+02:00")):
            found = slots(entry, BERLIN, begin, begin + 6 * 3_600_000)
            assert {later - earlier for earlier, later in pairwise(found)} == {300_000}

    def test_only_on_its_weekdays_there(self):
        found = slots(
            nightly("01:00", weekdays=("mon",)), AUCKLAND, ms("2026-01-01T00:00+00:00"), ms("2026-01-20T00:00+00:00")
        )
        assert told(found, AUCKLAND) == ["01-05 01:00", "01-12 01:00", "01-19 01:00"]


TIMES = st.times().map(lambda moment: moment.strftime("%H:%M"))
ENTRIES = st.one_of(
    st.builds(lambda every: Entry(kind="cycle", every=every), st.integers(1, 1440)),
    st.builds(
        lambda at, days: Entry(kind="verify", at=tuple(sorted(at)), weekdays=tuple(sorted(days))),
        st.sets(TIMES, min_size=1, max_size=4),
        st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    ),
)
INSTANTS = st.integers(ms("2024-01-01T00:00+00:00"), ms("2028-01-01T00:00+00:00"))


class TestForEveryEntry:
    """What holds for every entry, zone and pair of instants."""

    @given(ENTRIES, st.sampled_from(ZONES), INSTANTS, st.integers(0, 20 * DAY_MS), st.integers(0, 20 * DAY_MS))
    def test_cutting_a_stretch_in_two_neither_loses_nor_doubles_a_slot(self, entry, zone, begin, first, second):
        whole = slots(entry, zone, begin, begin + first + second)
        cut = slots(entry, zone, begin, begin + first) + slots(entry, zone, begin + first, begin + first + second)
        assert cut == whole

    @given(ENTRIES, st.sampled_from(ZONES), INSTANTS, st.integers(0, 60 * DAY_MS))
    def test_the_latest_is_the_last_and_the_upcoming_the_first(self, entry, zone, begin, length):
        found = slots(entry, zone, begin, begin + length)
        assert latest(entry, zone, begin, begin + length) == (found[-1] if found else None)
        ahead = upcoming(entry, zone, begin)
        assert ahead is not None
        assert not slots(entry, zone, begin, ahead - 1)
        if found:
            assert ahead == found[0]

    @given(TIMES, st.sampled_from(ZONES), INSTANTS)
    def test_a_time_of_day_is_done_once_on_every_local_day(self, at, zone, begin):
        found = slots(nightly(at), zone, begin, begin + 30 * DAY_MS)
        days = [datetime.fromtimestamp(slot / 1000, zone).date() for slot in found]
        assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
        assert len(days) in (29, 30, 31)

    @given(ENTRIES, st.sampled_from(ZONES), INSTANTS)
    def test_going_back_in_time_makes_nothing_due(self, entry, zone, begin):
        assert slots(entry, zone, begin, begin - DAY_MS) == ()
        assert slots(entry, zone, begin, begin) == ()


def test_an_entry_that_is_switched_off_is_never_due():
    entry = Entry(kind="cycle", every=5, enabled=False)
    assert slots(entry, UTC, 0, DAY_MS) == ()
    assert upcoming(entry, UTC, 0) is None


class TestDocument:
    """The document says which part is wrong and how to mend it."""

    def test_the_shipped_one(self):
        document = parse_document(
            "schedule", *load_yaml(preset_text("schedule", "standard"), "standard.yaml"), "s.yaml"
        )
        assert {entry.kind: (entry.every, entry.at) for entry in document.entries} == {
            "cycle": (5, ()),
            "verify": (None, ("03:30",)),
            "retention": (None, ("02:15",)),
            "erase": (60, ()),
        }

    @pytest.mark.parametrize(
        ("entry", "sentence"),
        [
            ({"kind": "cycle"}, "cycle has no time"),
            ({"kind": "cycle", "every": 5, "at": ["03:30"]}, "both an interval and times"),
            ({"kind": "cycle", "every": 5, "weekdays": ["mon"]}, "Weekdays go with times of day alone"),
            ({"kind": "verify", "at": ["03:30"], "weekdays": []}, "No weekday is left"),
            ({"kind": "verify", "at": ["24:00"]}, "24:00"),
            ({"kind": "verify", "at": ["3:30"]}, "3:30"),
            ({"kind": "drain", "every": 1}, '"drain" is not allowed here'),
            ({"kind": "cycle", "every": 0}, "0"),
            ({"kind": "cycle", "every": "5"}, "whole number"),
        ],
    )
    def test_what_is_refused(self, entry, sentence):
        with pytest.raises(DocumentInvalid, match=sentence):
            parse_document("schedule", {"entries": [entry]}, {}, "x.yaml")

    def test_each_kind_of_work_once(self):
        with pytest.raises(DocumentInvalid, match="cycle stands there 2 times"):
            parse_document("schedule", {"entries": [{"kind": "cycle", "every": 5}] * 2}, {}, "x.yaml")
