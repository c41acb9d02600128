"""The ``goals`` document: targets, costs, campaigns; every fault with its remedy."""

from __future__ import annotations

import pytest

from connector.errors import DocumentInvalid
from connector.presets import load_yaml
from connector.rules.documents import parse_document
from connector.rules.documents.goals import GoalsDocument, day_of

CAMPAIGN = 'name: c, starts: "2026-01-01", ends: "2026-01-31", assets: [Guide]'


def parse(text: str) -> GoalsDocument:
    return parse_document("goals", *load_yaml(f"name: g\n{text}", "goals.yaml"), "goals.yaml")  # type: ignore[return-value]


def test_nothing_entered_is_sound() -> None:
    assert (parse("").targets, parse("").costs, parse("").campaigns) == ((), (), ())


def test_a_whole_document_is_read() -> None:
    found = parse(
        "targets: [{figure: click_rate, at_least: 0.03, goal: relevance}]\n"
        'costs: [{month: "2026-10", amount: 1200.5, source: PAID_SEARCH}, {month: "2026-10", amount: 1, campaign: c}]\n'
        f"campaigns: [{{{CAMPAIGN}, budget: 10, forecast: {{leads: 40}}}}]"
    )
    assert (found.targets[0].at_least, found.costs[0].amount, found.campaigns[0].forecast.leads) == (0.03, 1200.5, 40)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targets: [{figure: click_rate}]", "needs one bound"),
        ("targets: [{figure: click_rate, at_least: 1, at_most: 2}]", "needs one bound"),
        ("targets: [{figure: luck, at_least: 1}]", "luck"),
        ("targets: [{figure: roi, at_least: 1}, {figure: roi, at_least: 2}]", "2 times"),
        ("targets: [{figure: goal_reached, at_least: 0.2}]", "figure of one nurture"),
        ("targets: [{figure: bought, at_least: 0.2, nurture: welcome}]", "figure of one asset"),
        ("targets: [{figure: roi, at_least: 1, asset: Guide}]", "no figure of one asset"),
        ('visitors: [{month: "2026-1", count: 5}]', "no month"),
        ('visitors: [{month: "2026-10", count: 5}, {month: "2026-10", count: 6}]', "2 times"),
        ('visitors: [{month: "2026-10", count: 1.5}]', "count"),
        ('costs: [{month: "2026-13", amount: 1}]', "no month"),
        ('costs: [{month: "2026-10", amount: -1}]', "amount"),
        ('costs: [{month: "2026-10", amount: 1, campaign: none such}]', "no campaign"),
        (f"campaigns: [{{{CAMPAIGN.replace('2026-01-31', '2025-01-31')}}}]", "ends before it begins"),
        (f"campaigns: [{{{CAMPAIGN.replace('2026-01-31', 'soon')}}}]", "no day"),
        (f"campaigns: [{{{CAMPAIGN.replace('[Guide]', '[]')}}}]", "neither sources nor assets"),
        (f"campaigns: [{{{CAMPAIGN}}}, {{{CAMPAIGN}}}]", "2 times"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        parse(text)
    assert any(said in f"{fault.path}: {fault.message}" and fault.line > 0 for fault in refused.value.faults)


def test_one_figure_may_have_a_target_for_each_part() -> None:
    found = parse(
        "targets: [{figure: goal_reached, nurture: welcome, at_least: 0.2},"
        " {figure: goal_reached, nurture: topic, at_least: 0.1}, {figure: bought, asset: Guide, at_least: 0.05}]"
    )
    assert [one.of for one in found.targets] == ["welcome", "topic", "Guide"]


@pytest.mark.parametrize(
    ("text", "found"), [("2026-02-28", True), ("2026-02-30", False), ("28.2.2026", False), ("", False)]
)
def test_a_day_is_an_iso_date(text: str, found: bool) -> None:
    assert (day_of(text) is not None) is found
