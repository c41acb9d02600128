"""Views of spreadsheets: what went out, what a sheet changes of a document, and what of contacts."""

from __future__ import annotations

from connector.commands.contract import Result
from connector.commands.views.drawing import console, fill, lines, mark, table, text
from connector.commands.views.flows import applied
from connector.commands.views.plans import by_property, sample
from connector.commands.words import clean, many

SHOWN = 20
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
    if theirs := result["overtaken"]:
        said = f"Version {theirs['published']} was published by {theirs['by']} since version {result['version']}"
        lines(f"{said}, from which the sheet came: compare before you publish.")
    if result["revision"] is not None:
        lines(f"Look at it: leadwright config draft show {result['portal']} {result['kind']}")


def compared(result: Result) -> None:
    """What a sheet of people would change, and what nothing is made of."""
    changes, name = result["changes"], result["portal"]
    head = f"{result['file']} for {name}: {many(len(changes), 'contact')} to write, nothing written yet"
    lines(
        text(head, "bold"),
        f"  lines       {result['lines']:,}, {result['found']:,} of them about contacts in the mirror",
        f"  as it is    {many(result['same'], 'contact')}",
        f"  held        {many(len(result['held']), 'value')}",
        f"  cost        {many(result['calls'], 'call')}, limit {result['limit']:,} contacts a run",
        *(f"  new options {name}: {', '.join(values)}" for name, values in result["options"].items()),
    )
    if changes:
        console().print(by_property(result))
        console().print(sample(result))
    held = [(str(one["line"]), one["effect"], one["why"], one["remedy"]) for one in result["held"][:SHOWN]]
    if held:
        console().print(fill(table("line", "held", "because", "", right=("line",)), held))
    _left_over(result)
    if not changes:
        lines("Nothing to write.")
        return
    if result["over_limit"]:
        lines(text("This is more than one run may write. Naming the hash below says that you mean it.", "bold"))
    if result["mode"] != "live":
        lines(f"{name} is in {result['mode']} mode: nothing can be written. First: leadwright portal live {name}")
    lines(f"Next: leadwright import {name} {result['file']} --hash {result['hash']}")


def written(result: Result) -> None:
    """A run that wrote what a sheet says, and what nothing was made of."""
    applied(result)
    _left_over(result)


def _left_over(result: Result) -> None:
    """Columns, cells and lines that nothing is made of, each with what to do."""
    rows = [(one["column"], one["why"], one["remedy"]) for one in result["unused"]]
    if rows:
        console().print(fill(table("column", "not used, because", ""), rows))
    rows = [(str(one["line"]), one["path"], f"{one['message']} {one['remedy']}") for one in result["faults"][:SHOWN]]
    if rows:
        console().print(fill(table("line", "cell", "left out, because", right=("line",)), rows))
    unknown = [(mark(met=None), str(one["line"]), clean(one["who"])) for one in result["unknown"][:SHOWN]]
    if unknown:
        console().print(fill(table("", "line", "not in the mirror, not created", right=("line",)), unknown))
    more = sum(max(0, len(result[key]) - SHOWN) for key in ("faults", "unknown"))
    if more:
        lines(f"… and {more:,} more; --json names them all.")
