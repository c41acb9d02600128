"""``import``: what a spreadsheet says of contacts, shown first, then written the way every plan is."""

from __future__ import annotations

from pathlib import Path

import click

from connector.commands.app import App, examples, standard
from connector.commands.contract import LeadService
from connector.commands.flow import YES

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    "import",
    epilog=examples("leadwright import acme people.csv --dry-run", "leadwright import acme people.csv --hash 3f9c…"),
)
@click.argument("name")
@click.argument("file", type=FILE)
@click.option("--dry-run", is_flag=True, help="Write nothing; show what the sheet would change.")
@click.option("--hash", "plan_hash", metavar="H", help="Refuse unless this is still what was shown.")
@YES
@standard
def import_(app: App, name: str, file: Path, dry_run: bool, plan_hash: str | None, yes: bool) -> int:
    """Write what a CSV file says of contacts that are in the mirror; nobody is created.

    A column `email` or `record_id` says whom a line is about; the others are named as fields or HubSpot properties.
    Values pass the mapping's steps, modes and conflict rules. Exit code 3 when lines, columns or cells were left out,
    each with its reason.
    """
    if dry_run and (plan_hash or yes):
        raise click.UsageError("--dry-run writes nothing: leave --hash and --yes out.")
    if not (dry_run or plan_hash):
        app.require_yes(f"Writing a spreadsheet to {name} that nobody named by its hash", yes)
    with app.service() as service:
        if dry_run:
            return app.show(service.import_plan(name, file), "sheets:compared")
        if not plan_hash and not yes:
            plan_hash = _agreed(app, service, name, file)
        return app.show(service.import_apply(name, file, plan_hash=plan_hash), "sheets:written")


def _agreed(app: App, service: LeadService, name: str, file: Path) -> str:
    """The hash of what was just shown and said yes to."""
    planned = service.import_plan(name, file)
    if not app.as_json and not app.quiet:
        app.view("sheets:compared", planned)
    app.confirm(f"Write {len(planned['changes']):,} contacts of {name} ({planned['calls']:,} calls)?", yes=False)
    return str(planned["hash"])
