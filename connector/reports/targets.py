"""Figures held against the targets of the goals document (L84, L97): of the portal, of one nurture, of one asset."""

from __future__ import annotations

from dataclasses import replace

from connector.reports.figures import Figure
from connector.rules.documents.goals import GoalsDocument, Target


def against_target(figure: Figure, goals: GoalsDocument) -> Figure:
    """The figure with the portal's target for it and whether it is met, where there is one."""
    return against(figure, next((one for one in goals.targets if one.figure == figure.key and not one.of), None))


def of_nurture(figure: Figure, name: str, goals: GoalsDocument) -> Figure:
    """How many reached the goal of a nurture, against the target of that nurture."""
    return against(figure, next((one for one in goals.targets if one.nurture == name), None))


def of_asset(figure: Figure, name: str, goals: GoalsDocument) -> Figure:
    """How many of its users bought, against the target of that piece of content."""
    return against(figure, next((one for one in goals.targets if name and one.asset == name), None))


def against(figure: Figure, wanted: Target | None) -> Figure:
    """The figure with this target; met is None as long as there is no figure."""
    if wanted is None:
        return figure
    least, most = wanted.at_least, wanted.at_most
    bound = f"≥ {least:g}" if least is not None else f"≤ {most:g}"
    met = None
    if figure.value is not None:
        met = figure.value >= least if least is not None else figure.value <= (most or 0)
    return replace(figure, target=f"{bound} ({wanted.goal})" if wanted.goal else bound, met=met)
