"""What sales made of each version's MQLs, and when that is alarming; read from the receipts of a real database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from connector.reports.acceptance import Acceptance
from connector.reports.stories import Story
from connector.store import bulk
from connector.store.schema import RECEIPT_HISTORY
from connector.store.study import models_at
from tests import databases
from tests.reports.people import act, at, ground, numbers, story, told
from tests.reports.small import Small, ms, small

MODELS = {1: ("b2b", 1), 2: ("b2b", 2)}


def judged(found: Mapping[int, int]) -> dict[int, tuple[str, int]]:
    """Contacts from 100 on were judged by version 2, from 200 on by nobody."""
    return {who: MODELS[1 + (who >= 100)] for who in found if who < 200}


def leads(first: int, number: int, accepted: int, called: bool = True) -> list[Story]:
    """The first ``accepted`` went on; of the others sales called each, or none."""
    day = 5 if first < 100 else 50
    call = [act(day + 1, "call_held", source="call")] if called else []
    return [
        story(first + n, *call, way=[("mql", day), *([("sql", day + 2)] if n < accepted else [])])
        for n in range(number)
    ]


def sentence(*found: Story) -> tuple[str, dict[str, object]] | None:
    (section,) = told(Acceptance(ground(), judged), *found)
    return section.text


def test_each_version_has_its_own_share_and_opens_its_contacts() -> None:
    found = numbers(Acceptance(ground(), judged), *leads(1, 4, 3), *leads(100, 2, 1, called=False))
    shown = {key: (one.value, one.of, one.who) for key, one in found.items()}
    assert shown == {
        "accepted_b2b_1": (0.75, 4, (1, 2, 3)), "untouched_b2b_1": (0.0, 4, ()),
        "accepted_b2b_2": (0.5, 2, (100,)), "untouched_b2b_2": (0.5, 2, (101,)),
    }  # fmt: skip


def test_who_was_not_judged_by_then_stands_apart() -> None:
    found = numbers(Acceptance(ground(), judged), *leads(200, 2, 1), *leads(1, 1, 1))
    assert (found["accepted_unjudged"].value, found["accepted_unjudged"].who) == (0.5, (200,))
    assert found["accepted_b2b_1"].of == 1


def test_who_became_mql_before_the_span_is_of_no_version() -> None:
    assert numbers(Acceptance(ground(), judged), story(1, way=[("mql", -3), ("sql", 2)])) == {}


def test_falling_acceptance_is_told_with_both_shares() -> None:
    text = sentence(*leads(1, 10, 8), *leads(100, 10, 4))
    assert text == ("acceptance_falls", {"now": 40, "was": 80, "version": 2, "before": 1})


@pytest.mark.parametrize("accepted", [7, 8, 10])
def test_a_little_less_or_more_is_no_fall(accepted: int) -> None:
    assert sentence(*leads(1, 10, 8), *leads(100, 10, accepted)) == ("acceptance_holds", {})


def test_untouched_leads_of_the_newest_version_come_first() -> None:
    text = sentence(*leads(1, 10, 8), *leads(100, 10, 4, called=False))
    assert text == ("acceptance_untouched", {"percent": 60, "version": 2})


@pytest.mark.parametrize(("second", "has"), [(0, 1), (9, 1)])
def test_few_leads_are_no_verdict(second: int, has: int) -> None:
    assert sentence(*leads(1, 10, 8), *leads(100, second, 0)) == ("acceptance_few", {"needs": 10, "has": has})


@pytest.fixture(params=databases.KINDS)
def portal(request: pytest.FixtureRequest) -> Iterator[Small]:
    with small(request.param) as made:
        yield made


def step(portal: Small, name: str, when: str, version: int) -> None:
    row = (portal.ids[name], ms(when), 50, "B", "mql", "b2b", version, "judged")
    with portal.store.unit() as u:
        bulk.put(u, portal.portal, RECEIPT_HISTORY, [row])


def test_the_version_is_the_one_that_had_judged_them_when_they_became_mql(portal: Small) -> None:
    for name, entered in (("Ann", "04-10"), ("Ben", "05-10"), ("Cem", "05-11")):
        portal.contact(name, "04-01", stages={"mql": entered})
    for name in ("Ann", "Ben"):
        step(portal, name, "04-09", 1)
        step(portal, name, "05-01", 2)
    step(portal, "Cem", "05-12", 2)
    assert portal.who("questions", "acceptance/accepted_b2b_1") == []
    found = portal.figures("questions")
    assert (found["acceptance/untouched_b2b_1"]["of"], found["acceptance/untouched_b2b_2"]["of"]) == (1, 1)
    assert portal.who("questions", "acceptance/untouched_b2b_1") == ["Ann"]
    assert portal.who("questions", "acceptance/untouched_b2b_2") == ["Ben"]
    assert portal.who("questions", "acceptance/untouched_unjudged") == ["Cem"]
    assert found["acceptance/accepted_b2b_2"]["label"] == "b2b, version 2: accepted"
    german = portal.figures("questions", language="de")
    assert german["acceptance/accepted_b2b_2"]["label"] == "b2b, Version 2: angenommen"


def test_more_contacts_than_are_read_at_once_are_all_found(portal: Small) -> None:
    rows = [(n, ms("04-01"), 50, "B", "mql", "b2b", 1, "judged") for n in range(1, 1203)]
    with portal.store.unit() as u:
        bulk.put(u, portal.portal, RECEIPT_HISTORY, rows)
    with portal.store.view() as u:
        assert len(models_at(u, portal.portal, {n: at(0) for n in range(1, 1203)})) == 1202
        assert models_at(u, portal.portal, {1: ms("03-31")}) == {}
