"""Views of ``sync``, ``apply``, ``cycle`` and ``undo``."""

from __future__ import annotations

from connector.commands.contract import Result
from connector.commands.views.drawing import console, fill, lines, mark, table, text
from connector.commands.words import calls, clean, many, number, span

COUNTS = ("read", "created", "changed", "deleted", "merged", "calls")


def synced(result: Result) -> None:
    columns = ("stream", *COUNTS, "time")
    rows = [
        (s["stream"], *(number(s[count]) for count in COUNTS), span(s["seconds"]))
        for s in result["streams"]
        if not s["off"]
    ]
    console().print(fill(table(*columns, right=columns[1:]), rows))
    lines(*(f"Off: {s['stream']}, {s['off']}" for s in result["streams"] if s["off"]), *_beside(result))
    lines(*(f"{s['stream']}: {s['note']}" for s in result["streams"] if s.get("note")))
    total = f"{many(calls(result['calls']), 'call')} in {span(result['seconds'])}"
    lines(f"{result['portal']} is mirrored: {total}; {many(result['dirty'], 'contact')} to judge.")


def _beside(result: Result) -> list[str]:
    """What did not come along, and why that is."""
    said = []
    if left_out := result["left_out"]["count"]:
        names = ", ".join(clean(example) for example in result["left_out"]["examples"])
        said.append(f"Left out: {many(left_out, 'property', 'properties')} no rule asks for ({names}).")
    if result["quarantined"]:
        said.append(
            f"Set aside: {many(result['quarantined'], 'value')} that could not be read (unknown to every rule)."
        )
    return said


def applied(result: Result) -> None:
    read = result["read_back"]
    lines(
        text(f"Run {result['run']} of {result['portal']}", "bold"),
        f"  written    {many(result['written'], 'contact')}",
        f"  enrolled   {many(result['enrolled'], 'contact')}" if result["enrolled"] else "",
        f"  given      {many(result['given'], 'hand-over note')} to sales" if result.get("given") else "",
        f"  held       {many(result['held'], 'effect')}" if result["held"] else "",
        f"  dropped    {many(result['dropped'], 'change')} that no longer mattered" if result["dropped"] else "",
        f"  read back  {read['checked']:,} checked, {read['equal']:,} equal, {read['different']:,} different",
        f"  cost       {many(calls(result['calls']), 'call')} in {span(result['seconds'])}",
    )
    refused = [(mark(met=False), str(row["contact"]), row["why"]) for row in result["refused"][:20]]
    if refused:
        console().print(fill(table("", "contact", "HubSpot refused because"), refused))
        lines(f"… and {len(result['refused']) - 20:,} more; --json names them all." if len(refused) == 20 else "")
    overtaken = [(str(row["contact"]), row["why"]) for row in result.get("overtaken", ())[:20]]
    if overtaken:
        console().print(fill(table("contact", "not written, judged anew, because"), overtaken))


def cycled(result: Result) -> None:
    plan, apply = result["plan"], result["apply"]
    read = sum(stream["read"] for stream in result["sync"]["streams"])
    lines(
        text(f"{result['portal']}: {clean(result['text'])}", "bold"),
        f"  sync   {many(read, 'record')} read, {many(calls(result['sync']['calls']), 'call')}",
        f"  plan   {many(plan['contacts'], 'contact')} to write",
        f"  apply  {many(apply['written'], 'contact')} written, {many(calls(apply['calls']), 'call')}" if apply else "",
    )


def undone(result: Result) -> None:
    cost = many(calls(result["calls"]), "call")
    lines(
        f"Run {result['run']} of {result['portal']}: {many(result['restored'], 'contact')} restored, {cost}.",
        f"Kept as they are: {many(len(result['kept']), 'value')} that are no longer ours." if result["kept"] else "",
    )
    rows = [(k["contact"], k["why"]) for k in result["kept"][:20]]
    if rows:
        console().print(fill(table("contact", "why"), rows))


def released(result: Result) -> None:
    lines(
        f"Run {result['run']} of {result['portal']}: {many(result['released'], 'contact')} released.",
        f"See what would be written again: leadwright plan {result['portal']}",
    )
