"""The view of a plan: what would be written, to whom, what is held and why, what it costs, and how to say yes."""

from __future__ import annotations

from collections import Counter

from rich.table import Table

from connector.commands.contract import Result
from connector.commands.views.drawing import console, fill, lines, mark, one_line, table, text
from connector.commands.words import clean, cut, many

SAMPLE = 3


def planned(result: Result) -> None:
    changes = result["changes"]
    head = f"Plan for {result['portal']}: {many(len(changes), 'contact')} to write, nothing written yet"
    lines(text(head, "bold"), *_counts(result))
    out = console()
    if changes:
        out.print(by_property(result))
        out.print(sample(result))
        more = len(changes) - SAMPLE
        lines(f"… and {many(more, 'contact')} more; --json shows all." if more > 0 else "")
    if result["held_by_gate"]:
        out.print(_held(result))
    _closing(result)


def _counts(result: Result) -> list[str]:
    limit = result.get("limit")
    return [
        f"  judged      {result['judged']:,} contacts",
        f"  new MQLs    {result['new_mqls']:,}",
        f"  enrolments  {len(result['enrolments']):,}",
        *([f"  handed over {many(result['handed_over'], 'contact')} to sales"] if result.get("handed_over") else []),
        f"  held        {many(len(result['held']), 'effect')}",
        f"  cost        {many(result['calls'], 'call')}" + (f", limit {limit:,} contacts a run" if limit else ""),
        *(f"  new options {name}: {', '.join(values)}" for name, values in result.get("options", {}).items()),
    ]


def by_property(result: Result) -> Table:
    """How many contacts each property is written for."""
    counted = Counter(name for change in result["changes"] for name in change["properties"])
    rows = [(name, f"{count:,}") for name, count in counted.most_common()]
    return fill(table("property", "contacts", right=("contacts",)), rows)


def sample(result: Result, skip: int = 0) -> Table:
    """Before → after for a few contacts: new MQLs first, then those that change most, since they show most."""
    most = sorted(result["changes"], key=lambda change: (not becomes_mql(change), -len(change["properties"])))
    rows = []
    for change in most[skip : skip + SAMPLE]:
        who = change["email"] or change["contact"]
        for name, values in change["properties"].items():
            rows.append((who, name, _value(values["before"]), "→", _value(values["after"])))
            who = ""
    made = table("contact", "property", "before", "", "after")
    return fill(one_line(made, contact=28, property=30, before=18), rows)


def becomes_mql(change: Result) -> bool:
    """Whether the change moves a lifecycle stage to HubSpot's own word for an MQL."""
    return any(values["after"] == "marketingqualifiedlead" for values in change["properties"].values())


def _value(value: str | None) -> str:
    """An empty value is named, a long one cut: the table must stay a table."""
    if not value:
        return "(empty)"
    return cut(clean(value), 60)


def _held(result: Result) -> Table:
    why = {hold["gate"]: hold["why"] for hold in reversed(result["held"])}
    ranked = sorted(result["held_by_gate"].items(), key=lambda item: (-item[1], item[0]))
    rows = [(mark(met=False), gate, f"{count:,}", why.get(gate, "")) for gate, count in ranked]
    return fill(table("", "held by", "effects", "for example", right=("effects",)), rows)


def _closing(result: Result) -> None:
    name, empty = result["portal"], not result["changes"] and not result["enrolments"]
    if empty:
        lines("Nothing to do: the portal already says what the rules say.")
        return
    if result["over_limit"]:
        lines(text("This is more than one run may write. Naming the hash below says that you mean it.", "bold"))
    lines(f"Hash {result['hash']}")
    if result["mode"] != "live":
        lines(f"{name} is in {result['mode']} mode: nothing can be written. First: leadwright portal live {name}")
    lines(f"Next: leadwright apply {name} --hash {result['hash']}")
