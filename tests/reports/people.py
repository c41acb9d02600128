"""Stories made by hand for the folds: no database, just what a fold looks at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from connector.reports.figures import Figure, Section, Span, midnight_ms
from connector.reports.stories import Fold, Ground, Story, fold
from connector.rules.documents.goals import GoalsDocument
from connector.rules.journey import Entry, Journey, Ways
from connector.store.study import Act, Deal, Person
from tests.reports.small import LIFECYCLE

DAY = 86_400_000
WAYS = Ways(LIFECYCLE)  # type: ignore[arg-type]
FIRST, LAST = date(2026, 4, 1), date(2026, 6, 29)
START = midnight_ms(FIRST, "UTC")
NOW = START + 90 * DAY


def ground(off: frozenset[str] = frozenset(), goals: GoalsDocument | None = None) -> Ground:
    """Ninety days from day 0 to now."""
    return Ground(Span(START, NOW, FIRST, LAST, "UTC"), NOW, WAYS, goals or GoalsDocument(), off)


def at(day: float) -> int:
    """Day 0 is the first of the span."""
    return START + round(day * DAY)


def act(day: float, kind: str, asset: str = "", verdict: str = "human", source: str = "", ref: str = "") -> Act:
    told = source or (
        "email_event" if kind.startswith("mail_") else "page_view" if kind.endswith("page") else "form_submission"
    )
    return Act(at(day), kind, told, asset, asset, verdict, ref or asset)


def story(
    ident: int, *acts: Act, created: float = 0, way: Iterable[tuple[str, float]] = (), stage: str = "",
    deals: Sequence[Deal] = (), source: str = "",
) -> Story:  # fmt: skip
    """``way``: stages with the day of their entry; ``stage`` where it stands, else the last of them."""
    entries = tuple(Entry(at(day), name) for name, day in way)
    current = stage or (entries[-1].stage if entries else "lead")
    who = Person(ident, at(created), "", "", source, f"P{ident}", "Werk", f"p{ident}@x.example", None, {})
    return Story(who, Journey(current, entries), sorted(acts, key=lambda one: one.at_ms), deals)


def won(day: float, amount: float | None = 100.0, ident: int = 1) -> Deal:
    return Deal(ident, at(day - 10), at(day), amount, "won")


def told(one: Fold, *stories: Story) -> tuple[Section, ...]:
    fold(stories, [one])
    return one.sections()


def numbers(one: Fold, *stories: Story) -> dict[str, Figure]:
    """The figures of all sections of a fold, by key."""
    return {figure.key: figure for section in told(one, *stories) for figure in section.figures}
