"""Everybody's score at once, out of the mirror: what each contact's own judgement says, in seconds and ahead of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigError
from connector.model.judgement import Facts
from connector.rules.crowd.scoring import GRADES, score
from connector.rules.judge import judge
from connector.store import memberships, receipts, records
from connector.sync import ahead
from connector.sync.crowds import crowds_of
from connector.sync.everybody import restate
from connector.sync.facts import cases
from connector.sync.pull import off_sources
from connector.sync.react import portal_view
from tests import databases
from tests.rig import Rig, rig
from tests.sync.steps import context, document, look, publish

PAGES = ["site_visit", "price_page", "blog_post"]
# The first list of a new portal, which the fixture makes; list 7 there is none, so who is on it is unknown.
ON_LIST: dict[str, Any] = {
    "name": "on_list", "kind": "list", "family": "readiness", "points": 7, "lists": ["301"],
}  # fmt: skip
MORE: list[dict[str, Any]] = [
    {"name": "burst", "kind": "burst", "family": "readiness", "points": 6, "activities": PAGES,
     "at_least": 2, "within_hours": 72, "counting": "per_burst", "cap": 18},
    {"name": "lately", "kind": "velocity", "family": "readiness", "points": 4, "activities": PAGES,
     "window_days": 30, "at_least": 2, "factor": 1.5},
    {"name": "dwell", "kind": "dwell", "family": "engagement", "points": 3, "activities": PAGES,
     "min_seconds": 20, "counting": "per_span", "cap": 12},
    {"name": "often", "kind": "frequency", "family": "engagement", "points": 2, "activities": PAGES,
     "at_least": 2, "at_most": 6},
    {"name": "silent", "kind": "inactivity", "family": "engagement", "points": -2, "after_days": 30,
     "every_days": 30, "floor": -20},
    {"name": "prices", "kind": "activity", "family": "readiness", "points": 5, "activities": PAGES,
     "counting": "per_event", "cap": 20, "match": {"url_matches": "/prei"}, "decay": {"half_life_days": 60}},
    {"name": "fades", "kind": "activity", "family": "engagement", "points": 7, "activities": ["mail_opened"],
     "counting": "per_window", "window_days": 7, "max_per_window": 2, "cap": 40, "decay": {"linear_days": 200},
     "human_only": False},
    ON_LIST,
    {"name": "listed", "kind": "list", "family": "engagement", "points": 9, "lists": ["7"]},
    {"name": "alike", "kind": "persona", "family": "persona_fit", "points": 5, "share": 0.5},
    {"name": "phone", "kind": "property", "family": "demographic", "points": 2,
     "when": {"any": [{"field": "phone", "is_set": True}, {"property": "jobtitle", "contains": "leit"}]}},
]  # fmt: skip


def rich_model() -> dict[str, Any]:
    """The starter model with a rule of every kind that columns know."""
    body = document("scoring")
    families = [{"name": "readiness", "cap": 40}, {"name": "demographic", "cap": 25}]
    others = [one for one in body["families"] if one["name"] not in ("readiness", "demographic")]
    return {**body, "rules": [*body["rules"], *MORE], "families": [*others, *families], "floor": -10}


def times(body: dict[str, Any], factor: int) -> dict[str, Any]:
    """The model with every number of points, and its bounds, so many times as large."""
    bounds = ("points", "cap", "floor")
    rules = [{**one, **{key: one[key] * factor for key in bounds if one.get(key)}} for one in body["rules"]]
    return {**body, "rules": rules}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def r(request, tmp_path_factory) -> Iterator[Rig]:
    url = databases.fresh_url(request.param)
    folder = tmp_path_factory.mktemp("everybody")
    try:
        with rig(folder, contacts=70, database=url) as made:
            made.twin.lists.change(made.twin.lists.make("Leads on SEO"), made.twin.ids()[::3], [])
            body = document("scoring")
            publish(made, folder, "scoring", {**body, "rules": [*body["rules"], ON_LIST]})
            made.run("sync")
            made.run("plan")
            yield made
    finally:
        databases.drop(url)


def alone(r: Rig, body: dict[str, Any], folder: Path) -> dict[int, tuple[int, int, str]]:
    """Publish the model; what every contact gets by its own judgement, one after the other."""
    publish(r, folder, "scoring", body)
    with context(r) as ctx, ctx.store.view() as u:
        now, view = ctx.clock.now_ms(), portal_view(ctx)
        ids = records.live_ids(u, ctx.portal_id, "contacts", limit=10_000)
        people: list[Facts] = [case.facts for case in cases(ctx, u, ids, now, off_sources(ctx))]
        found = {one.contact_id: judge(one, ctx.rulebook.rules, view).receipt for one in people}
    return {who: (one.score, one.fit, one.grade) for who, one in found.items()}


def at_once(r: Rig, stretch: int) -> dict[int, tuple[int, int, str]]:
    found: dict[int, tuple[int, int, str]] = {}
    with context(r) as ctx:
        model = ctx.rulebook.rules.documents.scoring
        for crowd in crowds_of(ctx, model, ctx.clock.now_ms(), stretch):
            one = score(model, crowd)
            for place, who in enumerate(one.ids.tolist()):
                found[who] = (int(one.score[place]), int(one.fit[place]), GRADES[one.grade[place]])
    return found


@pytest.mark.parametrize("stretch", [7, 1000])
def test_out_of_the_mirror_everybody_gets_what_each_gets_alone(r, tmp_path, stretch):
    expected = alone(r, rich_model(), tmp_path)
    assert look(r, memberships.known) == {"301"}
    assert at_once(r, stretch) == expected
    assert len({one[0] for one in expected.values()}) > 10  # or there was little to compare
    r.run("plan")


def test_words_that_look_like_json_or_a_list_do_no_harm(r, tmp_path):
    someone = next(iter(r.mirrored()))
    r.twin.page_view(someone, 'https://www.example-werke.de/preise?q="],[" \\')
    r.run("sync")
    assert at_once(r, 1000) == alone(r, rich_model(), tmp_path)
    r.run("plan")


def history(r: Rig) -> list[Any]:
    def read(u, portal):
        ids = records.live_ids(u, portal, "contacts", limit=10_000)
        return [step for who in ids for step in receipts.history(u, portal, who)]

    return look(r, read)


def latest(r: Rig) -> dict[int, Any]:
    def read(u, portal):
        return receipts.get_many(u, portal, records.live_ids(u, portal, "contacts", limit=10_000))

    return look(r, read)


def test_restated_scores_are_those_that_the_judgement_books_afterwards(r, tmp_path):
    r.run("plan")
    publish(r, tmp_path, "scoring", times(rich_model(), 2))
    with context(r) as ctx:
        changed = restate(ctx, ctx.clock.now_ms())
    ahead_of_it, booked = latest(r), history(r)
    pending = [one for one in ahead_of_it.values() if not one.body]
    assert len(pending) == changed > 20
    r.run("plan")
    after = latest(r)
    assert {who: (one.score, one.fit, one.grade) for who, one in after.items()} == {
        who: (one.score, one.fit, one.grade) for who, one in ahead_of_it.items()
    }
    assert all(one.body for one in after.values())
    scores = [(step.contact_id, step.score, step.grade) for step in history(r)[len(booked) :]]
    assert not set(scores) - {(step.contact_id, step.score, step.grade) for step in booked}  # each step is booked once


def test_meanwhile_lists_and_exports_work_without_the_reasons(r, tmp_path):
    publish(r, tmp_path, "scoring", times(rich_model(), 3))
    with context(r) as ctx:
        restate(ctx, ctx.clock.now_ms())
    rows = {row["contact"]: row for row in r.rows("receipts")}
    pending = [row for row in rows.values() if row.get("pending")]
    assert pending
    assert all(row["lines"] == [] and row["grade"] in GRADES for row in pending)
    assert rows.keys() == {str(who) for who in latest(r)}
    assert r.run("explain", pending[0]["contact"])["score"] == pending[0]["score"]
    r.run("plan")


def test_only_many_who_wait_for_a_new_model_are_scored_first(r, tmp_path, monkeypatch):
    r.run("plan")
    with context(r) as ctx:
        assert ahead.scores_first(ctx, ahead.MANY, ctx.clock.now_ms()) == 0  # no new model
    publish(r, tmp_path, "scoring", {**rich_model(), "threshold": 40})
    with context(r) as ctx:
        assert ahead.scores_first(ctx, 70, ctx.clock.now_ms()) == 0  # few contacts
        monkeypatch.setattr(ahead, "MANY", 50)
        ahead.scores_first(ctx, 70, ctx.clock.now_ms())
    assert r.run("plan")["judged"] == len(latest(r))


def test_a_draft_tells_whose_score_it_changes_and_keeps_nothing(r, tmp_path):
    publish(r, tmp_path, "scoring", document("scoring"))
    r.run("plan")
    text = json.dumps({**times(document("scoring"), 2), "threshold": 20}, ensure_ascii=False)
    before = latest(r)
    whole, quick = r.run("config_dry_run", "scoring", text), told(r, tmp_path, text)
    assert quick["score"] == whole["score"]
    assert quick["grade"] == whole["grade"]
    assert quick["contacts"] == whole["contacts"] == sum(quick["grades"].values())
    assert quick["over_threshold"]["after"] - quick["over_threshold"]["before"] == (
        quick["newly_over"] - quick["no_longer_over"]
    )
    assert len(quick["ids"]["newly_over"]) == quick["newly_over"] > 0
    assert {one["change"] for one in quick["people"]} == {"newly_over"}
    assert latest(r) == before


def told(r: Rig, folder: Path, text: str, kind: str = "scoring") -> dict[str, Any]:
    file = folder / f"{kind}.yaml"
    file.write_text(text, encoding="utf-8")
    return r.run("config_scores_file", file)


def test_what_columns_cannot_score_is_said(r, tmp_path):
    deals = {"name": "deal", "kind": "association", "family": "readiness", "points": 5, "of": "deals", "state": "open"}
    body = document("scoring")
    with pytest.raises(ConfigError, match="colleagues or deals"):
        told(r, tmp_path, json.dumps({**body, "rules": [*body["rules"], deals]}))
    with pytest.raises(ConfigError, match="gives no scores"):
        told(r, tmp_path, json.dumps(document("schedule")), "schedule")


def test_half_a_mirror_is_not_scored(tmp_path):
    with rig(tmp_path) as fresh, pytest.raises(ConfigError, match="not mirrored yet"):
        told(fresh, tmp_path, json.dumps(document("scoring")))
