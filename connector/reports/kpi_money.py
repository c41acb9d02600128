"""KPIs about money: campaigns against their forecast, what a lead and a customer cost (L79, L80)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from connector.reports.figures import Figure, Section, Span, count, midnight_ms, none, part_of_month
from connector.reports.stories import MACRO, Ground, Story
from connector.rules.documents.goals import Campaign, Cost, day_of

Forecasts = Mapping[str, int]
ALL = ""


def spent(costs: Sequence[Cost], span: Span) -> float:
    """What falls into the span of monthly costs: a month that is only touched counts by its days."""
    return round(sum(cost.amount * part_of_month(cost.month, span) for cost in costs), 2)


def won_in(story: Story, span: Span) -> float:
    """The amounts of the contact's deals won within the span; a deal without an amount counts as nothing."""
    return sum(deal.amount or 0 for deal in story.deals if deal.outcome == "won" and deal.closed_ms in span)


class Costs:
    """KPI 6, and the whole of KPI 5: costs against the leads that came and the customers won within the span."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._leads: dict[str, list[int]] = defaultdict(list)
        self._customers: dict[str, list[int]] = defaultdict(list)
        self._deals: set[int] = set()
        self._revenue = 0.0

    def see(self, story: Story) -> None:
        span, source = self._ground.span, story.person.source
        if story.person.created_ms in span:
            self._leads[ALL].append(story.id)
            self._leads[source or "?"].append(story.id)
        if story.won_ms in span:
            self._customers[ALL].append(story.id)
            self._customers[source or "?"].append(story.id)
        for deal in story.deals:  # a deal of two contacts brings its money once
            if deal.outcome == "won" and deal.closed_ms in span and deal.id not in self._deals:
                self._deals.add(deal.id)
                self._revenue += deal.amount or 0

    def sections(self) -> tuple[Section, ...]:
        costs, span = self._ground.goals.costs, self._ground.span
        whole = spent(costs, span)
        figures = [
            Figure("cost", whole, "money") if costs else none("cost", "no_costs", "money"),
            count("leads", self._leads[ALL]),
            count("customers_won", self._customers[ALL]),
            Figure("revenue", round(self._revenue, 2), "money", tuple(sorted(self._customers[ALL]))),
            _per("cost_per_lead", whole, self._leads[ALL], any_cost=bool(costs)),
            _per("cost_per_customer", whole, self._customers[ALL], any_cost=bool(costs)),
            _roi("roi", self._revenue, whole, self._customers[ALL]),
        ]
        return (
            Section("cost", "period", tuple(figures)),
            Section("cost_by_source", "period", tuple(self._rows()), row="source"),
        )

    def _rows(self) -> Iterator[Figure]:
        named = {cost.source for cost in self._ground.goals.costs if cost.source}
        for source in sorted({*self._leads, *named} - {ALL}):
            cost = spent([one for one in self._ground.goals.costs if one.source == source], self._ground.span)
            leads, won = self._leads[source], self._customers[source]
            row = _per(source, cost, leads, any_cost=source in named)
            yield row.named("source_row", source=source, leads=len(leads), customers=len(won))


def _per(key: str, cost: float, who: Sequence[int], *, any_cost: bool) -> Figure:
    ids = tuple(sorted(set(who)))
    if not any_cost:
        return Figure(key, None, "money", ids, why="no_costs", of=len(ids))
    if not ids:
        return Figure(key, None, "money", why="nobody", of=0)
    return Figure(key, round(cost / len(ids), 2), "money", ids, of=len(ids))


def _roi(key: str, revenue: float, cost: float, who: Sequence[int]) -> Figure:
    ids = tuple(sorted(set(who)))
    if cost <= 0:
        return Figure(key, None, "ratio", ids, why="no_costs")
    return Figure(key, round((revenue - cost) / cost, 4), "ratio", ids)


@dataclass
class _Tally:
    """What one campaign brought."""

    campaign: Campaign
    span: Span
    leads: list[int] = field(default_factory=list)
    mqls: list[int] = field(default_factory=list)
    customers: list[int] = field(default_factory=list)
    deals: dict[int, float] = field(default_factory=dict)


class Campaigns:
    """KPI 5. Each campaign that overlaps the span, from its first day to now, against its forecast.

    ``since`` says when a forecast was first published in these very words.
    """

    def __init__(self, ground: Ground, since: Forecasts) -> None:
        self._ground, self._since = ground, since
        self._tallies = [_Tally(one, found) for one in ground.goals.campaigns if (found := self._span(one))]

    def _span(self, campaign: Campaign) -> Span | None:
        first, last, whole = day_of(campaign.starts), day_of(campaign.ends), self._ground.span
        if first is None or last is None or last < whole.first or first > whole.last:
            return None
        zone = whole.zone
        return Span(midnight_ms(first, zone), midnight_ms(last + timedelta(days=1), zone), first, last, zone)

    def see(self, story: Story) -> None:
        for tally in self._tallies:
            if story.person.created_ms not in tally.span or not _is_of(tally.campaign, story):
                continue
            tally.leads.append(story.id)
            if story.journey.reached("mql"):
                tally.mqls.append(story.id)
            if story.won:
                tally.customers.append(story.id)
            tally.deals |= {deal.id: deal.amount or 0 for deal in story.deals if deal.outcome == "won"}

    def sections(self) -> tuple[Section, ...]:
        if not self._tallies:
            return (Section("campaigns", "cohort", (none("campaigns", "no_campaigns"),)),)
        return tuple(
            Section(
                "campaigns", "cohort", tuple(self._figures(tally)), row=tally.campaign.name, goal=tally.campaign.goal
            )
            for tally in self._tallies
        )

    def _figures(self, tally: _Tally) -> Iterator[Figure]:
        campaign, forecast = tally.campaign, tally.campaign.forecast
        revenue = round(sum(tally.deals.values()), 2)
        for key, who, said in (
            ("leads", tally.leads, forecast.leads),
            ("mqls", tally.mqls, forecast.mqls),
            ("customers", tally.customers, forecast.customers),
        ):
            yield _against(count(f"{campaign.name}.{key}", who, f"campaign_{key}"), said)
        made = Figure(f"{campaign.name}.revenue", revenue, "money", tuple(sorted(tally.customers)), "campaign_revenue")
        yield _against(made, forecast.revenue)
        booked = [one for one in self._ground.goals.costs if one.campaign == campaign.name]
        cost = round(sum(one.amount for one in booked), 2) if booked else campaign.budget
        yield Figure(
            f"{campaign.name}.cost", cost, "money", label="campaign_cost", note="" if booked else "budget_only"
        )
        yield _roi(f"{campaign.name}.roi", revenue, cost, tally.customers).named("campaign_roi")
        yield self._beforehand(campaign, tally.span)

    def _beforehand(self, campaign: Campaign, span: Span) -> Figure:
        """Whether the forecast stood before the campaign began: days before it (below 0: after it)."""
        key, said = f"{campaign.name}.forecast", self._since.get(campaign.name)
        if not campaign.forecast.model_fields_set:
            return none(key, "no_forecast", "days", "campaign_forecast")
        if said is None:
            return none(key, "not_published", "days", "campaign_forecast")
        ahead = round((span.from_ms - said) / 86_400_000, 1)
        return Figure(key, ahead, "days", label="campaign_forecast", note="beforehand" if ahead >= 0 else "afterwards")


def _against(figure: Figure, said: float | None) -> Figure:
    """The figure with what was forecast."""
    if said is None:
        return figure
    return Figure(
        figure.key, figure.value, figure.unit, figure.who, figure.label, note="forecast", values={"forecast": said},
        met=None if figure.value is None else figure.value >= said,
    )  # fmt: skip


def _is_of(campaign: Campaign, story: Story) -> bool:
    if story.person.source in campaign.sources:
        return True
    first = next((act for act in story.own if act.kind in MACRO or act.kind == "webinar_registered"), None)
    return first is not None and bool({first.asset, first.title} & set(campaign.assets))
