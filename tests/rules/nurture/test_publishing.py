"""Publishing anew: those inside stay on their version, move, or leave; and everybody keeps to what he entered by."""

from __future__ import annotations

import pytest

from connector.model.nurture import Place
from connector.rules.nurture.publishing import at_publishing, inside
from tests.rules.nurture.build import MAIL, Course, book, ms, nurture, paper, parsed

WAIT = {"name": "wait", "do": "wait", "days": 3}
SECOND = {"name": "second", "do": "enrol", "label": "Second", "workflow": "two"}
OTHER = {"name": "second", "do": "enrol", "label": "Another", "workflow": "listed"}
OLD = paper(nurture(MAIL, WAIT, SECOND))
NEW = paper(nurture(MAIL, WAIT, OTHER))
NOW = ms("2026-11-03 12:00")


def place(step="wait", version=1, **more):
    return Place(1, "small", version, 1, NOW, "", step, NOW, NOW, **more)


def republished(choice, new=NEW):
    """A contact entered by the old version; the next day the new one is published with that choice."""
    course = Course(book(OLD))
    course.did("white_paper")
    course.run(1)
    course.places = at_publishing(course.places, parsed(new), 2, course.now, {"small": choice})
    course.book = book(new, version=2, earlier=[(1, parsed(OLD))])
    return course.run(10)


class TestChoices:
    """What the publisher answers."""

    def test_stay(self):
        assert republished("stay").told() == ["day 0: enrol one", "day 3: enrol two"]

    def test_move(self):
        assert republished("move").told() == ["day 0: enrol one", "day 3: add to listed"]

    def test_leave(self):
        course = republished("leave")
        assert course.told() == ["day 0: enrol one"]
        assert (course.places[0].ended, course.places[0].why) == ("published", "version 2")

    def test_whoever_stands_on_a_step_that_is_gone_cannot_move(self):
        course = republished("move", paper(nurture(MAIL, {**WAIT, "name": "pause"}, OTHER)))
        assert course.endings() == {"small": "published"}
        assert course.places[0].why == "version 2 has no step wait"

    def test_without_an_answer_the_nurture_itself_says(self):
        for said, version, ended in (("stay", 1, None), ("move", 2, None), ("leave", 1, "published")):
            new = parsed(paper(nurture(MAIL, WAIT, OTHER, on_publish=said)))
            (after,) = at_publishing([place()], new, 2, NOW)
            assert (after.version, after.ended) == (version, ended)

    @pytest.mark.parametrize("choice", ["stay", "move", "leave"])
    def test_who_is_out_already_is_left_alone(self, choice):
        gone = place(ended="done", ended_ms=5)
        assert at_publishing([gone], parsed(NEW), 2, NOW, {"small": choice}) == (gone,)

    def test_a_nurture_that_is_gone_keeps_those_inside(self):
        assert at_publishing([place()], parsed(paper()), 2, NOW) == (place(),)

    def test_moving_keeps_when_the_contact_entered_and_what_it_was_sent(self):
        (after,) = at_publishing([place(taken=4, held_out=True)], parsed(NEW), 2, NOW, {"small": "move"})
        assert (after.entered_ms, after.taken, after.held_out, after.entry) == (NOW, 4, True, 1)


class TestAsking:
    """What publishing has to ask about."""

    def test_how_many_stand_where(self):
        places = [place(), place(), place("second"), place(version=2), place(ended="done")]
        (only,) = inside(places, parsed(NEW))
        assert only.contacts == 4
        assert only.steps == {(1, "wait"): 2, (1, "second"): 1, (2, "wait"): 1}
        assert only.homeless == frozenset()

    def test_where_nobody_could_go_on(self):
        (only,) = inside([place("old_step"), place()], parsed(NEW))
        assert only.homeless == {"old_step"}
        (only,) = inside([place()], parsed(paper()))
        assert only.homeless is None

    def test_nobody_inside_nothing_to_ask(self):
        assert inside([place(ended="done")], parsed(NEW)) == ()


class TestVersions:
    """Everybody keeps to the version he entered by."""

    def test_a_version_that_is_gone_ends_the_stay_and_says_so(self):
        course = Course(book(NEW, version=2), places=(place(),))
        course.look()
        assert (course.places[0].ended, course.places[0].why) == ("lost", "the version it entered by is gone")

    def test_a_nurture_switched_off_lets_those_inside_go_on(self):
        course = Course(book(OLD))
        course.did("white_paper")
        course.run(1)
        course.book = book(OLD, switch_on=False)
        assert course.run(10).told() == ["day 0: enrol one", "day 3: enrol two"]

    def test_who_enters_anew_enters_by_the_new_version(self):
        course = republished("stay")
        course.contact_id = 2
        fresh = Course(course.book, contact_id=2)
        fresh.did("white_paper")
        assert fresh.run(10).told() == ["day 0: enrol one", "day 3: add to listed"]
        assert fresh.places[0].version == 2
