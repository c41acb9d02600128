"""What the ``lifecycle`` document says of the stages behind MQL: sales' answer, the SQL checklist, the way back.

Not here: what follows from it for a contact (``connector/rules/sales.py``); to whom a contact goes (``routing``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from connector.rules.documents.base import Part, Problem
from connector.rules.documents.conditions import Condition, Name, too_deep, walk

Answer = Literal["accepted", "rejected", "not_now"]
Reason = Literal[
    "no_need", "no_budget", "no_authority", "bad_timing", "wrong_contact", "competitor", "unreachable", "other"
]
SQL_CRITERIA = ("problem", "timing", "authority", "budget")
CHECKLIST: Mapping[str, str] = {name: f"leadwright_sql_{name}" for name in SQL_CRITERIA}


def _ticked(name: str) -> Condition:
    """What counts unless the document says otherwise: what a sales person chose in HubSpot."""
    return Condition.model_validate_json(f'{{"property": "{CHECKLIST[name]}", "equals": "yes"}}')


class SqlCriterion(Part):
    """One of the four criteria of an SQL. ``otherwise``: what a condition that does not hold means."""

    label: Annotated[str, Field(max_length=80)] = ""
    when: Condition
    otherwise: Literal["false", "unknown"] = "false"

    def problems(self) -> Iterable[Problem]:
        yield from (Problem(("when", *one.place), one.message, one.remedy) for one in too_deep(self.when))
        if any(leaf.target for leaf, _ in walk(self.when)):
            yield Problem(("when",), "The checklist of an SQL knows no persona.", "Name the field instead of a target.")


class SqlCriteria(Part):
    """A concrete problem, to be solved soon, authority to decide, budget (L45)."""

    problem: SqlCriterion = Field(default_factory=lambda: SqlCriterion(when=_ticked("problem")))
    timing: SqlCriterion = Field(default_factory=lambda: SqlCriterion(when=_ticked("timing")))
    authority: SqlCriterion = Field(default_factory=lambda: SqlCriterion(when=_ticked("authority")))
    budget: SqlCriterion = Field(default_factory=lambda: SqlCriterion(when=_ticked("budget")))


class SqlRule(Part):
    """When an MQL or SAL becomes an SQL: all four criteria true, and a first contact on record.

    ``contact`` are the activities that count as a first contact; ``moves: false`` only shows the checklist.
    """

    criteria: SqlCriteria = Field(default_factory=SqlCriteria)
    contact: tuple[Name, ...] = ("call_held", "meeting_held", "mail_replied", "sales_mail")
    moves: bool = True


class RecycleRule(Part):
    """What sales' *no* leads to (L53).

    ``not_now`` (no acute intent) always recycles; ``rejected`` does too, unless ``disqualify`` names its reason.
    ``pause_days`` is how long a recycled contact is left alone when sales names no day, by reason; ``default`` for all
    others. ``portal_stage`` is where HubSpot's own stage goes: ``keep`` leaves it, ``lead`` moves it back, which needs
    ``allow_backward``. After the pause a contact may become an MQL again, by a converting act since the hand-back.
    """

    disqualify: tuple[Reason, ...] = ("wrong_contact", "competitor")
    pause_days: Mapping[Literal[Reason, "default"], Annotated[int, Field(ge=1, le=1100)]] = {"default": 90}
    portal_stage: Literal["keep", "lead"] = "keep"

    def pause_of(self, reason: str) -> int:
        days: dict[str, int] = dict(self.pause_days.items())
        return days.get(reason) or days.get("default") or 90
