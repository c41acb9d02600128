"""The topic of the first asset is an interest of the contact: known where the catalogue knows that asset (row L2)."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.judgement import Field, Known, Unknown
from connector.model.records import Activity
from connector.rules.first_interest import first_interest, topics_of
from tests.rules.judging.build import DAY, NOW
from tests.rules.nurture.build import MAIL, SAID, Course, book, ms, nurture, paper, parsed

ASSETS = [
    {"name": "pump_guide", "kind": "white_paper", "topic": "pumps", "match": "Pump Guide", **SAID},
    {"name": "valve_talk", "kind": "webinar_attended", "topic": "valves", **SAID},
    {"name": "plain", "kind": "e_book", **SAID},
]
TOPICS = topics_of(parsed({"workflows": [], "assets": ASSETS, "nurtures": []}).assets)
NOBODY = Unknown("not mapped")


def act(kind: str, days_ago: float, title: str = "", asset: str = "", verdict: Any = "human") -> Activity:
    at = NOW - int(days_ago * DAY)
    return Activity(1, at, f"{kind}{days_ago}", kind, "form_submission", "X", title=title, asset=asset, verdict=verdict)


def interest(*acts: Activity, mapped: Field = NOBODY, off: frozenset[str] = frozenset(), **properties: str) -> Field:
    return first_interest(mapped, properties, acts, off, TOPICS)


@pytest.mark.parametrize("said", [{"asset": "pump guide"}, {"title": "PUMP GUIDE"}])
def test_it_is_the_topic_of_the_first_converting_asset(said):
    assert interest(act("white_paper", 9, **said)) == Known("pumps", "white_paper")


def test_the_first_one_counts_and_no_later_one():
    later = act("webinar_attended", 2, asset="valve_talk")
    assert interest(act("white_paper", 9, title="Pump Guide"), later).value == "pumps"
    assert interest(act("blog_post", 30, title="News"), later).value == "valves"  # reading is no conversion


@pytest.mark.parametrize("first", [act("white_paper", 9, title="Another"), act("e_book", 9, asset="plain")])
def test_an_asset_that_the_catalogue_does_not_know_leaves_it_unknown(first):
    found = interest(first, act("webinar_attended", 2, asset="valve_talk"))
    assert isinstance(found, Unknown)
    assert found.why == "asset not in the catalogue"


def test_the_kind_must_be_the_assets_own():
    assert isinstance(interest(act("e_book", 9, title="Pump Guide")), Unknown)


def test_a_machine_converts_nobody():
    machine = act("white_paper", 9, title="Pump Guide", verdict="machine")
    assert interest(machine) == Unknown("empty")
    assert interest(machine, act("webinar_attended", 2, asset="valve_talk")).value == "valves"


def test_what_was_not_read_is_unknown():
    assert interest(off=frozenset({"form_submission"})) == Unknown("source off")
    assert interest(off=frozenset({"page_view"})) == Unknown("empty")


def test_a_first_conversion_from_before_the_mirror_is_not_the_one_we_see():
    guide = act("white_paper", 9, title="Pump Guide")
    assert interest(guide, first_conversion_date="2020-01-01T00:00:00Z") == Unknown("first conversion not mirrored")
    assert interest(guide, first_conversion_date="2026-11-13T12:00:00Z").value == "pumps"
    assert interest(guide, first_conversion_date="2026-11-20T12:00:00Z").value == "pumps"


def test_what_the_portal_itself_says_stands():
    said = Known("hydraulics", "erstes_interesse")
    assert interest(act("white_paper", 9, title="Pump Guide"), mapped=said) == said
    assert interest(act("white_paper", 9, title="Pump Guide"), mapped=Unknown("empty")).value == "pumps"


def test_whoever_took_nothing_has_none_and_a_condition_may_ask_for_that():
    asked = nurture(MAIL, name="none", starts=[{"when": {"field": "first_interest", "is_set": False}}])
    assert Course(book(paper(asked)), fields={"first_interest": interest()}).run(1).told() == ["day 0: enrol one"]
    unread = interest(off=frozenset({"form_submission"}))
    assert Course(book(paper(asked)), fields={"first_interest": unread}).run(1).told() == []


class TestNurtures:
    """A nurture starts on it, and a mail may name it."""

    def test_the_interest_opens_the_topics_own_nurture(self):
        pumps = nurture(MAIL, name="pumps", starts=[{"when": {"field": "first_interest", "equals": "pumps"}}])
        assert Course(book(paper(pumps)), fields={"first_interest": Known("pumps")}).run(3).told() == [
            "day 0: enrol one"
        ]
        assert Course(book(paper(pumps)), fields={"first_interest": NOBODY}).run(3).told() == []

    def test_a_mail_that_refers_to_it_says_the_topic_before_a_title(self):
        step = {"name": "topic", "do": "set", "property": "nurture_topic", "take": "first_interest", "fallback": "it"}
        course = Course(book(paper(nurture(step))), fields={"first_interest": Known("pumps", "white_paper")})
        course.did("white_paper", "A title", -1)
        assert ms(course.start) == course.now
        assert course.run(1).told() == ["day 0: set nurture_topic = pumps"]
