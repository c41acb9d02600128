"""``init`` and ``db``: an installation's key and database. Nothing here needs a portal."""

from __future__ import annotations

from pathlib import Path

import click

from connector.commands.app import App, examples, standard


@click.command("init", epilog=examples("leadwright init --admin anna@agency.example", "leadwright init --json"))
@click.option(
    "--admin", metavar="EMAIL", default="", help="Print a one-time link with which EMAIL signs in as an owner."
)
@standard
def init(app: App, admin: str) -> int:
    """Make the database and, where there is none, the secret key in .env. Safe to run again."""
    result = app.parts().init(app.settings(), app.env_file or Path(".env"), admin)
    return app.show(result, "setup:made")


@click.group("db", epilog=examples("leadwright db upgrade"))
def db() -> None:
    """The database's revision, and the key that closes its tokens."""


@db.command("upgrade", short_help="Bring it to the revision that is needed.", epilog=examples("leadwright db upgrade"))
@standard
def upgrade(app: App) -> int:
    """Bring the database to the revision this Leadwright needs."""
    return app.show(app.parts().db_upgrade(app.settings()), "setup:revision")


@db.command(
    "current",
    short_help="Show the revision it has and the one it needs.",
    epilog=examples("leadwright db current --json"),
)
@standard
def current(app: App) -> int:
    """Show the database's revision and the one this Leadwright needs; exit code 3 when they differ."""
    return app.show(app.parts().db_current(app.settings()), "setup:revision")


@db.command(
    "rotate-key",
    short_help="Seal every token again with a new key.",
    epilog=examples("leadwright db rotate-key"),
)
@standard
def rotate_key(app: App) -> int:
    """Seal every portal's token again with the first key of LEADWRIGHT_SECRET_KEY (the new one, the old after a comma).

    Restart what runs with both keys first. Nothing has to stop meanwhile.
    """
    with app.service() as service:
        return app.show(service.rotate_key(), "setup:rotated")
