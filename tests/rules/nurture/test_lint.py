"""Advice on nurtures: phases, content that is known, dead ends, loops, the worst week."""

from __future__ import annotations

import pytest

from connector.rules.nurture.lint import lint
from connector.rules.nurture.worst_case import most_mails_in_a_week
from tests.rules.nurture.build import MAIL, SAID, nurture, paper, parsed, presets

SHIPPED = ("welcome", "topic", "wake-up", "event", "follow-up", "seo", "post-purchase")
SECOND = {"name": "second", "do": "enrol", "label": "Second", "workflow": "two"}
WEEK = {"name": "week", "do": "wait", "days": 7}
SOUND = {"goal": {"kind": "inform", "measured_by": "clicks"}}


def said(data, level="warning"):
    return {(one.check, one.message) for one in lint(parsed(data)) if one.level == level}


def checks(data):
    return {one.check for one in lint(parsed(data)) if one.level == "warning"}


def worst(*steps, **keys):
    document = parsed(paper(nurture(*steps, **keys)))
    return most_mails_in_a_week(document, document.nurtures[0])


class TestShipped:
    """What comes with the package is sound and wise."""

    @pytest.mark.parametrize("name", SHIPPED)
    def test_nothing_is_to_be_said_about(self, name):
        assert lint(parsed(presets(name, "topic") if name != "topic" else presets(name))) == ()

    def test_together_they_stay_within_the_cap(self):
        assert lint(parsed(presets(*SHIPPED))) == ()


class TestFaults:
    """What keeps a nurture from being published stands there for drafts as well."""

    def test_a_draft_hears_what_it_lacks(self):
        found = {check for check, _ in said(paper(nurture(MAIL)), "fault")}
        assert found == {"offer", "measured"}

    def test_place_and_remedy_are_named(self):
        (only,) = [one for one in lint(parsed(paper(nurture(MAIL, **SOUND)))) if one.level == "fault"]
        assert (only.check, only.place) == ("offer", ("nurtures", 0, "steps", 0))
        assert only.remedy

    def test_a_loop_without_delay(self):
        loop = {"name": "a", "do": "branch", "ways": [{"when": {"did": ["e_book"]}, "then": "a"}], "unknown": "done"}
        assert "loop" in {check for check, _ in said(paper(nurture(loop)), "fault")}


class TestSteps:
    """Steps that nobody reaches, and those that nobody leaves."""

    def test_unreachable(self):
        steps = ({**MAIL, "then": "done"}, SECOND)
        assert ("unreachable", 'No way leads to "second".') in said(paper(nurture(*steps)))

    def test_dead_end(self):
        loop = [MAIL, {**WEEK, "then": "mail"}]
        found = said(paper(nurture(*loop)))
        assert ("dead end", 'Nobody ever gets out from "mail".') in found
        leaving = [{"name": "out", "when": {"property": "x", "equals": "y"}}]
        found = said(paper(nurture(*loop, exits=leaving)))
        assert ("dead end", 'Nobody ever gets out from "mail" but by the goal or an exit.') in found

    def test_a_branch_that_takes_unknown_for_no(self):
        where = {"name": "where", "do": "branch", "ways": [{"when": {"field": "city", "equals": "Ulm"}}]}
        assert "unknown" in checks(paper(nurture(where, MAIL)))
        assert "unknown" not in checks(paper(nurture({**where, "unknown": "done"}, MAIL)))

    def test_two_answers_that_wait_for_the_same(self):
        answer = {"did": ["site_visit"]}
        twice = {"name": "a", "do": "await", "days": 3, "answers": [answer, {**answer, "then": "done"}]}
        assert "unreachable" in checks(paper(nurture(twice, MAIL)))


class TestOffers:
    """The right content for the phase, in order, and nothing twice."""

    def test_content_that_is_no_content_of_its_phase(self):
        data = paper(nurture({**MAIL, "offers": ["guide"]}))
        data["assets"][0]["phase"] = "BOFU"
        assert ("phase", '"guide" stands for BOFU, but a white_paper is TOFU content.') in said(data)

    def test_content_whose_phase_nobody_knows(self):
        data = paper(nurture({**MAIL, "offers": ["thing"]}))
        data["assets"].append({"name": "thing", "kind": "custom_thing", **SAID})
        assert ("phase", 'The phase of "thing" is not known.') in said(data)

    def test_content_outside_the_phases_of_the_nurture(self):
        found = said(paper(nurture({**MAIL, "offers": ["guide"]}, phases=["BOFU"])))
        assert ("phase", '"guide" is for TOFU, the nurture for BOFU.') in found

    def test_a_phase_back(self):
        steps = ({**MAIL, "offers": ["seminar"]}, WEEK, {**SECOND, "offers": ["guide"]})
        assert "phase order" in checks(paper(nurture(*steps)))
        steps = ({**MAIL, "offers": ["guide"]}, WEEK, {**SECOND, "offers": ["seminar"]})
        assert "phase order" not in checks(paper(nurture(*steps)))

    def test_the_same_twice(self):
        steps = ({**MAIL, "offers": ["guide"]}, WEEK, {**SECOND, "offers": ["guide"]})
        found = said(paper(nurture(*steps)))
        assert ("known content", '"guide" is offered here and again by "second".') in found

    def test_on_two_ways_that_never_meet_it_is_not_twice(self):
        where = {"name": "where", "do": "branch", "unknown": "done", "otherwise": "second"}
        where["ways"] = [{"when": {"did": ["e_book"]}, "then": "mail"}]
        steps = (where, {**MAIL, "offers": ["guide"], "then": "done"}, {**SECOND, "offers": ["guide"]})
        assert "known content" not in checks(paper(nurture(*steps)))

    def test_what_opened_the_nurture(self):
        start = [{"did": ["white_paper"], "about": ["guide"]}]
        found = said(paper(nurture({**MAIL, "offers": ["guide"]}, starts=start)))
        assert ("known content", 'Who took "guide" enters, and is offered it again.') in found
        visit = [{"did": ["blog_post"], "about": ["guide"]}]
        assert "known content" not in checks(paper(nurture({**MAIL, "offers": ["guide"]}, starts=visit)))


