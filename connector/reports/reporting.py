"""One report as plain data: computed from the mirror, worded in a language, with what each number counts at hand.

Also as rows for tables (one a figure), and the contacts behind one number. How it is drawn: ``commands/views``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from connector.clock import iso
from connector.errors import ConfigError
from connector.presets import load_yaml
from connector.reports.assets import assets
from connector.reports.figures import Figure, Section, Span
from connector.reports.funnel import funnel
from connector.reports.kpis import kpis
from connector.reports.nurtures import nurtures
from connector.reports.questions import questions
from connector.reports.report_words import Language, Words
from connector.reports.stories import Ground, journey_of, stories
from connector.rules.documents import parse_document
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.goals import GoalsDocument
from connector.rules.documents.kinds import CATALOGUE
from connector.rules.documents.lifecycle import LifecycleDocument
from connector.rules.documents.workflows import WorkflowsDocument
from connector.rules.journey import UNMAPPED, UNSET, Ways
from connector.store import Unit, documents, runs, study
from connector.store import nurtures as stays
from connector.store.portals import PortalRow

REPORTS = ("kpis", "funnel", "questions", "assets", "nurtures")
NAMES_AT_ONCE = 1000


@dataclass(frozen=True)
class Asked:
    """What is asked for: which report, of which span, in which language, and perhaps whom one number counts."""

    what: str
    span: Span
    now_ms: int
    language: Language = "en"
    listed: str | None = None


def report(u: Unit, row: PortalRow, lifecycle: LifecycleDocument, off: frozenset[str], asked: Asked) -> dict[str, Any]:
    """The report as the document that ``--json`` prints."""
    goals, since = _goals(u, row.id)
    ground = Ground(asked.span, asked.now_ms, Ways(lifecycle), goals, off)
    return told(u, row, ground.ways, _sections(u, row.id, ground, since, asked.what), asked)


def told(u: Unit, row: PortalRow, ways: Ways, sections: Sequence[Section], asked: Asked) -> dict[str, Any]:
    """Sections as the document of a report, with its words and how fresh the mirror is."""
    pulled = runs.last(u, row.id, "pull")
    span, words = asked.span, Words(asked.language, row.currency)
    body: dict[str, Any] = {
        "portal": row.name,
        "report": asked.what,
        "title": words.say("titles", asked.what),
        "language": asked.language,
        "period": {"from": f"{span.first}", "to": f"{span.last}", "time_zone": span.zone},
        "as_of": iso(asked.now_ms),
        "last_sync": iso(pulled.finished_ms) if pulled and pulled.finished_ms else None,
        "mirrored_since": iso(row.created_ms),
        "currency": row.currency,
        "sections": [section_json(section, words) for section in sections],
    }
    if asked.listed is not None:
        body["list"] = _listed(u, row.id, ways, sections, asked.listed, words)
    return body


def _sections(u: Unit, portal_id: int, ground: Ground, since: Mapping[str, int], what: str) -> tuple[Section, ...]:
    if what == "nurtures":
        return nurtures(stays.every(u, portal_id), ground.span, _workflows(u, portal_id).nurtures, ground.goals)
    found = stories(u, portal_id, ground.ways, ground.now_ms + 1, with_acts=what != "funnel")
    if what == "kpis":
        return kpis(found, ground, since)
    if what == "funnel":
        return funnel(found, ground, study.scores(u, portal_id))
    if what == "questions":
        return questions(found, ground, lambda at: study.models_at(u, portal_id, at))
    if what == "assets":
        return assets(found, ground, _workflows(u, portal_id).assets)
    # ``quality`` needs what the mapping makes of each contact: whoever asks brings its sections (``told``).
    raise ConfigError(f"There is no report {what}.", remedy=f"Reports: {', '.join(REPORTS)}.")


def targeted(u: Unit, portal_id: int) -> tuple[str, ...]:
    """The reports that hold a figure for which the portal has a target."""
    targets = _goals(u, portal_id)[0].targets
    found = {"nurtures" if one.nurture else "assets" if one.asset else "kpis" for one in targets}
    return tuple(name for name in REPORTS if name in found)


def _goals(u: Unit, portal_id: int) -> tuple[GoalsDocument, dict[str, int]]:
    """The goals in force, and since when each campaign's forecast has stood there in the same words."""
    versions = [one for one in documents.history(u, portal_id, "goals") if one.published_ms is not None]
    if not versions:
        return GoalsDocument(), {}
    parsed = [(one.published_ms or 0, _parse(one.body)) for one in reversed(versions)]  # oldest first
    current = documents.current(u, portal_id, "goals")
    goals = _parse(current.body) if current is not None else GoalsDocument()
    since: dict[str, int] = {}
    for campaign in goals.campaigns:
        for at, earlier in parsed:
            same = any(one.name == campaign.name and one.forecast == campaign.forecast for one in earlier.campaigns)
            if same:
                since.setdefault(campaign.name, at)
            else:
                since.pop(campaign.name, None)
    return goals, since


