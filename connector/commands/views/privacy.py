"""Views of ``privacy``: the receipt of an erasure."""

from __future__ import annotations

from rich.table import Table

from connector.commands.contract import Result
from connector.commands.views.drawing import boxed, console, fill, lines, table, text
from connector.commands.words import many, moment, number


def erased(result: Result) -> None:
    """Counts by place, where the person was handed on, what is out of reach, the deadline of the answer."""
    out = console()
    facts = [
        ("portal", result["portal"]),
        ("contact", ", ".join(result["ids"])),
        ("cause", result["cause"]),
        ("erased at", moment(result["at"])),
        ("answer by", f"{moment(result['answer_by'])} (one month, GDPR Art. 12(3), if the request came today)"),
        ("rows", number(result["rows"])),
        ("journal", "written" if result["journal"] else "could not be written: see the folder's rights"),
    ]
    body = Table.grid(padding=(0, 3))
    for name, value in facts:
        body.add_row(text(name, "bold"), text(value))
    out.print(boxed(body, "Receipt: a person was erased"))
    if result["places"]:
        out.print(fill(table("place", "rows", right=("rows",)), [(p, number(n)) for p, n in result["places"].items()]))
    for one in result["passed_on"]:
        sure = "" if one["certain"] else " (perhaps: the answer was never heard)"
        name = one["name"] or "workflow"
        lines(f"Passed on: enrolled in {name} {one['workflow']} at {moment(one['at'])}{sure}. Tell whoever runs it.")
    if not result["passed_on"]:
        lines(f"Passed on: {many(0, 'enrolment')}.")
    lines(result["residue"], "Out of our reach:", *(f"  {line}" for line in result["out_of_reach"]))
