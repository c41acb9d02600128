"""A dry run tells what publishing a document does, by the steps that a plan takes, and keeps nothing of it."""

from __future__ import annotations

import json

import pytest

from connector.errors import ConfigError, DocumentInvalid
from connector.store import documents, holds, receipts, records
from connector.store.schema import TENANT_TABLES
from tests.journeys.steps import go_live
from tests.rig import Rig, rig
from tests.sync.steps import document, look, publish, ripe

EDITS = {
    "scoring": lambda body: {**body, "threshold": 20},
    "lifecycle": lambda body: {**body, "fall_back_below": 200, "allow_backward": True},
    "workflows": lambda body: body,
    "consent": lambda body: {**body, "double_opt_in": "required"},
    "mapping": lambda body: {**body, "rows": [row for row in body["rows"] if row["field"] != "role_level"]},
    "activities": lambda body: {**body, "rules": body["rules"][: len(body["rules"]) // 2]},
}


@pytest.fixture(scope="module")
def r(tmp_path_factory):
    with rig(tmp_path_factory.mktemp("dry"), contacts=40) as made:
        ripe(made, "anna@werk.example")
        go_live(made)
        made.run("apply", plan_hash=made.run("plan")["hash"])
        yield made


def text_of(body: dict) -> str:
    return json.dumps(body, ensure_ascii=False)


def back(r: Rig, kind: str) -> None:
    r.run("config_rollback", kind, 1, "admin")
    r.run("plan")


def standings(r: Rig) -> dict:
    def read(u, portal):
        ids = records.live_ids(u, portal, "contacts", limit=10_000)
        return receipts.standings(u, portal, ids)

    return look(r, read)


@pytest.mark.parametrize("kind", EDITS)
def test_it_is_the_plan_that_publishing_brings(r, tmp_path, kind):
    edited = EDITS[kind](document(kind))
    said = r.run("config_dry_run", kind, text_of(edited))
    before = standings(r)
    try:
        publish(r, tmp_path, kind, edited)
        plan = r.run("plan")
        after = standings(r)
    finally:
        back(r, kind)
    assert said["hash"] == plan["hash"]
    assert (said["written"], said["calls"], said["new_mqls"]) == (plan["contacts"], plan["calls"], plan["new_mqls"])
    assert said["held_by_gate"] == plan["held_by_gate"]
    assert sum(said["enrolments"].values()) == plan["enrolled"]
    up = sorted(i for i, now in after.items() if now.score > before[i].score)
    down = sorted(i for i, now in after.items() if now.score < before[i].score)
    assert (said["ids"]["score_up"], said["ids"]["score_down"]) == (up, down)
    worse = [i for i, now in after.items() if now.grade > before[i].grade]
    assert said["grade"]["down"] == len(worse)


def test_edits_that_matter_move_somebody(r):
    """Or the test above would prove nothing."""
    moved = {kind: r.run("config_dry_run", kind, text_of(EDITS[kind](document(kind)))) for kind in EDITS}
    assert moved["scoring"]["new_mqls"] > 0
    assert moved["mapping"]["score"]["down"] > 0
    assert moved["activities"]["score"]["down"] > 0


def everything(r: Rig) -> dict:
    def read(u, portal):
        return {t.name: sorted(map(repr, u.rows(t.select().where(t.c.portal_id == portal)))) for t in TENANT_TABLES}

    return look(r, read)


def test_nothing_of_it_is_kept(r):
    before = everything(r)
    r.run("config_dry_run", "scoring", text_of(EDITS["scoring"](document("scoring"))))
    assert everything(r) == before
    assert look(r, lambda u, p: documents.current(u, p, "scoring").version) >= 1
    assert isinstance(look(r, lambda u, p: holds.of(u, p, 1)), tuple | list)


def test_a_mapping_is_told_row_by_row_too(r):
    body = document("mapping")
    city = next(row for row in body["rows"] if row["field"] == "city")
    city.update(transforms=["upper"], direction="both", mode="overwrite")
    said = r.run("config_dry_run", "mapping", text_of(body))
    (row,) = [row for row in said["rows"] if row["writes"]]
    assert (row["field"], row["property"]) == ("city", "city")
    assert row["writes"]["change"] == said["by_property"]["city"]


def test_a_schedule_judges_nobody(r):
    said = r.run("config_dry_run", "schedule", text_of(document("schedule")))
    assert said == {"portal": "acme", "kind": "schedule", "base": 1, "version": 2, "judges": False, "contacts": 0}


def test_a_document_with_faults_is_not_tried(r):
    with pytest.raises(DocumentInvalid):
        r.run("config_dry_run", "scoring", "threshold: high")
    with pytest.raises(ConfigError, match="no kind"):
        r.run("config_dry_run", "nonsense", "a: 1")


def test_half_a_mirror_is_not_judged(tmp_path):
    with rig(tmp_path) as fresh, pytest.raises(ConfigError, match="not mirrored yet"):
        fresh.run("config_dry_run", "scoring", text_of(document("scoring")))


def test_the_time_it_takes_is_the_calls_at_the_portals_limit(r):
    said = r.run("config_dry_run", "scoring", text_of({**document("scoring"), "threshold": 20}))
    assert said["calls"] >= 1
    assert 0 < said["seconds"] <= said["calls"]
