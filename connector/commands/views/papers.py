"""Views of ``config``: documents checked, shown, compared, published, and their history."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

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
        _advice(out, file.get("warnings", ()))
    faults = sum(len(file["faults"]) for file in result["files"])
    lines("All documents are valid." if result["ok"] else f"{many(faults, 'fault')} to mend.")


def _advice(out: Console, warnings: Sequence[Result]) -> None:
    for one in warnings:
        out.print(text(f"   line {one['line']}: {one['path']}: {clean(one['message'])}", "yellow"))
        out.print(text(f"      → {clean(one['remedy'])}")) if one["remedy"] else None


def linted(result: Result) -> None:
    """The advice by document, then the questions with their answers."""
    out = console()
    for one in result["documents"]:
        out.print(mark(not one["warnings"] or None) + text(f"  {one['kind']} version {one['version']}"))
        _advice(out, one["warnings"])
    for kind in result["missing"]:
        out.print(mark(False) + text(f"  {kind}: nothing is published"))
    rows = [(mark(one["fine"]), one["question"], one["answer"]) for one in result["answers"]]
    out.print(fill(table("", "question", "answer"), rows))
    number = sum(len(one["warnings"]) for one in result["documents"])
    lines(f"{many(number, 'piece')} of advice." if number else "Nothing to advise.")


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
    _advice(console(), result.get("warnings", ()))


def history(result: Result) -> None:
    rows = [(str(v["version"]), moment(v["at_ms"]), v["state"], v["author"], v["reason"]) for v in result["versions"]]
    console().print(fill(table("version", "when", "state", "who", "why", right=("version",)), rows))
