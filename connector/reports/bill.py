"""A score as a bill: the document of ``explain`` grouped by family, with subtotals that add up to the score exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class BillLine:
    """One rule's points with their evidence and why; ``idle`` lines looked and gave nothing."""

    rule: str
    points: int
    evidence: str
    reason: str

    @property
    def idle(self) -> bool:
        return self.points == 0


@dataclass(frozen=True, slots=True)
class Family:
    """One part of the bill. ``subtotal`` is the sum of its lines, never a number of its own."""

    name: str
    lines: tuple[BillLine, ...]
    unknown: tuple[Mapping[str, Any], ...]

    @property
    def subtotal(self) -> int:
        return sum(line.points for line in self.lines)


@dataclass(frozen=True, slots=True)
class Bill:
    """The whole bill; ``total`` is the sum of the subtotals, and ``adds_up`` whether that is the score."""

    score: int
    families: tuple[Family, ...]

    @property
    def total(self) -> int:
        return sum(family.subtotal for family in self.families)

    @property
    def adds_up(self) -> bool:
        return self.total == self.score


def bill(receipt: Mapping[str, Any]) -> Bill:
    """The bill of a receipt, its families in the order of the model, those with nothing in them left out."""
    named = [*receipt["families"], *(line["family"] for line in (*receipt["lines"], *receipt["unknown"]))]
    families = (_family(name, receipt) for name in dict.fromkeys(named))
    return Bill(receipt["score"], tuple(family for family in families if family.lines or family.unknown))


def _family(name: str, receipt: Mapping[str, Any]) -> Family:
    lines = [
        BillLine(line["rule"], line["points"], line["evidence"], line["reason"])
        for line in receipt["lines"]
        if line["family"] == name
    ]
    lines.sort(key=lambda line: (line.idle, -abs(line.points)))
    return Family(name, tuple(lines), tuple(one for one in receipt["unknown"] if one["family"] == name))
