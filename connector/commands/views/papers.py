"""Views of ``config``: documents checked, shown, compared, published, and their history."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console

from connector.commands.contract import Result
from connector.commands.views.drawing import console, fill, lines, mark, table, text
from connector.commands.words import clean, many, moment, span


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


def presets(result: Result) -> None:
    rows = [(one["name"], one["description"]) for one in result["presets"]]
    console().print(fill(table("preset", "what it is for"), rows))


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
    for version in result["versions"]:
        if given := version.get("signatures"):
            lines(f"Version {version['version']} was signed:")
            _signatures(given)


def signed(result: Result) -> None:
    lines(f"{result['portal']}: {result['text']}", f"Content {result['hash'][:12]}.")
    _signatures(result["signatures"])


def _signatures(given: Iterable[Result]) -> None:
    for one in given:
        remark = f": {one['remark']}" if one["remark"] else ""
        lines(text(f"   {one['side']}: {one['who']}, {moment(one['at_ms'])}{remark}"))


def draft_saved(result: Result) -> None:
    lines(f"{result['portal']}: your draft of {result['kind']} is saved (saving {result['revision']}).")
    for fault in result["faults"]:
        lines(text(f"   line {fault['line']}: {fault['path']}: {fault['message']} {fault['remedy']}".rstrip()))
    if result["faults"]:
        lines(f"{many(len(result['faults']), 'fault')} to mend before it can be published.")
    if result["overtaken"]:
        theirs = result["overtaken"]
        lines(f"Version {theirs['published']} was published by {theirs['by']} since: compare before you publish.")


def discarded(result: Result) -> None:
    lines(f"{result['portal']}: {result['text']}")


def rehearsed(result: Result) -> None:
    """A dry run: who would stand elsewhere, what would be written, what it costs, and what each row does."""
    name, kind = result["portal"], result["kind"]
    lines(text(f"Dry run of {kind} for {name}: nothing is published", "bold"))
    if not result["judges"]:
        lines(f"{kind} judges nobody; it counts from the next run of the clock on.")
        return
    lines(*_effects(result))
    out = console()
    if result["by_property"]:
        rows = [(prop, f"{count:,}") for prop, count in result["by_property"].items()]
        out.print(fill(table("property", "contacts", right=("contacts",)), rows))
    if moving := [row for row in result.get("rows", ()) if _moves(row)]:
        told = [
            (str(r["row"] or "-"), r["property"], r["field"], _counts(r["reads"]), _counts(r["writes"])) for r in moving
        ]
        out.print(fill(table("row", "property", "field", "our field", "in HubSpot", right=("row",)), told))
    lines(f"Hash of the plan {result['hash'][:12]}; the next plan has it, if nothing else changes.")


def scores(result: Result) -> None:
    """Whose score a draft would change, and who would pass the threshold for MQL."""
    lines(text(f"Scores of a draft for {result['portal']}: nothing is published", "bold"))
    over, grades = result["over_threshold"], ", ".join(f"{name} {n:,}" for name, n in result["grades"].items())
    lines(
        f"  contacts    {result['contacts']:,}, {result['never_judged']:,} of them never judged",
        f"  scores      {result['score']['up']:,} up, {result['score']['down']:,} down",
        f"  grades      {result['grade']['up']:,} up, {result['grade']['down']:,} down; then {grades}",
        f"  threshold   {result['threshold']} points: reached by {over['before']:,} now, by {over['after']:,} then",
        f"  newly over  {result['newly_over']:,}; no longer {result['no_longer_over']:,}",
    )
    lines("Stages, enrolments and writes: the same without --scores.")


def _effects(result: Result) -> list[str]:
    ways = {name: f"{result[name]['up']:,} up, {result[name]['down']:,} down" for name in ("score", "grade")}
    return [
        f"  contacts    {result['contacts']:,}",
        f"  scores      {ways['score']}",
        f"  grades      {ways['grade']}",
        f"  MQLs        {result['new_mqls']:,} new, {result['lost_mqls']:,} no longer",
        f"  enrolments  {sum(result['enrolments'].values()):,}",
        f"  written     {many(result['written'], 'contact')}",
        f"  held        {many(sum(result['held_by_gate'].values()), 'effect')}",
        f"  cost        {many(result['calls'], 'call')}, about {span(result['seconds'])} at the portal's limit",
    ]


def _moves(row: Result) -> bool:
    quiet = {"same", "nothing"}
    return bool((row["reads"].keys() | row["writes"].keys()) - quiet)


def _counts(counts: Result) -> str:
    return ", ".join(f"{effect} {count:,}" for effect, count in counts.items())
