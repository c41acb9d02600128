"""Every kind of rule, as cases in YAML that a consultant can read and extend: ``cases/*.yaml``, described there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from connector.model.judgement import Circle, Colleague, Facts, Field, Known, Unknown
from connector.presets import load_yaml
from connector.rules.compiled import Compiled, compile_documents
from connector.rules.documents.scoring_rules import Rule
from tests.rules.judging.build import NAMELESS, _preset_data, contact, did, documents, gate_of, holds, judged, moves

FOLDER = Path(__file__).parent / "cases"
PERSONA = ("name", "met", "failed", "unknown")
SAID = {True: True, False: False, "unknown": None}
FILES: dict[str, Any] = {
    file.stem: load_yaml(file.read_text(encoding="utf-8"), file.name)[0] for file in sorted(FOLDER.glob("*.yaml"))
}
CASES = [pytest.param(name, case, id=f"{name}: {case['case']}") for name in FILES for case in FILES[name]["cases"]]


def compiled(name: str) -> Compiled:
    """The model and the gates of a file, beside the other shipped documents."""
    said = FILES[name]
    model = {key: value for key, value in said.items() if key not in ("cases", "gates")}
    # The mark of a file is its rules; whom else the shipped gates would stop is another file's business.
    mql = {**_preset_data()["lifecycle"][0]["mql"], "criteria_required": "none"}
    return compile_documents(
        documents(
            scoring={"personas": [], "families": [], **model},
            lifecycle={"mql": _without_targets(mql) if "personas" not in model else mql, **said.get("gates", {})},
        )
    )


def _without_targets(mql: dict[str, Any]) -> dict[str, Any]:
    known = {"when": {"field": "email", "is_set": True}}
    return {**mql, "criteria": {**mql["criteria"], "function": known, "region": known}}


def facts_of(case: dict[str, Any]) -> Facts:
    fields: dict[str, Field] = dict(NAMELESS)
    for name, value in case.get("fields", {}).items():
        fields[name] = Unknown("empty") if value is None else Known(value, name)
    lists = case.get("lists")
    read = [str(one) for one in range(100)]
    colleagues = case.get("colleagues")
    people = None if colleagues is None else tuple(Colleague(9, tuple(_acts(one))) for one in colleagues)
    deals = None if (said := case.get("deals")) is None else tuple(said)
    return contact(
        _acts(case.get("did", [])),
        fields=fields,
        properties=case.get("properties"),
        missing_sources=frozenset(case.get("off", ())),
        lists={} if lists is None else {one: one in lists for one in case.get("lists_read", read)},
        circle=Circle(people, deals),
    )


def _acts(said: list[dict[str, Any]]) -> list[Any]:
    found = []
    for number, one in enumerate(said):
        more = {"verdict": one.get("by", "human"), "title": f"{one['kind']} {number}", "url": one.get("url", "")}
        detail = {"phase": one["phase"]} if "phase" in one else {}
        if "seconds" in one:
            detail["duration_ms"] = str(one["seconds"] * 1000)
        plain = {key: one[key] for key in ("days_ago", "times", "apart_days") if key in one}
        found += did(one["kind"], **plain, **more, detail=detail)
    return sorted(found, key=lambda act: act.at_ms)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_case(name: str, case: dict[str, Any]) -> None:
    judgement = judged(facts_of(case), compiled(name))
    receipt, expect = judgement.receipt, dict(case["expect"])
    points = {line.rule: line.points for line in receipt.lines}
    missing = {line.rule: line.missing for line in receipt.unknown}
    seen: dict[str, Any] = {
        "score": receipt.score, "grade": receipt.grade, "stage": receipt.stage, "mql": bool(moves(judgement)),
        "held_by": holds(judgement).get("stage:mql"),
        "levels": {one.stage: one.reached for one in receipt.levels},
        "models": {one.name: one.score for one in receipt.models},
        "persona": receipt.persona and {key: getattr(receipt.persona, key) for key in PERSONA},
        "points": {rule: points.get(rule) for rule in expect.get("points", ())},
        "gates": {gate: gate_of(judgement, gate) for gate in expect.get("gates", ())},
    }  # fmt: skip
    if "unknown" in expect:
        said = expect.pop("unknown")
        assert said or not missing, missing
        assert {rule: text in missing.get(rule, "") for rule, text in said.items()} == dict.fromkeys(said, True), (
            missing
        )
    if "gates" in expect:
        expect["gates"] = {gate: SAID[said] for gate, said in expect["gates"].items()}
    assert {key: seen[key] for key in expect} == expect


def test_every_kind_of_rule_has_a_case() -> None:
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in get_args(get_args(Rule)[0])}
    shown = {rule["kind"] for said in FILES.values() for rule in said["rules"]}
    assert shown == kinds
