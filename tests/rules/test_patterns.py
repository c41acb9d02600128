"""Patterns: what may be one, what it finds, and that a portal's own patterns are left to the portal in doubt."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import DocumentInvalid
from connector.rules.patterns import LONGEST, SEARCHED, NoPattern, Pattern, fault_of, pattern, portal_pattern
from connector.rules.validation import broken
from tests.rules.judging.build import activity_rule, model, property_rule


class TestWritten:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "The pattern is empty."),
            ("x" * (LONGEST + 1), "The pattern has more than 300 characters."),
            ("(a", "missing )"),
            ("(?=a)", "invalid perl operator"),
            ("a{1,100000}", "invalid repetition size"),
            ("[b-a]", "invalid character class range"),
        ],
    )
    def test_what_is_none_says_why(self, text: str, why: str) -> None:
        assert why in fault_of(text)
        with pytest.raises(NoPattern, match="pattern"):
            pattern(text)

    @pytest.mark.parametrize("text", ["a", "^(head|leiter)", r"/(preise|pricing)(/|$)", "ä+ß", r"\d{3}", "x" * LONGEST])
    def test_what_is_one(self, text: str) -> None:
        assert fault_of(text) == ""

    def test_a_document_names_the_place_and_a_way_out(self) -> None:
        with pytest.raises(DocumentInvalid) as refused:
            model(property_rule({"all": [{"field": "city", "matches": "("}]}))
        (fault,) = refused.value.faults
        assert fault.path == "rules[1].when.all[1].matches"
        assert "for instance" in fault.remedy

    @pytest.mark.parametrize("key", ["url_matches", "title_matches"])
    def test_of_an_activity_too(self, key: str) -> None:
        with pytest.raises(DocumentInvalid) as refused:
            model(activity_rule(match={key: "(?!a)"}))
        assert [fault.path for fault in refused.value.faults] == [f"rules[1].match.{key}"]


class TestFound:
    @pytest.mark.parametrize(
        ("text", "value", "found"),
        [
            ("einkauf", "Leiter EINKAUF", True),
            ("^leiter", "Der Leiter", False),
            ("ü", "Über", True),
            (".", "", False),
            ("^$", "", True),
            ("a.c", "a\nc", False),
        ],
    )
    def test_anywhere_whatever_the_case(self, text: str, value: str, found: bool) -> None:
        assert pattern(text).found_in(value) is found

    def test_only_the_beginning_of_a_very_long_text_is_looked_at(self) -> None:
        assert not pattern("z").found_in("a" * SEARCHED + "z")
        assert pattern("a").found_in("a" * (SEARCHED + 1))

    def test_the_whole_value_for_a_portal(self) -> None:
        assert Pattern("[A-Z]{2}", exact_case=True).is_all_of("DE")
        assert not Pattern("[A-Z]{2}", exact_case=True).is_all_of("DEU")
        assert not Pattern(".*", exact_case=True).is_all_of("a" * (SEARCHED + 1))

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=40), st.text(max_size=200))
    def test_any_text_as_a_pattern_is_refused_or_answers(self, text: str, value: str) -> None:
        fault = fault_of(text)
        assert fault.endswith(".") if fault else pattern(text).found_in(value) in (True, False)


class TestOfAPortal:
    def test_a_value_that_does_not_fit_is_said_in_the_portals_words(self) -> None:
        rules = {"vat": [("REGEX", ("DE[0-9]{9}",))]}
        assert "the form DE[0-9]{9}" in broken(rules, "vat", "DE12")
        assert broken(rules, "vat", "DE123456789") == ""

    @pytest.mark.parametrize("text", ["(?<=a)b", "(?!x)y", r"(a)\1"])
    def test_a_pattern_we_cannot_judge_is_left_to_the_portal(self, text: str) -> None:
        with pytest.raises(NoPattern):
            portal_pattern(text)
        assert broken({"vat": [("REGEX", (text,))]}, "vat", "anything") == ""

    def test_case_matters_there(self) -> None:
        assert broken({"vat": [("REGEX", ("de",))]}, "vat", "DE") != ""
