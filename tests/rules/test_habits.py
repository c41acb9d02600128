"""Burst, velocity, dwell and frequency: bounds to the millisecond, what is unknown, what one more act brings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.errors import DocumentInvalid
from connector.model.judgement import Facts, Receipt
from connector.model.records import Activity
from connector.rules.judge import next_change_ms
from connector.rules.words import reason
from tests.rules.judging.build import DAY, HOUR, NOW, contact, did, judged, later, model

BURST: dict[str, Any] = {
    "name": "rush", "kind": "burst", "family": "readiness", "points": 20, "activities": ["price_page", "e_book"],
    "at_least": 3, "within_hours": 24,
}  # fmt: skip
VELOCITY: dict[str, Any] = {
    "name": "faster", "kind": "velocity", "family": "readiness", "points": 15, "activities": ["site_visit"],
    "window_days": 10, "at_least": 2, "factor": 1.5,
}  # fmt: skip
DWELL: dict[str, Any] = {
    "name": "prices", "kind": "dwell", "family": "readiness", "points": 10, "activities": ["price_page"],
    "min_seconds": 60,
}  # fmt: skip
FREQUENCY: dict[str, Any] = {
    "name": "often", "kind": "frequency", "family": "engagement", "points": 10, "activities": ["mail_clicked"],
    "at_least": 2, "at_most": 3,
}  # fmt: skip


def at(kind: str, *millis_ago: int, **more: Any) -> list[Activity]:
    """Acts so many milliseconds ago."""
    return [
        Activity(1, NOW - ago, f"{kind}-{ago}", kind, "x", "T", title=kind, **more)
        for ago in sorted(millis_ago, reverse=True)
    ]


def seconds(kind: str, *spent: int | None) -> list[Activity]:
    """Visits of so many seconds, an hour apart; None where the portal did not say."""
    return [
        Activity(
            1, NOW - HOUR * (n + 1), f"{kind}-{n}", kind, "x", "T",
            detail={} if one is None else {"duration_ms": str(one * 1000)},
        )
        for n, one in enumerate(spent)
    ]  # fmt: skip


def bill(rule: dict[str, Any], *acts: list[Activity], **more: Any) -> Receipt:
    return judged(contact(*acts, **more), model(rule)).receipt


def unknown(receipt: Receipt) -> tuple[int, str] | None:
    return next(((one.points, one.missing) for one in receipt.unknown), None)


def room(receipt: Receipt) -> int:
    return next((one.points for one in receipt.next_steps), 0)


class TestBurst:
    def test_a_millisecond_less_than_the_window(self) -> None:
        assert bill(BURST, at("e_book", 0, HOUR, DAY - 1)).score == 20
        assert bill(BURST, at("e_book", 0, HOUR, DAY)).score == 0

    def test_once_counts_the_newest(self) -> None:
        rule = {**BURST, "decay": {"linear_days": 100}}
        acts = [*at("e_book", 0, 1, 2), *at("price_page", 50 * DAY, 50 * DAY + 1, 50 * DAY + 2)]
        assert bill(rule, sorted(acts, key=lambda one: one.at_ms)).score == 20

    def test_each_counts_until_the_cap(self) -> None:
        rule = {**BURST, "counting": "per_burst", "cap": 50}
        acts = [at("e_book", *(day * 10 * DAY + n for n in range(3))) for day in range(4)]
        receipt = bill(rule, *acts[:2])
        assert (receipt.score, receipt.lines[0].count) == (40, 2)
        assert bill(rule, *acts).score == 50

    def test_the_line_says_what_was_seen(self) -> None:
        (line,) = bill(BURST, at("e_book", 0, 1, 2)).lines
        assert line.reason == "Rush: 1 times at least 3 acts within 24 hours"
        assert reason(line, "de") == "Rush: 1-mal mindestens 3 Handlungen in 24 Stunden"
        assert line.evidence == "e_book on 2026-11-22, the newest of 3"

    def test_with_a_source_off_the_rest_up_to_the_cap_is_unknown(self) -> None:
        rule = {**BURST, "counting": "per_burst", "cap": 50}
        off = frozenset({"page_view"})
        assert unknown(bill(rule, at("e_book", 0, 1, 2), missing_sources=off)) == (30, "source off: page_view")
        assert unknown(bill(BURST, at("e_book", 0, 1, 2), missing_sources=off)) is None

    def test_an_act_that_perhaps_was_none_leaves_it_unknown(self) -> None:
        acts = [*at("e_book", 1, 2), *at("e_book", 0, verdict="unsure")]
        assert unknown(bill(BURST, acts)) == (20, "1 not certainly human")
        assert bill({**BURST, "count_unsure": True}, acts).score == 20
        assert (
            bill({**BURST, "human_only": False}, [*at("e_book", 1, 2), *at("e_book", 0, verdict="machine")]).score == 20
        )

    def test_one_more_act_brings_it_while_the_others_are_fresh(self) -> None:
        facts = contact(at("e_book", HOUR, 2 * HOUR))
        compiled = model(BURST)
        assert room(judged(facts, compiled).receipt) == 20
        turn = next_change_ms(facts, compiled)
        assert turn == NOW - 2 * HOUR + DAY
        assert room(judged(replace(facts, now_ms=turn), compiled).receipt) == 0

    def test_a_negative_one_has_a_floor(self) -> None:
        rule = {**BURST, "points": -20, "counting": "per_burst", "floor": -30}
        acts = [at("e_book", *(day * 10 * DAY + n for n in range(3))) for day in range(3)]
        assert bill(rule, *acts).score == -30

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"at_least": 1}, "must be at least 2"),
            ({"within_hours": 0}, "must be at least 1"),
            ({"cap": 5}, "below the points of one event"),
            ({"points": -20, "cap": 50}, "has a floor, not a cap"),
            ({"counting": "per_event"}, "not allowed here"),
            ({"activities": []}, "needs at least 1 entries"),
            ({"every_days": 5}, "is not a key here"),
        ],
    )
    def test_faults(self, changes: dict[str, Any], words: str) -> None:
        assert any(words in one for one in faults({**BURST, **changes}))


class TestVelocity:
    def facts(self, lately: int, before: int) -> Facts:
        return contact(
            at("site_visit", *(n * HOUR for n in range(lately)), *(11 * DAY + n * HOUR for n in range(before)))
        )

    @pytest.mark.parametrize(
        ("lately", "before", "points"), [(2, 0, 15), (1, 0, 0), (3, 2, 15), (2, 2, 0), (4, 3, 0), (5, 3, 15)]
    )
    def test_so_many_lately_against_before(self, lately: int, before: int, points: int) -> None:
        assert judged(self.facts(lately, before), model(VELOCITY)).receipt.score == points

    def test_what_is_older_than_two_windows_is_neither(self) -> None:
        assert bill(VELOCITY, at("site_visit", 1, 2), at("site_visit", 20 * DAY, 20 * DAY + 1)).score == 15

    def test_an_act_leaves_the_window_to_the_millisecond(self) -> None:
        facts = contact(at("site_visit", 0, 1))
        compiled = model(VELOCITY)
        assert judged(later(facts, 10 * DAY - 2), compiled).receipt.score == 15
        assert judged(later(facts, 10 * DAY - 1), compiled).receipt.score == 0
        assert next_change_ms(facts, compiled) == NOW - 1 + 10 * DAY

    def test_the_line_says_both_numbers(self) -> None:
        (line,) = judged(self.facts(4, 2), model(VELOCITY)).receipt.lines
        assert line.reason == "Faster: 4 in the last 10 days, 2 in as many days before"
        assert reason(line, "de") == "Faster: 4 in den letzten 10 Tagen, 2 in ebenso vielen davor"
        assert line.count == 4

    def test_an_uncertain_act_before_would_take_it_away(self) -> None:
        acts = [*at("site_visit", 12 * DAY, 12 * DAY + 1, verdict="unsure"), *at("site_visit", 0, 1)]
        receipt = bill(VELOCITY, acts)
        assert (receipt.score, unknown(receipt)) == (0, (15, "2 not certainly human"))

    def test_one_more_may_bring_it(self) -> None:
        assert room(bill(VELOCITY, at("site_visit", 0))) == 15
        assert room(bill(VELOCITY)) == 0

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"factor": 1.0}, "must be more than 1"), ({"within_days": 5}, "two windows anyway"),
            ({"window_days": 0}, "at least 1"),
        ],
    )  # fmt: skip
    def test_faults(self, changes: dict[str, Any], words: str) -> None:
        assert any(words in one for one in faults({**VELOCITY, **changes}))


class TestDwell:
    @pytest.mark.parametrize(("spent", "points"), [((60,), 10), ((59,), 0), ((30, 30), 10), ((600,), 10), ((), 0)])
    def test_all_visits_together(self, spent: tuple[int, ...], points: int) -> None:
        assert bill(DWELL, seconds("price_page", *spent)).score == points

    def test_parts_of_a_second_add_up(self) -> None:
        halves = [replace(one, detail={"duration_ms": "500"}) for one in seconds("price_page", *([1] * 120))]
        assert bill(DWELL, halves).score == 10

    def test_each_span_counts_up_to_the_cap(self) -> None:
        rule = {**DWELL, "counting": "per_span", "cap": 25}
        assert bill(rule, seconds("price_page", 125)).score == 20
        (line,) = bill(rule, seconds("price_page", 300)).lines
        assert (line.points, line.reason) == (25, "Prices: 300 seconds spent, 60 are asked for; capped at 25 points")
        assert reason(line, "de").startswith("Prices: 300 Sekunden verbracht, verlangt sind 60")

    def test_a_visit_without_a_time_is_unknown_unless_the_others_suffice(self) -> None:
        assert unknown(bill(DWELL, seconds("price_page", None, 30))) == (
            10, "the portal does not say how long 1 of 2 visits took",
        )  # fmt: skip
        assert unknown(bill(DWELL, seconds("price_page", None, 60))) is None

    @pytest.mark.parametrize("text", ["", "-5", "ten", "1e9", "9" * 30])
    def test_a_time_that_is_none_is_no_time(self, text: str) -> None:
        acts = [replace(one, detail={"duration_ms": text}) for one in seconds("price_page", 5)]
        assert unknown(bill(DWELL, acts)) is not None

    def test_with_the_source_off_it_is_unknown(self) -> None:
        receipt = bill(DWELL, seconds("price_page", 10), missing_sources=frozenset({"page_view"}))
        assert unknown(receipt) == (10, "source off: page_view")

    def test_one_long_visit_would_bring_it(self) -> None:
        assert room(bill(DWELL)) == 10
        assert room(bill(DWELL, seconds("price_page", 60))) == 0

    def test_a_single_visit_may_be_asked_to_be_long(self) -> None:
        rule = {**DWELL, "match": {"min_seconds": 40}}
        assert bill(rule, seconds("price_page", 30, 30)).score == 0
        assert bill(rule, seconds("price_page", 40, 40)).score == 10

    def test_faults(self) -> None:
        assert any("must be at least 1" in one for one in faults({**DWELL, "min_seconds": 0}))


class TestFrequency:
    @pytest.mark.parametrize(("times", "points"), [(0, 0), (1, 0), (2, 10), (3, 10), (4, 0)])
    def test_both_ends_are_in(self, times: int, points: int) -> None:
        assert bill(FREQUENCY, did("mail_clicked", times=times)).score == points

    def test_without_a_top_any_more_will_do(self) -> None:
        rule = {key: value for key, value in FREQUENCY.items() if key != "at_most"}
        (line,) = bill(rule, did("mail_clicked", times=50)).lines
        assert line.reason == "Often: 50 times, within 2+"
        assert reason(line, "de") == "Often: 50-mal, innerhalb von 2+"

    def test_in_a_window(self) -> None:
        rule = {**FREQUENCY, "within_days": 30}
        (line,) = bill(rule, did("mail_clicked", 29.9, times=2, apart_days=0)).lines
        assert line.reason == "Often: 2 times in 30 days, within 2–3"
        assert bill(rule, did("mail_clicked", 30, times=2)).score == 0

    @pytest.mark.parametrize(("seen", "expected"), [(1, 10), (2, 10), (3, 10), (4, None)])
    def test_with_the_source_off(self, seen: int, expected: int | None) -> None:
        receipt = bill(FREQUENCY, did("mail_clicked", times=seen), missing_sources=frozenset({"email_event"}))
        assert receipt.score == 0
        assert unknown(receipt) == (None if expected is None else (expected, "source off: email_event"))

    def test_one_more_may_bring_it_or_be_too_many(self) -> None:
        assert room(bill(FREQUENCY, did("mail_clicked"))) == 10
        assert room(bill(FREQUENCY, did("mail_clicked", times=3))) == 0

    @pytest.mark.parametrize(
        ("changes", "words"),
        [({"at_most": 1}, "ends before it begins"), ({"at_least": 0, "at_most": None}, "Any number of acts")],
    )
    def test_faults(self, changes: dict[str, Any], words: str) -> None:
        assert any(words in one for one in faults({**FREQUENCY, **changes}))


def faults(rule: dict[str, Any]) -> list[str]:
    with pytest.raises(DocumentInvalid) as refused:
        model(rule)
    return [fault.message for fault in refused.value.faults]
