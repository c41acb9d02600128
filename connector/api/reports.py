"""Reports as the command gives them: figures with their definitions and bands, over whole days of the portal's zone."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from connector.api.problems import wrong_fields
from connector.api.routes import Call, Route
from connector.api.shapes import Day, In, Out


class ReportQuery(In):
    """Which days, both included, and in which language."""

    first: Day | None = Field(None, alias="from", description="First day; else 90 days ago.")
    last: Day | None = Field(None, alias="to", description="Last day; else today.")
    language: Literal["en", "de"] = "en"


class Figure(Out):
    """One number with what it is of, its band, what it was in the span before, and its target."""

    key: str
    label: str
    value: float | int | None
    unit: str
    contacts: int


class Section(Out):
    """Figures that belong together, with their definition."""

    key: str
    title: str
    definition: str
    figures: list[Figure]


class Report(Out):
    """A report, as ``leadwright report --json`` gives it."""

    portal: str
    report: str
    title: str
    period: dict[str, str]
    as_of: str
    last_sync: str | None
    sections: list[Section]


def get_report(call: Call) -> dict[str, Any]:
    asked = call.query
    if asked.first and asked.last and asked.last < asked.first:
        raise wrong_fields([{"field": "to", "message": "is before from"}])
    return call.frame.service.report(
        call.portal.name, call.parts["report"], first=asked.first, last=asked.last, language=asked.language
    )


ROUTES: tuple[Route, ...] = (
    Route("GET", "/portals/{portal}/reports/{report}", "viewer",
          "KPIs, funnel, the eight questions, content, nurtures, data quality", get_report, Report, ReportQuery),
)  # fmt: skip
