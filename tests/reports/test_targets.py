"""Targets (L84, L97) and goals (L98): met or missed for the portal, one nurture, one piece of content; and an alert."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.reports.figures import Figure
from connector.reports.report_words import catalogue
from connector.reports.targets import against, against_target, of_asset, of_nurture
from connector.rules.documents.goals import GoalsDocument, Target
from connector.store import documents, portals
from tests.reports.small import Small, ms
from tests.reports.test_nurtures import PAPER, stay
from tests.rig import Rig, rig

GOALS = GoalsDocument(
    name="g",
    targets=(
        Target(figure="click_rate", at_least=0.5, goal="relevance"),
        Target(figure="goal_reached", nurture="welcome", at_least=0.2),
        Target(figure="bought", asset="Guide", at_most=0.1),
    ),
)


class TestAFigure:
    """Against its target."""

    @pytest.mark.parametrize(("value", "met"), [(0.5, True), (0.49, False), (None, None)])
    def test_is_met_at_the_bound_and_unknown_without_a_value(self, value: float | None, met: bool | None) -> None:
        found = against_target(Figure("click_rate", value, "share"), GOALS)
        assert (found.target, found.met) == ("≥ 0.5 (relevance)", met)

    def test_without_a_target_is_left_as_it_is(self) -> None:
        figure = Figure("open_rate", 0.1, "share")
        assert against_target(figure, GOALS) is figure
        assert against(figure, None) is figure

    def test_of_one_nurture_or_asset_is_no_figure_of_the_portal(self) -> None:
        assert against_target(Figure("goal_reached", 0.1), GOALS).target == ""
        assert of_nurture(Figure("x", 0.1), "welcome", GOALS).met is False
        assert of_nurture(Figure("x", 0.1), "topic", GOALS).target == ""
        assert of_asset(Figure("x", 0.1), "Guide", GOALS).met is True
        assert of_asset(Figure("x", 0.1), "", GOALS).target == ""


class TestOfAPart:
    """In the reports on nurtures and content."""

    def test_a_nurture_is_held_against_its_own(self, portal: Small) -> None:
        portal.publish("workflows", PAPER, "03-01")
        portal.publish("goals", "targets: [{figure: goal_reached, nurture: welcome, at_least: 0.6}]\nname: g", "03-01")
        stay(portal, "Anna", "05-01", ended="goal", ended_ms=ms("05-04"))
        stay(portal, "Ben", "05-01", ended="silent", ended_ms=ms("05-05"))
        found = portal.figures("nurtures")["nurture/welcome.goal"]
        assert (found["value"], found["target"], found["met"]) == (0.5, "≥ 0.6", False)

    def test_nobody_at_the_goal_is_told_where_there_is_a_target(self, portal: Small) -> None:
        portal.publish("workflows", PAPER, "03-01")
        portal.publish("goals", "targets: [{figure: goal_reached, nurture: welcome, at_least: 0.6}]\nname: g", "03-01")
        stay(portal, "Ben", "05-01", ended="silent", ended_ms=ms("05-05"))
        found = portal.figures("nurtures")["nurture/welcome.goal"]
        assert (found["value"], found["met"]) == (0.0, False)

    def test_a_piece_of_content_is_held_against_its_own(self, portal: Small) -> None:
        portal.publish("goals", "targets: [{figure: bought, asset: Guide, at_least: 0.4}]\nname: g", "03-01")
        for name in ("Anna", "Ben"):
            portal.contact(name, "04-01")
            portal.act(name, "04-02", "white_paper", "Guide")
            portal.act(name, "04-03", "e_book", "Handbook")
        portal.deal("Anna", "04-20", "won", "05-21", "1000")
        found = portal.figures("assets")
        assert found["leaderboard/white_paper:Guide"]["met"] is True
        assert found["leaderboard/e_book:Handbook"]["target"] == ""


class TestGoals:
    """Every section says which goal it serves."""

    def test_each_section_has_one_of_six(self) -> None:
        assert set(catalogue()["goals"]) == {
            "pipeline", "qualified_leads", "relevance", "loyalty", "conversion", "efficient_sales",
        }  # fmt: skip
        assert {one["goal"] for one in catalogue()["sections"].values()} == set(catalogue()["goals"])

    @pytest.mark.parametrize("language", ["en", "de"])
    def test_a_report_says_it_in_words(self, portal: Small, language: str) -> None:
        told = {one["key"]: one["goal_text"] for one in portal.report("kpis", language=language)["sections"]}
        assert told["retention"] == {"en": "loyal customers", "de": "treue Kunden"}[language]
        assert all(told.values())

    def test_a_campaign_serves_its_own(self, portal: Small) -> None:
        dates = "starts: '2026-04-01', ends: '2026-05-01', sources: [OFFLINE]"
        portal.publish("goals", f"name: g\ncampaigns: [{{name: Fair, goal: loyalty, {dates}}}]", "03-01")
        (fair,) = [one for one in portal.report("kpis")["sections"] if one["key"] == "campaigns"]
        assert (fair["goal"], fair["goal_text"]) == ("loyalty", "loyal customers")


@pytest.fixture(scope="module")
def r(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with rig(Path(tmp_path_factory.mktemp("targets")), contacts=20) as made:
        for number in range(3):  # young leads, none of whom is an MQL yet
            made.twin.create_contact({"email": f"neu{number}@werk.example", "lifecyclestage": "lead"})
        made.run("sync", only=("contacts",))
        yield made


class TestTheAlert:
    """The doctor of a portal says which targets are missed (L84)."""

    def told(self, r: Rig, goals: str) -> list[tuple[bool | None, str]]:
        with r.service() as service, service.store.unit() as u:
            row = portals.by_name(u, r.name)
            documents.publish(u, row.id, "goals", f"name: g\n{goals}", "ann", "plan", r.clock.now_ms())
        found = r.run("check_portal")
        assert found["ok"] is True, "a target that is missed is no fault of the portal"
        return [(row["ok"], row["text"]) for row in found["checks"] if row["check"] == "targets"]

    def test_without_targets_nothing_is_said(self, r: Rig) -> None:
        assert self.told(r, "targets: []") == []

    def test_what_is_met_or_unknown_is_no_alarm(self, r: Rig) -> None:
        goals = "targets: [{figure: lead_to_mql, at_least: 0}, {figure: cost_per_lead, at_most: 5}]"
        assert self.told(r, goals) == [(True, "No target of the last 90 days is missed.")]

    def test_what_is_missed_is_named_with_its_figure_and_its_bound(self, r: Rig) -> None:
        ((ok, text),) = self.told(r, "targets: [{figure: lead_to_mql, at_least: 1, goal: qualified_leads}]")
        assert ok is None
        assert text.startswith("Missed: ")
        assert text.endswith(" % (≥ 1 (qualified_leads)).")

    def test_targets_of_parts_are_looked_at_too(self, r: Rig) -> None:
        goals = "targets: [{figure: goal_reached, nurture: welcome, at_least: 0.5}]"
        assert self.told(r, goals) == [(True, "No target of the last 90 days is missed.")]
