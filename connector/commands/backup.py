"""``backup`` and ``restore``: everything in one file and back. The secret key is never in it."""

from __future__ import annotations

from pathlib import Path

import click

from connector.commands.app import App, examples, standard
from connector.commands.words import moment

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup", epilog=examples("leadwright backup leadwright-2026-11-22.backup"))
@click.argument("file", type=FILE)
@standard
def backup(app: App, file: Path) -> int:
    """Write a consistent copy of everything to FILE, while the service goes on. The secret key is not in it."""
    with app.service() as service:
        return app.show(service.backup(file), "setup:backed_up")


@click.command("restore", epilog=examples("leadwright restore leadwright-2026-11-22.backup --yes"))
@click.argument("file", type=FILE)
@click.option("--yes", is_flag=True, help="Replace what is there without asking.")
@standard
def restore(app: App, file: Path, yes: bool) -> int:
    """Put a backup in the database's place; stop the service first.

    Whoever was erased since is erased again before anything starts, and nothing is written before it was read again.
    """
    settings = app.settings()
    shown = app.parts().restore_preview(settings, file)
    if shown["replaces"]:
        app.require_yes("Replacing the database", yes)
        names = ", ".join(shown["replaces"])
        app.confirm(f"This replaces {names} by the state of {moment(shown['made'])}, for good. Restore?", yes)
    return app.show(app.parts().restore(settings, file, replace=True), "setup:restored")
