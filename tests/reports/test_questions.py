"""The eight questions: what each answers, by which bounds, and when it says that the cases are too few."""

from __future__ import annotations

import pytest

from connector.reports.figures import Section
from connector.reports.messages import Following, Interval, Taken, Targeted, Wording
from connector.reports.questions import Actions, Sales, Timing
from connector.reports.stories import Fold, Story
from connector.rules.documents.goals import GoalsDocument, Target
from connector.store.study import Act
from tests.reports.people import act, ground, numbers, story, told, won


def answer(one: Fold, *stories: Story) -> str:
    (section,) = told(one, *stories)
    return said(section)


def said(section: Section) -> str:
    assert section.text is not None
    return section.text[0]


def mqls(number: int, day: float = 20, first: int = 1, **more: object) -> list[Story]:
    return [story(n, way=[("mql", day)], **more) for n in range(first, first + number)]  # type: ignore[arg-type]


class TestHowManyActions:
    """1."""

    def test_only_the_acts_of_ones_own_before_it_count(self) -> None:
        acts = (act(1, "e_book"), act(2, "mail_sent"), act(3, "mail_opened", verdict="machine"), act(9, "e_book"))
        one = story(1, *acts, way=[("mql", 5)])
        assert numbers(Actions(ground()), one)["actions"].value == 1

    def test_nine_are_too_few_to_tell(self) -> None:
        assert answer(Actions(ground()), *mqls(9)) == "q1_few"

    def test_more_than_a_quarter_within_a_day_is_an_alarm(self) -> None:
        assert answer(Actions(ground()), *mqls(7), *mqls(3, day=0.9, first=50)) == "q1_instant"
        assert answer(Actions(ground()), *mqls(9), *mqls(3, day=0.9, first=50)) == "q1_fine"


class TestSales:
    """2."""

    def test_a_lead_is_untouched_until_sales_calls_or_takes_it(self) -> None:
        called = story(1, act(21, "call_attempted", source="call"), way=[("mql", 20)])
        taken = story(2, way=[("mql", 20), ("sql", 30)])
        before = story(3, act(19, "call_held", source="call"), way=[("mql", 20)])
        assert numbers(Sales(ground()), called, taken, before)["untouched"].who == (3,)

    def test_most_untouched_is_about_reaction(self) -> None:
        assert answer(Sales(ground()), *mqls(10)) == "q2_untouched"

    def test_else_it_tells_how_many_bought(self) -> None:
        bought = [story(n, way=[("mql", 20), ("sql", 25)], deals=[won(40)]) for n in range(10)]
        (section,) = told(Sales(ground()), *bought)
        assert section.text == ("q2_fine", {"won": 10, "count": 10})


class TestTiming:
    """3. Earlier or later?"""

    def buyers(self, number: int, mql: float | None, touched: float, bought: float = 60) -> list[Story]:
        way = [("mql", mql)] if mql is not None else []
        call = act(touched, "call_held", source="call")
        return [story(100 + n, call, way=way, stage="mql", deals=[won(bought)]) for n in range(number)]

    @pytest.mark.parametrize(
        ("mql", "touched", "part"),
        [(10, 20, "buyers_in_time"), (20, 10, "buyers_late"), (None, 10, "buyers_never"), (70, 10, "buyers_never")],
    )
    def test_a_buyer_was_an_mql_before_sales_came_or_not(self, mql: float | None, touched: float, part: str) -> None:
        assert numbers(Timing(ground()), *self.buyers(1, mql, touched))[part].value == 1.0

    def test_earlier_when_sales_found_most_buyers_itself(self) -> None:
        assert answer(Timing(ground()), *self.buyers(12, 20, 10)) == "q3_earlier"

    def test_later_when_most_are_sent_back(self) -> None:
        back = [story(n, way=[("mql", 5), ("recycled", 9)]) for n in range(8)]
        taken = [story(50 + n, way=[("mql", 5), ("sql", 9)]) for n in range(4)]
        assert answer(Timing(ground()), *back, *taken) == "q3_later"

    def test_neither_when_it_fits(self) -> None:
        assert answer(Timing(ground()), *self.buyers(12, 10, 20)) == "q3_fits"

    def test_few_cases_say_nothing(self) -> None:
        assert answer(Timing(ground()), *self.buyers(2, 20, 10)) == "q3_few"

    def test_who_is_neither_taken_nor_sent_back_is_not_decided(self) -> None:
        assert numbers(Timing(ground()), *mqls(3))["refused"].of == 0


def sent(name: str, number: int, opened: int, clicked: int, first: int = 0, day: float = 1) -> list[Story]:
    """So many people got this mail."""
    found = []
    for n in range(number):
        acts = [act(day, "mail_sent", name)]
        acts += [act(day + 0.1, "mail_opened", name)] if n < opened else []
        acts += [act(day + 0.2, "mail_clicked", name)] if n < clicked else []
        found.append(story(first + n, *acts))
    return found


def goals(rate: float) -> GoalsDocument:
    return GoalsDocument(targets=(Target(figure="click_rate", at_least=rate),))


