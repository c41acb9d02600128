"""The cheapest realistic ways to the next threshold, and what would make a score fall, and when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from connector.errors import DocumentInvalid
from connector.model.judgement import Facts, Known, Unknown
from connector.rules.compiled import Compiled
from connector.rules.outlook import MOST_WAYS, falls, outlook, risks
from tests.rules.judging.build import (
    DAY,
    NAMELESS,
    NOW,
    PORTAL,
    STANDARD,
    activity_rule,
    contact,
    did,
    judged,
    later,
    model,
    property_rule,
)
from tests.rules.judging.test_properties import contacts, models


def ways(facts: Facts, compiled: Compiled = STANDARD) -> list[tuple[tuple[str, ...], int]]:
    return [(way.acts, way.points) for way in outlook(facts, compiled, PORTAL).ways]


class TestWays:
    def test_one_converting_act_on_top_of_a_full_profile(self) -> None:
        ahead = outlook(contact(), STANDARD, PORTAL)
        assert (ahead.stage, ahead.short) == ("mql", 18)
        assert (("E-book downloaded",), 52) in [(way.acts, way.points) for way in ahead.ways]

    def test_what_brings_the_points_but_no_depth_is_no_way_to_mql(self) -> None:
        """32 + two visits are 62 points, and still no MQL."""
        for acts, _ in ways(contact()):
            assert set(acts) - {"Site visited", "Mail opened", "Link in mail clicked", "Newsletter subscribed"}

    def test_who_has_the_points_but_nothing_deep_needs_one_deep_act(self) -> None:
        facts = contact(did("site_visit", times=3), did("mail_opened"))
        assert judged(facts).receipt.score >= 50
        ahead = outlook(facts, STANDARD, PORTAL)
        assert (ahead.stage, ahead.short) == ("mql", 0)
        assert len(ahead.ways[0].acts) == 1

    def test_the_least_effort_comes_first(self) -> None:
        cheap = activity_rule(name="cheap", points=25, counting="per_event", effort=1)
        dear = activity_rule(name="dear", points=50, activities=["demo_request"], effort=5)
        found = outlook(contact(), model(cheap, dear), PORTAL).ways
        assert found[0].acts == ("Cheap", "Cheap")
        assert [way.effort for way in found] == sorted(way.effort for way in found)

    def test_an_answer_to_what_is_unknown_is_a_way(self) -> None:
        ask = property_rule({"field": "industry", "is_set": True}, name="ask", points=30)
        when = property_rule({"field": "city", "equals": "Bonn"}, name="city", points=30)
        book = activity_rule(name="book", points=20)
        facts = contact(fields={**NAMELESS, "industry": Unknown("ambiguous"), "city": Unknown("empty")})
        (acts, points), *_ = ways(facts, model(ask, when, book))
        assert (set(acts) < {"City", "Ask", "Book"}, "Book" in acts, points) == (True, True, 50)

    def test_caps_of_a_family_are_respected(self) -> None:
        compiled = model(
            activity_rule(name="a", points=30, counting="per_event"),
            activity_rule(name="b", points=20, activities=["webinar_attended"], family="readiness"),
            families=[{"name": "engagement", "cap": 30}],
        )
        assert ways(contact(), compiled)[0] == (("A", "B"), 50)

    def test_an_act_may_wake_several_rules_at_once(self) -> None:
        burst = {
            "name": "rush", "kind": "burst", "family": "readiness", "points": 35, "activities": ["e_book"],
            "at_least": 2, "within_hours": 24,
        }  # fmt: skip
        compiled = model(activity_rule(name="book", points=15), burst)
        facts = contact(did("e_book", 0.1))
        assert ways(facts, compiled)[0][1] == 50

    def test_after_mql_comes_the_next_threshold(self) -> None:
        compiled = model(activity_rule(points=30, counting="per_event"), thresholds=[{"stage": "sql", "points": 100}])
        ahead = outlook(contact(did("e_book", times=2)), compiled, PORTAL)
        assert (ahead.stage, ahead.short, ahead.ways[0].acts) == ("sql", 40, ("Rule", "Rule"))

    def test_beyond_the_last_threshold_there_is_none(self) -> None:
        ahead = outlook(contact(did("e_book")), model(activity_rule(points=60)), PORTAL)
        assert (ahead.stage, ahead.short, ahead.ways) == ("", 0, ())

    def test_where_nothing_leads_there_is_no_way(self) -> None:
        assert ways(contact(), model(activity_rule(points=5))) == []


class TestFalls:
    def test_a_fading_score_says_when_it_loses_the_threshold(self) -> None:
        compiled = model(activity_rule(points=60, decay={"half_life_days": 30}))
        facts = contact(did("e_book", 0))
        (loss,) = [one for one in falls(facts, compiled) if one.loses]
        assert (loss.before, loss.after, loss.loses, loss.rules) == (50, 49, ("mql",), ("rule",))
        assert judged(later(facts, loss.at_ms - NOW), compiled).receipt.score == 49
        assert judged(later(facts, loss.at_ms - NOW - 1), compiled).receipt.score == 50

    def test_a_look_back_ends(self) -> None:
        compiled = model(activity_rule(points=60, within_days=30))
        (fall,) = falls(contact(did("e_book", 10)), compiled)
        assert (fall.at_ms, fall.before, fall.after) == (NOW + 20 * DAY, 60, 0)

    def test_silence_takes_points(self) -> None:
        silence = {"name": "silent", "kind": "inactivity", "family": "engagement", "points": -20, "after_days": 45}
        compiled = model(activity_rule(points=60), silence)
        (fall,) = falls(contact(did("e_book", 5)), compiled)
        assert (fall.at_ms, fall.after, fall.rules, fall.loses) == (NOW + 40 * DAY, 40, ("silent",), ("mql",))

    def test_what_does_not_fade_does_not_fall(self) -> None:
        assert falls(contact(did("e_book")), STANDARD) == ()


class TestRisks:
    def test_an_act_that_takes_points_and_the_threshold(self) -> None:
        (risk,) = risks(contact(did("e_book")), STANDARD)
        assert (risk.act, risk.points, risk.loses) == ("Newsletter cancelled", -10, ("mql",))

    def test_what_is_at_its_floor_takes_nothing_more(self) -> None:
        assert risks(contact(did("newsletter_cancelled")), STANDARD) == ()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(models(), contacts())
def test_what_is_foretold_comes_true(compiled: Compiled, facts: Facts) -> None:
    """A fall foretold is the score of that minute; a way has no more acts than are shown."""
    for fall in falls(facts, compiled)[:3]:
        assert judged(replace(facts, now_ms=fall.at_ms), compiled).receipt.score == fall.after
        assert judged(replace(facts, now_ms=fall.at_ms - 1), compiled).receipt.score == fall.before
    ahead = outlook(facts, compiled, PORTAL)
    bars: dict[str, Any] = dict(compiled.model.bars)
    assert len(ahead.ways) <= MOST_WAYS
    assert all(way.points >= bars[ahead.stage] for way in ahead.ways)


def test_a_way_comes_true_when_it_is_gone() -> None:
    """The acts of the first way, really done, give the score it promises."""
    facts = contact(fields={**NAMELESS, "industry": Known("AUTOMOTIVE", "industry")})
    way = outlook(facts, STANDARD, PORTAL).ways[0]
    kinds = {"Site visited": "site_visit", "E-book downloaded": "e_book", "Webinar attended": "webinar_attended"}
    assert set(way.acts) <= {*kinds, "Function", "White paper downloaded"}
    done = [did(kinds[act], 0) for act in way.acts if act in kinds]
    answered = {"role_level": Known("head", "jobtitle")} if "Function" in way.acts else {}
    after = contact(*done, fields={**facts.fields, **answered})
    assert judged(after).receipt.score == way.points


@pytest.mark.parametrize("name", ["total_cap", "cap_engagement"])
def test_a_rule_may_not_be_named_like_a_line_of_the_receipt(name: str) -> None:

    with pytest.raises(DocumentInvalid):
        model(activity_rule(name=name))
