"""A quarter of a small portal whose every number can be checked by hand: ``cases/quarter.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.presets import load_yaml
from tests.reports.small import Small, small

FILE = Path(__file__).parent / "cases" / "quarter.yaml"
CASE: Any = load_yaml(FILE.read_text(encoding="utf-8"), FILE.name)[0]
NUMBERS = [(what, key) for what, figures in CASE["expect"].items() for key in figures]


@pytest.fixture(scope="module")
def quarter() -> Iterator[Small]:
    with small() as made:
        tell(made, CASE)
        yield made


def tell(portal: Small, case: Any) -> None:
    """Make the portal that the case tells of."""
    portal.now = case["today"]
    portal.publish("goals", case["goals"], case["goals_published"])
    for name, one in case["contacts"].items():
        portal.contact(name, one["created"], stages=one.get("stages"), **one.get("props", {}))
        for line in one.get("acts", ()):
            at, kind, asset, verdict = taken_apart(line)
            portal.act(name, at, kind, asset, verdict=verdict)
        for deal in one.get("deals", ()):
            portal.deal(name, deal["created"], deal["stage"], deal.get("closed", ""), deal.get("amount", ""))


def taken_apart(line: str) -> tuple[str, str, str, str]:
    verdict = "machine" if line.endswith(" (machine)") else "human"
    parts = line.removesuffix(" (machine)").split(" ")
    at = f"{parts.pop(0)} {parts.pop(0)}" if ":" in parts[1] and "/" not in parts[1] else parts.pop(0)
    return at, parts.pop(0), " ".join(parts), verdict


@pytest.fixture(scope="module")
def told(quarter: Small) -> dict[str, dict[str, Any]]:
    return {what: quarter.figures(what) for what in CASE["expect"]}


@pytest.mark.parametrize(("what", "key"), NUMBERS)
def test_each_number_is_what_counting_by_hand_gives(told: Any, quarter: Small, what: str, key: str) -> None:
    figure, wanted = told[what][key], CASE["expect"][what][key]
    assert figure["value"] == pytest.approx(wanted["value"], abs=0.006)
    for name in ("of", "target", "met"):
        if name in wanted:
            assert figure[name] == wanted[name], name
    if "who" in wanted:
        assert quarter.who(what, key) == wanted["who"]


@pytest.mark.parametrize("what", CASE["expect"])
def test_every_number_opens_as_many_contacts_as_it_says(told: Any, quarter: Small, what: str) -> None:
    for key, figure in told[what].items():
        assert len(quarter.who(what, key)) == figure["contacts"], key
        if (
            figure["unit"] == "count"
            and figure["value"] is not None
            and key not in ("mails/delivered", "dwell/visits", "q1/actions")
        ):
            assert figure["value"] == figure["contacts"], key


@pytest.mark.parametrize("what", CASE["expect"])
def test_a_share_lies_within_its_band(told: Any, what: str) -> None:
    for key, figure in told[what].items():
        if figure["band"]:
            assert figure["band"][0] <= figure["value"] <= figure["band"][1], key


def test_the_span_before_is_as_long_and_ends_where_this_one_begins(quarter: Small) -> None:
    then = quarter.figures("kpis", first="2026-01-01", last="2026-03-31")
    now = quarter.figures("kpis", first="2026-04-01", last="2026-06-29")  # 90 days, as January to March
    for key in ("conversion/created", "cost/customers_won", "retention/customers_before", "cost/revenue"):
        assert now[key]["was"] == then[key]["value"], key
