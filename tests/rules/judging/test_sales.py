"""Behind MQL: the cases a consultant could read (``cases/sales.yaml``), and the way back as two ordered writes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.errors import DocumentInvalid
from connector.model.judgement import SetProperty, StageStep
from connector.presets import load_yaml
from connector.rules.compiled import compile_documents
from connector.rules.decide import provisioned_properties
from connector.rules.judge import next_change_ms
from connector.rules.plan import make_plan
from connector.rules.sales import ANSWER, NOT_BEFORE, REASON, entered_ms, recycled_ms
from tests.rules.judging.build import (
    DAY,
    NOW,
    PORTAL,
    STANDARD,
    contact,
    did,
    document,
    documents,
    gate_of,
    holds,
    judged,
    moves,
)

FILE = Path(__file__).parent / "cases" / "sales.yaml"
CASES: Any = load_yaml(FILE.read_text(encoding="utf-8"), FILE.name)[0]
SAID = {True: True, False: False, "unknown": None}
MQL = "marketingqualifiedlead"


def path_of(*steps: dict[str, Any]) -> tuple[StageStep, ...]:
    return tuple(StageStep(NOW - step["days_ago"] * DAY, "mql", step["stage"], "sales") for step in steps)


def facts_of(case: dict[str, Any]):
    acts = [did(**act) for act in case.get("did", [])]
    properties = {"lifecyclestage": case["stage"], **case.get("has", {})}
    return contact(*acts, properties=properties, path=path_of(*case.get("path", [])))


def written(judgement) -> dict[str, str]:
    return {one.property: one.value for one in judgement.decisions if isinstance(one, SetProperty)}


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    judgement, expected = judged(facts_of(case)), case["expect"]
    assert judgement.receipt.stage == expected["stage"]
    assert [move.to_value for move in moves(judgement)] == [v for v in [expected["moves_to"]] if v]
    assert expected.get("written", {}).items() <= written(judgement).items()
    assert not set(expected.get("not_written", [])) & written(judgement).keys()
    assert holds(judgement).get("stage:mql") == expected.get("held_by")
    for name, said in expected.get("gates", {}).items():
        assert gate_of(judgement, name) is SAID[said], name


def handed_back(**more: Any):
    return contact(properties={"lifecyclestage": MQL, ANSWER: "not_now", **more})


def lifecycle(**changes: Any):
    return compile_documents(documents(lifecycle=changes))


class TestBackwards:
    """O20: a move backwards is refused with a reason, or done as clear and set; never asked for in silence."""

    BACK = lifecycle(allow_backward=True, recycle={"portal_stage": "lead"})

    def test_with_leave_hubspots_stage_is_cleared_and_set(self) -> None:
        judgement = judged(handed_back(), self.BACK)
        (move,) = moves(judgement)
        assert (move.to_stage, move.from_value, move.to_value, move.backward) == ("recycled", MQL, "lead", True)
        plan = make_plan("acme", [(handed_back().properties, judgement)], documents(), PORTAL, live_contacts=10)
        assert plan.changes[0].stage_reset
        assert plan.calls == 2

    def test_without_leave_it_is_held_and_the_contact_stays(self) -> None:
        compiled = lifecycle(portal_values={"recycled": "lead", "lead": "subscriber", "subscriber": "", "mql": MQL})
        judgement = judged(handed_back(), compiled)
        assert holds(judgement)["stage:recycled"] == "backward"
        assert moves(judgement) == []
        assert written(judgement)["leadwright_stage"] == "mql"
        assert NOT_BEFORE not in written(judgement)

    def test_a_document_that_goes_back_without_leave_is_refused(self) -> None:
        with pytest.raises(DocumentInvalid) as refused:
            lifecycle(recycle={"portal_stage": "lead"})
        assert "allow_backward" in refused.value.faults[0].remedy

    def test_one_move_a_judgement_at_most(self) -> None:
        for properties in ({ANSWER: "not_now"}, {ANSWER: "accepted"}, {ANSWER: "rejected"}, {}):
            for stage in ("lead", MQL, "salesqualifiedlead"):
                facts = contact(did("e_book", times=3), properties={"lifecyclestage": stage, **properties})
                assert len(moves(judged(facts, self.BACK))) <= 1

    def test_after_the_portal_took_it_nothing_is_asked_again(self) -> None:
        facts = handed_back()
        judgement = judged(facts, self.BACK)
        taken = {**facts.properties, **written(judgement), "lifecyclestage": "lead"}
        again = judged(replace(facts, properties=taken, path=path_of({"stage": "recycled", "days_ago": 0})), self.BACK)
        assert again.receipt.stage == "recycled"
        assert again.decisions == ()

    def test_a_stage_of_the_portals_own_for_recycled_is_used(self) -> None:
        compiled = lifecycle(portal_values={"recycled": "4711"})
        (move,) = moves(judged(handed_back(), compiled))
        assert (move.to_value, move.backward) == ("4711", False)


class TestPause:
    def test_the_pause_depends_on_the_reason(self) -> None:
        compiled = lifecycle(recycle={"pause_days": {"default": 90, "bad_timing": 10}})
        late = judged(handed_back(**{REASON: "bad_timing"}), compiled)
        assert written(late)[NOT_BEFORE] == "2026-12-02"

    def test_without_a_day_it_runs_from_the_hand_back(self) -> None:
        steps = {"stage": "recycled", "days_ago": 89}
        facts = contact(properties={"lifecyclestage": MQL, "leadwright_stage": "recycled"}, path=path_of(steps))
        assert gate_of(judged(facts), "pause") is False
        assert gate_of(judged(replace(facts, now_ms=NOW + 2 * DAY)), "pause") is True

    def test_with_neither_it_is_unknown_and_says_what_to_do(self) -> None:
        judgement = judged(contact(properties={"lifecyclestage": MQL, "leadwright_stage": "recycled"}))
        gate = next(one for one in judgement.receipt.gates if one.name == "pause")
        assert (gate.met, NOT_BEFORE in gate.remedy) == (None, True)

    @pytest.mark.parametrize("day", ["2026-12-24", "1798070400000"])
    def test_the_end_of_the_pause_is_when_it_is_looked_at_again(self, day: str) -> None:
        facts = contact(properties={"lifecyclestage": MQL, "leadwright_stage": "recycled", NOT_BEFORE: day})
        assert next_change_ms(facts, STANDARD) == 1_798_070_400_000

    def test_a_day_nobody_can_read_is_no_day(self) -> None:
        facts = contact(properties={"lifecyclestage": MQL, "leadwright_stage": "recycled", NOT_BEFORE: "soon"})
        assert gate_of(judged(facts), "pause") is None


class TestChecklist:
    def test_the_crm_may_hold_the_answers(self) -> None:
        budget = {"when": {"any": [{"property": "leadwright_sql_budget", "equals": "yes"}, {"did": ["offer_request"]}]}}
        compiled = lifecycle(sql={"criteria": {"budget": budget}})
        facts = contact(did("offer_request"), properties={"lifecyclestage": MQL})
        assert gate_of(judged(facts, compiled), "sql_budget") is True
        assert gate_of(judged(facts), "sql_budget") is None

    def test_it_is_only_shown_to_whom_sales_has_in_hand(self) -> None:
        shown = {stage: [g.name for g in judged(contact(properties={"lifecyclestage": stage})).receipt.gates]
                 for stage in ("lead", MQL, "customer")}  # fmt: skip
        assert "sql_budget" in shown[MQL]
        assert not {"sql_budget", "sql_contact"} & {*shown["lead"], *shown["customer"]}

    def test_moves_may_be_left_to_people(self) -> None:
        ticks = {f"leadwright_sql_{name}": "yes" for name in ("problem", "timing", "authority", "budget")}
        facts = contact(did("call_held", source="call"), properties={"lifecyclestage": MQL, **ticks})
        assert [move.to_stage for move in moves(judged(facts))] == ["sql"]
        assert moves(judged(facts, lifecycle(sql={"moves": False}))) == []

    def test_a_persona_target_has_no_place_in_it(self) -> None:
        with pytest.raises(DocumentInvalid, match="persona"):
            lifecycle(sql={"criteria": {"budget": {"when": {"target": "function"}}}})


class TestPath:
    def test_where_it_was_last(self) -> None:
        facts = contact(path=path_of({"stage": "recycled", "days_ago": 9}, {"stage": "mql", "days_ago": 2}))
        assert recycled_ms(facts) == NOW - 9 * DAY
        assert entered_ms(facts, "mql") == NOW - 2 * DAY
        assert entered_ms(facts, "lead") is None
        assert recycled_ms(contact()) is None


def test_what_sales_fills_in_is_provisioned_with_options() -> None:
    made = {one["name"]: one for one in provisioned_properties()[1]}
    assert [one["value"] for one in made[ANSWER]["options"]] == ["accepted", "rejected", "not_now"]
    assert [one["value"] for one in made["leadwright_sql_budget"]["options"]] == ["yes", "no"]
    assert made[NOT_BEFORE]["type"] == "date"


def test_the_shipped_document_spells_out_the_defaults() -> None:
    spelled = STANDARD.documents.lifecycle
    bare = document("lifecycle", {"mql": load_yaml(_mql_alone(), "x.yaml")[0]})
    assert (bare.sql, bare.recycle) == (spelled.sql, spelled.recycle)  # type: ignore[attr-defined]


def _mql_alone() -> str:
    return "depth: {activities: [e_book]}\ncriteria: " + str(
        {name: {"when": {"did": ["e_book"]}} for name in ("persona", "function", "region", "problem")}
    ).replace("'", '"')
