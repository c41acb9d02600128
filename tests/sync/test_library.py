"""A portal's documents: published, compared, rolled back; whoever they concern is judged anew."""

from __future__ import annotations

import json

import pytest

from connector.errors import ConfigError, DocumentInvalid
from connector.presets import preset_text
from connector.service import Service
from connector.store import records
from connector.sync.library import kind_of, presets
from connector.sync.rulebook import SHIPPED
from tests.journeys.steps import people, written_back
from tests.rig import Rig, rig
from tests.sync.steps import acts, document, look, publish


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with rig(tmp_path_factory.mktemp("library")) as made:
        yield made


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 4, country="Germany")
        made.twin.submit_form("White Paper Anforderung", "p1@kunde1.example")
        written_back(made)
        made.run("plan")
        assert look(made, records.dirty_count) == 0
        yield made


def worth(points: int) -> dict:
    """The scoring document with white papers at so many points."""
    body = document("scoring")
    for rule in body["rules"]:
        if rule["name"] == "white_paper":
            rule["points"] = points
    return body


def score(r: Rig) -> int:
    return r.run("explain", "p1@kunde1.example")["score"]


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("scoring.yaml", "a: 1", "scoring"),
        ("scoring/modell.yaml", "a: 1", "scoring"),
        ("modell.yaml", "kind: mapping", "mapping"),
        ("scoring.yaml", "kind: mapping", "mapping"),
    ],
)
def test_a_file_says_which_document_it_is(tmp_path, path, text, kind):
    assert kind_of(tmp_path / path, text) == kind


@pytest.mark.parametrize("text", ["a: 1", "kind: unsinn", "- a", ""])
def test_a_file_that_does_not_say_is_refused(tmp_path, text):
    with pytest.raises(ConfigError) as told:
        kind_of(tmp_path / "x" / "modell.yaml", text)
    assert "scoring" in told.value.remedy


def test_publishing_judges_everybody_anew(r, tmp_path):
    before = score(r)
    assert publish(r, tmp_path, "scoring", worth(25))["version"] == 2
    assert look(r, records.dirty_count) == 4
    assert score(r) == before + 10
    plan = r.run("plan")
    assert plan["judged"] == 4
    (change,) = [c for c in plan["changes"] if "leadwright_score" in c["properties"]]
    assert change["properties"]["leadwright_score"] == {"before": str(before), "after": str(before + 10)}


def test_rolling_back_publishes_the_old_text_as_a_new_version(r, tmp_path):
    before = score(r)
    publish(r, tmp_path, "scoring", worth(25))
    assert r.run("config_rollback", "scoring", 1, "admin")["version"] == 3
    assert score(r) == before
    assert r.run("plan")["contacts"] == 0
    versions = r.run("config_history", "scoring")["versions"]
    assert [(v["version"], v["author"]) for v in versions] == [(3, "admin"), (2, "admin"), (1, "leadwright")]
    assert versions[0]["reason"] == "back to version 1"


def test_a_plan_names_the_versions_it_was_made_with(r, tmp_path):
    first = r.run("plan")["hash"]
    publish(r, tmp_path, "scoring", document("scoring"))
    assert r.run("plan")["hash"] != first


def test_what_people_did_before_is_classified_by_the_new_document(r, tmp_path):
    """The form is a checklist now: also for those who sent it last month."""
    assert acts(r, r.ids[0]) == ["white_paper"]
    body = document("activities")
    rule = {"source": "form_submission", "forms": ["White Paper Anforderung"], "kind": "checklist"}
    publish(r, tmp_path, "activities", {**body, "rules": [rule, *body["rules"]]})
    assert acts(r, r.ids[0]) == ["checklist"]
    assert "white_paper" not in {line["rule"] for line in r.run("explain", str(r.ids[0]))["lines"] if line["points"]}
    r.run("config_rollback", "activities", 1, "admin")
    assert acts(r, r.ids[0]) == ["white_paper"]


def test_an_invalid_document_changes_nothing(r, tmp_path):
    body = worth(25)
    body["rules"][0]["points"] = "viele"
    body["threshold"] = "hoch"
    with pytest.raises(DocumentInvalid) as told:
        publish(r, tmp_path, "scoring", body)
    assert len(told.value.faults) == 2
    assert len(r.run("config_history", "scoring")["versions"]) == 1
    assert look(r, records.dirty_count) == 0


