"""The documents: the shipped ones validate, and a broken one is refused with all its faults at once."""

import pytest

from connector.errors import DocumentInvalid
from connector.presets import load_yaml
from connector.rules.documents import parse_document
from connector.rules.documents.base import dump
from tests.rules.judging.build import PRESETS, activity_rule, document, documents, property_rule


def faults(kind: str, data) -> list[str]:
    with pytest.raises(DocumentInvalid) as caught:
        document(kind, data)
    return [f"{fault.path}: {fault.message}" for fault in caught.value.faults]


def scoring_faults(*rules, **top) -> list[str]:
    return faults("scoring", {"rules": list(rules), **top})


@pytest.mark.parametrize("kind", PRESETS)
def test_the_shipped_documents_validate_and_survive_being_written_out(kind: str) -> None:
    shipped = getattr(documents(), kind)
    assert document(kind, dump(shipped) | ({"rules": _rules(shipped)} if kind == "scoring" else {})) == shipped


def _rules(shipped):
    return shipped.model_dump(mode="json", exclude_unset=True, by_alias=True)["rules"]


def test_faults_name_file_and_line_all_at_once() -> None:
    text = """name: broken
threshold: "fifty"
rules:
  - name: a
    kind: activity
    family: engagement
    points: 0
    activities: [e_book]
  - name: b
    kind: property
    family: wishes
    points: 5
    when: {field: industri, equals: x}
"""
    data, lines = load_yaml(text, "scoring.yaml")
    with pytest.raises(DocumentInvalid) as caught:
        parse_document("scoring", data, lines, "scoring.yaml")
    found = {fault.line: fault for fault in caught.value.faults}
    assert set(found) == {2, 7, 11, 13}
    assert all(fault.file == "scoring.yaml" and fault.message for fault in found.values())
    assert "industry" in found[13].remedy


@pytest.mark.parametrize("points", [False, "5", 5.5, None, 10_000, 0])
def test_points_are_whole_numbers(points) -> None:
    assert scoring_faults(activity_rule(points=points))


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({}, "exactly one of these keys"),
        ({"field": "industry"}, "exactly one operator"),
        ({"field": "industry", "equals": "a", "in": ["b"]}, "exactly one operator"),
        ({"field": "industry", "property": "x", "equals": "a"}, "exactly one of these keys"),
        ({"target": "nobody"}, 'No persona has the target "nobody"'),
        ({"did": ["e_book"]}, "looks at no activities"),
        ({"field": "industry", "in": []}, "list is empty"),
        ({"all": []}, "list is empty"),
        ({"field": "company_size", "between": [9, 1]}, "first value is above"),
        ({"field": "planned_purchase_date", "before": "31.12.2026"}, "is no date"),
        ({"field": "planned_purchase_date", "before": "2026-02-30"}, "is no date"),
        ({"field": "role_level", "at_least_level": "boss"}, "is no level"),
        ({"field": "industry", "equals": "a", "within_days": 5}, "belong to `did`"),
        ({"field": "industry", "eval": "1+1"}, "eval"),
    ],
)
def test_conditions_are_closed(when, words: str) -> None:
    assert any(words in fault for fault in scoring_faults(property_rule(when)))


def test_depth_and_number_of_conditions_are_bounded() -> None:
    leaf = {"field": "industry", "equals": "a"}
    deep = leaf
    for _ in range(4):
        deep = {"not": deep}
    document("scoring", {"rules": [property_rule(deep)]})
    assert any("nested deeper than 5" in fault for fault in scoring_faults(property_rule({"not": deep})))
    rules = [property_rule({"any": [leaf] * 50}, name=f"r{n}") for n in range(4)]
    assert any("more than 200 conditions" in fault for fault in scoring_faults(*rules))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"counting": "per_window"}, "need each other"),
        ({"window_days": 3}, "need each other"),
        ({"max_per_window": 3}, "needs `counting: per_window`"),
        ({"cap": 5}, "below the points of one event"),
        ({"points": -5, "cap": 10}, "has a floor, not a cap"),
        ({"floor": -5}, "has a cap, not a floor"),
        ({"points": -5, "floor": -3}, "above the points of one event"),
        ({"activities": []}, "activities"),
        ({"decay": {"half_life_days": 0}}, "half_life_days"),
        ({"family": "wishes"}, "family"),
    ],
)
def test_activity_rules_make_sense(keys, words: str) -> None:
    assert any(words in fault for fault in scoring_faults(activity_rule(**keys)))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"points": 5}, "cannot bring points"),
        ({"points": -5, "floor": -2}, "above the points of one step"),
        ({"points": -5, "within_days": 7}, "look-back ends before"),
    ],
)
def test_unopened_rules_make_sense(keys, words: str) -> None:
    rule = {"name": "u", "kind": "unopened_mails", "family": "engagement", **keys}
    assert any(words in fault for fault in scoring_faults(rule))


def test_names_are_unique_and_grades_fall() -> None:
    assert any("is used 2 times" in fault for fault in scoring_faults(activity_rule(), activity_rule()))
    assert any("must fall" in fault for fault in scoring_faults(activity_rule(), grades={"a": 5, "b": 9, "c": 1}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"portal_values": {"sal": "lead"}}, '"lead" already stands for lead'),
        ({"portal_values": {"mql": ""}}, "needs a value in the portal"),
        ({"fall_back_below": 20}, "is a move backwards"),
        ({"vocabulary": "klingon"}, "no vocabulary"),
        ({"competitor_domains": ["@rival"]}, "is no domain"),
    ],
)
def test_lifecycle_faults(changes, words: str) -> None:
    shipped = dump(documents().lifecycle)
    assert any(words in fault for fault in faults("lifecycle", {**shipped, **changes}))


def test_criteria_need_a_condition_or_a_share() -> None:
    shipped = dump(documents().lifecycle)
    broken = {**shipped["mql"], "criteria": {**shipped["mql"]["criteria"], "region": {}, "function": {"share": 0.5}}}
    assert any("either `when` or `share`" in fault for fault in faults("lifecycle", {**shipped, "mql": broken}))
    broken["criteria"]["region"] = {"when": {"target": "location"}}
    assert any("Only `persona` has a share" in fault for fault in faults("lifecycle", {**shipped, "mql": broken}))


def test_workflows_and_consent_faults() -> None:
    twice = {"workflows": [{"name": "a", "workflow_id": "7"}, {"name": "b", "workflow_id": "7"}]}
    assert any("2 times as workflow_id" in fault for fault in faults("workflows", twice))
    assert faults("workflows", {"workflows": [{"name": "a", "workflow_id": "seven"}]})
    assert faults("consent", {"subscriptions": {"nurture": ["weekly"]}})
