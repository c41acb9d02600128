"""KPIs about people: conversion by stage, time on the site, who bounces and leaves, who stays (L75–L77, L81, L92)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from connector.reports.figures import Figure, Section, count, none, part_of_month, ratio, share, typical
from connector.reports.stories import Ground, Story
from connector.rules.journey import LEFT, UNMAPPED, UNSET
from connector.store.study import Act

PAUSE_MS = 30 * 60 * 1000


class Conversion:
    """KPI 1. Contacts created in the span, followed to this day: how many came how far, step by step."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._came: list[int] = []
        self._email: list[int] = []
        self._usable: list[int] = []
        self._newsletter: list[int] = []
        self._odd: dict[str, list[int]] = {UNSET: [], UNMAPPED: []}
        self._reached: dict[str, list[int]] = defaultdict(list)

    def see(self, story: Story) -> None:
        who = story.person
        if who.created_ms not in self._ground.span:
            return
        self._came.append(who.id)
        if who.email:
            self._email.append(who.id)
            if who.name and who.company:
                self._usable.append(who.id)
        if any(act.kind == "newsletter_subscribed" for act in story.own):
            self._newsletter.append(who.id)
        if story.journey.current in self._odd:
            self._odd[story.journey.current].append(who.id)
        for stage in self._ground.ladder:
            if story.journey.reached(stage):
                self._reached[stage].append(who.id)

    def sections(self) -> tuple[Section, ...]:
        micro = (
            self._of_visitors(),
            count("created", self._came),
            share("email_left", self._email, self._came),
            share("usable", self._usable, self._came),
            share("newsletter", self._newsletter, self._came),
        )
        odd = tuple(count(key, who) for key, who in self._odd.items() if who)
        return (Section("conversion", "cohort", (*micro, *self._steps(), *odd)),)

    def _of_visitors(self) -> Figure:
        """Of all who visited the site, as the goals document says, those who are known by now."""
        told = self._ground.goals.visitors
        span = self._ground.span
        if not told:
            return none("visitor_to_lead", "no_visitors", "share")
        if missing := set(span.months()) - {one.month for one in told}:
            return none("visitor_to_lead", "visitors_missing", "share", month=min(missing))
        visitors = round(sum(one.count * part_of_month(one.month, span) for one in told))
        return ratio("visitor_to_lead", min(len(self._came), visitors), visitors, who=self._came, visitors=visitors)

    def _steps(self) -> Iterator[Figure]:
        ladder = [stage for stage in self._ground.ladder if stage != "sal" or self._sal_is_used()]
        pairs = list(pairwise(ladder))
        for pair in (("mql", "sql"), ("sql", "customer"), ("lead", "customer")):
            if pair not in pairs:
                pairs.append(pair)
        for start, end in pairs:
            labels = self._ground.ways.labels
            yield share(
                f"{start}_to_{end}", self._reached[end], self._reached[start], "step",
                start=labels[start], end=labels[end],
            )  # fmt: skip

    def _sal_is_used(self) -> bool:
        return len(self._reached["sal"]) != len(self._reached["sql"])


def visits(acts: Sequence[Act]) -> Iterator[tuple[Act, ...]]:
    """Page views in a row without a pause of half an hour, oldest first."""
    row: list[Act] = []
    for act in acts:
        if act.source != "page_view":
            continue
        if row and act.at_ms - row[-1].at_ms > PAUSE_MS:
            yield tuple(row)
            row = []
        row.append(act)
    if row:
        yield tuple(row)


class OnSite:
    """KPI 2 and the site's half of KPI 3: how long visits last, and how many end with their first page.

    How long a last page was looked at nobody knows; so a visit lasts from its first to its last page view.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._lasting: list[tuple[int, float]] = []
        self._buyers: list[tuple[int, float]] = []
        self._single: list[int] = []
        self._all: list[int] = []

    def see(self, story: Story) -> None:
        for visit in visits(story.acts):
            if visit[0].at_ms not in self._ground.span:
                continue
            self._all.append(story.id)
            if len(visit) == 1:
                self._single.append(story.id)
                continue
            lasted = (story.id, (visit[-1].at_ms - visit[0].at_ms) / 1000)
            self._lasting.append(lasted)
            if story.won:
                self._buyers.append(lasted)

    def sections(self) -> tuple[Section, ...]:
        if "page_view" in self._ground.off:
            figures: tuple[Figure, ...] = (
                none("dwell", "page_views_off", "seconds"),
                none("bounce", "page_views_off", "share"),
            )
        else:
            figures = (
                typical("dwell", self._lasting, "seconds"),
                typical("dwell_buyers", self._buyers, "seconds"),
                ratio("bounce", len(self._single), len(self._all), who=self._single),
                Figure("visits", len(self._all), "count", tuple(sorted(set(self._all)))),
            )
        return (Section("dwell", "period", figures),)


class Leaving:
    """KPI 3. Who left within the span: recycled, disqualified, moved back, or left the newsletter."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._there: list[int] = []
        self._out: dict[str, list[int]] = {"recycled": [], "disqualified": [], "moved_back": [], "unsubscribed": []}
        self._from: dict[str, list[int]] = defaultdict(list)

    def see(self, story: Story) -> None:
        span = self._ground.span
        if story.person.created_ms is not None and story.person.created_ms >= span.to_ms:
            return
        self._there.append(story.id)
        last = ""
        for entry in story.journey.entries:
            if entry.stage in LEFT and entry.at_ms in span:
                self._out[entry.stage].append(story.id)
                self._from[last or UNSET].append(story.id)
            last = entry.stage
        for back in story.journey.backward():
            if back.at_ms in span:
                self._out["moved_back"].append(story.id)
                self._from[back.before].append(story.id)
        if any(act.kind == "newsletter_cancelled" and act.at_ms in span for act in story.acts):
            self._out["unsubscribed"].append(story.id)

    def sections(self) -> tuple[Section, ...]:
        gone = {who for many in self._out.values() for who in many}
        labels = self._ground.ways.labels
        by_stage = (
            count(f"left_{stage}", who, "left_stage", stage=labels.get(stage, stage))
            for stage, who in sorted(self._from.items())
        )
        figures = (share("churn", gone, self._there), *(count(key, who) for key, who in self._out.items()), *by_stage)
        return (Section("churn", "period", figures),)


class Retention:
    """KPI 7. Of those who were customers when the span began: who bought again, who still does anything."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._customers: list[int] = []
        self._again: list[int] = []
        self._active: list[int] = []

    def see(self, story: Story) -> None:
        span = self._ground.span
        if story.won_ms is None or story.won_ms >= span.from_ms:
            return
        self._customers.append(story.id)
        if any(deal.outcome == "won" and deal.closed_ms in span for deal in story.deals):
            self._again.append(story.id)
        if any(act.at_ms in span for act in story.own):
            self._active.append(story.id)

    def sections(self) -> tuple[Section, ...]:
        kept = {*self._again, *self._active}
        return (
            Section(
                "retention",
                "period",
                (
                    share("retention", kept, self._customers),
                    count("customers_before", self._customers),
                    count("bought_again", self._again),
                    count("still_active", self._active),
                ),
            ),
        )
