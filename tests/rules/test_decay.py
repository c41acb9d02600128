"""Three ways to fade: the shares left, the points in whole numbers, and when they turn next."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import DocumentInvalid
from connector.model.records import Activity
from connector.rules.documents.scoring_rules import Decay
from connector.rules.scoring.decay import ONE, Fade, linear, rounded, weight
from tests.rules.judging.build import DAY, HOUR, NOW, activity_rule, contact, did, judged, model

STAIRS = {"steps": [{"after_days": 30, "keep": 50}, {"after_days": 90, "keep": 0}]}


def fade(**said: Any) -> Fade:
    return Fade(Decay.model_validate(said, strict=False))


def acts(*days_ago: float) -> list[Activity]:
    return [Activity(1, NOW - int(ago * DAY), str(ago), "e_book", "x", "T") for ago in days_ago]


class TestShares:
    @pytest.mark.parametrize(("age", "share"), [(0, 1.0), (45, 0.5), (89, 1 / 90), (90, 0.0), (900, 0.0)])
    def test_linear(self, age: int, share: float) -> None:
        assert linear(age, 90) / ONE == pytest.approx(share, abs=1e-12)

    @pytest.mark.parametrize(("age", "share"), [(0, 100), (29, 100), (30, 50), (89, 50), (90, 0), (4000, 0)])
    def test_steps(self, age: int, share: int) -> None:
        assert fade(**STAIRS).weight(age) * 100 // ONE == share

    def test_what_is_to_come_has_not_faded(self) -> None:
        assert weight(-5, 30) == linear(-5, 30) == fade(**STAIRS).weight(-5) == ONE

    @settings(max_examples=100, deadline=None)
    @given(st.integers(0, 3_000), st.integers(1, 3_000))
    def test_no_share_ever_grows_with_age(self, age: int, span: int) -> None:
        assert weight(age + 1, span) <= weight(age, span) <= ONE
        assert linear(age + 1, span) <= linear(age, span) <= ONE

    @pytest.mark.parametrize(
        ("numerator", "whole"), [(ONE // 2, 0), (3 * ONE // 2, 2), (5 * ONE // 2, 2), (-ONE // 2, 0)]
    )
    def test_halves_go_to_the_even_one(self, numerator: int, whole: int) -> None:
        assert rounded(numerator) == whole


class TestTurns:
    def test_a_half_life_turns_at_the_end_of_a_day(self) -> None:
        turn = fade(half_life_days=30).next_step_ms(60, acts(0), NOW)
        assert turn == NOW + DAY
        assert fade(half_life_days=30).faded(60, acts(0), turn) == 59

    def test_a_step_turns_at_its_day_and_not_before(self) -> None:
        assert fade(**STAIRS).next_step_ms(60, acts(0), NOW) == NOW + 30 * DAY
        assert fade(**STAIRS).next_step_ms(60, acts(30), NOW) == NOW + 60 * DAY

    def test_what_is_gone_turns_no_more(self) -> None:
        assert fade(linear_days=10).next_step_ms(60, acts(10), NOW) is None
        assert fade(**STAIRS).next_step_ms(60, acts(90), NOW) is None

    def test_the_last_step_may_keep_something_for_good(self) -> None:
        kept = fade(steps=[{"after_days": 10, "keep": 40}])
        assert kept.next_step_ms(50, acts(10), NOW) is None
        assert kept.faded(50, acts(5000), NOW) == 20

    def test_of_several_acts_the_first_to_turn_counts(self) -> None:
        assert fade(**STAIRS).next_step_ms(60, acts(0, 29.5), NOW) == NOW + DAY // 2

    @settings(max_examples=60, deadline=None)
    @given(
        st.sampled_from([{"half_life_days": 9}, {"linear_days": 40}, STAIRS]),
        st.lists(st.integers(0, 60 * 24), min_size=1, max_size=4), st.integers(-60, 60).filter(bool),
    )  # fmt: skip
    def test_nothing_turns_before_it_is_said(self, said: dict[str, Any], hours: list[int], points: int) -> None:
        one = fade(**said)
        events = [Activity(1, NOW - ago * HOUR, str(ago), "e_book", "x", "T") for ago in sorted(hours, reverse=True)]
        turn = one.next_step_ms(points, events, NOW)
        end = NOW + 400 * DAY if turn is None else turn
        now = one.faded(points, events, NOW)
        assert {one.faded(points, events, moment) for moment in range(NOW, end, max((end - NOW) // 50, 1))} == {now}


class TestOnTheBill:
    def test_each_way_says_how_much_is_left(self) -> None:
        for decay, said in (
            ({"half_life_days": 30}, "halves every 30 days, 10 of 20 points left"),
            ({"linear_days": 60}, "gone after 60 days, 10 of 20 points left"),
            (STAIRS, "fades in steps, 10 of 20 points left"),
        ):
            (line,) = judged(contact(did("e_book", 30)), model(activity_rule(points=20, decay=decay))).receipt.lines
            assert (line.points, line.reason) == (10, f"Rule; {said}")

    def test_a_cap_comes_after_the_fading(self) -> None:
        rule = activity_rule(points=20, counting="per_event", cap=30, decay={"linear_days": 100})
        (line,) = judged(contact(did("e_book", 10, times=3, apart_days=0)), model(rule)).receipt.lines
        assert (line.points, line.reason) == (30, "Rule (3 times); capped at 30 points")

    def test_what_takes_points_fades_too(self) -> None:
        rule = activity_rule(points=-40, decay={"linear_days": 40})
        assert judged(contact(did("e_book", 10)), model(rule)).receipt.score == -30


@pytest.mark.parametrize(
    ("decay", "words"),
    [
        ({}, "one of `half_life_days`, `linear_days` and `steps`"),
        ({"half_life_days": 3, "linear_days": 3}, "one of `half_life_days`"),
        ({"linear_days": 0}, "must be at least 1"),
        ({"steps": []}, "There are no steps"),
        ({"steps": [{"after_days": 3, "keep": 100}]}, "must be at most 99"),
        (
            {"steps": [{"after_days": 9, "keep": 50}, {"after_days": 3, "keep": 20}]},
            "come after more days and keep less",
        ),
        (
            {"steps": [{"after_days": 3, "keep": 20}, {"after_days": 9, "keep": 50}]},
            "come after more days and keep less",
        ),
    ],
)
def test_a_decay_makes_sense(decay: dict[str, Any], words: str) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        model(activity_rule(decay=decay))
    assert any(words in fault.message for fault in refused.value.faults)
