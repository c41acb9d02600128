"""``config export`` and ``config import``: mapping and scoring rules as a spreadsheet, out and in again."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from connector.commands.app import App, examples, standard

SHEETS = ("mapping", "scoring")
AUTHOR = click.option("--author", default=getpass.getuser, show_default="you", help="Whose draft.")
OUT = click.Path(dir_okay=False, path_type=Path)
IN = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    "export",
    short_help="Mapping or scoring rules as a spreadsheet.",
    epilog=examples(
        "leadwright config export acme scoring --csv rules.csv",
        "leadwright config export acme mapping --csv mapping.csv --semicolon",
    ),
)
@click.argument("name")
@click.argument("kind", type=click.Choice(SHEETS))
@click.option("--csv", "file", type=OUT, required=True, metavar="FILE", help="Where to; whole or not at all.")
@click.option("--semicolon", is_flag=True, help="Semicolons and decimal commas, as a German Excel opens them.")
@click.option("--draft", is_flag=True, help="Your draft instead of what is published.")
@AUTHOR
@standard
def export(app: App, name: str, kind: str, file: Path, semicolon: bool, draft: bool, author: str) -> int:
    """Write the rows of the mapping, or the rules of the scoring models, into a CSV file: one line each.

    Spreadsheets may open it: no cell can run as a formula. Everything else of the document (thresholds, personas,
    the locale) stays where it is.
    """
    with app.service() as service:
        told = service.config_export_csv(name, kind, file, semicolon=semicolon, draft_of=author if draft else None)
    return app.show(told, "sheets:exported")


@click.command(
    "import",
    short_help="A spreadsheet back in, as a draft.",
    epilog=examples("leadwright config import acme scoring --csv rules.csv"),
)
@click.argument("name")
@click.argument("kind", type=click.Choice(SHEETS))
@click.option("--csv", "file", type=IN, required=True, metavar="FILE", help="The sheet, UTF-8.")
@click.option("--revision", type=click.IntRange(0), help="The saving of your draft to lay the sheet over.")
@AUTHOR
@standard
def import_(app: App, name: str, kind: str, file: Path, revision: int | None, author: str) -> int:
    """Lay a sheet over the published document and keep the result as your draft; nothing is published.

    Only what differs is changed: comments and order of the document stay. A row that is missing in the sheet is taken
    out. With a single fault nothing is kept, and every fault is shown with its line and cell; exit code 2.
    """
    with app.service() as service:
        return app.show(service.config_import_csv(name, kind, file, author, revision), "sheets:imported")
