"""Progressive profiling: one question at a time, in the order of the ladder, and only what the portal can hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import DocumentInvalid
from connector.model.judgement import Facts, Known, NextStep, Unknown
from connector.presets import load_yaml, preset_text
from connector.rules.documents import parse_document
from connector.rules.documents.scoring import LADDER
from connector.rules.profiling import Profiling

SHIPPED = parse_document("scoring", *load_yaml(preset_text("scoring", "standard-b2b"), "scoring"), "scoring")
PROFILING = Profiling(SHIPPED)
EMPTY, HERE = Unknown("empty"), Known("x")


def facts(**fields) -> Facts:
    return Facts(1, 0, {name: fields.get(name, EMPTY) for name in LADDER} | fields)


def test_the_first_question_is_the_first_of_the_ladder():
    assert PROFILING.next_field(facts(), ()) == "company_size"


def test_what_is_known_is_not_asked_again():
    assert PROFILING.next_field(facts(company_size=HERE, interests=HERE), ()) == "planned_use"


def test_what_the_portal_has_no_place_for_cannot_be_asked():
    nowhere = dict.fromkeys(("company_size", "interests", "planned_use"), Unknown("not mapped"))
    assert PROFILING.next_field(facts(**nowhere), ()) == "planned_purchase_date"


@pytest.mark.parametrize("why", ["ambiguous", "invalid", "no company"])
def test_what_could_not_be_read_is_asked_anew(why):
    assert PROFILING.next_field(facts(company_size=Unknown(why)), ()) == "company_size"


def test_behind_the_ladder_the_rule_that_brings_most_for_its_effort():
    """The steps come in that order already; those that are acts are no questions."""
    known = dict.fromkeys(LADDER, HERE)
    steps = [NextStep("white_paper", 15, "White paper downloaded"), NextStep("age", 5, "Find out: Age")]
    assert PROFILING.next_field(facts(**known, age=EMPTY), steps) == "age"


def test_when_all_is_known_nothing_is_asked():
    assert PROFILING.next_field(facts(**dict.fromkeys(LADDER, HERE)), ()) == ""


@given(st.dictionaries(st.sampled_from(LADDER), st.sampled_from([EMPTY, HERE, Unknown("not mapped")])))
def test_it_never_asks_for_what_is_known(fields):
    found = PROFILING.next_field(facts(**fields), ())
    assert not found or isinstance(fields.get(found, EMPTY), Unknown)
    assert found == (PROFILING.missing(facts(**fields)) or ("",))[0]


def test_an_answer_leads_to_the_next_question():
    """Each answer makes exactly one question fewer."""
    known: dict = {}
    asked = []
    while name := PROFILING.next_field(facts(**known), ()):
        asked.append(name)
        known[name] = HERE
    assert tuple(asked) == LADDER


def test_a_field_that_is_none_is_a_fault_with_a_remedy():
    text = preset_text("scoring", "standard-b2b") + "\nask: [company_siz, interests, interests]\n"
    with pytest.raises(DocumentInvalid) as told:
        parse_document("scoring", *load_yaml(text, "scoring"), "scoring")
    assert [fault.message for fault in told.value.faults][:1] == ['"company_siz" is no field.']
    assert len(told.value.faults) == 2
