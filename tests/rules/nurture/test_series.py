"""Something every week for very different people: a loop with a delay, variants by segment (L93)."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.judgement import Known, Unknown
from tests.rules.nurture.build import Course, book, causes, nurture, paper

WEEK = {"name": "week", "do": "wait", "days": 7, "then": "where"}
BY_SIZE = {
    "name": "where", "do": "branch", "unknown": "anybody",
    "ways": [{"when": {"field": "company_size", "gte": 500}, "then": "large"},
             {"when": {"field": "company_size", "lt": 500}, "then": "small_one"}],
}  # fmt: skip
LARGE, SMALL, ANYBODY = (
    {"name": name, "do": "enrol", "label": name, "workflow": workflow, "then": "week"}
    for name, workflow in (("large", "one"), ("small_one", "two"), ("anybody", "listed"))
)
BOUGHT = {"name": "bought", "when": {"property": "lifecyclestage", "equals": "customer"}}


def course(size: Any, **keys: Any) -> Course:
    made = Course(book(paper(nurture(BY_SIZE, LARGE, SMALL, ANYBODY, WEEK, **keys))))
    made.fields["company_size"] = size
    made.did("white_paper", "something")
    return made


@pytest.mark.parametrize(
    ("size", "workflow"),
    [(Known(900, "x"), "enrol one"), (Known(20, "x"), "enrol two"), (Unknown("empty"), "add to listed")],
)
def test_each_segment_gets_its_own_every_week(size: Any, workflow: str) -> None:
    found = course(size).run(29)
    assert found.told() == [f"day {day}: {workflow}" for day in (0, 7, 14, 21, 28)]
    assert len(set(causes(found))) == 5, "each week is a cause of its own"


def test_who_grows_out_of_a_segment_gets_the_other_ones_from_then_on() -> None:
    growing = course(Known(20, "x"))
    growing.run(13)
    growing.fields["company_size"] = Known(900, "x")
    assert growing.run(22).told() == ["day 0: enrol two", "day 7: enrol two", "day 14: enrol one", "day 21: enrol one"]


def test_it_goes_on_until_an_exit_ends_it() -> None:
    series = course(Known(20, "x"), exits=[BOUGHT])
    series.run(20)
    series.properties["lifecyclestage"] = "customer"
    series.run(60)
    assert len(series.told()) == 3
    assert series.endings() == {"small": "left"}
