"""What a cell may say: short words for the simple, YAML for the rest, and a remedy for what is neither."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sheet import COMMA, SEMICOLON, Misread
from connector.sync.sheets.words import (
    condition_text,
    decay_text,
    names_text,
    pairs_text,
    read_condition,
    read_decay,
    read_names,
    read_pairs,
    read_steps,
    same,
    steps_text,
)
from tests.rules.judging.test_properties import decays
from tests.sync.sheets.paper import conditions, matches, steps, texts


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"field": "industry", "in": ["MACHINERY", "AUTOMOTIVE"]}, "industry in MACHINERY, AUTOMOTIVE"),
        ({"field": "industry", "not_in": ["a, b", 5]}, "industry not in 'a, b', 5"),
        ({"field": "age", "between": [30, 60]}, "age between 30 and 60"),
        ({"field": "company_size", "gte": 50}, "company_size >= 50"),
        ({"field": "company_size", "lt": 0.5}, "company_size < 0.5"),
        ({"field": "city", "is_set": True}, "city is set"), ({"field": "city", "is_set": False}, "city is not set"),
        ({"field": "has_budget", "is_true": True}, "has_budget is true"),
        ({"field": "has_budget", "is_true": False}, "has_budget is false"),
        ({"field": "role_level", "at_least_level": "head"}, "role_level at least head"),
        ({"field": "planned_purchase_date", "within_next_months": 6}, "planned_purchase_date within next 6 months"),
        ({"field": "planned_purchase_date", "before": "2027-03-31"}, "planned_purchase_date before 2027-03-31"),
        ({"field": "country", "equals": "DE"}, "country equals DE"),
        ({"field": "age", "equals": "5"}, "age equals '5'"),
        ({"property": "hs_persona", "equals": "persona_1"}, "property hs_persona equals persona_1"),
        ({"field": "position", "matches": "^(head|leiter)"}, "position matches ^(head|leiter)"),
        ({"field": "position", "contains": "einkauf"}, "position contains einkauf"),
        ({"target": "location"}, "target location"), ({"in_list": ["12", "007"]}, "in list 12, 007"),
    ],
)  # fmt: skip
def test_a_single_comparison_is_said_in_words(condition: dict[str, Any], said: str) -> None:
    assert condition_text(condition, COMMA) == said
    assert same(read_condition(said, COMMA), condition)


def test_a_nested_condition_is_yaml() -> None:
    nested = {"any": [{"field": "city", "is_set": True}, {"not": {"target": "trade"}}]}
    assert condition_text(nested, COMMA) == "{any: [{field: city, is_set: true}, {not: {target: trade}}]}"


@given(conditions, st.sampled_from([COMMA, SEMICOLON]))
def test_every_condition_comes_back(condition: Any, dialect: Any) -> None:
    assert same(read_condition(condition_text(condition, dialect), dialect), condition)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("field city is set", {"field": "city", "is_set": True}),
        ("  city   is   set ", {"field": "city", "is_set": True}),
        ("company_size>=50", None), ("company_size >=50", {"field": "company_size", "gte": 50}),
        ("company_size ≥ 50", {"field": "company_size", "gte": 50}),
        ("country = DE", {"field": "country", "equals": "DE"}),
        ("age >= 30,5", {"field": "age", "gte": 30.5}),
        ("age between 30,5 and 60", {"field": "age", "between": [30.5, 60]}),
        ("in lists 1, 2", {"in_list": ["1", "2"]}),
        ("planned_purchase_date within the next 6 months", {"field": "planned_purchase_date", "within_next_months": 6}),
        ("city", None), ("city is", None), ("city is sett", None), ("city is not Ulm", None), ("is set", None),
        ("age >= old", None), ("City is set", None), ("{any: [", None), ("country in", None), ("", None),
    ],
)  # fmt: skip
def test_people_write_in_their_own_way_or_are_told_how(said: str, meant: Any) -> None:
    if meant is not None:
        assert same(read_condition(said, SEMICOLON), meant)
        return
    with pytest.raises(Misread) as told:
        read_condition(said, SEMICOLON)
    assert told.value.remedy


def test_whether_a_condition_makes_sense_is_the_documents_business() -> None:
    assert read_condition("shoe_size equals 45", COMMA) == {"field": "shoe_size", "equals": 45}


@given(decays)
def test_every_decay_comes_back(decay: Any) -> None:
    assert same(read_decay(decay_text(decay)), decay)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("half-life 90 days", {"half_life_days": 90}), ("Half life 90", {"half_life_days": 90}),
        ("linear 365 days", {"linear_days": 365}), ("linear_days: 365", {"linear_days": 365}),
        ("after 60 days 50 %, after 180 days 0%",
         {"steps": [{"after_days": 60, "keep": 50}, {"after_days": 180, "keep": 0}]}),
        ("{half_life_days: 5}", {"half_life_days": 5}),
    ],
)  # fmt: skip
def test_decays_in_words(said: str, meant: Any) -> None:
    assert read_decay(said) == meant


@pytest.mark.parametrize("said", ["slowly", "linear", "after a while", "linear: [", "half-life 90 weeks"])
def test_no_decay_is_told(said: str) -> None:
    with pytest.raises(Misread) as told:
        read_decay(said)
    assert "half-life 90 days" in told.value.remedy


@given(st.lists(texts | st.text(max_size=5), max_size=4))
def test_every_list_comes_back(names: list[str]) -> None:
    assert read_names(names_text(names)) == names


def test_lists_as_people_write_them() -> None:
    assert read_names(' e_book ,white_paper,, "a, b"\nc') == ["e_book", "white_paper", "a, b", "c"]
    assert names_text(["e_book", "a, b", 'say "x"']) == 'e_book, "a, b", "say ""x"""'
    with pytest.raises(Misread):
        read_names('"open, and never closed')
    with pytest.raises(Misread):
        read_names('a "b" c')


@given(st.lists(steps, max_size=4))
def test_every_chain_of_steps_comes_back(chain: list[Any]) -> None:
    assert same(read_steps(steps_text(chain)), chain)


def test_steps_are_said_as_in_the_editor() -> None:
    assert steps_text(["trim", {"step": "phone", "region": "DE"}]) == "trim, phone: {region: DE}"
    assert read_steps("[trim, {step: phone, region: DE}]") == ["trim", {"step": "phone", "region": "DE"}]
    for wrong in ("trim, 5", "phone: DE", "{a: b", "trim; phone: {region: DE"):
        with pytest.raises(Misread) as told:
            read_steps(wrong)
        assert "trim, phone: {region: DE}" in told.value.remedy


@given(st.dictionaries(texts, texts | st.integers() | st.booleans(), max_size=3) | matches)
def test_every_set_of_pairs_comes_back(pairs: dict[str, Any]) -> None:
    if all(not isinstance(one, int) or abs(one) < 10**17 for one in pairs.values()):
        assert same(read_pairs(pairs_text(pairs)), pairs)


def test_pairs_as_people_write_them() -> None:
    assert read_pairs("ulm: Ulm\nmuc: München  # twice") == {"ulm": "Ulm", "muc": "München"}
    assert read_pairs("ulm: Ulm, muc: München") == {"ulm": "Ulm", "muc": "München"}
    for wrong in ("ulm: [", "a: 1, a: 2", "[a, b]"):
        with pytest.raises(Misread) as told:
            read_pairs(wrong)
        assert told.value.remedy


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), ([1], [True]), ({"a": 1}, {"a": "1"}), (None, "")])
def test_alike_is_not_the_same(one: Any, other: Any) -> None:
    assert not same(one, other)
    assert same(one, one)
