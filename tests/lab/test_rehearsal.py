"""The next days on a virtual clock: what the live service would do, nothing kept, nothing sent, the same every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigError
from connector.store.schema import METADATA
from tests.journeys.steps import go_live
from tests.rig import Rig, rig
from tests.sync.steps import document, look, publish, ripe

DAY = 86_400
WELCOME = 91001


def fading(r: Rig, folder: Path) -> None:
    """A model whose points for downloads are gone after ten days."""
    body = document("scoring")
    for rule in body["rules"]:
        if rule["name"] in ("white_paper", "e_book"):
            rule["within_days"] = 10
    publish(r, folder, "scoring", body)


def everything(r: Rig) -> dict[str, list[Any]]:
    """All rows of the installation's database."""
    return look(r, lambda u, _: {
        table.name: [tuple(row) for row in u.rows(table.select().order_by(*table.primary_key.columns))]
        for table in METADATA.sorted_tables
    })  # fmt: skip


@pytest.fixture
def r(tmp_path: Path) -> Any:
    """A small portal with two ripe leads, mirrored and provisioned, points that fade; in observe mode."""
    with rig(tmp_path, contacts=30, seed=3) as made:
        made.ripe = [ripe(made, f"anna{i}@werk{i}.example") for i in range(2)]
        made.run("sync")
        made.run("provision")
        made.run("sync")
        fading(made, tmp_path)
        yield made


class TestAgainstTheLiveService:
    """The same functions: what is rehearsed is what happens."""

    def test_no_day_added_is_the_plan_with_its_hash(self, r: Rig) -> None:
        rehearsed, planned = r.run("rehearse", 0), r.run("plan")
        assert rehearsed["hash"] == planned["hash"]
        assert (rehearsed["changes"], rehearsed["judged"]) == (planned["changes"], planned["judged"])
        assert len(rehearsed["new_mqls"]) == planned["new_mqls"] >= 2

    def test_twelve_days_are_what_twelve_days_then_bring(self, r: Rig) -> None:
        rehearsed = r.run("rehearse", 12)
        r.run("live")
        r.run("apply", plan_hash=r.run("plan")["hash"])
        for _ in range(12):
            r.clock.advance(DAY)
            r.run("plan")
            r.run("apply", plan_hash=r.run("plan")["hash"])
        truth = r.twin.truth()
        for change in rehearsed["changes"]:
            held = truth[int(change["contact"])]
            for name, values in change["properties"].items():
                assert (held.get(name) or "") == values["after"], (change["contact"], name)
        assert rehearsed["contacts"] >= 30

    def test_points_that_fade_are_seen_on_their_day(self, r: Rig) -> None:
        days = r.run("rehearse", 12)["by_day"]
        moved = [day["day"] for day in days if day["by_property"].get("leadwright_score")]
        assert moved[0] == 0
        assert 10 in moved  # the ripe leads' downloads are older than ten days then

    def test_an_observed_portal_is_rehearsed_as_if_it_were_live(self, r: Rig) -> None:
        told = r.run("rehearse", 1)
        assert told["mode"] == "observe"
        assert told["new_mqls"]

    def test_whom_a_workflow_awaits_is_enrolled_once(self, r: Rig, tmp_path: Path) -> None:
        body = document("workflows")
        body["workflows"][0]["workflow_id"] = str(WELCOME)
        publish(r, tmp_path, "workflows", body)
        r.run("sync")
        told = r.run("rehearse", 5)
        who = [one["contact"] for one in told["enrolments"]]
        assert set(map(str, r.ripe)) <= set(who)  # type: ignore[attr-defined]
        assert len(who) == len(set(who)) == told["enrolled"]
        assert [len(day["enrolments"]) for day in told["by_day"]][1:] == [0] * 5


class TestNothingIsKeptNothingIsSent:
    """A question, however often it is asked."""

    def test_the_database_is_byte_for_byte_the_same(self, r: Rig) -> None:
        before = everything(r)
        r.run("rehearse", 3)
        assert everything(r) == before

    def test_the_portal_hears_nothing(self, r: Rig) -> None:
        before = r.twin.ledger.count()
        r.run("rehearse", 3)
        assert r.twin.ledger.count() == before

    def test_twice_the_same(self, r: Rig) -> None:
        assert r.run("rehearse", 4) == r.run("rehearse", 4)

    def test_more_days_have_another_hash_only_when_they_bring_something(self, r: Rig) -> None:
        assert r.run("rehearse", 1)["hash"] == r.run("rehearse", 2)["hash"]
        assert r.run("rehearse", 1)["hash"] != r.run("rehearse", 12)["hash"]


def test_what_comes_and_goes_back_is_no_change_of_the_whole(r: Rig) -> None:
    """The whole is the net of its days: each value from what the portal holds now to what it would hold then."""
    told = r.run("rehearse", 12)
    now = {str(ident): properties for ident, properties in r.mirrored().items()}
    for change in told["changes"]:
        for name, values in change["properties"].items():
            assert (values["before"] or None) == (now[change["contact"]].get(name) or None)
            assert values["before"] != values["after"]


def test_a_day_that_touches_more_than_a_run_may_says_that_it_would_ask(r: Rig) -> None:
    first, second, *_ = r.run("rehearse", 2)["by_day"]
    assert first["asks_first"] is (first["contacts"] > 25)
    assert second["asks_first"] is False


def test_what_is_held_at_the_end_is_told_with_its_gate(r: Rig) -> None:
    told = r.run("rehearse", 2)
    assert sum(told["held_by_gate"].values()) == len(told["held"]) > 0
    assert all(one["why"] and one["gate"] in told["held_by_gate"] for one in told["held"])


def test_a_portal_that_is_not_mirrored_yet_is_refused(tmp_path: Path) -> None:
    with rig(tmp_path) as bare, pytest.raises(ConfigError, match="not mirrored"):
        bare.run("rehearse", 1)


def test_a_live_portal_stays_as_it_is(tmp_path: Path) -> None:
    with rig(tmp_path, contacts=20) as made:
        go_live(made)
        before = made.twin.truth()
        told = made.run("rehearse", 30)
        assert told["mode"] == "live"
        assert made.twin.truth() == before
