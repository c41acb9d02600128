"""The seven KPIs (L75–L81) for a span and the span before it, with targets (L84). What each counts: ``kpi_*``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from connector.reports.figures import Section, before
from connector.reports.kpi_mail import Mails
from connector.reports.kpi_money import Campaigns, Costs, Forecasts
from connector.reports.kpi_people import Conversion, Leaving, OnSite, Retention
from connector.reports.stories import Fold, Ground, Story, fold
from connector.reports.targets import against_target
from connector.rules.documents.goals import GoalsDocument


def kpis(found: Iterable[Story], ground: Ground, since: Forecasts) -> tuple[Section, ...]:
    """The sections in the order of the KPIs, each figure with its value in the span before."""
    earlier = replace(ground, span=before(ground.span))
    now, then = _folds(ground), _folds(earlier)
    campaigns = Campaigns(ground, since)
    fold(found, [*now, *then, campaigns])
    was = {
        (section.key, figure.key): figure.value
        for one in then
        for section in one.sections()
        for figure in section.figures
    }
    conversion, site, leaving, mail, costs, stay = (one.sections() for one in now)
    ordered = (*conversion, *site, *leaving, *mail, *campaigns.sections(), *costs, *stay)
    return tuple(_finished(section, was, ground.goals) for section in ordered)


def _folds(ground: Ground) -> Sequence[Fold]:
    kinds = (Conversion, OnSite, Leaving, Mails, Costs, Retention)
    return [kind(ground) for kind in kinds]


def _finished(section: Section, was: dict[tuple[str, str], float | None], goals: GoalsDocument) -> Section:
    figures = (replace(one, was=was.get((section.key, one.key))) for one in section.figures)
    return replace(section, figures=tuple(against_target(one, goals) for one in figures))
