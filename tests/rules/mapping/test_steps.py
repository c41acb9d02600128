"""The steps: a table a consultant can read, and a thousand odd values in six locales that must not break anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.presets import load_yaml
from connector.rules.documents.mapping import Row
from connector.rules.documents.steps import (
    STEP_NAMES,
    BareStep,
    JoinStep,
    LookupStep,
    ReplaceStep,
    SplitStep,
    with_options,
)
from connector.rules.transforms import HOMES, find
from connector.rules.transforms.base import Ambiguous, Invalid, Locale, Nothing, Outcome
from tests.rules.mapping.odd import LOCALES, ODD

CASES = Path(__file__).parent / "cases" / "steps"


def step_of(written: str):
    """``number`` or ``{step: number, locales: [de]}``, as a mapping would have it."""
    text = f"{{field: planned_use, property: x, transforms: [{written}]}}"
    data, _ = load_yaml(text, "case")
    return Row.model_validate_json(json.dumps(data)).transforms[0]


def said(outcome: Outcome):
    """The outcome as the tables write it."""
    match outcome:
        case Ambiguous():
            return "(ambiguous)"
        case Invalid():
            return "(invalid)"
        case Nothing(why):
            return f"({why})"
        case tuple():
            return list(outcome)
    return outcome


def table():
    for file in sorted(CASES.glob("*.yaml")):
        data, _ = load_yaml(file.read_text(encoding="utf-8"), file.name)
        for written, cases in data["cases"].items():
            for locale, raw, expected in cases:
                yield pytest.param(written, data["locales"][locale], raw, expected, id=f"{written}-{locale}-{raw}")


def locale_from(spec) -> Locale:
    languages = tuple(spec.get("languages", ["en"]))
    return Locale(
        languages,
        tuple(spec.get("numbers", languages)),
        spec.get("date_order", ""),
        spec.get("region", ""),
        spec.get("time_zone", "UTC"),
    )


@pytest.mark.parametrize(("written", "spec", "raw", "expected"), list(table()))
def test_a_step_gives_what_the_table_says_and_twice_changes_nothing(written, spec, raw, expected):
    step, locale = step_of(written), locale_from(spec)
    name = step if isinstance(step, str) else step.step
    options = with_options(step)
    outcome = find(name).apply(raw, options, locale)
    assert said(outcome) == expected
    assert type(said(outcome)) is type(expected)
    if not isinstance(outcome, Ambiguous | Invalid | Nothing):
        assert find(name).apply(outcome, options, locale) == outcome


# --- a thousand odd values in six locales (R09) --------------------------------------------------------------------

OPTIONS = {
    "split": SplitStep(step="split", by=","),
    "join": JoinStep(step="join"),
    "replace": ReplaceStep(step="replace", old="a", new="b"),
    "lookup": LookupStep(step="lookup", table={"de": "DE", "1": 2}),
}


def test_there_are_about_a_thousand_odd_values_and_every_step_has_a_home():
    assert 950 <= len(ODD) <= 1500
    assert set(HOMES) == set(STEP_NAMES)


@pytest.mark.parametrize("locale", list(LOCALES.values()), ids=list(LOCALES))
@pytest.mark.parametrize("name", STEP_NAMES)
def test_a_thousand_odd_values_never_raise_and_twice_changes_nothing(name, locale):
    options = OPTIONS.get(name) or with_options(name)
    apply = find(name).apply
    for raw in ODD:
        once = apply(raw, options, locale)
        if isinstance(once, Ambiguous | Invalid | Nothing):
            continue
        assert isinstance(once, str | int | float | bool | tuple), raw
        twice = apply(once, options, locale)
        assert twice == once, raw
        assert type(twice) is type(once), raw


@given(raw=st.text(max_size=80))
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("name", [name for name in STEP_NAMES if name not in ("date", "datetime")])
def test_any_text_is_a_value_or_a_reason_and_twice_changes_nothing(name, raw):
    options = OPTIONS.get(name) or with_options(name)
    once = find(name).apply(raw, options, LOCALES["de"])
    if not isinstance(once, Ambiguous | Invalid | Nothing):
        assert find(name).apply(once, options, LOCALES["de"]) == once


@given(raw=st.text(alphabet="0123456789./-:TZ +", max_size=30))
@settings(max_examples=200, deadline=None)
@pytest.mark.parametrize("name", ["date", "datetime", "number", "range", "phone"])
def test_figures_in_any_order_are_a_value_or_a_reason(name, raw):
    once = find(name).apply(raw, with_options(name), LOCALES["mixed"])
    if not isinstance(once, Ambiguous | Invalid | Nothing):
        assert find(name).apply(once, with_options(name), LOCALES["mixed"]) == once


def test_a_list_goes_through_text_steps_element_by_element():
    assert find("lower").apply(("A", "b", "a"), BareStep(step="lower"), Locale()) == ("a", "b")
    assert find("trim").apply((" ", ""), BareStep(step="trim"), Locale()) == Nothing()
