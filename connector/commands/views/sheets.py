"""Views of spreadsheets: what went out, and what a sheet changes."""

from __future__ import annotations

from connector.commands.contract import Result
from connector.commands.views.drawing import console, fill, lines, table, text
from connector.commands.words import clean, many

SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


def exported(result: Result) -> None:
    what = f"version {result['version']}"
    if result["revision"] is not None:
        what = f"your draft (saving {result['revision']})"
    lines(f"{result['portal']}: {many(result['rows'], 'row')} of {result['kind']}, {what}, in {result['file']}.")


def imported(result: Result) -> None:
    """Each row that does not stay as it is, then where the draft stands."""
    shown = []
    for one in result["rows"]:
        sign, style = SIGNS[one["change"]]
        name = f"{one['model']}: {one['row']}" if one["model"] else one["row"]
        shown.append((text(sign, style), clean(name), ", ".join(one["keys"])))
    if shown:
        console().print(fill(table("", "row", "what changes"), shown))
    lines(f"{result['portal']}: {result['text']}")
    if result["revision"] is not None:
        lines(f"Look at it: leadwright config draft show {result['portal']} {result['kind']}")
