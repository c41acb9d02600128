"""What can be asked of a portal's past and future: reports and the laboratory. Nothing here changes anything.

Every method returns a plain dict, as those of ``service`` do.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from connector.errors import ConfigError
from connector.reports.figures import span
from connector.reports.quality import sections
from connector.reports.quality_trend import TREND_DAYS, trend_json, trend_section
from connector.reports.report_words import Language
from connector.reports.reporting import Asked, report, targeted, told
from connector.rules.documents.scoring import ScoringDocument
from connector.rules.journey import Ways
from connector.rules.judge import judge
from connector.rules.needs import fields_that_count
from connector.rules.quality import Quality, quality
from connector.store import Unit, quality_days, records
from connector.sync.context import Context
from connector.sync.facts import cases
from connector.sync.pull import off_sources
from connector.sync.react import portal_view, refuse_half_a_mirror
from connector.sync.rulebook import parse_text
from connector.upkeep import Upkeep

CHUNK = 500
SETTLED = frozenset({"opportunity", "customer", "disqualified"})
"""Nobody needs to look up who these are for the sake of a score."""


class Asking(Upkeep):
    """Reports, backtest and rehearsal of an opened installation."""

    def report(
        self,
        name: str,
        what: str,
        *,
        first: date | None = None,
        last: date | None = None,
        language: Language = "en",
        listed: str | None = None,
    ) -> dict[str, Any]:
        """One report over whole days in the portal's time zone; ``listed`` opens the contacts behind one number."""
        if first and last and last < first:
            raise ConfigError(f"The period ends ({last}) before it begins ({first}).", remedy="Swap --from and --to.")
        with self._context(name, offline=True) as ctx:
            now = self._clock.now_ms()
            asked = Asked(what, span(ctx.row.time_zone, now, first, last), now, language, listed)
            off = off_sources(ctx)
            with ctx.store.view() as u:
                if what == "quality":
                    ways = Ways(ctx.rulebook.rules.documents.lifecycle)
                    days = quality_days.newest(u, ctx.portal_id, TREND_DAYS)
                    found = (*sections(_seen(ctx, u, now, off)), trend_section(days))
                    return {**told(u, ctx.row, ways, found, asked), "trend": trend_json(days)}
                return report(u, ctx.row, ctx.rulebook.rules.documents.lifecycle, off, asked)

    def targets_check(self, name: str) -> list[dict[str, Any]]:
        """The doctor's line about the targets of the goals document, over the last 90 days; none where there are none.
        A target that is missed is no fault of the portal, so it does not fail the check."""
        with self.store.view() as u:
            wanted = targeted(u, self._row(name).id)
        if not wanted:
            return []
        told = [self.report(name, what) for what in wanted]
        figures = [one for body in told for section in body["sections"] for one in section["figures"] if one["target"]]
        missed = [f"{one['label']} {one['shown']} ({one['target']})" for one in figures if one["met"] is False]
        if not missed:
            return [{"check": "targets", "ok": True, "text": "No target of the last 90 days is missed.", "remedy": ""}]
        remedy = f"Look at: leadwright report {name} {wanted[0]}"
        return [{"check": "targets", "ok": None, "text": f"Missed: {'; '.join(missed)}.", "remedy": remedy}]

    def backtest(
        self,
        name: str,
        model: Path,
        *,
        first: date | None = None,
        last: date | None = None,
        horizon_days: int = 90,
        buyers: Path | None = None,
    ) -> dict[str, Any]:
        """A draft scoring model over the mirrored past, without looking ahead; beside the portal's other documents."""
        lab = _laboratory()
        draft: ScoringDocument = parse_text("scoring", lab.text_of(model), str(model))
        with self._context(name, offline=True) as ctx:
            refuse_half_a_mirror(ctx)
            told: dict[str, Any] = lab.backtested(ctx, draft, first, last, horizon_days, buyers)
            return told

    def rehearse(self, name: str, days: int) -> dict[str, Any]:
        """What the next days would bring by time alone, as one plan; nothing is kept or sent."""
        with self._context(name, offline=True) as ctx:
            told: dict[str, Any] = _laboratory().rehearsed(ctx, days)
            return told


def _laboratory() -> Any:
    """Loaded by name, when it is asked: no other command needs it."""
    return importlib.import_module("connector.lab.asked")


def _seen(ctx: Context, u: Unit, now_ms: int, off: frozenset[str]) -> Iterator[tuple[int, Quality, int, int]]:
    """Every contact with its quality, its score, and the points that a known profile could still give it."""
    rules, view = ctx.rulebook.rules, portal_view(ctx)
    names = fields_that_count(rules.documents)
    last = 0
    while ids := records.live_ids(u, ctx.portal_id, "contacts", after_id=last, limit=CHUNK):
        last = max(ids)
        for case in cases(ctx, u, sorted(ids), now_ms, off):
            receipt = judge(case.facts, rules, view).receipt
            open_ = [line for line in receipt.unknown if line.rule in rules.profiling.rules]
            reachable = 0 if receipt.stage in SETTLED else sum(max(line.points, 0) for line in open_)
            found = quality(case.facts, case.faults, names, case.record.created_ms)
            yield case.record.id, found, receipt.score, reachable
