"""A contact's way through the stages, from HubSpot's dates and from changes that the mirror saw."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.judgement import STAGES
from connector.presets import load_yaml, preset_text
from connector.rules.documents import parse_document
from connector.rules.journey import UNMAPPED, UNSET, Back, Entry, Journey, Ways
from connector.rules.lifecycle import RANK

WAYS = Ways(parse_document("lifecycle", *load_yaml(preset_text("lifecycle", "standard"), "l"), "l"))  # type: ignore[arg-type]
MQL, SQL = "marketingqualifiedlead", "salesqualifiedlead"


def way(
    value: str = "", ours: str = "", entered: dict[str, int] | None = None, *turns: tuple[int, str, str]
) -> Journey:
    return WAYS.journey(value, ours, entered or {}, turns)


class TestWhereAContactStands:
    """The portal's value rules; a stage that has none there is ours."""

    @pytest.mark.parametrize(
        ("value", "ours", "stage"),
        [
            ("", "", UNSET),
            ("", "mql", UNSET),
            ("lead", "", "lead"),
            (MQL, "lead", "mql"),
            ("4711", "", UNMAPPED),
            (MQL, "sal", "sal"),
            (SQL, "sal", "sql"),
            (MQL, "recycled", "recycled"),
            (SQL, "recycled", "recycled"),
            ("opportunity", "recycled", "opportunity"),
            ("lead", "disqualified", "disqualified"),
            (SQL, "disqualified", "sql"),
        ],
    )
    def test_by_both_values(self, value: str, ours: str, stage: str) -> None:
        assert way(value, ours).current == stage


class TestTheEntries:
    """Dates that HubSpot keeps and changes that were seen make one row in time order."""

    def test_come_in_time_order(self) -> None:
        found = way(MQL, "", {MQL: 30, "lead": 10})
        assert found.entries == (Entry(10, "lead"), Entry(30, "mql"))

    def test_the_same_stage_told_twice_is_entered_once(self) -> None:
        assert way(MQL, "", {MQL: 30}, (31, MQL, "")).entries == (Entry(30, "mql"),)

    def test_a_cleared_value_is_no_stage(self) -> None:
        """HubSpot wants a stage cleared before it is set back."""
        assert way("lead", "", {"lead": 10, MQL: 20}, (30, "", ""), (31, "lead", "")).entries == (
            Entry(10, "lead"), Entry(20, "mql"), Entry(31, "lead"),
        )  # fmt: skip

    def test_ours_count_only_where_the_portal_has_no_value(self) -> None:
        assert way(MQL, "recycled", {MQL: 10}, (20, "", "mql"), (30, "", "recycled")).entries[-1] == Entry(
            30, "recycled"
        )

    def test_two_stages_of_one_instant_go_forward(self) -> None:
        assert way(SQL, "", {SQL: 10, "lead": 10}).backward() == ()


class TestWhatFollowsFromThem:
    """Reached, stayed, moved back."""

    FORTH_AND_BACK = way("lead", "", {SQL: 20, "lead": 10}, (50, "lead", ""))

    def test_reached_is_this_stage_or_a_later_one(self) -> None:
        assert [stage for stage in STAGES if self.FORTH_AND_BACK.reached(stage)] == [
            "subscriber",
            "lead",
            "mql",
            "sal",
            "sql",
        ]

    def test_reached_at_the_first_entry_that_far(self) -> None:
        assert (self.FORTH_AND_BACK.reached_ms("mql"), self.FORTH_AND_BACK.entered_ms("mql")) == (20, None)

    def test_stays_until_the_next_entry(self) -> None:
        assert (self.FORTH_AND_BACK.entered_ms("sql"), self.FORTH_AND_BACK.left_ms("sql")) == (20, 50)

    def test_has_not_left_where_it_is(self) -> None:
        assert way(MQL, "", {MQL: 10}).left_ms("mql") is None

    def test_a_move_to_an_earlier_stage_is_told(self) -> None:
        assert self.FORTH_AND_BACK.backward() == (Back(50, "sql", "lead"),)

    def test_being_sent_back_is_no_move_backward(self) -> None:
        """Recycled stands beside the row of stages, not before them."""
        assert way(MQL, "recycled", {MQL: 10}, (20, "", "recycled")).backward() == ()

    @pytest.mark.parametrize(("at", "stage"), [(5, ""), (10, "lead"), (19, "lead"), (20, "sql"), (60, "lead")])
    def test_where_it_stood_at_a_time(self, at: int, stage: str) -> None:
        assert self.FORTH_AND_BACK.stood(at) == stage

    def test_a_stage_without_any_date_is_reached_at_an_unknown_time(self) -> None:
        found = way("customer")
        assert (found.reached("customer"), found.reached_ms("customer")) == (True, None)

    def test_without_a_stage_nothing_was_reached(self) -> None:
        assert not any(way().reached(stage) for stage in STAGES)

    @given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from(["lead", MQL, SQL, "customer"])), max_size=12))
    def test_reaching_is_monotonous(self, told: list[tuple[int, str]]) -> None:
        found = WAYS.journey(told[-1][1] if told else "", "", {}, [(at, value, "") for at, value in told])
        flags = [found.reached(stage) for stage in STAGES]
        assert flags == sorted(flags, reverse=True)
        dated = [at for stage in STAGES if (at := found.reached_ms(stage)) is not None]
        assert dated == sorted(dated)
        assert all(a.stage != b.stage for a, b in zip(found.entries, found.entries[1:], strict=False))
        assert RANK.get(found.furthest, -1) == max((RANK[one.stage] for one in found.entries), default=-1)


def test_stages_are_called_as_the_document_says() -> None:
    assert (WAYS.labels["mql"], WAYS.labels["customer"]) == ("MQL", "Customer")
