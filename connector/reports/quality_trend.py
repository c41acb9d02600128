"""How a portal's data quality moved, from the days that were kept; too few days are said and not drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from connector.reports.figures import Figure, Section, none
from connector.store.quality_days import QualityDay

TREND_DAYS: Final = 90
NEEDS: Final = 7
SHARES: Final[Mapping[str, str]] = {
    "completeness": "complete", "validity": "valid", "freshness": "fresh", "uniqueness": "unique",
}  # fmt: skip


def trend_section(days: Sequence[QualityDay]) -> Section:
    """The newest of the kept days against the oldest of them."""
    has = len(days)
    if has < NEEDS:
        young: dict[str, object] = {"needs": NEEDS, "has": has}
        figures = tuple(none(key, "trend_young", "share", needs=NEEDS, has=has) for key in SHARES)
        return Section("quality_trend", "period", figures, ("trend_young", young))
    figures = tuple(_figure(key, name, days[0], days[-1]) for key, name in SHARES.items())
    return Section(
        "quality_trend", "period", figures, ("trend_from", {"first": days[0].day, "last": days[-1].day, "has": has})
    )


def _figure(key: str, name: str, old: QualityDay, new: QualityDay) -> Figure:
    now, was = getattr(new, name), getattr(old, name)
    if now is None:
        return none(key, "nobody", "share")
    if was is None:
        return Figure(key, now, "share", of=new.total)
    values: dict[str, object] = {"points": f"{round(100 * (now - was)):+d}", "first": old.day}
    return Figure(key, now, "share", (), "", values, new.total, was=was, note="trend_change")


def trend_json(days: Sequence[QualityDay]) -> dict[str, Any]:
    """The days for programs and for drawing."""
    return {"needs": NEEDS, "has": len(days), "days": [asdict(one) for one in days]}
