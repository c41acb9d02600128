"""One contact walked through its past, judged at each day on which something changed: when would it have passed what?

The judging is the live one. Only the gates of the threshold and of the stage are set aside: the first is what is to be
found out, and the stage is what sales made of the contact since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from connector.lab.past import Past
from connector.model.judgement import Receipt
from connector.model.plan import PortalView
from connector.rules.compiled import Compiled
from connector.rules.judge import judge

ASIDE = frozenset({"threshold", "stage"})


class Peak(NamedTuple):
    """From this instant on the contact had once had so many points while no gate spoke against it."""

    at_ms: int
    score: int


@dataclass(frozen=True, slots=True)
class Walk:
    """Where one model would have seen a contact. ``peaks`` rise; ``top`` is the highest score, gates or not."""

    peaks: tuple[Peak, ...]
    top: int | None

    def passed_ms(self, threshold: int) -> int | None:
        """When it first had that many points with all gates open."""
        return next((peak.at_ms for peak in self.peaks if peak.score >= threshold), None)


def walk(past: Past, moments: Sequence[int], compiled: Compiled, view: PortalView) -> Walk:
    """The contact at these instants, oldest first."""
    peaks: list[Peak] = []
    top: int | None = None
    for at in moments:
        receipt = judge(past.facts(at), compiled, view).receipt
        top = receipt.score if top is None else max(top, receipt.score)
        if (not peaks or receipt.score > peaks[-1].score) and is_open(receipt, compiled):
            peaks.append(Peak(at, receipt.score))
    return Walk(tuple(peaks), top)


def is_open(receipt: Receipt, compiled: Compiled) -> bool:
    """Whether nothing but points keeps the contact from MQL."""
    return compiled.machine.blocking([gate for gate in receipt.gates if gate.name not in ASIDE]) is None
