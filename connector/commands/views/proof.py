"""Views of proof: the certificate of completeness and the doctor's findings."""

from __future__ import annotations

from rich.table import Table

from connector.commands.contract import Result
from connector.commands.views.drawing import boxed, console, fill, lines, table, text
from connector.commands.views.portals import checks
from connector.commands.words import calls, many, moment, number


def certificate(result: Result) -> None:
    whole = bool(result["complete"])
    title = "Certificate: the mirror is complete" if whole else "The mirror is not complete"
    body = Table.grid(padding=(0, 3))
    for name, value in _statements(result):
        body.add_row(text(name, "bold"), value if isinstance(value, Table) else text(value))
    console().print(boxed(body, title, whole))


def _statements(result: Result) -> list[tuple[str, str | Table]]:
    sample, repaired = result["sample"], result["repaired"]
    mended = ", ".join(f"{count:,} {what}" for what, count in repaired.items() if count) or "nothing was amiss"
    off = ", ".join(f"{what} ({why})" for what, why in result["off"].items())
    said: list[tuple[str, str | Table]] = [
        ("portal", str(result["portal"])),
        ("as of", moment(result["at_ms"])),
        ("counts", _counts(result)),
        ("complete", f"{number(result['percent'])} %"),
        ("sample", f"{sample['contacts']:,} contacts, {sample['fields']:,} fields, {sample['equal']:,} equal"),
        ("repaired", mended),
        ("not covered", off),
        ("cost", many(calls(result["calls"]), "call")),
        ("digest", str(result["digest"])),
        ("", str(result["text"])),
    ]
    return [(name, value) for name, value in said if value]


def _counts(result: Result) -> Table:
    rows = [(kind, number(both["portal"]), number(both["mirror"])) for kind, both in result["counts"].items()]
    return fill(table("", "portal", "mirror", right=("portal", "mirror")), rows)


def diagnosis(result: Result) -> None:
    checks(result["checks"])
    for portal in result["portals"]:
        lines(text(f"\n{portal['portal']}".strip(), "bold"))
        checks(portal["checks"])
    lines("All is well." if result["ok"] else "Something needs you: see the arrows above.")
