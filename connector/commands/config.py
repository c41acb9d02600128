"""``config``: the documents that hold a portal's rules, as YAML files or as the published versions in the database."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from connector.commands.app import DONE, App, examples, standard

WRONG_CONFIGURATION = 2
KINDS = ("mapping", "activities", "scoring", "lifecycle", "workflows", "consent", "schedule", "goals")
AUTHOR = click.option("--author", default=getpass.getuser, show_default="you", help="Who, for the history.")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("config", epilog=examples("leadwright config validate scoring.yaml"))
def config() -> None:
    """The documents with a portal's rules: check, publish, go back."""


@config.command(
    "validate",
    short_help="Check YAML files; shows every fault at once.",
    epilog=examples("leadwright config validate scoring.yaml lifecycle.yaml"),
)
@click.argument("files", type=FILE, nargs=-1, required=True)
@standard
def validate(app: App, files: tuple[Path, ...]) -> int:
    """Check YAML files; every fault is shown with file, line and remedy. Exit code 2 when there is one."""
    result = app.parts().config_validate(files)
    return app.show(result, "papers:validated", DONE if result["ok"] else WRONG_CONFIGURATION)


@config.command(
    "show",
    short_help="Print the published document as YAML.",
    epilog=examples("leadwright config show acme scoring > scoring.yaml"),
)
@click.argument("name")
@click.argument("kind", type=click.Choice(KINDS))
@standard
def show(app: App, name: str, kind: str) -> int:
    """Print the published document as YAML."""
    with app.service() as service:
        return app.show(service.config_show(name, kind), "papers:shown")


@config.command(
    "diff", short_help="What FILE would change.", epilog=examples("leadwright config diff acme scoring.yaml")
)
@click.argument("name")
@click.argument("file", type=FILE)
@standard
def diff(app: App, name: str, file: Path) -> int:
    """What FILE would change against the published document of its kind."""
    with app.service() as service:
        return app.show(service.config_diff(name, file), "papers:differs")


@config.command(
    "publish",
    short_help="Make FILE the portal's document of its kind.",
    epilog=examples('leadwright config publish acme scoring.yaml --reason "webinars count more"'),
)
@click.argument("name")
@click.argument("file", type=FILE)
@click.option("--reason", required=True, help="Why, for the history.")
@AUTHOR
@standard
def publish(app: App, name: str, file: Path, reason: str, author: str) -> int:
    """Make FILE the portal's document of its kind; the next plan judges by it."""
    with app.service() as service:
        return app.show(service.config_publish(name, file, author, reason), "papers:published")


@config.command(
    "history", short_help="Every version: who, when and why.", epilog=examples("leadwright config history acme scoring")
)
@click.argument("name")
@click.argument("kind", type=click.Choice(KINDS))
@standard
def history(app: App, name: str, kind: str) -> int:
    """Every version: who, when and why."""
    with app.service() as service:
        return app.show(service.config_history(name, kind), "papers:history")


@config.command(
    "rollback",
    short_help="Publish an earlier version again.",
    epilog=examples("leadwright config rollback acme scoring 3"),
)
@click.argument("name")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("version", type=click.IntRange(1))
@AUTHOR
@standard
def rollback(app: App, name: str, kind: str, version: int, author: str) -> int:
    """Publish an earlier version again, as a new one."""
    with app.service() as service:
        return app.show(service.config_rollback(name, kind, version, author), "papers:published")
