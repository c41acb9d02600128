"""What holds for every course: no effect twice, no mail above the cap, nothing lost by looking late or often."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.model.judgement import Enrol
from connector.rules.nurture.advance import advance, ending_words
from tests.rules.nurture.build import DAY, HOUR, Course, book, causes, presets

EVERY = book(presets("welcome", "topic", "wake-up", "event", "follow-up", "seo", "post-purchase"))
ABOUT = (
    "post_a", "post_b", "e_paper", "topic_page", "topic_guide", "seo_guide", "site_analysis", "fact_sheet", "webinar",
)  # fmt: skip
KINDS = (
    "offer_request", "blog_post", "e_book", "white_paper", "site_visit", "mail_clicked", "webinar_attended",
    "contact_request", "demo_request", "mail_replied", "mail_opened",
)  # fmt: skip
ACTS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(ABOUT), st.integers(0, 150), st.integers(0, 23)), max_size=12
)
STAGES = st.sampled_from(("lead", "subscriber", "customer", "opportunity", ""))


def course_of(acts, stage="lead"):
    course = Course(EVERY, properties={"lifecyclestage": stage})
    for kind, about, day, hour in acts:
        course.did(kind, about, day, f"{hour:02d}:30")
    return course


class TestEveryCourse:
    """Over all shipped nurtures at once."""

    @settings(max_examples=60, deadline=None)
    @given(ACTS, STAGES)
    def test_no_effect_happens_twice(self, acts, stage):
        course = course_of(acts, stage).run(200)
        assert [cause for cause, times in Counter(causes(course)).items() if times > 1] == []

    @settings(max_examples=60, deadline=None)
    @given(ACTS, STAGES)
    def test_never_more_mails_than_the_cap_in_any_seven_days_and_only_in_the_window(self, acts, stage):
        course = course_of(acts, stage).run(200)
        mails = [at_ms for at_ms, one in course.log if isinstance(one, Enrol)]
        assert all(sum(1 for one in mails if at_ms - 7 * DAY < one <= at_ms) <= 3 for at_ms in mails)
        assert all(EVERY.calendar.next_open(at_ms) == at_ms for at_ms in mails)

    @settings(max_examples=60, deadline=None)
    @given(ACTS)
    def test_never_two_nurtures_at_once(self, acts):
        course = course_of(acts).run(100)
        assert sum(place.active for place in course.places) <= 1

    @settings(max_examples=60, deadline=None)
    @given(ACTS)
    def test_nothing_is_offered_twice(self, acts):
        course = course_of(acts).run(200)
        offered = Counter(name for place in course.places for sent in place.sent for name in sent.offers)
        posts = {"post_a", "post_b"}  # these two go out together, as long as one of them is new
        assert {name for name, times in offered.items() if times > 1} <= posts

    @settings(max_examples=60, deadline=None)
    @given(ACTS)
    def test_looking_twice_at_one_instant_changes_nothing(self, acts):
        course = course_of(acts)
        course.run(60)
        course.look()
        again = advance(course.facts(), course.places, EVERY, course.done)
        assert again.places == course.places
        assert again.decisions == ()

    @settings(max_examples=40, deadline=None)
    @given(ACTS, st.lists(st.integers(0, 120 * 24), max_size=30))
    def test_looking_more_often_changes_nothing(self, acts, hours):
        """What is due is told: to look in between brings nothing that would not have come anyway."""
        plain, restless = course_of(acts).run(120), course_of(acts)
        restless.run(120, also=[restless.at(0) + hour * HOUR for hour in hours])
        assert restless.told() == plain.told()
        assert restless.endings() == plain.endings()

    @settings(max_examples=40, deadline=None)
    @given(ACTS)
    def test_whoever_ended_stays_ended(self, acts):
        course = course_of(acts).run(60)
        ended = [place for place in course.places if not place.active]
        course.run(120)
        assert [place for place in course.places if place in ended] == ended
        assert all(ending_words(place.ended) for place in ended)


def test_time_alone_is_told_ahead():
    """From one due instant to the next, nothing happens in between."""
    course = course_of([("offer_request", "", 0, 9)])
    due = course.look().due_ms
    while due is not None and due < course.at(100):
        before = course.places
        course.now = due - 1
        assert course.look().places == before
        course.now = due
        due = course.look().due_ms
    assert len(course.log) >= 4
