"""The workflow action's definition: complete in both languages, equal to itself after HubSpot has added its own."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from connector.rules.actions import FAILURES, address, definition, fits

PUBLIC = "https://hooks.example.test"


@pytest.mark.parametrize("base", [PUBLIC, f"{PUBLIC}/"])
def test_hubspot_calls_our_own_address(base: str) -> None:
    assert address(base) == f"{PUBLIC}/webhooks/hubspot/actions/rescore"
    assert definition(base)["actionUrl"] == address(base)


def test_without_a_public_address_there_is_none() -> None:
    assert address("") == ""


def test_it_is_for_contacts_published_and_asks_for_no_property() -> None:
    made = definition(PUBLIC)
    assert (made["objectTypes"], made["published"], made["inputFields"]) == (["CONTACT"], True, [])
    assert "objectRequestOptions" not in made


def test_every_output_has_a_type_and_a_label_in_both_languages() -> None:
    made = definition(PUBLIC)
    types = {field["typeDefinition"]["name"]: field["typeDefinition"]["type"] for field in made["outputFields"]}
    assert types == {
        "leadwright_score": "number", "leadwright_grade": "enumeration", "leadwright_stage": "enumeration",
        "leadwright_reason": "string",
    }  # fmt: skip
    for language in ("en", "de"):
        assert set(made["labels"][language]["outputFieldLabels"]) == set(types)


def test_a_workflow_can_branch_on_every_grade_and_stage() -> None:
    told = {
        one["typeDefinition"]["name"]: one["typeDefinition"]["options"] for one in definition(PUBLIC)["outputFields"]
    }
    assert [option["value"] for option in told["leadwright_grade"]] == ["A", "B", "C", "D"]
    assert {"mql", "customer", "recycled", "disqualified"} <= {option["value"] for option in told["leadwright_stage"]}


def test_every_failure_has_its_sentence_in_both_languages() -> None:
    made = definition(PUBLIC)
    assert [rule["conditions"] for rule in made["executionRules"]] == [{"errorCode": code} for code in FAILURES]
    english, german = (made["labels"][language]["executionRules"] for language in ("en", "de"))
    assert set(english) == set(german) == set(FAILURES)
    assert all(english[code] != german[code] for code in FAILURES)


class TestFits:
    """What HubSpot adds does not matter; what it lacks or says otherwise does."""

    @pytest.fixture
    def present(self) -> dict[str, Any]:
        return {**deepcopy(definition(PUBLIC)), "id": "10860211", "revisionId": "3", "archivedAt": None}

    def test_with_what_hubspot_adds(self, present: dict[str, Any]) -> None:
        present["outputFields"][0]["typeDefinition"]["helpText"] = "x"
        present["labels"]["en"]["inputFieldLabels"] = None
        del present["functions"]
        assert fits(definition(PUBLIC), present)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda d: d.update(actionUrl="https://elsewhere.example.test/x"),
            lambda d: d.update(published=False),
            lambda d: d["labels"].pop("de"),
            lambda d: d["labels"]["en"].update(actionName="Old name"),
            lambda d: d["outputFields"].pop(),
            lambda d: d["executionRules"].reverse(),
            lambda d: d.update(inputFields=[{"typeDefinition": {"name": "x"}}]),
        ],
    )
    def test_not_with_what_differs(self, present: dict[str, Any], spoil: Any) -> None:
        spoil(present)
        assert not fits(definition(PUBLIC), present)
