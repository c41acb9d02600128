"""The linter's advice and the sentences of "why not?", as cases in YAML that need no code to be read or extended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.errors import DocumentInvalid
from connector.model.judgement import Known
from connector.presets import load_yaml
from connector.rules.compiled import Compiled, compile_documents
from connector.rules.lint import Papers, lint
from connector.rules.why_not import State, why_not
from connector.rules.words import Language
from tests.rules.judging.build import FULL, NAMELESS, contact, did, documents, judged
from tests.rules.test_lint import no_targets

LANGUAGES: tuple[Language, ...] = ("en", "de")
HERE = Path(__file__).parent


def cases(path: str) -> list[Any]:
    found = load_yaml((HERE / path).read_text(encoding="utf-8"), path)[0]
    return [pytest.param(case, id=case["case"]) for case in found]


@pytest.mark.parametrize("case", cases("advice/scoring.yaml"))
def test_advice(case: dict[str, Any]) -> None:
    model = {"personas": [], "families": [], "version_label": "ours", **case["model"]}
    made = documents(scoring=model, lifecycle=no_targets())
    said = [(one.code, one.message) for one in lint(Papers(made.scoring, made.lifecycle)) if one.kind == "scoring"]
    expected = [pair for one in case["says"] for pair in one.items()]
    for code, part in expected:
        assert any(code == told and part in message for told, message in said), (code, part, said)
    assert len(said) == len(expected), said


@pytest.mark.parametrize("case", cases("refusals/why_not.yaml"))
def test_why_not(case: dict[str, Any]) -> None:
    workflow = {"workflows": [{"name": "welcome", "workflow_id": case.get("workflow", "")}]}
    compiled = compile_documents(documents(lifecycle=case.get("gates", {}), workflows=workflow))
    known = {name: Known(value, name) for name, value in case.get("fields", {}).items()}
    facts = contact(
        *[did(**act) for act in case.get("did", [])],
        fields={**(FULL if case["profile"] == "full" else NAMELESS), **known},
        properties=case.get("properties"),
        missing_sources=frozenset(case.get("off", ())),
    )
    judgement = judged(facts, compiled)
    state = State(sources_off=facts.missing_sources)
    for language in LANGUAGES:
        said = [(one.topic, one.text) for one in why_not(judgement, compiled, state, language)]
        for topic, sentences in case["says"].items():
            told = [text for about, text in said if about == topic]
            if sentences:
                assert {one[language] for one in sentences} <= set(told), told
            elif topic in ("mql", "enrolment", "sync"):
                assert told == []


HOSTILE: list[Any] = [
    "__import__('os').system('id')", "().__class__.__bases__[0].__subclasses__()", "{0.__class__.__init__.__globals__}",
    "%999999999d", "f'{1:>999999999}'", "9**9**9", "'a'*10**9", "[[0]*10**6]*10**6", "{{7*7}}", "${jndi:ldap://x}",
    "'; DROP TABLE contacts; --", "!!python/object/apply:os.system ['id']", "lambda: 0", "eval(1)",
    "{{config.items()}}", {"eval": "1+1"}, {"expression": "score > 5"}, {"$where": "1"}, {"__class__": "x"},
    {"field": {"nested": 1}}, [1, 2], 5, True, None, {"all": "x"}, {"any": {"field": "city"}}, {"not": []},
    {"not": None}, {"property": None, "is_set": True}, {"did": "e_book"},
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=[str(one)[:30] for one in HOSTILE])
class TestNoExpressions:
    """Conditions are fields and operators: whatever is tried, it is a plain text to compare with, or refused."""

    def test_as_a_value_it_is_text_or_refused(self, value: Any) -> None:
        for operator in ("equals", "contains", "matches"):
            compiled = saved({"name": "r", "when": {"field": "city", operator: value}})
            if compiled is not None:
                assert judged(contact(fields={"city": Known("Bonn")}), compiled).receipt.score in (0, 1)

    def test_as_a_condition_it_is_refused(self, value: Any) -> None:
        assert saved({"name": "r", "when": value}) is None

    def test_as_the_name_of_a_field_a_property_or_a_rule_it_is_refused(self, value: Any) -> None:
        good = {"field": "city", "is_set": True}
        assert saved({"name": "r", "when": {"field": value, "is_set": True}}) is None
        assert saved({"name": "r", "when": {"property": value, "is_set": True}}) is None
        assert saved({"name": value, "when": good}) is None
        assert saved({"name": "r", "when": good}) is not None


def saved(rule: dict[str, Any]) -> Compiled | None:
    """The model with that rule, or nothing when the document is refused; any other fault is a fault of ours."""
    whole = {"kind": "property", "family": "engagement", "points": 1, **rule}
    try:
        return compile_documents(documents(scoring={"rules": [whole]}))
    except DocumentInvalid:
        return None
