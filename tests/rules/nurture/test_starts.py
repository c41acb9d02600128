"""Who enters: acts, conditions, silence, days to come; what keeps people out; one at a time; coming back."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import pytest

from connector.model.judgement import Known
from connector.rules.needs import lists_of_nurtures, lists_used
from tests.rules.judging.build import documents
from tests.rules.nurture.build import DAY, MAIL, Course, book, ms, nurture, paper, parsed, presets, refused, started

WAIT = {"name": "wait", "do": "wait", "days": 30}
CUSTOMER = {"property": "lifecyclestage", "equals": "customer"}


def of(*starts, **keys):
    return book(paper(nurture(MAIL, WAIT, starts=list(starts), **keys)))


class TestActs:
    """An act of the last days, about the right asset, by a human."""

    @pytest.mark.parametrize(
        ("kind", "about", "day", "verdict", "enters"),
        [
            ("white_paper", "guide", 0, "human", True),
            ("white_paper", "guide", -6, "human", True),
            ("white_paper", "guide", -8, "human", False),
            ("white_paper", "other", 0, "human", False),
            ("e_book", "guide", 0, "human", False),
            ("white_paper", "guide", 0, "machine", False),
            ("white_paper", "guide", 0, "unsure", False),
        ],
    )
    def test_which_acts_open_it(self, kind, about, day, verdict, enters):
        course = Course(of({"did": ["white_paper"], "about": ["guide"]}))
        course.did(kind, about, day, verdict=verdict)
        assert bool(course.run(0.1).places) is enters

    def test_the_asset_is_known_by_the_name_the_activities_document_gives_it(self):
        data = paper(nurture(MAIL, WAIT, starts=[{"did": ["white_paper"], "about": ["guide"]}]))
        data["assets"][0]["match"] = "Pump Book"
        course = Course(book(data))
        course.did("white_paper", "pump book")
        assert course.run(0.1).told() == ["day 0: enrol one"]

    def test_why_it_entered_is_kept(self):
        course = started(paper(nurture(MAIL, WAIT))).run(0.1)
        assert course.places[0].cause == f"white_paper at {ms('2026-11-02 10:00')}"


class TestLists:
    """Being on a HubSpot list opens a nurture; a list that was not read opens none."""

    ON: ClassVar = {"when": {"in_list": ["41", "42"]}}

    def test_it_enters_when_it_is_put_on_one_of_them_and_once_only(self):
        course = Course(of(self.ON), lists={"41": False, "42": False})
        assert course.run(1).places == ()
        course.lists["42"] = True
        assert course.run(2).told() == ["day 1: enrol one"]
        assert course.places[0].cause == "the condition holds"
        course.lists["42"] = False
        course.run(20)
        course.lists["42"] = True
        assert len(course.run(60).places) == 1

    def test_a_list_that_was_not_read_opens_nothing_and_keeps_nobody_out(self):
        assert Course(of(self.ON)).run(3).places == ()
        assert Course(of(self.ON), lists={"41": False}).run(3).places == ()
        assert len(Course(of(self.ON, unless={"in_list": ["9"]}), lists={"41": True}).run(3).places) == 1

    def test_lists_keep_out_and_lead_out(self):
        assert Course(of(self.ON, unless={"in_list": ["9"]}), lists={"41": True, "9": True}).run(3).places == ()
        leaving = {"name": "off_the_list", "when": {"not": {"in_list": ["41"]}}}
        course = Course(of(self.ON, exits=[leaving]), lists={"41": True, "42": False})
        course.run(1)
        course.lists["41"] = False
        assert course.run(2).endings() == {"small": "left"}

    @pytest.mark.parametrize(
        "keys",
        [
            {"starts": [{"when": {"in_list": ["6"]}}]},
            {"unless": {"in_list": ["6"]}},
            {"exits": [{"name": "off", "when": {"not": {"in_list": ["6"]}}}]},
            {"goal": {"kind": "inform", "measured_by": "x", "when": {"in_list": ["6"]}}},
        ],
    )
    def test_wherever_a_nurture_has_a_condition_its_lists_are_read(self, keys):
        document = parsed(paper(nurture(MAIL, **keys)))
        made = replace(documents(), workflows=document)
        assert lists_used(made) == lists_of_nurtures(document) == {"6"}


class TestConditions:
    """A state that holds; a day on which it begins to is told ahead."""

    def test_it_enters_once_while_it_holds(self):
        course = Course(of({"when": {"field": "city", "equals": "Ulm"}}))
        assert course.run(1).places == ()
        course.fields["city"] = Known("Ulm", "city")
        assert len(course.run(60).places) == 1
        assert course.endings() == {"small": "done"}

    def test_unknown_does_not_hold(self):
        assert Course(of({"when": {"not": {"field": "city", "equals": "Ulm"}}})).run(1).places == ()

    def test_a_condition_on_time_says_when_to_look_again(self):
        course = Course(of({"when": {"property": "visit", "before": "today"}}), properties={"visit": "2026-11-10"})
        assert course.look().due_ms is not None
        assert course.run(12).told() == ["day 9: enrol one"]


class TestSilence:
    """Somebody who once did something and then nothing."""

    def test_it_says_when_the_silence_is_long_enough(self):
        course = Course(of({"silent_days": 14}))
        course.did("site_visit")
        assert course.look().due_ms == course.now + 14 * DAY

    def test_every_silence_counts_once(self):
        course = Course(of({"silent_days": 14}, again={"after_days": 1, "most": 5}))
        course.did("site_visit")
        course.did("site_visit", day=100)
        course.run(300)
        assert [course.day_of(one.entered_ms) for one in course.places] == [14, 114]

    def test_where_acts_are_not_read_nobody_is_silent(self):
        course = Course(of({"silent_days": 14}), missing=frozenset({"page_view"}))
        course.did("site_visit")
        assert course.run(60).places == ()


class TestMoments:
    """So many days before or after a day."""

    @pytest.mark.parametrize(
        ("start", "begins", "enters"),
        [
            ({"days_before": 30}, "2027-02-01 10:00", True),
            ({"days_before": 30}, "2027-03-10 17:00", True),
            ({"days_before": 30}, "2027-03-11 01:00", False),
            ({"days_after": 10}, "2027-03-20 09:00", True),
            ({"days_after": 10}, "2027-04-20 09:00", False),
        ],
    )
    def test_a_fixed_day(self, start, begins, enters):
        course = Course(of({"moment": {"date": "2027-03-10"}, **start}), start=begins)
        assert bool(course.run(20).places) is enters

    def test_a_day_of_its_own_and_none(self):
        start = {"moment": {"field": "planned_purchase_date"}, "days_before": 5}
        course = Course(of(start), fields={"planned_purchase_date": Known("2026-11-16", "x")})
        assert course.run(20).told() == ["day 9: enrol one"]
        assert Course(of(start)).run(20).told() == []


class TestKeptOut:
    """The first reason against it is told."""

    @pytest.mark.parametrize(
        ("keys", "gate"),
        [
            ({"unless": CUSTOMER}, "unless"),
            ({"exits": [{"name": "bought", "when": CUSTOMER}]}, "exit"),
            ({"goal": {"kind": "convert", "when": CUSTOMER}}, "goal"),
        ],
    )
    def test_by_the_nurture_itself(self, keys, gate):
        course = started(paper(nurture(MAIL, WAIT, **keys)), properties={"lifecyclestage": "customer"}).run(1)
        assert course.gates() == {"nurture:small": gate}
        assert course.places == ()

    def test_by_consent_and_enters_once_it_is_there(self):
        course = started(paper(nurture(MAIL, WAIT)), properties={"hs_emailconfirmationstatus": "Pending"}).run(1)
        assert refused(course).gate == "double_opt_in"
        course.properties["hs_emailconfirmationstatus"] = "Confirmed"
        assert course.run(2).told() == ["day 1: enrol one"]

    def test_the_exceptions_evidence_is_named(self):
        course = started(paper(nurture(MAIL, WAIT, unless=CUSTOMER)), properties={"lifecyclestage": "customer"}).run(1)
        assert "lifecyclestage=customer" in refused(course).why

    def test_a_nurture_that_is_switched_off_takes_nobody(self):
        course = Course(book(paper(nurture(MAIL, WAIT)), switch_on=False))
        course.did("white_paper")
        assert course.run(1).places == ()


class TestOneAtATime:
    """Priority decides; whoever has no room is told why."""

    def two(self, at_once=1, **second):
        one, other = nurture(MAIL, WAIT, name="calm", priority=20), nurture(MAIL, WAIT, name="urgent", **second)
        other["steps"][0] = {**MAIL, "workflow": "two"}
        return paper(one, other, pace={"at_once": at_once})

    def test_of_two_the_more_important_one_runs_the_other_waits(self):
        course = started(self.two(priority=80)).run(1)
        assert course.told() == ["day 0: enrol two"]
        assert course.gates() == {"nurture:calm": "one_at_a_time"}
        assert "urgent" in refused(course).why

    def test_among_equals_the_name_decides_so_that_the_answer_is_always_the_same(self):
        assert started(self.two(priority=20)).run(1).endings() == {"calm": "at wait"}

    def test_more_at_once_if_the_document_says_so(self):
        assert started(self.two(at_once=2, priority=80)).run(1).endings() == {"calm": "at wait", "urgent": "at wait"}

    def test_what_interrupts_ends_what_matters_less(self):
        late = {"priority": 80, "interrupts": True, "starts": [{"did": ["e_book"]}]}
        course = started(self.two(**late))
        course.did("e_book", day=2)
        course.run(5)
        assert course.endings() == {"calm": "interrupted", "urgent": "at wait"}
        assert course.places[0].why == "by urgent"

    def test_what_matters_less_interrupts_nothing(self):
        late = {"priority": 10, "interrupts": True, "starts": [{"did": ["e_book"]}]}
        course = started(self.two(**late))
        course.did("e_book", day=2)
        assert course.run(5).endings() == {"calm": "at wait"}

    def test_thirty_nurtures_at_once_stay_within_the_cap(self):
        many = [nurture(MAIL, WAIT, name=f"nurture_{number:02d}") for number in range(30)]
        course = started(paper(*many, pace={"at_once": 30})).run(6)
        assert course.told() == ["day 0: enrol one"] * 3
        assert len(course.places) == 30
        assert list(course.gates().values()) == ["frequency_cap"] * 27


class TestComingBack:
    """Once, unless the nurture says otherwise."""

    def again(self, **again):
        """The days on which it entered; it took the paper on days 0, 3, 20 and 40."""
        keys = {"again": again} if again else {}
        course = started(paper(nurture(MAIL, starts=[{"did": ["white_paper"]}], **keys)))
        for day in (3, 20, 40):
            course.did("white_paper", "something", day=day)
        return [course.day_of(one.entered_ms) for one in course.run(60).places]

    def test_once(self):
        assert self.again() == [0]

    def test_again_after_some_days(self):
        assert self.again(after_days=10, most=10) == [0, 10, 20, 40]

    def test_so_many_times_and_no_more(self):
        assert self.again(after_days=10, most=2) == [0, 10]

    def test_causes_differ_from_stay_to_stay(self):
        course = started(paper(nurture(MAIL, again={"after_days": 1, "most": 3})))
        course.did("white_paper", day=20)
        course.run(30)
        assert [one.cause for _, one in course.log] == ["nurture:small:mail:1:1.0", "nurture:small:mail:1:2.0"]


class TestHeldOut:
    """A share is watched only: the same people for ever, spread evenly, without any effect."""

    def crowd(self, key="portal-1", share=10):
        graph = book(paper(nurture(MAIL, WAIT, hold_out=share)), key=key).current[0]
        return {who for who in range(4000) if graph.holds_out(key, who)}

    def test_the_share_is_kept(self):
        assert 320 < len(self.crowd()) < 480
        assert self.crowd(share=0) == set()
        assert 1850 < len(self.crowd(share=50)) < 2150

    def test_the_same_people_at_every_asking_others_in_every_portal(self):
        assert self.crowd() == self.crowd()
        both = self.crowd() & self.crowd(key="portal-2")
        assert len(both) < 80  # about a tenth of a tenth

    def test_a_larger_share_keeps_those_it_had(self):
        assert self.crowd(share=5) <= self.crowd(share=20)

    def test_whoever_is_held_out_goes_through_all_steps_without_any_effect(self):
        data = presets("welcome", "topic")
        data["nurtures"][0]["hold_out"] = 50
        paths = []
        for who in range(30):
            course = Course(book(data, key="portal-1"), contact_id=who)
            course.did("offer_request")
            course.did("blog_post", "post_a", day=4)
            course.did("e_book", "e_paper", day=8)
            course.did("webinar_attended", day=14)
            course.run(40)
            paths.append((course.places[0].held_out, len(course.log), course.endings(), sorted(course.trail)))
        assert {held for held, *_ in paths} == {True, False}
        assert {number for held, number, *_ in paths if held} == {0}
        assert {number for held, number, *_ in paths if not held} == {5}
        assert len({str((ends, trail)) for *_, ends, trail in paths}) == 1
