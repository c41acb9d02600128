"""The view of a report: its period and freshness, then section by section the figures with their definitions."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from connector.commands.contract import Result
from connector.commands.views.drawing import blank, console, fill, lines, mark, table, text
from connector.commands.words import moment

TREND_ROWS = 10
TREND = ("complete", "valid", "fresh", "unique")
HEADS = {
    "en": {
        "day": "day", "total": "contacts",
        "figure": "figure", "value": "value", "of": "of", "band": "95 % band", "before": "before", "target": "target",
        "list": "list", "period": "Period", "both": "both days included", "fresh": "last sync", "never": "never synced",
        "since": "mirrored since", "name": "name", "email": "e-mail", "company": "company", "stage": "stage",
        "contact": "contact", "open": "Open a number: leadwright report {portal} {report} --list NUMBER",
        "nobody": "Nobody.", "goal": "Goal",
    },
    "de": {
        "day": "Tag", "total": "Kontakte",
        "figure": "Kennzahl", "value": "Wert", "of": "von", "band": "95-%-Band", "before": "davor", "target": "Ziel",
        "list": "Liste", "period": "Zeitraum", "both": "beide Tage eingeschlossen", "fresh": "letzter Abgleich",
        "never": "nie abgeglichen", "since": "gespiegelt seit", "name": "Name", "email": "E-Mail", "company": "Firma",
        "stage": "Stufe", "contact": "Kontakt", "open": "Zahl öffnen: leadwright report {portal} {report} --list ZAHL",
        "nobody": "Niemand.", "goal": "Ziel",
    },
}  # fmt: skip


def report(result: Result) -> None:
    """The whole report, or the contacts behind one of its numbers."""
    words = HEADS[result["language"]]
    period = result["period"]
    fresh = f"{words['fresh']} {moment(result['last_sync'])}" if result["last_sync"] else words["never"]
    lines(
        text(f"{result['title']} · {result['portal']}", "bold"),
        f"{words['period']}: {period['from']} – {period['to']} ({period['time_zone']}, {words['both']})",
        f"{fresh}; {words['since']} {moment(result['mirrored_since'])[:10]}",
    )
    if "list" in result:
        _listed(result["list"], words)
        return
    for section in result["sections"]:
        blank()
        _section(section, words)
        if section["key"] == "quality_trend":
            _trend(result["trend"], section["figures"], words)
    blank()
    lines(text(words["open"].format(portal=result["portal"], report=result["report"]), "dim"))


def _trend(trend: Result, figures: list[Any], words: dict[str, str]) -> None:
    """A row for some of the days, evenly chosen, the oldest and the newest among them."""
    if trend["has"] < trend["needs"]:
        return
    days, last = trend["days"], trend["has"] - 1
    chosen = sorted({round(n * last / (TREND_ROWS - 1)) for n in range(TREND_ROWS)})
    heads = (words["day"], words["total"], *(one["label"] for one in figures))
    rows = ([days[n]["day"], f"{days[n]['total']:,}", *(_percent(days[n][name]) for name in TREND)] for n in chosen)
    console().print(fill(table(*heads, right=heads[1:]), rows))


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _section(section: Result, words: dict[str, str]) -> None:
    lines(text(section["title"], "bold"))
    out = console()
    goal = f" {words['goal']}: {section['goal_text']}." if section["goal_text"] else ""
    out.print(text(f"{section['definition']} [{section['basis_text']}]{goal}", "dim"))
    if section["text"]:
        out.print(text(section["text"], "italic"))
    if section["figures"]:
        out.print(_figures(section["figures"], words))


def _figures(figures: list[Any], words: dict[str, str]) -> Table:
    """Columns that would be empty throughout are left out."""
    has = {
        "of": any(one["of"] is not None for one in figures),
        "band": any(one["band"] for one in figures),
        "before": any(one["was"] is not None for one in figures),
        "target": any(one["target"] or one["met"] is not None for one in figures),
    }
    shown = [name for name in ("figure", "value", "of", "band", "before", "target", "list") if has.get(name, True)]
    made = table(*(words[name] for name in shown), right=[words[name] for name in ("value", "of", "before")])
    return fill(made, ([_cell(one, name) for name in shown] for one in figures))


def _cell(one: Result, name: str) -> Text:
    if name == "figure":
        extra = one["why"] or one["note"]
        return text(f"{one['label']}: {extra}" if extra else one["label"])
    if name == "value":
        return text(one["shown"])
    if name == "of":
        return text("" if one["of"] is None else one["of"], "dim")
    if name == "band":
        return text(f"{100 * one['band'][0]:.0f}–{100 * one['band'][1]:.0f} %" if one["band"] else "", "dim")
    if name == "before":
        return text("" if one["was"] is None else one["was_shown"], "dim")
    if name == "target":
        sign = mark(one["met"]) if one["met"] is not None else text("")
        return Text.assemble(sign, text(f" {one['target']}"))
    return text(one["list"] if one["contacts"] else "", "dim")


def _listed(found: Result, words: dict[str, str]) -> None:
    lines(text(f"{found['label']} ({found['key']}): {len(found['contacts'])}", "bold"))
    if not found["contacts"]:
        lines(words["nobody"])
        return
    columns = ("contact", "name", "email", "company", "stage")
    rows = ([one[name] for name in columns] for one in found["contacts"])
    console().print(fill(table(*(words[name] for name in columns)), rows))