def test_presets_are_listed_with_what_they_are_for_and_given_as_they_are():
    found = presets("workflows", None, None)["presets"]
    assert {"welcome", "topic", "wake-up", "event", "follow-up", "seo", "post-purchase"} <= {
        one["name"] for one in found
    }
    assert all(one["description"] for one in found)
    assert presets("workflows", "welcome", None)["body"] == preset_text("workflows", "welcome")
    with pytest.raises(ConfigError) as told:
        presets("workflows", "welcom", None)
    assert 'Did you mean "welcome"?' in told.value.remedy


def test_a_difference_is_shown_before_it_is_published(portal, tmp_path):
    text = portal.run("config_show", "scoring")["body"]
    (tmp_path / "scoring.yaml").write_text(text.replace("threshold: 50", "threshold: 60"), encoding="utf-8")
    shown = portal.run("config_diff", tmp_path / "scoring.yaml")
    changed = [line[:14] for line in shown["diff"] if line[0] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == ["-threshold: 50", "+threshold: 60"]
    (tmp_path / "scoring.yaml").write_text(text, encoding="utf-8")
    assert portal.run("config_diff", tmp_path / "scoring.yaml")["diff"] == []


def test_every_file_is_checked_and_every_fault_named(tmp_path):
    good = tmp_path / "workflows.yaml"
    good.write_text(json.dumps(document("workflows")), encoding="utf-8")
    bad = tmp_path / "scoring.yaml"
    bad.write_text("threshold: hoch\nrules: []\n", encoding="utf-8")
    nameless = tmp_path / "etwas.yaml"
    nameless.write_text("a: 1", encoding="utf-8")
    checked = Service.config_validate([good, bad, nameless, tmp_path / "fehlt.yaml"])
    assert [file["ok"] for file in checked["files"]] == [True, False, False, False]
    assert not checked["ok"]
    assert all(fault["message"] for file in checked["files"] for fault in file["faults"])
    assert checked["files"][1]["faults"][0]["line"] >= 1


@pytest.mark.parametrize(
    ("command", "args"),
    [("config_show", ("unsinn",)), ("config_history", ("unsinn",)), ("config_rollback", ("scoring", 9, "admin"))],
)
def test_what_there_is_not_is_a_mistake_of_use(portal, command, args):
    with pytest.raises(ConfigError) as told:
        portal.run(command, *args)
    assert told.value.exit_code == 2
    assert told.value.remedy


def test_a_file_that_is_no_text_is_refused(portal, tmp_path):
    (tmp_path / "scoring.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        portal.run("config_publish", tmp_path / "scoring.yaml", "admin", "x")


def test_advice_comes_with_a_valid_file_and_does_not_refuse_it(tmp_path):
    """The rules are looked at together: what the activities never call a thing is told beside the model."""
    body = document("scoring")
    body["rules"].append(
        {"name": "again", "kind": "property", "family": "readiness", "points": 3,
         "when": {"property": "leadwright_score", "gt": 10}}
    )  # fmt: skip
    scoring, activities = tmp_path / "scoring.yaml", tmp_path / "activities.yaml"
    scoring.write_text(json.dumps(body), encoding="utf-8")
    kept = [rule for rule in document("activities")["rules"] if rule["kind"] != "e_book"]
    activities.write_text(json.dumps({**document("activities"), "rules": kept}), encoding="utf-8")
    checked = Service.config_validate([scoring, activities])
    assert checked["ok"]
    told = {one["message"] for one in checked["files"][0]["warnings"]}
    assert any("a loop" in one for one in told)
    assert any('calls no event "e_book"' in one for one in told)


def test_advice_is_told_when_a_document_is_published(r, tmp_path):
    body = document("scoring")
    body["rules"].append(
        {"name": "typo", "kind": "property", "family": "readiness", "points": 3,
         "when": {"property": "jobtitel", "is_set": True}}
    )  # fmt: skip
    warnings = publish(r, tmp_path, "scoring", body)["warnings"]
    (one,) = [warning for warning in warnings if "jobtitel" in warning["message"]]
    assert one["remedy"].startswith('Did you mean "jobtitle"?')
    assert one["path"] == f"rules[{len(body['rules'])}].when"


def test_the_published_documents_are_advised_on_together(portal):
    found = portal.run("config_lint")
    assert {one["kind"] for one in found["documents"]} == set(SHIPPED) - {"schedule", "goals"}
    assert found["missing"] == []
    told = {one["kind"]: [warning["message"] for warning in one["warnings"]] for one in found["documents"]}
    assert told["scoring"]
    assert told["consent"] == told["mapping"] == []
    assert found["answers"][0]["fine"]