def _workflows(u: Unit, portal_id: int) -> WorkflowsDocument:
    """The workflows in force; none where nothing was published yet."""
    current = documents.current(u, portal_id, "workflows")
    body = load_yaml(current.body, "workflows") if current is not None else None
    document = parse_document("workflows", *body, "workflows") if body is not None else None
    return document if isinstance(document, WorkflowsDocument) else WorkflowsDocument(name="none")


def _parse(body: str) -> GoalsDocument:
    document = parse_document("goals", *load_yaml(body, "goals"), "goals")
    return document if isinstance(document, GoalsDocument) else GoalsDocument()


def _listed(
    u: Unit, portal_id: int, ways: Ways, sections: Sequence[Section], wanted: str, words: Words
) -> dict[str, Any]:
    """Whom one number counts, with their names."""
    every = {f"{section.key}/{one.key}": one for section in sections for one in section.figures}
    figure = every.get(wanted)
    if figure is None:
        near = get_close_matches(wanted, every, 3, 0.4)
        raise ConfigError(
            f'No number of this report is called "{wanted}".',
            remedy=f"Perhaps {' or '.join(near)}?" if near else "The names stand in the column list.",
        )
    return {
        "key": wanted,
        "label": label(figure, words),
        "contacts": [one for start in range(0, len(figure.who), NAMES_AT_ONCE)
                     for one in _named(u, portal_id, ways, figure.who[start : start + NAMES_AT_ONCE])],
    }  # fmt: skip


def _named(u: Unit, portal_id: int, ways: Ways, ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    people, turns = study.named(u, portal_id, ids), study.turns(u, portal_id, ids)
    for ident in ids:
        if ident in people:
            one = people[ident]
            stage = journey_of(ways, one, turns.get(ident, ())).current
            yield {
                "contact": str(ident), "name": one.name, "email": one.email, "company": one.company,
                "stage": ways.labels.get(stage, stage),
            }  # fmt: skip


def rows(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A report as rows for a table, one a figure; or, where a number was opened, one a contact."""
    if "list" in body:
        for one in body["list"]["contacts"]:
            yield {"portal": body["portal"], "list": body["list"]["key"], **one}
        return
    for section in body["sections"]:
        for figure in section["figures"]:
            low, high = figure["band"] or (None, None)
            yield {
                "portal": body["portal"], "report": body["report"], "from": body["period"]["from"],
                "to": body["period"]["to"], "time_zone": body["period"]["time_zone"], "as_of": body["as_of"],
                "section": section["key"], "basis": section["basis"], "figure": figure["key"],
                "label": figure["label"], "value": figure["value"], "unit": figure["unit"], "of": figure["of"],
                "low": low, "high": high, "before": figure["was"], "target": figure["target"], "met": figure["met"],
                "contacts": figure["contacts"], "why": figure["why"],
            }  # fmt: skip


def section_json(one: Section, words: Words) -> dict[str, Any]:
    """A section with its words."""
    title = words.of_section(one.key, "title")
    return {
        "key": one.key,
        "title": f"{title} · {one.row}" if one.key in ("campaigns", "nurture") and one.row else title,
        "definition": words.of_section(one.key, "definition"),
        "goal": one.goal or words.goal_of(one.key),
        "goal_text": words.goal(one.goal or words.goal_of(one.key)),
        "basis": one.basis,
        "basis_text": words.say("bases", one.basis),
        "text": words.say("texts", one.text[0], **one.text[1]) if one.text else "",
        "figures": [figure_json(one.key, figure, words) for figure in one.figures],
    }


def figure_json(section: str, one: Figure, words: Words) -> dict[str, Any]:
    """A figure with its words; ``list`` is what ``--list`` takes to open its contacts."""
    return {
        "key": one.key,
        "list": f"{section}/{one.key}",
        "label": label(one, words),
        "value": one.value,
        "unit": one.unit,
        "shown": words.shown(one.value, one.unit),
        "of": one.of,
        "band": [one.low, one.high] if one.low is not None else None,
        "was": one.was,
        "was_shown": words.shown(one.was, one.unit),
        "target": one.target,
        "met": one.met,
        "why": words.say("texts", one.why, **one.values) if one.why else "",
        "note": words.say("texts", one.note, **one.values) if one.note else "",
        "contacts": len(one.who),
    }


def label(one: Figure, words: Words) -> str:
    """The word of a figure with its values."""
    values = {"contacts": len(one.who), **{name: _worded(name, value, words) for name, value in one.values.items()}}
    return words.say("figures", one.label or one.key, **values).strip()


def _worded(name: str, value: object, words: Words) -> object:
    """Kinds of activities and what is no stage in the reader's language; everything else as it is."""
    if name == "field" and value in FIELDS:
        return FIELDS[str(value)].label(words.language)
    if name in ("kind", "next") and value in CATALOGUE:
        return CATALOGUE[str(value)].label(words.language)
    if value in (UNSET, UNMAPPED):
        return words.say("figures", str(value))
    return value
