"""The cases a consultant could read: ``cases/*.yaml``."""

from pathlib import Path
from typing import Any

import pytest

from connector.model.judgement import Known, Unknown
from connector.presets import load_yaml
from tests.rules.judging.build import FULL, NAMELESS, contact, did, gate_of, holds, judged, moves

FILE = Path(__file__).parent / "cases" / "standard-b2b.yaml"
CASES: Any = load_yaml(FILE.read_text(encoding="utf-8"), FILE.name)[0]
SAID = {True: True, False: False, "unknown": None}


def facts_of(case: dict[str, Any]):
    fields = dict(FULL if case["profile"] == "full" else NAMELESS)
    for name, value in case.get("fields", {}).items():
        fields[name] = Unknown("empty") if value is None else Known(value, name)
    return contact(*[did(**act) for act in case.get("did", [])], fields=fields)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    judgement = judged(facts_of(case))
    expected = dict(case["expect"])
    gates = expected.pop("gates", {})
    assert bool(moves(judgement)) is expected.pop("mql")
    if "held_by" in expected:
        assert holds(judgement).get("stage:mql") == expected.pop("held_by")
    assert {key: getattr(judgement.receipt, key) for key in expected} == expected
    assert {name: gate_of(judgement, name) for name in gates} == {name: SAID[said] for name, said in gates.items()}