class TestMessages:
    """4 to 6."""

    def test_few_mails_say_nothing(self) -> None:
        assert answer(Taken(ground()), *sent("M", 29, 1, 1)) == "q4_few"
        assert answer(Taken(ground()), *sent("M", 30, 1, 1)) == "q4_text"

    def test_a_portal_that_tells_no_mails_says_so(self) -> None:
        assert answer(Taken(ground(frozenset({"email_event"}))), *sent("M", 40, 1, 1)) == "mails_off"

    def test_without_a_target_there_is_nothing_to_hold_it_against(self) -> None:
        assert answer(Targeted(ground()), *sent("M", 40, 9, 9)) == "q5_no_target"

    @pytest.mark.parametrize(("clicked", "text"), [(8, "q5_met"), (7, "q5_missed")])
    def test_the_target_is_met_or_missed(self, clicked: int, text: str) -> None:
        assert answer(Targeted(ground(goals=goals(0.2))), *sent("M", 40, 20, clicked)) == text

    def test_a_mail_is_marked_only_where_its_whole_band_is_on_one_side(self) -> None:
        found = numbers(
            Targeted(ground(goals=goals(0.5))), *sent("bad", 40, 20, 2), *sent("good", 40, 40, 38, 100),
            *sent("who knows", 40, 30, 19, 200),
        )  # fmt: skip
        assert {key: found[key].met for key in ("bad", "good", "who knows")} == {
            "bad": False,
            "good": True,
            "who knows": None,
        }

    def test_wording_differs_where_bands_are_apart(self) -> None:
        apart = (*sent("A", 40, 40, 36), *sent("B", 40, 40, 4, 100))
        (section,) = told(Wording(ground()), *apart)
        assert section.text == ("q6_apart", {"best": "A", "worst": "B"})

    def test_and_does_not_where_they_touch(self) -> None:
        assert answer(Wording(ground()), *sent("A", 10, 10, 6), *sent("B", 10, 10, 4, 100)) == "q6_even"

    def test_one_mail_cannot_be_compared(self) -> None:
        assert answer(Wording(ground()), *sent("A", 40, 40, 36)) == "q6_few"


class TestWhatFollows:
    """7."""

    def after(self, number: int, *acts: Act) -> list[Story]:
        return [story(n, act(1, "white_paper", "Guide"), *acts) for n in range(number)]

    def test_any_other_act_within_thirty_days_goes_on(self) -> None:
        assert answer(Following(ground()), *self.after(10, act(30, "blog_post", source="page_view"))) == "q7_fits"

    @pytest.mark.parametrize("late", [act(32, "e_book"), act(5, "white_paper", "Guide"), act(5, "mail_sent")])
    def test_too_late_or_the_same_again_or_not_ones_own_does_not(self, late: Act) -> None:
        assert answer(Following(ground()), *self.after(10, late)) == "q7_stops"

    def test_what_is_not_thirty_days_ago_stays_open(self) -> None:
        young = [story(n, act(80, "white_paper", "Guide")) for n in range(3)]
        found = numbers(Following(ground()), *young)
        assert (found["too_young"].who, found["went_on"].of) == ((0, 1, 2), 0)

    def test_what_usually_comes_next_is_named(self) -> None:
        other = story(9, act(1, "white_paper", "Guide"), act(2, "demo_request"))
        found = numbers(Following(ground()), *self.after(3, act(2, "e_book", "E")), other)
        assert found["Guide"].values["next"] == "e_book"


class TestTheInterval:
    """8."""

    def rows(self, gap: float, opened: int, number: int = 40, first: int = 0) -> list[Story]:
        found = []
        for n in range(number):
            acts = [act(1, "mail_sent", "A"), act(1 + gap, "mail_sent", "B")]
            acts += [act(1.5 + gap, "mail_opened", "B")] if n < opened else []
            found.append(story(first + n, *acts))
        return found

    @pytest.mark.parametrize(
        ("gap", "row"), [(1, "gap_3"), (3, "gap_3"), (3.1, "gap_7"), (30, "gap_30"), (31, "gap_longer")]
    )
    def test_is_counted_from_the_mail_before(self, gap: float, row: str) -> None:
        assert set(numbers(Interval(ground()), *self.rows(gap, 1, 2))) == {row}

    def test_the_first_mail_has_none(self) -> None:
        assert numbers(Interval(ground()), *sent("A", 3, 1, 1)) == {}

    def test_goodbyes_within_a_week_are_told(self) -> None:
        gone = [
            *self.rows(5, 0, 1),
            story(9, act(1, "mail_sent", "A"), act(6, "mail_sent", "B"), act(8, "newsletter_cancelled")),
        ]
        assert numbers(Interval(ground()), *gone)["gap_7"].values["byes"] == 1

    def test_one_interval_that_is_clearly_better_is_named(self) -> None:
        (section,) = told(Interval(ground()), *self.rows(5, 36), *self.rows(40, 4, first=100))
        assert section.text == ("q8_apart", {"gap": "≤ 7"})

    def test_few_mails_are_not_compared(self) -> None:
        assert answer(Interval(ground()), *self.rows(5, 18, 20), *self.rows(40, 2, 20, 100)) == "q8_few"
