"""The linter: what is sound but unwise, all of it at once, with its place; what every model should be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connector.presets import load_yaml, preset_text
from connector.rules.documents import parse_document
from connector.rules.documents.conditions import Condition
from connector.rules.lint import Papers, answers, as_faults, as_problems, lint
from connector.rules.lint.never import impossible
from connector.rules.lint.thresholds import NEVER_ENDING, most_points, slight_acts
from tests.rules.judging.build import activity_rule, document, documents, property_rule

SHIPPED = {
    kind: document(kind, load_yaml(preset_text(kind, name), kind)[0])
    for kind, name in (("mapping", "standard-b2b"), ("activities", "standard"))
}
KNOWN = {"contacts": frozenset({"email", "jobtitle", "age", "segment", "vip"}), "companies": frozenset({"industry"})}


def papers(*rules: Mapping[str, Any], lifecycle: Mapping[str, Any] | None = None, **top: Any) -> Papers:
    """These rules beside the shipped gates (of which personas are none of ours), vouched for."""
    made = documents(
        scoring={"calibrated": True, "version_label": "ours", **({"rules": list(rules)} if rules else {}), **top},
        lifecycle=lifecycle or {},
    )
    return Papers(made.scoring, made.lifecycle)


def said(of: Papers, code: str) -> list[str]:
    return [one.message for one in lint(of) if one.code == code]


def reaching(points: int = 50) -> dict[str, Any]:
    """A rule that makes the threshold reachable, so that tests of other things hear nothing about it."""
    return activity_rule(name="reaching", points=points, counting="per_event", activities=["e_book"])


class TestShipped:
    def test_the_starter_model_is_told_what_it_is_and_nothing_else(self) -> None:
        made = documents()
        found = lint(Papers(made.scoring, made.lifecycle, SHIPPED["mapping"], SHIPPED["activities"]))
        assert [(one.code, one.kind) for one in found] == [("L15", "scoring"), ("L24", "scoring")]

    def test_what_it_is_asked(self) -> None:
        made = documents()
        posts, full, unknown, vouched = answers(Papers(made.scoring, made.lifecycle))
        assert posts.question == "Can 10 blog posts alone make an MQL?"
        assert posts.answer == (
            "No: with a full profile they come to 62 points, but the depth gate asks for a converting act."
        )
        assert full.answer == "e_book (52); webinar_attended (52)"
        assert unknown.fine
        assert not vouched.fine


class TestThresholds:
    def test_l24_nobody_vouches(self) -> None:
        assert said(papers(reaching(), calibrated=False), "L24") == [
            "The threshold of 50 is uncalibrated: nobody vouches for it yet."
        ]
        assert said(papers(reaching()), "L24") == []

    def test_l28_no_way(self) -> None:
        (told,) = said(papers(activity_rule(), threshold=500), "L28")
        assert "Not even a full profile" in told

    def test_l28_one_slight_act_is_enough(self) -> None:
        rules = (
            property_rule({"field": "industry", "equals": "X"}, points=32),
            activity_rule(name="open", points=20, activities=["mail_opened"]),
        )
        assert any('One "open"' in one for one in said(papers(*rules), "L28"))

    def test_l28_the_profile_alone_is_enough(self) -> None:
        (told,) = said(papers(property_rule({"field": "industry", "equals": "X"}, points=60)), "L28")
        assert "A full profile alone" in told

    def test_l29_posts_pass_without_cap_and_gate(self) -> None:
        posts = activity_rule(name="posts", activities=["blog_post"], points=6, counting="per_event")
        gate = {"mql": {**document_of("lifecycle")["mql"], "depth": {"activities": ["e_book"], "at_least": 0}}}
        assert said(papers(posts, lifecycle=gate), "L29") == [
            "10 × Blog post read and nothing else make an MQL (60 points)."
        ]
        assert said(papers({**posts, "cap": 40}, lifecycle=gate), "L29") == []
        assert said(papers(posts), "L29") == []
        (answer, *_) = answers(papers(posts, lifecycle=gate))
        assert (answer.fine, answer.answer) == (False, "Yes: with a full profile they come to 60 of 50 points.")

    def test_posts_that_no_rule_counts(self) -> None:
        assert answers(papers(reaching()))[0].answer == "No: no rule counts blog posts."

    def test_slight_acts_are_judged_by_the_rules_themselves(self) -> None:
        window = activity_rule(
            name="w", activities=["site_visit"], points=7, counting="per_window", window_days=30, max_per_window=2
        )
        burst = {
            "name": "b", "kind": "burst", "family": "engagement", "points": 11, "activities": ["site_visit"],
            "at_least": 5, "within_hours": 24,
        }  # fmt: skip
        (visits,) = slight_acts(papers(window, burst))
        assert visits.points == 70  # a month apart each counts, which is more than the burst of one day
        assert not visits.converting

    def test_out_of_reach(self) -> None:
        of = papers(activity_rule(points=30), threshold=50, thresholds=[{"stage": "sql", "points": 90}])
        assert said(of, "reach") == [
            "The threshold of 50 can never be reached: the rules give at most 30 points.",
            "The threshold of sql of 90 can never be reached: the rules give at most 30 points.",
        ]

    def test_the_whole_has_a_cap_below_a_threshold(self) -> None:
        assert said(papers(reaching(), cap=40), "reach") == [
            "The threshold of 50 can never be reached: the rules give at most 40 points."
        ]

    def test_a_further_model_is_looked_at_too(self) -> None:
        further = {"name": "second", "threshold": 60, "rules": [activity_rule(points=10)]}
        (one,) = [one for one in lint(papers(reaching(), models=[further])) if one.code == "reach"]
        assert one.place == ("models", 0, "threshold")

    def test_grade_a_that_nobody_gets(self) -> None:
        of = papers(reaching(), property_rule({"field": "industry", "equals": "X"}, name="i", points=10))
        assert said(of, "reach") == ["Grade A needs 24 points of fit, the profile rules give at most 10."]

    def test_most_points(self) -> None:
        assert most_points(papers(reaching()).scoring) == NEVER_ENDING
        assert most_points(papers(activity_rule(points=9), families=[{"name": "engagement", "cap": 5}]).scoring) == 5


def document_of(kind: str) -> dict[str, Any]:
    return load_yaml(preset_text(kind, "standard"), kind)[0]


class TestSensitive:
    @pytest.mark.parametrize("name", ["geschlecht", "annual_income", "date_of_birth", "anrede", "gender"])
    def test_l15_by_the_name_of_a_property(self, name: str) -> None:
        of = papers(reaching(), property_rule({"property": name, "equals": "x"}))
        assert said(of, "L15") == [f'The rule "rule" judges people by {name}, which equal-treatment law restricts.']

    @pytest.mark.parametrize("name", ["page_views", "language", "message", "package", "usage"])
    def test_a_name_that_only_sounds_like_it(self, name: str) -> None:
        assert said(papers(reaching(), property_rule({"property": name, "equals": "x"})), "L15") == []

    def test_behind_a_target(self) -> None:
        persona = {"name": "P", "targets": {"young": {"field": "age", "lt": 30}}}
        of = papers(reaching(), property_rule({"target": "young"}), personas=[persona], lifecycle=no_targets())
        assert len(said(of, "L15")) == 1

    def test_not_when_it_is_switched_off(self) -> None:
        of = papers(reaching(), property_rule({"field": "age", "gt": 30}, enabled=False))
        assert said(of, "L15") == []


def no_targets() -> dict[str, Any]:
    mql = document_of("lifecycle")["mql"]
    known = {"when": {"field": "email", "is_set": True}}
    return {"mql": {**mql, "criteria": {**mql["criteria"], "function": known, "region": known}}}


class TestLoops:
    def test_the_score_reads_itself(self) -> None:
        (told,) = said(papers(reaching(), property_rule({"property": "leadwright_score", "gt": 30})), "loop")
        assert told == (
            '"rule" reads leadwright_score, which the score writes: a loop (the score → leadwright_score → the score).'
        )

    def test_the_score_reads_the_stage_that_follows_from_it(self) -> None:
        (told,) = said(papers(reaching(), property_rule({"property": "lifecyclestage", "equals": "x"})), "loop")
        assert "the score → the stage → lifecyclestage → the score" in told

    def test_through_the_mapping_of_a_field(self) -> None:
        made = papers(reaching(), property_rule({"field": "lifecycle_stage", "equals": "x"}))
        assert said(made, "loop") == []
        assert len(said(Papers(made.scoring, made.lifecycle, SHIPPED["mapping"]), "loop")) == 1

    def test_two_models_that_read_each_other(self) -> None:
        models = [
            {"name": "a", "property": "score_a", "rules": [property_rule({"property": "score_b", "gt": 1})]},
            {"name": "b", "property": "score_b", "rules": [property_rule({"property": "score_a", "gt": 1})]},
        ]
        assert len(said(papers(reaching(), models=models), "loop")) == 2

    def test_one_that_reads_the_other_alone_is_no_loop(self) -> None:
        models = [
            {"name": "a", "property": "score_a", "rules": [property_rule({"property": "score_b", "gt": 1})]},
            {"name": "b", "property": "score_b", "rules": [activity_rule()]},
        ]
        assert said(papers(reaching(), models=models), "loop") == []

    def test_a_gate_may_look_at_the_score(self) -> None:
        exclusion = {"name": "low", "label": "Low", "when": {"property": "leadwright_score", "lt": 5}}
        assert said(papers(reaching(), lifecycle={"exclusions": [exclusion]}), "loop") == []


class TestNever:
    @pytest.mark.parametrize(
        ("when", "why"),
        [
            ({"all": [{"field": "industry", "equals": "a"}, {"field": "industry", "in": ["b", "c"]}]}, "no value of"),
            ({"all": [{"field": "industry", "in": ["a"]}, {"field": "industry", "not_in": ["A"]}]}, "no value of"),
            ({"all": [{"field": "company_size", "gt": 50}, {"field": "company_size", "lte": 50}]}, "no number"),
            ({"all": [{"field": "company_size", "between": [1, 5]}, {"field": "company_size", "gte": 6}]}, "no number"),
            ({"all": [{"field": "city", "is_set": False}, {"field": "city", "contains": "a"}]}, "cannot be empty"),
            ({"field": "country", "gt": 5}, "country is no number"),
            ({"field": "industry", "before": "today"}, ""),
            ({"field": "country", "before": "today"}, "country is no date"),
            ({"field": "company_size", "within_next_months": 3}, "company_size is no date"),
            ({"field": "company_size", "is_true": True}, "neither yes nor no"),
            ({"field": "role_level", "equals": "boss"}, "role_level is never boss"),
            ({"field": "role_level", "in": ["boss", "head"]}, ""),
            ({"any": [{"field": "country", "gt": 5}, {"field": "city", "equals": "Bonn"}]}, ""),
            ({"any": [{"field": "country", "gt": 5}, {"field": "country", "lt": 5}]}, "country is no number"),
            ({"all": [{"field": "interests", "equals": "a"}, {"field": "interests", "equals": "b"}]}, ""),
            ({"all": [{"field": "company_size", "gte": 50}, {"field": "company_size", "lte": 50}]}, ""),
            ({"not": {"field": "country", "gt": 5}}, ""),
        ],
    )  # fmt: skip
    def test_conditions(self, when: dict[str, Any], why: str) -> None:
        found = impossible(Condition.model_validate_json(__import__("json").dumps(when)))
        assert why in found if why else found == ""

    def test_a_rule_a_persona_and_a_gate_are_named(self) -> None:
        broken = {"all": [{"field": "city", "equals": "Bonn"}, {"field": "city", "equals": "Ulm"}]}
        exclusion = {"name": "nobody", "label": "Nobody", "when": broken}
        of = papers(
            reaching(), property_rule(broken), personas=[{"name": "P", "targets": {"here": broken}}],
            lifecycle={**no_targets(), "exclusions": [exclusion]},
        )  # fmt: skip
        assert {one.place[0] for one in lint(of) if one.code == "never"} == {"rules", "personas", "exclusions"}

    def test_a_family_without_room(self) -> None:
        of = papers(reaching(), activity_rule(family="readiness"), families=[{"name": "readiness", "cap": 0}])
        assert said(of, "never") == ['"rule" brings nothing: the family readiness has a cap of 0.']

    def test_what_the_mirror_does_not_hold(self) -> None:
        listed = {"name": "l", "kind": "list", "family": "engagement", "points": 5, "lists": ["3"]}
        dwell = {
            "name": "d", "kind": "dwell", "family": "engagement", "points": 5, "activities": ["price_page"],
            "min_seconds": 60,
        }  # fmt: skip
        of = papers(reaching(), listed, dwell, property_rule({"in_list": ["3"]}))
        assert len(said(of, "never")) == 1  # times on page; who is on a list is read


class TestNames:
    def told(self, *rules: Mapping[str, Any], **more: Any) -> list[str]:
        made = papers(reaching(), *rules, **more)
        return said(
            Papers(made.scoring, made.lifecycle, SHIPPED["mapping"], SHIPPED["activities"], None, KNOWN), "unknown"
        )

    def test_a_property_the_portal_lacks(self) -> None:
        assert 'The portal has no contact property "segmnet".' in self.told(
            property_rule({"property": "segmnet", "equals": "x"})
        )
        made = papers(reaching(), property_rule({"property": "segmnet", "equals": "x"}))
        (one,) = [one for one in lint(Papers(made.scoring, made.lifecycle, known=KNOWN)) if "segmnet" in one.message]
        assert one.remedy.startswith('Did you mean "segment"?')

    def test_nothing_is_said_of_a_portal_nobody_has_read(self) -> None:
        assert said(papers(reaching(), property_rule({"property": "segmnet", "equals": "x"})), "unknown") == []

    def test_a_field_whose_properties_the_portal_lacks(self) -> None:
        told = self.told(property_rule({"field": "has_budget", "is_true": True}))
        assert any("has_budget" in one and "none of its properties" in one for one in told)

    def test_a_field_that_the_mapping_does_not_feed(self) -> None:
        made = papers(reaching(), property_rule({"field": "has_budget", "is_true": True}))
        bare = SHIPPED["mapping"].model_copy(update={"rows": SHIPPED["mapping"].rows[:1]})
        assert any("always unknown" in one for one in said(Papers(made.scoring, made.lifecycle, bare), "unknown"))

    def test_a_kind_of_act_that_is_none_or_has_another_name(self) -> None:
        told = said(papers(reaching(), activity_rule(activities=["ebook", "email_opened"])), "unknown")
        assert told == ['"ebook" is no kind of activity.', 'No event is ever called "email_opened".']

    def test_a_kind_that_no_event_of_this_portal_gets(self) -> None:
        assert self.told(activity_rule(activities=["custom_fair"]))[-1:] == [
            'The activities document calls no event "custom_fair": it never happens.'
        ] or any("custom_fair" in one for one in self.told(activity_rule(activities=["custom_fair"])))

    def test_the_property_a_further_model_is_written_to(self) -> None:
        further = {"name": "second", "property": "second_score", "threshold": 5, "rules": [activity_rule()]}
        assert any("second_score" in one for one in self.told(models=[further]))


def test_everything_is_told_at_once_with_its_line() -> None:
    text = """threshold: 500
calibrated: true
rules:
  - {name: again, kind: property, family: demographic, points: 5, when: {property: leadwright_score, gt: 1}}
  - {name: sex, kind: property, family: demographic, points: 5, when: {property: gender, equals: f}}
  - {name: never, kind: property, family: demographic, points: 5, when: {field: country, gt: 5}}
  - {name: typo, kind: activity, family: engagement, points: 5, activities: [ebook]}
"""
    data, lines = load_yaml(text, "scoring.yaml")
    scoring = parse_document("scoring", data, lines, "scoring.yaml")
    of = Papers(scoring, documents().lifecycle)  # type: ignore[arg-type]
    found = as_faults(lint(of), "scoring", lines, "scoring.yaml")
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)
    assert {1, 4, 5, 6, 7} <= {fault.line for fault in found}
    assert all(fault.remedy and fault.file == "scoring.yaml" for fault in found)
    assert len(as_problems(lint(of))["scoring"]) == len(found)
