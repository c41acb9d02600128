"""``report``: KPIs, funnel, the eight questions, content, nurtures and data quality, as text, JSON or rows."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from pkgutil import resolve_name

import click

from connector.commands.app import DONE, App, examples, standard

WHAT = ("kpis", "funnel", "questions", "assets", "nurtures", "quality")
FORMATS = ("csv", "parquet", "jsonl")


class Day(click.ParamType[date]):
    """An ISO date."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no day such as 2026-11-22.", param, ctx)


@click.command(
    "report",
    epilog=examples(
        "leadwright report acme kpis --from 2026-10-01 --to 2026-10-31",
        "leadwright report acme questions --list q2/untouched",
        "leadwright report acme funnel --output funnel.csv",
    ),
)
@click.argument("name")
@click.argument("what", type=click.Choice(WHAT))
@click.option("--from", "first", type=Day(), metavar="DAY", help="First day, in the portal's time zone; else 90 days.")
@click.option("--to", "last", type=Day(), metavar="DAY", help="Last day, included; else today.")
@click.option("--language", type=click.Choice(("en", "de")), default="en", show_default=True, help="Of the words.")
@click.option("--list", "listed", metavar="NUMBER", help="The contacts behind one number, e.g. q2/untouched.")
@click.option("--format", "kind", type=click.Choice(FORMATS), help="Rows instead of text; else by --output's ending.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Whole or not at all.")
@standard
def report(
    app: App,
    name: str,
    what: str,
    first: date | None,
    last: date | None,
    language: str,
    listed: str | None,
    kind: str | None,
    output: Path | None,
) -> int:
    """One report on a portal. Every number of a report opens its contacts by --list."""
    chosen = kind or _by_ending(output)
    if chosen == "parquet" and output is None:
        raise click.UsageError("Parquet is not for a pipe: name a file with --output FILE.")
    with app.service() as service:
        body = service.report(name, what, first=first, last=last, language=language, listed=listed)
    if chosen is None:
        return app.show(body, "reports:report")
    rows = resolve_name("connector.reports.reporting:rows")(body)
    if output is None:
        sys.stdout.flush()
        resolve_name("connector.reports.export:stream")(rows, chosen, sys.stdout.buffer)
        return DONE
    count = resolve_name("connector.reports.export:save")(rows, chosen, output)
    result = {"portal": name, "what": what, "format": chosen, "rows": count, "file": str(output)}
    return app.show(result, "setup:exported")


def _by_ending(output: Path | None) -> str | None:
    if output is None:
        return None
    ending = output.suffix.lstrip(".").lower()
    return ending if ending in FORMATS else "jsonl"
