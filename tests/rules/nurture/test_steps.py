"""Step by step: what each kind of step does, when it waits, and what it says when it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.model.judgement import Enrol, Known, SetProperty, Unknown
from tests.rules.judging.build import PORTAL
from tests.rules.nurture.build import (
    DAY,
    HOUR,
    MAIL,
    Course,
    book,
    causes,
    ms,
    nurture,
    paper,
    portal_without,
    refused,
    started,
)

WAIT = {"name": "wait", "do": "wait", "days": 3}
SECOND = {"name": "second", "do": "enrol", "label": "Second", "workflow": "two"}


def asked(*answers, days=10, **keys):
    return {"name": "asked", "do": "await", "days": days, "answers": list(answers), **keys}


class TestEnrol:
    """A mailing step: gate, cap, quiet hours, then the workflow by the way it is entered."""

    def test_the_enrolment_names_workflow_address_and_a_cause_of_its_own(self):
        course = started(paper(nurture(MAIL, WAIT, SECOND))).run(5)
        assert course.told() == ["day 0: enrol one", "day 3: enrol two"]
        assert next((one.workflow_id, one.email) for _, one in course.log) == ("101", "anna@berg.example")
        assert causes(course) == ["nurture:small:mail:1:1.0", "nurture:small:second:1:1.2"]

    def test_by_list(self):
        course = started(paper(nurture({**MAIL, "workflow": "listed"}))).run(1)
        assert [one for _, one in course.log] == [
            Enrol(1, "anna@berg.example", "listed", "9", "nurture:small:mail:1:1.0", "join")
        ]

    def test_by_property_the_value_differs_at_each_visit_and_names_nobody(self):
        again = {"name": "week", "do": "wait", "days": 7, "then": "mail"}
        course = started(paper(nurture({**MAIL, "workflow": "keyed"}, again))).run(8)
        values = [one.value for _, one in course.log if isinstance(one, SetProperty)]
        assert values == ["small:mail:1.0", "small:mail:1.2"]

    @pytest.mark.parametrize(
        ("workflow", "gate"),
        [
            ({"name": "one", "on": "nurture"}, "workflow"),
            ({"name": "one", "on": "nurture", "workflow_id": "7", "enabled": False}, "workflow"),
            ({"name": "one", "on": "nurture", "by": "list"}, "workflow"),
            ({"name": "one", "on": "nurture", "by": "property", "property": "nowhere"}, "writable"),
        ],
    )
    def test_a_workflow_that_cannot_be_entered_holds_the_step_with_its_reason(self, workflow, gate):
        course = started(paper(nurture(MAIL), workflows=[workflow])).run(1)
        assert course.gates() == {"nurture:small:mail": gate}
        assert course.endings() == {"small": "at mail"}
        assert refused(course).remedy

    def test_a_workflow_that_the_portal_switched_off_holds_too(self):
        data = paper(nurture(MAIL))
        off = replace(PORTAL, workflows={"101": ("one", False)})
        course = Course(book(data, portal=off))
        course.did("white_paper")
        assert course.run(1).gates() == {"nurture:small:mail": "workflow"}

    @pytest.mark.parametrize(
        ("said", "gate"),
        [
            ({"hs_email_optout": "true"}, "opted_out"),
            ({"hs_email_bad_address": "true"}, "bad_address"),
            ({"hs_emailconfirmationstatus": "Pending"}, "double_opt_in"),
            ({"email": None}, "workflow"),
        ],
    )
    def test_consent_holds_whoever_is_inside_whichever_way_leads_in(self, said, gate):
        for way in ("one", "listed", "keyed"):
            course = started(paper(nurture(WAIT, {**MAIL, "workflow": way}))).run(1)
            course.properties.update(said)
            course.run(4)
            assert course.log == []
            assert course.gates() == {"nurture:small:mail": "email" if gate == "workflow" else gate}

    def test_what_the_contact_has_is_not_offered_again(self):
        offering = {**MAIL, "offers": ["guide"]}
        course = started(paper(nurture(offering, WAIT, SECOND)))
        course.did("white_paper", "guide", day=-100)
        assert course.run(5).told() == ["day 3: enrol two"]

    def test_what_was_offered_once_is_not_offered_again(self):
        offering = {**SECOND, "offers": ["guide"], "known": "third"}
        third = {"name": "third", "do": "enrol", "label": "Third", "workflow": "listed"}
        course = started(paper(nurture({**MAIL, "offers": ["guide"]}, WAIT, offering, third))).run(5)
        assert course.told() == ["day 0: enrol one", "day 3: add to listed"]

    def test_of_two_offers_one_that_is_new_is_enough(self):
        course = started(paper(nurture({**MAIL, "offers": ["guide", "seminar"]})))
        course.did("white_paper", "guide", day=-100)
        assert course.run(1).told() == ["day 0: enrol one"]

    def test_a_field_that_the_mail_needs_holds_it_until_it_is_known(self):
        course = started(paper(nurture({**MAIL, "needs": ["city"]})), fields={"city": Unknown()}).run(2)
        assert refused(course).why == "The mail needs what is not known: City"
        course.fields["city"] = Known("Ulm", "city")
        assert course.run(3).told() == ["day 2: enrol one"]

    def test_or_leads_elsewhere(self):
        lacking = {**MAIL, "needs": ["city"], "lacking": "second", "then": "done"}
        assert started(paper(nurture(lacking, SECOND))).run(2).told() == ["day 0: enrol two"]

    def test_a_step_that_sends_no_mail_needs_no_window(self):
        data = paper(nurture({**MAIL, "mails": 0}))
        assert started(data, start="2026-11-07 23:00").run(0.01).told() == ["day 0: enrol one"]
        data = paper(nurture(MAIL))
        assert started(data, start="2026-11-07 23:00").run(3).told() == ["day 2: enrol one"]


class TestTheCap:
    """Mails per week, over all nurtures of a class and for one alone."""

    def test_the_portals_cap_delays_the_mail_and_says_until_when(self):
        data = paper(nurture(MAIL, {**WAIT, "days": 1}, SECOND), pace={"per_week": {"nurture": 1}})
        course = started(data).run(1)
        assert refused(course).gate == "frequency_cap"
        assert "2026-11-09" in refused(course).why
        assert course.run(8).told() == ["day 0: enrol one", "day 7: enrol two"]

    def test_a_workflow_of_several_mails_counts_as_many(self):
        data = paper(nurture({**MAIL, "mails": 3}, {**WAIT, "days": 1}, SECOND))
        assert started(data).run(8).told() == ["day 0: enrol one", "day 7: enrol two"]

    def test_a_nurtures_own_cap(self):
        data = paper(nurture(MAIL, {**WAIT, "days": 1}, SECOND, per_week=1))
        assert started(data).run(8).told() == ["day 0: enrol one", "day 7: enrol two"]

    def test_mails_of_another_nurture_count_those_of_another_class_do_not(self):
        other = {"name": "letter", "on": "nurture", "message_class": "newsletter", "workflow_id": "200"}
        for kind, day in (("nurture", 7), ("newsletter", 0)):
            second = nurture({**MAIL, "workflow": "letter" if kind == "newsletter" else "two"}, name="other")
            second.update(message_class=kind, priority=10)
            data = paper(nurture(MAIL), second, pace={"per_week": {"nurture": 1}, "at_once": 2})
            data["workflows"].append(other)
            told = started(data).run(8).told()
            assert [one.split(":")[0] for one in told] == ["day 0", f"day {day}"]

    def test_a_step_larger_than_the_cap_goes_out_alone_rather_than_never(self):
        data = paper(nurture({**MAIL, "mails": 5}), pace={"per_week": {"nurture": 2}})
        assert started(data).run(1).told() == ["day 0: enrol one"]


class TestWait:
    """Delays from the start, from the step before, around a day."""

    def test_from_the_start_and_from_the_step_before(self):
        answer = asked({"did": ["site_visit"]})
        for anchor, day in (("start", 7), ("previous", 9)):  # day 5 is a Saturday
            course = started(paper(nurture(MAIL, answer, {**WAIT, "days": 5, "anchor": anchor}, SECOND)))
            course.did("site_visit", day=4, clock="09:00")
            assert course.run(12).told() == ["day 0: enrol one", f"day {day}: enrol two"]

    def test_before_and_after_a_day_of_the_contacts_own(self):
        field = {"name": "wait", "do": "wait", "days": 2, "before": {"field": "planned_purchase_date"}}
        fields = {"planned_purchase_date": Known("2026-11-12", "planned")}
        assert started(paper(nurture(field, MAIL)), fields=fields).run(14).told() == ["day 8: enrol one"]
        named = {"name": "wait", "do": "wait", "days": 1, "after": {"property": "visit"}, "at": "14:00"}
        course = started(paper(nurture(named, MAIL)), properties={"visit": "2026-11-10"}).run(14)
        assert course.log[0][0] == ms("2026-11-11 14:00")

    @pytest.mark.parametrize("said", [None, "", "soon", "99999999999999999"])
    def test_a_day_nobody_knows_goes_its_own_way(self, said):
        named = {"name": "wait", "do": "wait", "before": {"property": "visit"}, "unknown": "second"}
        course = started(paper(nurture(named, {**MAIL, "then": "done"}, SECOND)), properties={"visit": said}).run(1)
        assert course.told() == ["day 0: enrol two"]

    def test_a_day_that_has_passed_goes_its_own_way_too(self):
        late = {"name": "wait", "do": "wait", "before": {"date": "2026-11-01"}, "passed": "second"}
        assert started(paper(nurture(late, {**MAIL, "then": "done"}, SECOND))).run(1).told() == ["day 0: enrol two"]
        assert started(paper(nurture({**late, "passed": "done"}, MAIL))).run(1).told() == []

    def test_the_time_until_a_delay_is_over_is_told(self):
        course = started(paper(nurture(WAIT, MAIL)))
        assert course.look().due_ms == ms("2026-11-05 10:00")


class TestAwait:
    """The first act since the last mail decides; silence has its own way."""

    def test_each_answer_has_its_way(self):
        first, other = {"did": ["white_paper"], "about": ["guide"]}, {"did": ["site_visit"], "then": "second"}
        steps = (asked(first, other, silent="done"), {**MAIL, "then": "done"}, SECOND)
        for kind, about, told in (("white_paper", "guide", "one"), ("site_visit", "", "two")):
            course = started(paper(nurture(*steps)))
            course.did(kind, about, day=1)
            assert course.run(3).told() == [f"day 1: enrol {told}"]

    def test_an_act_about_something_else_is_no_answer(self):
        course = started(paper(nurture(asked({"did": ["white_paper"], "about": ["guide"]}, silent="done"), MAIL)))
        course.did("white_paper", "other", day=1)
        assert course.run(12).told() == []

    def test_what_was_done_before_the_mail_is_no_answer_to_it(self):
        course = started(paper(nurture(WAIT, MAIL, asked({"did": ["site_visit"]}, silent="done"), SECOND)))
        course.did("site_visit", day=1)
        assert course.run(20).told() == ["day 3: enrol one"]

    def test_what_was_done_between_mail_and_step_is_one(self):
        course = started(paper(nurture(MAIL, WAIT, asked({"did": ["site_visit"]}, silent="done"), SECOND)))
        course.did("site_visit", day=1)
        assert course.run(20).told() == ["day 0: enrol one", "day 3: enrol two"]

    def test_one_act_answers_once(self):
        twice = (asked({"did": ["site_visit"]}, silent="done"), {**asked({"did": ["site_visit"]}), "name": "more"})
        course = started(paper(nurture(*twice, MAIL)))
        course.did("site_visit", day=1)
        assert course.run(3).endings() == {"small": "at more"}

    def test_an_answer_that_came_in_time_counts_however_late_it_is_looked_at(self):
        course = started(paper(nurture(asked({"did": ["site_visit"]}, days=5, silent="done"), MAIL)))
        course.look()
        course.did("site_visit", day=4)
        course.now += 20 * DAY
        course.look()
        assert course.endings() == {"small": "at mail"}

    def test_where_acts_are_not_read_silence_is_not_known(self):
        """Unknown is not zero: with the source off, nobody is called silent."""
        course = started(paper(nurture(asked({"did": ["site_visit"]}, silent="done"), MAIL)))
        course.missing = frozenset({"page_view"})
        course.run(30)
        assert course.endings() == {"small": "at asked"}
        assert course.gates() == {"nurture:small:asked": "source_off"}


class TestTheOthers:
    """Branch, set, leave, jump, end."""

    @pytest.mark.parametrize(("city", "told"), [("Ulm", "one"), ("Bonn", "two"), (None, "listed")])
    def test_a_branch_keeps_unknown_apart(self, city, told):
        where = {"name": "where", "do": "branch", "otherwise": "second", "unknown": "third"}
        where["ways"] = [{"when": {"field": "city", "equals": "Ulm"}, "then": "mail"}]
        third = {"name": "third", "do": "enrol", "label": "Third", "workflow": "listed"}
        steps = (where, {**MAIL, "then": "done"}, {**SECOND, "then": "done"}, third)
        fields = {"city": Unknown() if city is None else Known(city, "city")}
        course = started(paper(nurture(*steps)), fields=fields).run(1)
        assert course.told()[0].endswith(told)

    def test_a_branch_without_a_way_for_the_unknown_takes_otherwise(self):
        where = {"name": "where", "do": "branch", "otherwise": "second"}
        where["ways"] = [{"when": {"field": "city", "equals": "Ulm"}, "then": "mail"}]
        course = started(paper(nurture(where, MAIL, WAIT, SECOND))).run(1)
        assert course.told() == ["day 0: enrol two"]

    @pytest.mark.parametrize(
        ("keys", "value"),
        [
            ({"value": "fixed"}, "fixed"),
            ({"field": "first_name", "fallback": "you"}, "Anna"),
            ({"field": "city", "fallback": "your town"}, "your town"),
            ({"take": "last_asset", "fallback": "x"}, "Pump book"),
            ({"take": "first_interest", "fallback": "x"}, "something"),
            ({"take": "last_offer", "fallback": "x"}, "guide"),
        ],
        ids=str,
    )
    def test_a_property_is_set_from_what_is_known(self, keys, value):
        setting = {"name": "set", "do": "set", "property": "nurture_topic", **keys}
        course = started(paper(nurture({**MAIL, "offers": ["guide"]}, setting)))
        course.did("e_book", "Pump book")
        assert course.run(1).told()[1] == f"day 0: set nurture_topic = {value}"

    def test_what_stands_there_already_is_not_written(self):
        setting = {"name": "set", "do": "set", "property": "nurture_topic", "value": "same"}
        course = started(paper(nurture(setting, MAIL)), properties={"nurture_topic": "same"}).run(1)
        assert course.told() == ["day 0: enrol one"]

    def test_a_property_that_the_portal_lacks_holds_the_mail_behind_it(self):
        """No mail with a hole in it."""
        setting = {"name": "set", "do": "set", "property": "nurture_topic", "value": "x"}
        course = Course(book(paper(nurture(setting, MAIL)), portal=portal_without("nurture_topic")))
        course.did("white_paper")
        assert course.run(1).gates() == {"nurture:small:set": "writable"}
        assert course.log == []

    def test_leaving_goes_the_way_it_was_entered_and_needs_no_consent(self):
        steps = [{"name": f"out_{way}", "do": "leave", "workflow": way} for way in ("one", "listed", "keyed")]
        course = started(paper(nurture(WAIT, *steps)), properties={"nurture_key": "x"}).run(1)
        course.properties["hs_email_optout"] = "true"
        course.run(4)
        assert course.told() == ["day 3: leave one", "day 3: take off listed", "day 3: set nurture_key = "]
        assert [one.act for _, one in course.log if isinstance(one, Enrol)] == ["leave", "part"]

    def test_a_jump_ends_here_and_starts_there(self):
        other = nurture(MAIL, name="other", starts=[])
        course = started(paper(nurture({"name": "on", "do": "jump", "nurture": "other"}), other)).run(1)
        assert course.endings() == {"small": "jumped", "other": "done"}
        assert course.places[1].cause == "on from small"

    def test_nurtures_that_jump_in_a_circle_come_to_an_end(self):
        jumps = [nurture({"name": "on", "do": "jump", "nurture": to}, name=name) for name, to in ("ab", "ba")]
        course = started(paper(*jumps)).run(2)
        assert len(course.places) == 2
        assert set(course.gates().values()) <= {"again"}

    def test_an_end_says_how_it_is_called(self):
        course = started(paper(nurture({"name": "out", "do": "end", "ended": "silent", "label": "No reaction"}))).run(1)
        assert (course.places[0].ended, course.places[0].why) == ("silent", "No reaction")


class TestHoursOnly:
    """Short delays."""

    def test_hours_are_hours(self):
        course = started(paper(nurture({"name": "wait", "do": "wait", "hours": 2}, MAIL)))
        course.look()
        assert course.last.due_ms == course.now + 2 * HOUR
