"""Fields that are worked out of several facts, through the mirror: each contact's own are those of the crowd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connector.model.judgement import Known, Unknown
from connector.rules.crowd.scoring import GRADES, score
from connector.rules.judge import judge
from connector.store import records
from connector.sync.crowds import crowds_of
from connector.sync.facts import cases
from connector.sync.pull import off_sources
from connector.sync.react import portal_view
from tests import databases
from tests.rig import Rig, rig
from tests.sync.steps import context, document, publish

TOPIC = {"name": "paper", "kind": "white_paper", "topic": "energy", "match": "White Paper Anforderung"}
RULES: list[dict[str, Any]] = [
    {"name": f"by_{source}", "kind": "property", "family": "demographic", "points": points,
     "when": {"field": "lead_source", "equals": source}}
    for source, points in (("event", 7), ("existing_customer", 5), ("seo", 3), ("offline", 2), ("direct", 1))
] + [
    {"name": "energy", "kind": "property", "family": "product_interest", "points": 11,
     "when": {"field": "first_interest", "equals": "energy"}},
]  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def r(request, tmp_path_factory) -> Iterator[Rig]:
    """Seventy contacts who came by all ways, some of them to a webinar; one asset of the catalogue has a topic."""
    url = databases.fresh_url(request.param)
    folder = tmp_path_factory.mktemp("derived")
    try:
        with rig(folder, contacts=70, database=url) as made:
            workflows = document("workflows")
            said = {"call": "Get it", "landing_page": "https://www.example.com", "delivery": "By mail"}
            publish(made, folder, "workflows", {**workflows, "assets": [{**TOPIC, **said}]})
            publish(made, folder, "scoring", {**document("scoring"), "rules": RULES, "families": []})
            made.new = {
                name: made.twin.create_contact({"email": f"{name}@werk.example", "hs_analytics_source": "OFFLINE"})
                for name in ("fair", "desk", "reader")
            }
            webinar = made.twin.activity.catalogue.webinars[0]
            made.twin.attend(webinar.ident, made.new["fair"], at=made.clock.now())
            made.twin.submit_form("White Paper Anforderung", "reader@werk.example")
            made.clock.advance(60)
            made.run("sync")
            yield made
    finally:
        databases.drop(url)


def alone(r: Rig) -> dict[int, Any]:
    with context(r) as ctx, ctx.store.view() as u:
        ids = records.live_ids(u, ctx.portal_id, "contacts", limit=10_000)
        return {one.record.id: one.facts for one in cases(ctx, u, ids, ctx.clock.now_ms(), off_sources(ctx))}


def test_they_are_worked_out_of_what_is_mirrored(r):
    people = alone(r)
    fair, desk, reader = (people[r.new[name]].fields for name in ("fair", "desk", "reader"))
    assert fair["lead_source"] == Known("event", "marketing_event")
    assert desk["lead_source"] == Known("offline", "hs_analytics_source")
    assert desk["first_interest"] == Unknown("empty")
    assert reader["first_interest"] == Known("energy", "white_paper")
    told = {one.fields["lead_source"].value for one in people.values() if isinstance(one.fields["lead_source"], Known)}
    assert {"seo", "ads", "social", "direct", "email"} <= told


@pytest.mark.parametrize("stretch", [7, 1000])
def test_the_crowd_knows_what_each_knows(r, stretch):
    people = alone(r)
    seen, given = set(), set()
    with context(r) as ctx:
        rules, view = ctx.rulebook.rules, portal_view(ctx)
        for crowd in crowds_of(ctx, rules.documents.scoring, ctx.clock.now_ms(), stretch):
            told = score(rules.documents.scoring, crowd)
            for place, who in enumerate(crowd.ids.tolist()):
                for name, column in crowd.fields.items():
                    assert column.values[column.codes[place]] == people[who].fields[name], (who, name)
                receipt = judge(people[who], rules, view).receipt
                found = (int(told.score[place]), int(told.fit[place]), GRADES[told.grade[place]])
                assert found == (receipt.score, receipt.fit, receipt.grade)
                seen.add(who)
                given.add(found[0])
    assert seen == set(people)
    assert given >= {2, 7, 13}  # offline alone, an event, offline with the interest: there was something to compare


def test_an_explanation_says_how_somebody_came_and_of_a_past_minute_only_what_was_known(r):
    before = r.clock.now_ms()
    r.clock.advance(3600)
    r.twin.submit_form("White Paper Anforderung", "desk@werk.example")
    r.run("sync")
    now, then = (r.run("explain", str(r.new["desk"]), at)["came_by"] for at in (None, before))
    assert now["first_interest"] == {"value": "energy", "from": "white_paper", "why": None}
    assert then["first_interest"] == {"value": None, "from": None, "why": "empty"}
    assert now["lead_source"]["value"] == then["lead_source"]["value"] == "offline"


def test_an_export_tells_no_half_of_them(r):
    row = next(row for row in r.rows("contacts") if int(row["id"]) == r.new["fair"])
    assert "lead_source" not in row["fields"]
    assert row["fields"]["original_source"] == "OFFLINE"
