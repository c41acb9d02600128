"""Why something does not happen: each gate that says no has its sentence, in both languages, and so has every topic."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from connector.model.judgement import Hold, Known
from connector.rules.compiled import compile_documents
from connector.rules.documents.lifecycle import GATES
from connector.rules.sentences import EXCLUSION, SENTENCES, TOPICS
from connector.rules.why_not import State, sentence, why_not
from tests.rules.judging.build import (
    FULL,
    NAMELESS,
    PORTAL,
    STANDARD,
    contact,
    did,
    documents,
    judged,
)

HOUSE = Path(__file__).parents[2]
ALL = [(topic, gate) for topic in TOPICS for gate in SENTENCES[topic]]
NORMAL = State()
PASSING = (did("e_book"), did("webinar_attended"), did("white_paper"))


def told(facts: Any, compiled: Any = STANDARD, state: State = NORMAL, language: Any = "en") -> dict[str, list[str]]:
    """Topic → the gates that say no, in order."""
    found: dict[str, list[str]] = {}
    for one in why_not(judged(facts, compiled), compiled, state, language):
        found.setdefault(one.topic, []).append(one.gate)
    return found


class TestSentences:
    @pytest.mark.parametrize(("topic", "gate"), ALL)
    def test_each_is_there_in_both_languages_and_takes_its_values(self, topic: Any, gate: str) -> None:
        (english, german) = (sentence(topic, gate, lang, {}) for lang in ("en", "de"))
        for one in (english, german):
            assert one.text.endswith(".")
            assert one.remedy.endswith(".")
            assert "{" not in one.text + one.remedy
        assert english.text != german.text
        assert english.remedy != german.remedy

    def test_every_gate_of_the_way_to_mql_has_one(self) -> None:
        assert set(SENTENCES["mql"]) >= set(GATES) | {EXCLUSION, "unknown"}

    def test_every_refusal_that_the_gate_can_give_has_one(self) -> None:
        """Read off the sources, so that a new gate without a sentence does not pass."""
        gate = (HOUSE / "connector/rules/gate.py").read_text(encoding="utf-8")
        named = set(re.findall(r'(?:yield|return) "(\w+)", (?:f?"|\*)', gate))
        assert len(named) >= 12
        known = set(SENTENCES["enrolment"]) | set(SENTENCES["write"]) | set(SENTENCES["mql"])
        assert named <= known

    def test_everything_that_holding_can_say_has_one(self) -> None:
        holding = (HOUSE / "connector/sync/holding.py").read_text(encoding="utf-8")
        named = set(re.findall(r'Hold\([^)]*?f"write:\{[^}]+\}", "(\w+)"', holding))
        assert named == {"frozen", "undone", "refused", "portal_rule", "option", "mapping"}
        assert named <= set(SENTENCES["write"])


class TestMql:
    def test_short_of_points(self) -> None:
        (first, *_) = why_not(judged(contact()), STANDARD, State(), "en")
        assert (first.topic, first.gate, first.text) == ("mql", "threshold", "It has 32 of 50 points.")
        assert first.remedy == "18 more points."

    def test_the_same_in_german(self) -> None:
        (first, *_) = why_not(judged(contact()), STANDARD, State(), "de")
        assert first.text == "Der Kontakt hat 32 von 50 Punkten."
        assert first.remedy == "Noch 18 Punkte."

    def test_without_a_language_that_of_the_model(self) -> None:
        compiled = compile_documents(documents(scoring={"language": "de"}))
        assert why_not(judged(contact(), compiled), compiled, State())[0].text.startswith("Der Kontakt")

    def test_every_gate_is_named_not_only_the_first(self) -> None:
        facts = contact(did("career_page"), fields={**FULL, "location": Known("BR"), "role_level": Known("intern")})
        assert told(facts)["mql"] == ["threshold", "depth", "function", "region", "career_only"]

    def test_what_is_missing_is_named(self) -> None:
        fields = {name: value for name, value in NAMELESS.items() if name != "company_name"}
        (first, *_) = why_not(judged(contact(*PASSING, fields=fields)), STANDARD, State(), "en")
        assert first.text == "The record is incomplete: company is missing."

    def test_a_source_that_is_off_leaves_the_depth_unknown(self) -> None:
        facts = contact(did("webinar_attended", 1), missing_sources=frozenset({"form_submission", "marketing_event"}))
        depth = contact(missing_sources=frozenset({"form_submission", "marketing_event"}))
        assert "mql" not in told(facts)
        assert told(depth)["mql"] == ["threshold", "unknown"]

    def test_a_competitor(self) -> None:
        compiled = compile_documents(documents(lifecycle={"competitor_domains": ["berg.example"]}))
        assert "competitor" in told(contact(*PASSING), compiled)["mql"]

    def test_an_exclusion_says_what_was_seen(self) -> None:
        bought = {
            "name": "bought",
            "label": "From a purchased list",
            "when": {"property": "origin", "equals": "bought"},
        }
        compiled = compile_documents(documents(lifecycle={"exclusions": [bought]}))
        found = why_not(judged(contact(*PASSING, properties={"origin": "bought"}), compiled), compiled, State(), "en")
        assert found[0].text == "An exclusion stands against it: From a purchased list: yes (origin=bought)."

    def test_who_becomes_one_is_told_nothing(self) -> None:
        assert "mql" not in told(contact(*PASSING))

    def test_who_is_one_is_told_nothing(self) -> None:
        assert "mql" not in told(contact(properties={"lifecyclestage": "salesqualifiedlead"}))


class TestEnrolment:
    def test_who_is_no_mql(self) -> None:
        assert told(contact())["enrolment"] == ["not_mql"]

    def test_a_workflow_without_id(self) -> None:
        assert told(contact(*PASSING))["enrolment"] == ["workflow"]

    @pytest.mark.parametrize(
        ("properties", "gate"),
        [
            ({"hs_email_optout": "true"}, "opted_out"),
            ({"hs_marketable_status": "false"}, "not_marketable"),
            ({"hs_email_bad_address": "true"}, "bad_address"),
            ({"hs_emailconfirmationstatus": "Pending"}, "double_opt_in"),
        ],
    )
    def test_consent(self, properties: dict[str, str], gate: str) -> None:
        workflows = {"workflows": [{"name": "welcome", "workflow_id": "77"}]}
        compiled = compile_documents(documents(workflows=workflows))
        assert told(contact(*PASSING, properties=properties), compiled)["enrolment"] == [gate]

    def test_no_workflow_at_all(self) -> None:
        compiled = compile_documents(documents(workflows={"workflows": []}))
        assert told(contact(*PASSING), compiled)["enrolment"] == ["no_workflow"]


class TestOthers:
    def test_observe_mode(self) -> None:
        found = why_not(judged(contact()), STANDARD, State(live=False), "de")
        (one,) = [reason for reason in found if reason.topic == "write"]
        assert one.text == "Das Portal wird nur beobachtet: Es wird nichts geschrieben."

    def test_a_hold_names_its_property(self) -> None:
        judgement = judged(contact())
        held = Hold(1, "write:budget", "option", "The drop-down of budget lacks the option it needs", "")
        found = why_not(type(judgement)(judgement.receipt, (held,)), STANDARD, State(), "en")
        assert "The drop-down of budget lacks the option it needs." in {one.text for one in found}

    def test_sources_and_values(self) -> None:
        state = State(sources_off=frozenset({"page_view"}), unreadable=[("alter", "no number")])
        assert told(contact(), state=state)["sync"] == ["source_off", "unreadable"]

    def test_lists_that_were_not_read_are_named_once_whoever_asks_for_them(self) -> None:
        rules = [
            {"name": "seo", "kind": "list", "family": "engagement", "points": 5, "lists": ["41", "42"]},
            {"name": "asked", "kind": "property", "family": "readiness", "points": 3,
             "when": {"any": [{"in_list": ["42", "43"]}, {"field": "industry", "equals": "steel"}]}},
        ]  # fmt: skip
        compiled = compile_documents(documents(scoring={"rules": rules}))

        def said(language: Any, **lists: bool) -> list[str]:
            read = contact(lists={name.removeprefix("l"): on for name, on in lists.items()})
            found = why_not(judged(read, compiled), compiled, NORMAL, language)
            return [one.text for one in found if one.gate == "no_lists"]

        assert said("en") == ["Who is on these HubSpot lists is not known: 41, 42, 43."]
        assert said("de", l42=False) == ["Wer auf diesen HubSpot-Listen steht, ist nicht bekannt: 41, 43."]
        assert said("en", l41=False, l42=False, l43=False) == []

    def test_routing(self) -> None:
        assert told(contact())["routing"] == ["not_mql", "no_rules"]
        assert told(contact(), state=State(owned=True))["routing"] == ["owned"]


def test_the_portal_of_these_tests_is_one_where_everything_may_happen() -> None:
    assert PORTAL.live
