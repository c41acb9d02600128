"""Everybody's score at once is, digit for digit, the score of each: for every model and every crowd."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.judgement import FAMILIES, Facts, Known
from connector.model.records import Activity
from connector.rules.compiled import Compiled, compile_documents
from connector.rules.crowd.columns import crowd_of
from connector.rules.crowd.deeds import faded
from connector.rules.crowd.needed import scorable
from connector.rules.crowd.scoring import GRADES, Scores, score
from connector.rules.documents.scoring import RESERVED, ScoringDocument, models_of
from connector.rules.judge import judge
from connector.rules.scoring.decay import ONE, rounded
from tests.rules.judging.build import DAY, NOW, PORTAL, contact, documents
from tests.rules.judging.test_properties import CALM, contacts, models

MANY = st.lists(contacts(), min_size=1, max_size=6)


def crowded(people: list[Facts]) -> list[Facts]:
    """As the mirror gives them: each with its own id, and the sources of the portal the same for all."""
    off = people[0].missing_sources
    return [replace(one, contact_id=n + 1, missing_sources=off) for n, one in enumerate(people)]


def same_as_alone(compiled: Compiled, people: list[Facts], found: Scores) -> None:
    rules = [rule.name for rule in compiled.documents.scoring.rules if rule.enabled]
    for place, facts in enumerate(people):
        alone = judge(facts, compiled, PORTAL).receipt
        assert found.ids[place] == alone.contact_id
        lines = {line.rule: line.points for line in alone.lines if line.rule not in RESERVED}
        assert {name: int(found.points[n, place]) for n, name in enumerate(rules)} == dict.fromkeys(rules, 0) | lines
        unknown = {name for n, name in enumerate(rules) if found.unknown[n, place]}
        assert unknown == {one.rule for one in alone.unknown}
        assert (found.score[place], found.fit[place], found.engagement[place]) == (
            alone.score, alone.fit, alone.engagement,
        )  # fmt: skip
        assert GRADES[found.grade[place]] == alone.grade
        assert {name: int(found.families[n, place]) for n, name in enumerate(FAMILIES)} == dict(alone.families)


@CALM
@given(models().filter(lambda one: scorable(one.documents.scoring)), MANY)
def test_the_crowd_gets_what_each_gets_alone(compiled: Compiled, people: list[Facts]) -> None:
    people = crowded(people)
    same_as_alone(compiled, people, score(compiled.documents.scoring, crowd_of(people)))


@CALM
@given(models(), MANY)
def test_further_models_too(compiled: Compiled, people: list[Facts]) -> None:
    people = crowded(people)
    alone = [judge(facts, compiled, PORTAL).receipt.models for facts in people]
    further = [model for place, model in models_of(compiled.documents.scoring) if place]
    for number, model in enumerate(further):
        if scorable(model):
            assert list(score(model, crowd_of(people)).score) == [one[number].score for one in alone]


def test_the_shipped_model_on_the_table_of_points() -> None:
    compiled = compile_documents(documents())
    people = crowded([contact(), contact([Activity(1, NOW - DAY, "a", "e_book", "form_submission", "FORM")])])
    same_as_alone(compiled, people, score(compiled.documents.scoring, crowd_of(people)))


@CALM
@given(
    st.integers(-1000, 1000).filter(bool),
    st.lists(st.tuples(st.integers(0, ONE), st.integers(0, 3)), min_size=1, max_size=40),
)
def test_fading_points_are_rounded_from_whole_numbers(points: int, acts: list[tuple[int, int]]) -> None:
    weights, who = [weight for weight, _ in acts], [one for _, one in acts]
    found = faded(points, weights, np.arange(len(acts)), np.array(who), 4)
    sums = [sum(weight for weight, one in acts if one == who) for who in range(4)]
    assert list(found) == [rounded(points * total) for total in sums]


@pytest.mark.parametrize("points", [1, -1, 3, -3, 5])
def test_halves_go_to_the_even_number(points: int) -> None:
    assert list(faded(points, [ONE // 2], np.array([0]), np.array([0]), 1)) == [rounded(points * ONE // 2)]


def test_a_model_that_looks_beside_the_contact_is_left_to_the_single_judgement() -> None:
    beside = {"name": "deal", "kind": "association", "family": "readiness", "points": 5, "of": "deals", "state": "open"}
    changed = documents(scoring={"rules": [beside]}).scoring
    assert isinstance(changed, ScoringDocument)
    assert not scorable(changed)
    assert scorable(documents().scoring)


def test_one_value_is_asked_once_however_many_have_it() -> None:
    people = crowded([contact(fields={"industry": Known("AUTOMOTIVE")}) for _ in range(50)])
    assert len(crowd_of(people).fields["industry"].values) == 1


def test_a_list_gives_a_crowd_what_it_gives_each_and_leaves_open_what_was_not_read() -> None:
    listed = {"name": "listed", "kind": "list", "family": "engagement", "points": 5, "lists": ["7", "8"]}
    asked = {
        "name": "asked", "kind": "property", "family": "readiness", "points": 3, "when": {"not": {"in_list": ["8"]}}
    }  # fmt: skip
    compiled = compile_documents(documents(scoring={"rules": [listed, asked]}))
    said: list[dict[str, bool]] = [{}, {"7": True}, {"7": False}, {"7": False, "8": False}, {"8": True}, {"9": True}]
    people = crowded([contact(lists=one) for one in said])
    found = score(compiled.documents.scoring, crowd_of(people))
    same_as_alone(compiled, people, found)
    assert found.points[0].tolist() == [0, 5, 0, 0, 5, 0]
    assert found.unknown[0].tolist() == [True, False, True, False, False, True]
    assert found.points[1].tolist() == [0, 0, 0, 3, 0, 0]
