"""The ``goals`` document: what a portal wants to reach and what it spends: targets, cost entries, campaigns.

Written before it begins: a version's date proves that a forecast was made beforehand. Judges nobody; reports read it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from connector.rules.documents.base import Document, Part, Problem

Text = Annotated[str, Field(max_length=200)]
Named = Annotated[str, Field(min_length=1, max_length=120)]
Money = Annotated[float, Field(ge=0, le=1e12)]
Count = Annotated[int, Field(ge=0, le=100_000_000)]
Goal = Literal["", "pipeline", "qualified_leads", "relevance", "loyalty", "conversion", "efficient_sales"]
TargetName = Literal[
    "visitor_to_lead", "lead_to_mql", "mql_to_sql", "sql_to_customer", "lead_to_customer", "dwell", "bounce", "churn",
    "open_rate", "click_rate", "roi", "cost_per_lead", "cost_per_customer", "retention", "goal_reached", "bought",
]  # fmt: skip
# What is no figure of the whole portal: of which nurture, of which piece of content?
OF_A_PART = {"goal_reached": "nurture", "bought": "asset"}
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z")


def day_of(text: str) -> date | None:
    """The day ``2026-11-22`` names; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _of_month(text: str) -> Iterator[Problem]:
    if not _MONTH.match(text):
        yield Problem(("month",), f'"{text}" is no month.', "Write it like 2026-11.")


class Target(Part):
    """What a figure should be: ``at_least`` or ``at_most``. Shares are written as 0.25, times as days or seconds.

    ``goal_reached`` is of one ``nurture``, ``bought`` of those who used one ``asset``; all others are of the portal.
    """

    figure: TargetName
    at_least: float | None = None
    at_most: float | None = None
    goal: Goal = ""
    nurture: Text = ""
    asset: Text = ""

    @property
    def of(self) -> str:
        """The nurture or the asset it is about; '' for the portal."""
        return self.nurture or self.asset

    def problems(self) -> Iterable[Problem]:
        if (self.at_least is None) == (self.at_most is None):
            yield Problem((), f"The target of {self.figure} needs one bound.", "Write `at_least:` or `at_most:`.")
        wanted = OF_A_PART.get(self.figure)
        for key in ("nurture", "asset"):
            if key == wanted and not getattr(self, key):
                yield Problem((), f"{self.figure} is a figure of one {key}.", f"Add `{key}:` with its name.")
            elif key != wanted and getattr(self, key):
                yield Problem((key,), f"{self.figure} is no figure of one {key}.", f"Take `{key}:` out.")


class Visitors(Part):
    """How many people visited the site in a month, as the web analytics say: HubSpot knows only those with a name."""

    month: str
    count: Count

    def problems(self) -> Iterable[Problem]:
        yield from _of_month(self.month)


class Cost(Part):
    """Money spent in a month, on a source of leads or for a campaign (or, without both, on everything)."""

    month: str
    amount: Money
    source: Text = ""
    campaign: Text = ""
    note: Text = ""

    def problems(self) -> Iterable[Problem]:
        yield from _of_month(self.month)


class Forecast(Part):
    """What a campaign is expected to bring, said beforehand."""

    leads: Count | None = None
    mqls: Count | None = None
    customers: Count | None = None
    revenue: Money | None = None


class Campaign(Part):
    """A campaign with its span, its goal, its budget and its forecast, which names the figures it is judged by.

    Its leads are the contacts that came within its span by one of its ``sources`` (HubSpot's original source) or whose
    first download or request was one of its ``assets``.
    """

    name: Named
    starts: str
    ends: str
    goal: Goal = ""
    budget: Money = 0
    sources: tuple[Named, ...] = ()
    assets: tuple[Named, ...] = ()
    forecast: Forecast = Forecast()

    def problems(self) -> Iterable[Problem]:
        start, end = day_of(self.starts), day_of(self.ends)
        for key, text, day in (("starts", self.starts, start), ("ends", self.ends, end)):
            if day is None:
                yield Problem((key,), f'"{text}" is no day.', "Write it like 2026-11-22.")
        if start and end and end < start:
            yield Problem(("ends",), "The campaign ends before it begins.", "Mend one of the two days.")
        if not self.sources and not self.assets:
            yield Problem(
                (), "The campaign names neither sources nor assets, so it has no leads.", "Name at least one."
            )


class GoalsDocument(Document):
    """Targets, costs and campaigns of a portal. Empty is sound: then reports say that nothing was entered."""

    version_label: Annotated[str, Field(max_length=80)] = ""
    targets: Annotated[tuple[Target, ...], Field(max_length=100)] = ()
    costs: Annotated[tuple[Cost, ...], Field(max_length=5000)] = ()
    campaigns: Annotated[tuple[Campaign, ...], Field(max_length=500)] = ()
    visitors: Annotated[tuple[Visitors, ...], Field(max_length=600)] = ()

    def problems(self) -> Iterable[Problem]:
        for key, names in (
            ("targets", [f"{one.figure} {one.of}".strip() for one in self.targets]),
            ("campaigns", [one.name for one in self.campaigns]),
            ("visitors", [one.month for one in self.visitors]),
        ):
            for name, times in Counter(names).items():
                if times > 1:
                    yield Problem((key,), f"{name} stands there {times} times.", "Each once.")


def checks(document: GoalsDocument) -> Iterator[Problem]:
    """What only the whole document can say about itself."""
    known = {one.name for one in document.campaigns}
    for place, cost in enumerate(document.costs):
        if cost.campaign and cost.campaign not in known:
            message = f'There is no campaign "{cost.campaign}".'
            yield Problem(("costs", place, "campaign"), message, f"Known: {', '.join(sorted(known)) or 'none'}.")
