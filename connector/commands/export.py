"""``export``: rows to stdout or to a file. How a format is written lives in ``connector/reports``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from pkgutil import resolve_name

import click

from connector.commands.app import DONE, App, examples, standard
from connector.commands.contract import Result

WHAT = ("contacts", "companies", "deals", "activities", "receipts", "decisions", "writes")
FORMATS = ("jsonl", "csv", "parquet")


@click.command(
    "export",
    epilog=examples("leadwright export acme contacts > contacts.jsonl", "leadwright export acme deals --output d.csv"),
)
@click.argument("name")
@click.argument("what", type=click.Choice(WHAT))
@click.option("--format", "kind", type=click.Choice(FORMATS), help="Else by --output's ending, else jsonl.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Whole or not at all.")
@standard
def export(app: App, name: str, what: str, kind: str | None, output: Path | None) -> int:
    """Stream rows out. CSV and Parquet flatten what is nested: properties.email."""
    chosen = kind or _by_ending(output)
    if chosen == "parquet" and output is None:
        raise click.UsageError("Parquet is not for a pipe: name a file with --output FILE.")
    with app.service() as service:
        rows = service.export(name, what)
        if output is None:
            _to_stdout(rows, "json" if app.as_json else chosen)
            return DONE
        count = resolve_name("connector.reports.export:save")(rows, chosen, output)
    result = {"portal": name, "what": what, "format": chosen, "rows": count, "file": str(output)}
    return app.show(result, "setup:exported")


def _by_ending(output: Path | None) -> str:
    ending = output.suffix.lstrip(".").lower() if output else ""
    return ending if ending in FORMATS else "jsonl"


def _to_stdout(rows: Iterable[Result], kind: str) -> None:
    """Lines and CSV flow as they come; a JSON document comes whole or not at all."""
    stream = resolve_name("connector.reports.export:stream")
    sys.stdout.flush()
    if kind != "json":
        stream(rows, kind, sys.stdout.buffer)
        return
    with tempfile.TemporaryFile() as held:
        stream(rows, kind, held)
        held.seek(0)
        shutil.copyfileobj(held, sys.stdout.buffer)
    sys.stdout.flush()
