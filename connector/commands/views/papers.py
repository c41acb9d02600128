"""Views of ``config``: documents checked, shown, compared, published, and their history."""

from __future__ import annotations

import sys

from connector.commands.contract import Result
from connector.commands.views.drawing import console, fill, lines, mark, table, text
from connector.commands.words import clean, many, moment


def validated(result: Result) -> None:
    out = console()
    for file in result["files"]:
        out.print(mark(file["ok"]) + text(f"  {file['file']}  {file['kind'] or ''}"))
        for fault in file["faults"]:
            where = [f"line {fault['line']}"] if fault["line"] else []
            out.print(text("   " + ": ".join([*where, *filter(None, [fault["path"]]), fault["message"]])))
            out.print(text(f"      → {fault['remedy']}", "bold")) if fault["remedy"] else None
    faults = sum(len(file["faults"]) for file in result["files"])
    lines("All documents are valid." if result["ok"] else f"{many(faults, 'fault')} to mend.")


def shown(result: Result) -> None:
    """The YAML as it stands, so that ``> file`` gives a document."""
    body = str(result["body"])
    sys.stdout.write(body if body.endswith("\n") else f"{body}\n")


def differs(result: Result) -> None:
    rows = result["diff"]
    styles = {"+": "green", "-": "red"}
    lines(*(text(row, styles.get(str(row)[:1], "")) for row in rows))
    if not rows:
        lines("No difference.")


def published(result: Result) -> None:
    lines(f"{result['portal']}: {result['kind']} is now version {result['version']}.", clean(result.get("text") or ""))


def history(result: Result) -> None:
    rows = [(str(v["version"]), moment(v["at_ms"]), v["state"], v["author"], v["reason"]) for v in result["versions"]]
    console().print(fill(table("version", "when", "state", "who", "why", right=("version",)), rows))
