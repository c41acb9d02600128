"""The reports on a portal as pages: funnel, KPIs, the eight questions, content, nurtures, data quality.

A report is worked out in the background and remembered for ten minutes; each number opens the contacts it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Response

from connector.admin import plain
from connector.admin.doors import Door
from connector.admin.frame import Ask
from connector.admin.waiting import Task, waiting
from connector.errors import UnknownPortal
from connector.reports.report_words import Language
from connector.reports.reporting import REPORTS
from connector.reports.wording import masked_email

KINDS: Mapping[str, str] = {
    "funnel": "Funnel", "kpis": "KPIs", "questions": "Eight questions", "assets": "Content", "nurtures": "Nurtures",
    "quality": "Data quality",
}  # fmt: skip
MOST = 500
WIDE, HIGH = 240, 40
TEN_MINUTES = 600_000


def first(ask: Ask) -> Response:
    """The funnel is where most people begin."""
    return report(ask, "funnel")


def report(ask: Ask, what: str) -> Response:
    """One report over a span of days, and whom one of its numbers counts."""
    if what not in KINDS:
        raise UnknownPortal("There is no such report.")
    begin, end = _day(ask.args.get("from", "")), _day(ask.args.get("to", ""))
    listed = ask.args.get("list", "")[:200] or None
    task = _task(ask, what, begin, end, listed)
    told = task.result if task.over.is_set() and task.fault is None else None
    fault = plain.plainly(ask.words, task.fault) if task.fault is not None else None
    return ask.page(
        "reports.html", status=422 if fault else 200, what=what, kinds=KINDS, told=told, task=task, fault=fault,
        listed=listed, most=MOST, masked_email=masked_email, begin=begin, end=end, plain=plain,
        timed=what in REPORTS, trend=trend_lines(told["trend"]) if told and "trend" in told else (),
    )  # fmt: skip


def trend_lines(trend: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The points of a line for each figure, a day as wide as it is long ago; none while there are too few days."""
    if trend["has"] < trend["needs"]:
        return ()
    days = [(date.fromisoformat(one["day"]).toordinal(), one) for one in trend["days"]]
    first, length = days[0][0], max(1, days[-1][0] - days[0][0])

    def points(key: str) -> str:
        return " ".join(f"{WIDE * (day - first) / length:.1f},{HIGH * (1 - one[key]):.1f}"
                        for day, one in days if one[key] is not None)  # fmt: skip

    return tuple((key, points(key)) for key in ("complete", "valid", "fresh", "unique"))


def _task(ask: Ask, what: str, begin: date | None, end: date | None, listed: str | None) -> Task:
    frame, name = ask.frame, ask.portal.name
    language: Language = "de" if ask.words.language == "de" else "en"
    part = frame.clock.now_ms() // TEN_MINUTES

    def work(_task: Task) -> dict[str, Any]:
        return frame.service.report(name, what, first=begin, last=end, language=language, listed=listed)

    return waiting(frame.store).ask(("report", ask.portal.id, what, begin, end, listed, language, part), work)


def _day(text: str) -> date | None:
    """A day as a form sends it; what is none is left out."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


DOORS: tuple[Door, ...] = (
    Door("GET", "/portals/<portal>/reports", "viewer", first),
    Door("GET", "/portals/<portal>/reports/<what>", "viewer", report),
)
