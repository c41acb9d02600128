"""``privacy``: erase a person everywhere, or hand out all that is held on them. Nothing personal is logged."""

from __future__ import annotations

import sys
from pathlib import Path
from pkgutil import resolve_name

import click

from connector.commands.app import DONE, App, examples, standard
from connector.commands.output import write_json

YES = click.option("--yes", is_flag=True, help="Do not ask.")
FORMATS = ("json", "csv")


@click.group("privacy", epilog=examples("leadwright privacy export acme jane@example.com"))
def privacy() -> None:
    """A person's rights: a copy of everything, or erasure everywhere."""


@privacy.command(
    "erase",
    short_help="Erase a person everywhere; print the receipt.",
    epilog=examples("leadwright privacy erase acme 4711", "leadwright privacy erase acme jane@example.com --yes"),
)
@click.argument("name")
@click.argument("contact")
@YES
@standard
def erase(app: App, name: str, contact: str, yes: bool) -> int:
    """Erase a contact (an id or an e-mail) from mirror, inbox, history and outbox, for good.

    A keyed hash stays, so that late notices never bring the person back. HubSpot is not touched.
    """
    app.require_yes("Erasing a person", yes)
    app.confirm(f"This erases the contact from everything kept of {name}, for good. Erase?", yes)
    with app.service() as service:
        return app.show(service.erase(name, contact), "privacy:erased")


@privacy.command(
    "export",
    short_help="All that is held on one person.",
    epilog=examples(
        "leadwright privacy export acme jane@example.com > jane.json",
        "leadwright privacy export acme 4711 --format csv --output jane.zip",
    ),
)
@click.argument("name")
@click.argument("contact")
@click.option("--format", "kind", type=click.Choice(FORMATS), help="csv: a zip with one table a kind. Default json.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Else to stdout.")
@standard
def export(app: App, name: str, contact: str, kind: str | None, output: Path | None) -> int:
    """Everything held on a contact (an id or an e-mail): record, sources, score history, writes, consent."""
    chosen = kind or ("csv" if output and output.suffix == ".zip" else "json")
    if chosen == "csv" and output is None:
        raise click.UsageError("Tables come as a zip: name a file with --output FILE.")
    with app.service() as service:
        document = service.person(name, contact)
    if output is None:
        write_json(document)
        sys.stdout.flush()
        return DONE
    rows = resolve_name("connector.reports.person:save")(document, chosen, output)
    return app.show(
        {"portal": name, "what": "person", "format": chosen, "rows": rows, "file": str(output)}, "setup:exported"
    )
