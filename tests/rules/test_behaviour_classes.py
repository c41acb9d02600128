"""Seekers of information and buyers told apart by what they do: computed, explained, a branch of a nurture (L95)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.model.judgement import SetProperty
from tests.rules.judging.build import PORTAL, activity_rule, contact, did, judged, model
from tests.rules.nurture.build import Course, book, nurture, paper

CLASS: dict[str, Any] = {
    "name": "buying", "label": "Buyer, no seeker", "threshold": 20, "property": "buying_score",
    "rules": [
        activity_rule(name="asks", points=25, activities=["demo_request"], family="readiness"),
        activity_rule(name="prices", points=10, activities=["price_page"], family="readiness"),
        activity_rule(name="reads", points=-5, activities=["blog_post"], family="engagement"),
    ],
}  # fmt: skip
OPEN = replace(PORTAL, writable=PORTAL.writable | {"buying_score"}, property_types={"buying_score": "number"})
PEOPLE = [(("demo_request", "blog_post"), 20, True), (("blog_post",), -5, False), (("price_page",), 10, False)]
BRANCH = {
    "name": "which", "do": "branch", "unknown": "done", "otherwise": "guide",
    "ways": [{"when": {"property": "buying_score", "gte": 20}, "then": "talk"}],
}  # fmt: skip
TALK, GUIDE = (
    {"name": name, "do": "enrol", "label": name, "workflow": workflow, "then": "done"}
    for name, workflow in (("talk", "one"), ("guide", "two"))
)


@pytest.mark.parametrize(("acts", "score", "buyer"), PEOPLE)
def test_the_class_is_computed_from_acts_and_explained_line_by_line(acts: Any, score: int, buyer: bool) -> None:
    judgement = judged(contact(*(did(kind) for kind in acts)), model(activity_rule(), models=[CLASS]), OPEN)
    (told,) = judgement.receipt.models
    assert (told.score, [one.reached for one in told.levels]) == (score, [buyer])
    assert sum(line.points for line in told.lines) == told.score
    assert {line.rule for line in told.lines} >= {
        {"demo_request": "asks", "blog_post": "reads", "price_page": "prices"}[kind] for kind in acts
    }
    written = {one.property: one.value for one in judgement.decisions if isinstance(one, SetProperty)}
    assert written["buying_score"] == str(score)


@pytest.mark.parametrize(("score", "told"), [("20", ["day 0: enrol one"]), ("-5", ["day 0: enrol two"]), (None, [])])
def test_a_nurture_takes_another_way_for_each_class(score: str | None, told: list[str]) -> None:
    course = Course(book(paper(nurture(BRANCH, TALK, GUIDE))), properties={"buying_score": score})
    course.did("white_paper", "something")
    assert course.run(1).told() == told
