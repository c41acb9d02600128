"""Several thresholds and several models: what the receipt shows, what is written, what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.errors import DocumentInvalid
from connector.model.judgement import Hold, Known, SetProperty, Unknown
from connector.rules.compiled import compile_documents
from connector.rules.judge import next_change_ms
from connector.rules.needs import (
    activity_kinds_used,
    circle_of,
    colleague_kinds,
    fields_used,
    lists_used,
    properties_used,
)
from connector.rules.receipt import receipt_from_json, receipt_json
from tests.rules.judging.build import (
    DAY,
    NOW,
    PORTAL,
    activity_rule,
    contact,
    did,
    documents,
    gate_of,
    judged,
    later,
    model,
    moves,
    property_rule,
)

SECOND: dict[str, Any] = {
    "name": "readiness", "threshold": 20, "property": "readiness_score",
    "rules": [activity_rule(name="demo", points=25, activities=["demo_request"], family="readiness")],
}  # fmt: skip
BOUGHT: dict[str, Any] = {"name": "bought", "label": "Bought", "when": {"property": "origin", "equals": "bought"}}
OPEN = replace(PORTAL, writable=PORTAL.writable | {"readiness_score"}, property_types={"readiness_score": "number"})


def two(**changes: Any) -> Any:
    return model(activity_rule(points=30), models=[{**SECOND, **changes}])


def written(judgement: Any) -> dict[str, str]:
    return {one.property: one.value for one in judgement.decisions if isinstance(one, SetProperty)}


class TestLevels:
    def test_every_threshold_and_whether_it_is_reached(self) -> None:
        compiled = model(
            activity_rule(points=60),
            thresholds=[
                {"stage": "lead", "points": 10},
                {"stage": "sal", "points": 55},
                {"stage": "sql", "points": 90},
            ],
        )
        levels = judged(contact(did("e_book")), compiled).receipt.levels
        assert [(one.stage, one.points, one.reached) for one in levels] == [
            ("lead", 10, True), ("mql", 50, True), ("sal", 55, True), ("sql", 90, False),
        ]  # fmt: skip

    def test_the_threshold_of_mql_may_stand_in_the_lifecycle_document(self) -> None:
        made = documents(scoring={"rules": [activity_rule()]})
        mql = made.lifecycle.mql.model_copy(update={"threshold": 15})
        compiled = compile_documents(replace(made, lifecycle=made.lifecycle.model_copy(update={"mql": mql})))
        assert [(one.stage, one.points) for one in judged(contact(), compiled).receipt.levels] == [("mql", 15)]

    def test_no_other_threshold_moves_a_stage(self) -> None:
        compiled = model(activity_rule(points=99), thresholds=[{"stage": "sql", "points": 90}])
        (move,) = moves(judged(contact(did("e_book")), compiled))
        assert move.to_stage == "mql"

    @pytest.mark.parametrize(
        ("thresholds", "words"),
        [
            ([{"stage": "sql", "points": 40}], "sql needs 40 points, no more than mql with 50"),
            ([{"stage": "lead", "points": 60}], "mql needs 50 points, no more than lead with 60"),
            ([{"stage": "sql", "points": 60}, {"stage": "sql", "points": 70}], "sql has a threshold already"),
            ([{"stage": "mql", "points": 60}], "not allowed here"),
            ([{"stage": "sql", "points": 0}], "must be at least 1"),
        ],
    )
    def test_thresholds_rise_with_the_stages(self, thresholds: list[dict[str, Any]], words: str) -> None:
        with pytest.raises(DocumentInvalid) as refused:
            model(activity_rule(), thresholds=thresholds)
        assert any(words in fault.message for fault in refused.value.faults)


class TestFurtherModels:
    def test_each_has_a_bill_of_its_own(self) -> None:
        receipt = judged(contact(did("demo_request")), two()).receipt
        (other,) = receipt.models
        assert (receipt.score, other.score) == (0, 25)
        assert [(line.rule, line.points) for line in other.lines] == [("demo", 25)]
        assert [(one.stage, one.reached) for one in other.levels] == [("mql", True)]

    def test_no_stage_moves_by_it(self) -> None:
        assert moves(judged(contact(did("demo_request")), two())) == []

    def test_it_has_personas_of_its_own(self) -> None:
        persona = {"name": "Buyer", "targets": {"trade": {"field": "industry", "equals": "AUTOMOTIVE"}}}
        rules = [property_rule({"target": "trade"}, points=8)]
        compiled = two(personas=[persona], rules=rules)
        receipt = judged(contact(), compiled).receipt
        assert receipt.models[0].score == 8
        assert receipt.models[0].persona is not None
        assert receipt.models[0].persona.name == "Buyer"
        assert receipt.persona is not None
        assert receipt.persona.name == "Ideal customer"
        assert gate_of(judged(contact(), compiled), "function") is True

    def test_time_that_turns_it_alone_is_announced(self) -> None:
        fading = activity_rule(name="demo", points=25, activities=["demo_request"], within_days=10)
        compiled = two(rules=[fading])
        facts = contact(did("demo_request", 1))
        assert next_change_ms(facts, compiled) == NOW + 9 * DAY
        assert judged(later(facts, 9 * DAY), compiled).receipt.models[0].score == 0

    def test_unknown_stays_unknown_there(self) -> None:
        compiled = two(rules=[property_rule({"field": "city", "equals": "Bonn"})])
        receipt = judged(contact(fields={"city": Unknown("empty")}), compiled).receipt
        assert [line.rule for line in receipt.models[0].unknown] == ["rule"]


class TestWrittenBack:
    def test_its_score_goes_to_the_property_it_names(self) -> None:
        assert written(judged(contact(did("demo_request")), two(), OPEN))["readiness_score"] == "25"

    def test_not_when_it_stands_there_already(self) -> None:
        facts = contact(did("demo_request"), properties={"readiness_score": "25.0"})
        assert "readiness_score" not in written(judged(facts, two(), OPEN))

    def test_a_property_that_cannot_be_written_holds_it_alone(self) -> None:
        judgement = judged(contact(did("demo_request")), two())
        held = [one for one in judgement.decisions if isinstance(one, Hold)]
        assert ("set:readiness_score", "writable") in {(one.effect, one.gate) for one in held}
        assert "leadwright_score" in written(judgement)

    def test_without_a_property_nothing_is_written(self) -> None:
        nowhere = {key: value for key, value in SECOND.items() if key != "property"}
        compiled = model(activity_rule(), models=[nowhere])
        assert set(written(judged(contact(did("demo_request")), compiled, OPEN))) <= {
            name for name in OPEN.writable if name.startswith("leadwright_")
        }

    def test_what_is_written_is_read(self) -> None:
        assert "readiness_score" in properties_used(two().documents)


class TestRefused:
    @pytest.mark.parametrize(
        ("models", "words"),
        [
            ([SECOND, SECOND], 'The name "readiness" is used 2 times'),
            ([SECOND, {**SECOND, "name": "b"}], "written by more than one model"),
            ([{**SECOND, "property": "leadwright_score"}], "belongs to Leadwright itself"),
            ([{**SECOND, "property": "hs_lead_status"}], "belongs to HubSpot itself"),
            ([{**SECOND, "rules": []}], "needs at least 1 entries"),
            ([{**SECOND, "name": "Two Words"}], "is not written as it must be"),
            ([{**SECOND, "rules": [property_rule({"target": "nobody"})]}], 'No persona has the target "nobody"'),
            ([{**SECOND, "rules": [activity_rule(name="total_cap")]}], "that the receipt adds itself"),
        ],
    )
    def test_with_its_place(self, models: list[dict[str, Any]], words: str) -> None:
        with pytest.raises(DocumentInvalid) as refused:
            model(activity_rule(), models=models)
        assert any(words in fault.message and fault.path.startswith("models") for fault in refused.value.faults)


class TestKept:
    def test_a_receipt_survives_being_kept(self) -> None:
        receipt = judged(contact(did("demo_request"), did("e_book")), two()).receipt
        assert receipt_from_json(receipt_json(receipt)) == receipt
        assert receipt_json(receipt)["models"][0]["name"] == "readiness"

    def test_one_kept_before_there_were_several_models_is_still_read(self) -> None:
        receipt = judged(contact(), two()).receipt
        old = {key: value for key, value in receipt_json(receipt).items() if key not in ("levels", "persona", "models")}
        assert receipt_from_json(old) == replace(receipt, levels=(), persona=None, models=())


class TestNeeds:
    def test_of_all_models_and_exclusions(self) -> None:
        rules = [
            property_rule({"field": "has_budget", "is_true": True}),
            activity_rule(name="x", activities=["custom_x"]),
        ]
        made = documents(
            scoring={"rules": [activity_rule()], "models": [{**SECOND, "rules": rules}]},
            lifecycle={"exclusions": [{"name": "bought", "label": "B", "when": {"property": "origin", "equals": "b"}}]},
        )
        assert "has_budget" in fields_used(made.scoring)
        assert "custom_x" in activity_kinds_used(made)
        assert "origin" in properties_used(made)

    def test_what_stands_beside_is_read_only_where_a_rule_asks(self) -> None:
        beside = {
            "name": "b", "kind": "association", "of": "colleagues", "family": "readiness", "points": 5,
            "activities": ["e_book"], "within_days": 5,
        }  # fmt: skip
        deals = {"name": "d", "kind": "association", "of": "deals", "family": "readiness", "points": 5}
        assert circle_of(documents().scoring) == frozenset()
        made = documents(scoring={"rules": [beside], "models": [{**SECOND, "rules": [deals]}]}).scoring
        assert circle_of(made) == {"colleagues", "deals"}
        assert colleague_kinds(made) == {"e_book"}
        off = documents(scoring={"rules": [activity_rule(), {**beside, "enabled": False}]}).scoring
        assert circle_of(off) == frozenset()

    def test_silence_needs_the_day_a_contact_came(self) -> None:
        silence = {"name": "s", "kind": "inactivity", "family": "engagement", "points": -5, "after_days": 45}
        assert "createdate" in properties_used(documents(scoring={"rules": [silence]}))
        assert "createdate" not in properties_used(documents(scoring={"rules": [activity_rule()]}))


class TestExclusions:
    def said(self, value: str | None, **changes: Any) -> Any:
        compiled = compile_documents(documents(lifecycle={"exclusions": [{**BOUGHT, **changes}]}))
        return judged(contact(did("e_book"), properties={"origin": value}), compiled)

    def test_who_is_excluded_is_held_with_the_reason(self) -> None:
        judgement = self.said("bought")
        (hold,) = [one for one in judgement.decisions if isinstance(one, Hold)]
        assert (hold.effect, hold.gate, hold.why) == ("stage:mql", "bought", "Bought: yes (origin=bought)")
        assert judgement.receipt.stage == "lead"

    def test_or_disqualified(self) -> None:
        judgement = self.said("bought", then="disqualify")
        assert judgement.receipt.stage == "disqualified"
        assert written(judgement)["leadwright_stage"] == "disqualified"

    @pytest.mark.parametrize(("value", "met"), [("fair", True), (None, None)])
    def test_who_is_not_or_perhaps_passes(self, value: str | None, met: bool | None) -> None:
        judgement = self.said(value)
        assert gate_of(judgement, "bought") is met
        assert len(moves(judgement)) == 1

    def test_a_customer_is_not_disqualified(self) -> None:
        compiled = compile_documents(documents(lifecycle={"exclusions": [{**BOUGHT, "then": "disqualify"}]}))
        facts = contact(properties={"origin": "bought", "lifecyclestage": "customer"})
        assert judged(facts, compiled).receipt.stage == "customer"

    def test_what_was_done_may_exclude_and_runs_out(self) -> None:
        when = {"did": ["career_page"], "within_days": 30, "at_least": 2}
        compiled = compile_documents(documents(lifecycle={"exclusions": [{**BOUGHT, "when": when}]}))
        facts = contact(did("e_book"), did("career_page", 5, times=2))
        assert gate_of(judged(facts, compiled), "bought") is False
        assert next_change_ms(facts, compiled) is not None
        assert gate_of(judged(later(facts, 26 * DAY), compiled), "bought") is True

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"name": "threshold"}, "is a gate of its own"),
            ({"when": {"target": "industry"}}, "An exclusion knows no persona"),
            ({"label": ""}, "at least 1 characters"),
            ({"then": "delete"}, "not allowed here"),
        ],
    )
    def test_faults(self, changes: dict[str, Any], words: str) -> None:
        with pytest.raises(DocumentInvalid) as refused:
            documents(lifecycle={"exclusions": [{**BOUGHT, **changes}]})
        assert any(words in fault.message for fault in refused.value.faults)

    def test_names_are_unique(self) -> None:
        with pytest.raises(DocumentInvalid) as refused:
            documents(lifecycle={"exclusions": [BOUGHT, BOUGHT]})
        assert any("used more than once" in fault.message for fault in refused.value.faults)


def test_a_known_list_decides_and_an_unread_one_does_not() -> None:
    compiled = model(property_rule({"in_list": ["7"]}), property_rule({"field": "industry", "is_set": True}, name="i"))
    assert judged(contact(lists={"7": True}), compiled).receipt.score == 20
    assert judged(contact(lists={"7": False}), compiled).receipt.score == 10
    missing = {one.rule: one.missing for one in judged(contact(), compiled).receipt.unknown}
    assert missing == {"rule": "list not read: 7"}
    assert judged(contact(fields={"industry": Known("x")}, lists={"7": True}), compiled).receipt.score == 20


def test_of_several_lists_one_that_is_known_decides_and_the_unread_one_is_named() -> None:
    compiled = model(property_rule({"in_list": ["7", "8"]}))
    for lists, score, missing in (
        ({"7": True}, 10, []),
        ({"8": True}, 10, []),
        ({"7": False, "8": False}, 0, []),
        ({"7": False}, 0, ["list not read: 8"]),
        ({}, 0, ["list not read: 7, 8"]),
        ({"9": True}, 0, ["list not read: 7, 8"]),
    ):
        receipt = judged(contact(lists=lists), compiled).receipt
        assert (receipt.score, [one.missing for one in receipt.unknown]) == (score, missing), lists


def test_the_lists_that_are_read_are_those_that_somebody_asks_for() -> None:
    off = {"name": "off", "kind": "list", "family": "engagement", "points": 5, "lists": ["1"], "enabled": False}
    on = {**off, "name": "on", "lists": ["2", "3"], "enabled": True}
    asked = property_rule({"any": [{"not": {"in_list": ["4"]}}, {"field": "industry", "is_set": True}]}, name="asked")
    lifecycle = {"exclusions": [{"name": "bought", "label": "Bought", "when": {"in_list": ["5", "2"]}}]}
    assert lists_used(compile_documents(documents()).documents) == frozenset()
    compiled = compile_documents(documents(scoring={"rules": [off, on, asked]}, lifecycle=lifecycle))
    assert lists_used(compiled.documents) == {"2", "3", "4", "5"}