class TestTheWorstWeek:
    """How many mails within seven days, the quickest way through."""

    def test_one_mail(self):
        assert worst(MAIL) == 1

    def test_no_mail(self):
        assert worst({**MAIL, "mails": 0}) == 0

    @pytest.mark.parametrize(("days", "mails"), [(6, 2), (7, 1), (3, 2)])
    def test_a_delay_of_a_week_keeps_two_mails_apart(self, days, mails):
        assert worst(MAIL, {**WEEK, "days": days}, SECOND) == mails

    def test_a_series_without_end_counts_all_of_a_week(self):
        assert worst(MAIL, {**WEEK, "days": 1, "then": "mail"}) == 7

    def test_an_answer_may_come_at_once(self):
        answer = {"name": "a", "do": "await", "days": 30, "answers": [{"did": ["site_visit"]}], "silent": "done"}
        assert worst(MAIL, answer, SECOND) == 2
        assert (
            worst(MAIL, {**answer, "silent": "second", "answers": [{"did": ["e_book"], "then": "done"}]}, SECOND) == 1
        )

    def test_counted_from_the_start_a_delay_is_what_is_left_of_it(self):
        days = [{"name": f"day_{day}", "do": "wait", "days": day, "anchor": "start"} for day in (3, 5, 10)]
        third = {"name": "third", "do": "enrol", "label": "Third", "workflow": "listed"}
        fourth = {**third, "name": "fourth"}
        assert worst(MAIL, days[0], SECOND, days[1], third, days[2], fourth) == 3

    def test_two_fixed_days_are_as_far_apart_as_the_calendar_says(self):
        for day, mails in (("2027-03-12", 2), ("2027-03-17", 1)):
            before = {"name": "before", "do": "wait", "before": {"date": "2027-03-10"}}
            after = {"name": "after", "do": "wait", "after": {"date": day}}
            assert worst(before, MAIL, after, SECOND) == mails

    def test_what_it_jumps_to_counts_as_well(self):
        other = nurture({**SECOND, "mails": 2}, name="other")
        document = parsed(paper(nurture(MAIL, {"name": "on", "do": "jump", "nurture": "other"}), other))
        assert most_mails_in_a_week(document, document.nurtures[0]) == 3

    def test_a_mail_that_is_passed_over_does_not_count(self):
        lacking = {**MAIL, "needs": ["city"], "lacking": "second", "then": "done"}
        assert worst(lacking, SECOND) == 1

    def test_more_than_the_cap_is_a_warning(self):
        steps = (MAIL, {**WEEK, "days": 1}, SECOND)
        assert "mails per week" not in checks(paper(nurture(*steps)))
        data = paper(nurture(*steps), pace={"per_week": {"nurture": 1}})
        expected = "In the worst week a contact would get 2 mails of it; the cap lets 1 through."
        assert ("mails per week", expected) in said(data)
        assert "mails per week" in checks(paper(nurture(*steps, per_week=1)))

    def test_a_tangle_is_looked_at_for_a_bounded_time(self):
        tangle = []
        for number in range(40):
            ways = [{"when": {"did": ["e_book"]}, "then": f"s{(number * 7 + step) % 40}"} for step in range(1, 6)]
            tangle.append({"name": f"s{number}", "do": "branch", "ways": ways, "otherwise": "done"})
        assert worst(*tangle, MAIL) <= 1


class TestCircles:
    """Nurtures that lead to each other."""

    def test_a_circle_needs_coming_back(self):
        ways = [nurture({"name": "on", "do": "jump", "nurture": to}, name=name) for name, to in ("ab", "ba")]
        assert {message for check, message in said(paper(*ways)) if check == "loop"} == {
            f'"{name}" leads back to itself by way of others, but nobody may enter it twice.' for name in "ab"
        }
        back = [{**one, "again": {"after_days": 30}} for one in ways]
        assert "loop" not in checks(paper(*back))

    def test_an_exit_leads_too(self):
        leaving = [{"name": "out", "when": {"property": "x", "equals": "y"}, "to": "small"}]
        assert "loop" in checks(paper(nurture(MAIL, exits=leaving)))
