"""What can be asked of a portal's past and future: reports and the laboratory. Nothing here changes anything.

Every method returns a plain dict, as those of ``service`` do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from connector.errors import ConfigError
from connector.lab.backtest import Question, backtest
from connector.lab.outcomes import Outcome, known, read_buyers
from connector.lab.rehearsal import rehearse
from connector.reports.figures import midnight_ms, span
from connector.reports.quality import sections
from connector.reports.report_words import Language
from connector.reports.reporting import Asked, report, targeted, told
from connector.rules.compiled import compile_documents
from connector.rules.documents.scoring import ScoringDocument
from connector.rules.journey import Ways
from connector.rules.judge import judge
from connector.rules.needs import fields_used, lifecycle_fields_used
from connector.rules.quality import Quality, quality
from connector.store import Unit, records, study
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
                    return told(u, ctx.row, ways, sections(_seen(ctx, u, now, off)), asked)
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
        draft: ScoringDocument = parse_text("scoring", _text(model), str(model))
        with self._context(name, offline=True) as ctx:
            refuse_half_a_mirror(ctx)
            documents = ctx.rulebook.rules.documents
            versions = {**documents.versions, "scoring": 0}
            compiled = compile_documents(replace(documents, scoring=draft, versions=versions))
            now, zone = self._clock.now_ms(), ctx.row.time_zone
            with ctx.store.view() as u:
                outcome, missing = _known(ctx, u, buyers) if buyers else (None, [])
                begin = midnight_ms(first, zone) if first else study.first_created_ms(u, ctx.portal_id) or now
            end = min(now, span(zone, now, first, last).to_ms) if last else now
            asked = Question(min(begin, end), end, horizon_days, outcome)
            return {**backtest(ctx, compiled, off_sources(ctx), asked), "unknown_buyers": missing}

    def rehearse(self, name: str, days: int) -> dict[str, Any]:
        """What the next days would bring by time alone, as one plan; nothing is kept or sent."""
        with self._context(name, offline=True) as ctx:
            return rehearse(ctx, days)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(f"{file} cannot be read as text.", remedy="Name a file in UTF-8.") from fault


def _known(ctx: Context, u: Unit, file: Path) -> tuple[Outcome, list[str]]:
    """Buyers known from elsewhere, found in the mirror by id or address."""
    people = [person for page in study.people(u, ctx.portal_id) for person in page]
    emails = {person.email: person.id for person in people if person.email}
    return known(read_buyers(_text(file), str(file)), emails, {person.id for person in people})


def _seen(ctx: Context, u: Unit, now_ms: int, off: frozenset[str]) -> Iterator[tuple[int, Quality, int, int]]:
    """Every contact with its quality, its score, and the points that a known profile could still give it."""
    rules, view = ctx.rulebook.rules, portal_view(ctx)
    names = sorted(fields_used(rules.documents.scoring) | lifecycle_fields_used(rules.documents) | {"phone"})
    last = 0
    while ids := records.live_ids(u, ctx.portal_id, "contacts", after_id=last, limit=CHUNK):
        last = max(ids)
        for case in cases(ctx, u, sorted(ids), now_ms, off):
            receipt = judge(case.facts, rules, view).receipt
            open_ = [line for line in receipt.unknown if line.rule in rules.profiling.rules]
            reachable = 0 if receipt.stage in SETTLED else sum(max(line.points, 0) for line in open_)
            found = quality(case.facts, case.faults, names, case.record.created_ms)
            yield case.record.id, found, receipt.score, reachable
