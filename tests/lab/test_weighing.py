"""What a rule is worth by the past: lift, honest bands, whole-number proposals, and when nothing is proposed."""

from __future__ import annotations

from math import log
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.lab.verdict import verdict
from connector.lab.weighing import LEAST_HITS, Case, fit, weigh

BASE = {"rate": 0.1}


def cases(
    number: int, hits: int, *rules: str, first: int = 0, count: int = 1, unknown: tuple[str, ...] = ()
) -> list[Case]:
    """So many cases in which these rules gave points, the first of them hits; each of a contact of its own."""
    fired = dict.fromkeys(rules, count)
    return [Case(first + n, fired, n < hits, frozenset(unknown)) for n in range(number)]


def one(rule: str, found: list[Case], **points: int) -> object:
    return next(each for each in weigh(found, points or {rule: 10}) if each.rule == rule)


class TestLift:
    """The rate of a rule's cases against the rate of all in which it could be decided."""

    def test_is_one_for_a_rule_that_says_nothing(self) -> None:
        assert one("a", cases(100, 10, "a") + cases(100, 10)).lift == 1.0

    def test_is_the_ratio_of_the_rates(self) -> None:
        found = one("a", cases(50, 20, "a") + cases(150, 20, first=100))  # 40 % against 20 %
        assert (found.cases, found.hits, found.rate, found.lift) == (50, 20, 0.4, 2.0)

    def test_leaves_out_what_could_not_be_decided(self) -> None:
        """A source that was not covered yet is no evidence against the rule."""
        dark = cases(800, 0, first=1000, unknown=("a",))
        found = one("a", cases(50, 20, "a") + cases(150, 20, first=100) + dark)
        assert (found.known, found.lift) == (200, 2.0)

    def test_counts_contacts_beside_cases(self) -> None:
        same = [Case(1, {"a": 1}, False)] * 5 + [Case(2, {"a": 1}, True)]
        found = one("a", same)
        assert (found.cases, found.contacts) == (6, 2)

    def test_of_a_rule_that_never_gave_points_is_unknown(self) -> None:
        found = one("a", cases(100, 20))
        assert (found.cases, found.rate, found.band, found.lift) == (0, None, None, None)

    def test_without_any_case_nothing_is_told(self) -> None:
        found = one("a", [])
        assert (found.known, found.lift, found.proposed, found.why) == (0, None, 10, "few_outcomes")


class TestProposedPoints:
    """Whole numbers on the model's scale, with their evidence; silence where there is none."""

    def test_need_ten_outcomes_in_all(self) -> None:
        few = cases(100, LEAST_HITS - 1, "a") + cases(100, 0)
        assert one("a", few).why == "few_outcomes"
        assert one("a", few + cases(1, 1, first=900)).why == "proposed"

    @pytest.mark.parametrize(("number", "hits"), [(19, 10), (100, 2)])
    def test_need_twenty_cases_and_three_hits_of_the_rule(self, number: int, hits: int) -> None:
        found = one("a", cases(number, hits, "a") + cases(200, 20, first=500))
        assert (found.proposed, found.why) == (10, "few_cases")

    def test_a_rule_that_helps_more_gets_more(self) -> None:
        told = cases(100, 50, "strong") + cases(100, 20, "weak", first=100) + cases(400, 20, first=200)
        strong, weak = weigh(told, {"strong": 10, "weak": 10})
        assert strong.proposed > weak.proposed > 0
        assert isinstance(strong.proposed, int)

    def test_together_weigh_what_these_rules_weigh_now(self) -> None:
        told = cases(100, 50, "strong") + cases(100, 20, "weak", first=100) + cases(400, 20, first=200)
        found = weigh(told, {"strong": 10, "weak": 30})
        assert sum(each.proposed for each in found) == pytest.approx(40, abs=1)

    def test_are_for_one_counted_event(self) -> None:
        single = one("a", cases(100, 40, "a") + cases(200, 10, first=200))
        double = one("a", cases(100, 40, "a", count=2) + cases(200, 10, first=200))
        assert (single.proposed, double.proposed) == (10, 5)

    def test_a_rule_whose_evidence_points_the_other_way_is_proposed_at_nothing(self) -> None:
        found = one("a", cases(100, 5, "a") + cases(100, 40, first=200))
        assert (found.proposed, found.why) == (0, "against_expectation")

    def test_a_rule_against_keeps_its_sign(self) -> None:
        found = one("a", cases(100, 5, "a") + cases(100, 40, first=200), a=-10)
        assert found.proposed == -10

    def test_of_two_rules_that_always_fire_together_neither_gets_all(self) -> None:
        told = cases(100, 50, "a", "b") + cases(300, 20, first=200)
        a, b = weigh(told, {"a": 10, "b": 10})
        assert a.proposed == b.proposed == 10


class TestTheRegression:
    """Coordinate-wise Newton with a ridge: finds what was put in, whatever the order of the cases."""

    def test_finds_the_odds_that_were_put_in(self) -> None:
        random = Random(4)
        told = []
        for _ in range(20_000):
            fired = frozenset(rule for rule in "ab" if random.random() < 0.4)
            odds = 0.2 * (3.0 if "a" in fired else 1.0) * (0.5 if "b" in fired else 1.0)
            told.append((fired, random.random() < odds / (1 + odds)))
        found = fit(told, ["a", "b"])
        assert found["a"] == pytest.approx(log(3), abs=0.12)
        assert found["b"] == pytest.approx(log(0.5), abs=0.12)

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.tuples(st.frozensets(st.sampled_from("abc")), st.booleans()), max_size=60), st.randoms())
    def test_does_not_depend_on_the_order(self, told: list[tuple[frozenset[str], bool]], random: Random) -> None:
        mixed = list(told)
        random.shuffle(mixed)
        assert fit(told, "abc") == fit(mixed, "abc")

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.tuples(st.frozensets(st.sampled_from("abc")), st.booleans()), max_size=60))
    def test_stays_finite_even_where_a_rule_tells_all(self, told: list[tuple[frozenset[str], bool]]) -> None:
        assert all(abs(weight) < 20 for weight in fit(told, "abc").values())


class TestTheVerdict:
    """A threshold is uncalibrated until the past carries it."""

    def own(self, hits: int, decided: int, low: float = 0.3) -> dict[str, object]:
        return {"hits": hits, "decided": decided, "precision_band": [low, 0.9]}

    @pytest.mark.parametrize(("hits", "decided"), [(9, 100), (20, 29), (0, 0)])
    def test_few_cases_leave_it_uncalibrated(self, hits: int, decided: int) -> None:
        found = verdict(self.own(hits, decided), BASE, 50)
        assert (found["calibrated"], found["reason"]) == (False, "few")
        assert found["verdict"].startswith("Uncalibrated")

    def test_so_does_a_model_that_is_not_surely_better_than_chance(self) -> None:
        assert verdict(self.own(10, 30, low=0.1), BASE, 50)["reason"] == "no_better"

    def test_enough_and_better_carries_it(self) -> None:
        found = verdict(self.own(10, 30, low=0.11), BASE, 50)
        assert (found["calibrated"], found["reason"]) == (True, "carried")
