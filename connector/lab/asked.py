"""What the laboratory is asked for, put together from a portal's context: a backtest of a draft, a rehearsal of days.

The only module of the laboratory that others load (by name, since no other command needs it).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from connector.errors import ConfigError
from connector.lab.backtest import Question, backtest
from connector.lab.outcomes import Outcome, known, read_buyers
from connector.lab.rehearsal import rehearse
from connector.reports.figures import midnight_ms, span
from connector.rules.compiled import compile_documents
from connector.rules.documents.scoring import ScoringDocument
from connector.store import Unit, study
from connector.sync.context import Context
from connector.sync.pull import off_sources


def backtested(
    ctx: Context, draft: ScoringDocument, first: date | None, last: date | None, horizon_days: int, buyers: Path | None
) -> dict[str, Any]:
    """The draft over the mirrored past between two days of the portal, beside its other documents."""
    documents = ctx.rulebook.rules.documents
    compiled = compile_documents(replace(documents, scoring=draft, versions={**documents.versions, "scoring": 0}))
    now, zone = ctx.clock.now_ms(), ctx.row.time_zone
    with ctx.store.view() as u:
        outcome, missing = _known(ctx, u, buyers) if buyers else (None, [])
        begin = midnight_ms(first, zone) if first else study.first_created_ms(u, ctx.portal_id) or now
    end = min(now, span(zone, now, first, last).to_ms) if last else now
    asked = Question(min(begin, end), end, horizon_days, outcome)
    return {**backtest(ctx, compiled, off_sources(ctx), asked), "unknown_buyers": missing}


def rehearsed(ctx: Context, days: int) -> dict[str, Any]:
    """The next days by time alone, as one plan."""
    return rehearse(ctx, days)


def text_of(file: Path) -> str:
    """What the file says; ConfigError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(f"{file} cannot be read as text.", remedy="Name a file in UTF-8.") from fault


def _known(ctx: Context, u: Unit, file: Path) -> tuple[Outcome, list[str]]:
    """Buyers known from elsewhere, found in the mirror by id or address."""
    people = [person for page in study.people(u, ctx.portal_id) for person in page]
    emails = {person.email: person.id for person in people if person.email}
    return known(read_buyers(text_of(file), str(file)), emails, {person.id for person in people})
