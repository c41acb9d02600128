"""A portal's own rules for values: judged where their meaning is certain, else left to the portal."""

from __future__ import annotations

import pytest

from connector.rules.validation import broken, rules_of


def rules(kind: str, *arguments: str):
    return rules_of({"rules": {"x": [[kind, list(arguments)]]}})


@pytest.mark.parametrize(
    ("kind", "argument", "keeps", "breaks", "requires"),
    [
        ("MAX_NUMBER", "100", "100", "100.5", "at most 100"),
        ("MIN_NUMBER", "-5", "-5", "-6", "at least -5"),
        ("MAX_LENGTH", "3", "äöü", "äöüß", "at most 3 characters"),
        ("MIN_LENGTH", "3", "abc", "ab", "at least 3 characters"),
        ("REGEX", "K-[0-9]+", "K-12", "K-12a", "the form K-[0-9]+"),
        ("DECIMAL", "2", "1.25", "1.255", "at most 2 decimals"),
    ],
)
def test_what_is_certain(kind, argument, keeps, breaks, requires):
    assert broken(rules(kind, argument), "x", keeps) == ""
    assert broken(rules(kind, argument), "x", breaks) == f"The portal requires {requires} in x"


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [("URL", ()), ("FORMAT", ("K-.*",)), ("REGEX", ("[",)), ("MAX_NUMBER", ("many",)), ("MAX_LENGTH", ())],
)
def test_what_is_not_certain_is_left_to_the_portal(kind, arguments):
    assert broken(rules(kind, *arguments), "x", "anything at all") == ""


def test_clearing_is_never_forbidden_by_such_a_rule():
    assert broken(rules("MIN_LENGTH", "3"), "x", "") == ""


def test_other_properties_are_not_concerned():
    assert broken(rules("MAX_LENGTH", "1"), "y", "long") == ""
    assert broken(rules_of(None), "x", "long") == ""
