"""``portal``: the portals of this installation. A token is read from stdin or a hidden prompt, never from arguments."""

from __future__ import annotations

import sys

import click

from connector.commands.app import App, examples, standard
from connector.commands.contract import Result
from connector.commands.words import many
from connector.errors import ConfigError

YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group("portal", epilog=examples("leadwright portal list"))
def portal() -> None:
    """Connect, check, provision, pause and release portals."""


@portal.command(
    "add",
    short_help="Connect a portal; it starts in observe mode.",
    epilog=examples("leadwright portal add acme --token-stdin < token.txt"),
)
@click.argument("name")
@click.option("--token-stdin", is_flag=True, help="Read the private app's token from stdin.")
@click.option("--base-url", metavar="URL", help="Another address than LEADWRIGHT_HUBSPOT_URL.")
@standard
def add(app: App, name: str, token_stdin: bool, base_url: str | None) -> int:
    """Connect a portal. It starts in observe mode: mirrored and judged, nothing written."""
    token = _token(app, token_stdin)
    with app.service() as service:
        return app.show(service.add_portal(name, token, base_url), "portals:added")


@portal.command(
    "connect",
    short_help="A link with which somebody connects a portal by consent.",
    epilog=examples("leadwright portal connect", "leadwright portal connect acme"),
)
@click.argument("name", default="")
@standard
def connect(app: App, name: str) -> int:
    """Print a link, good once and for ten minutes, with which somebody connects a portal by consent (OAuth).

    NAME is the portal to connect anew, or the name of a new one; without it a new one is named by its domain.
    """
    with app.service() as service:
        return app.show(service.connect_link(name), "portals:link")


def _token(app: App, from_stdin: bool) -> str:
    if from_stdin:
        token = sys.stdin.read().strip()
    elif app.can_ask():
        token = click.prompt("Token of the private app", type=str, hide_input=True, err=True).strip()
    else:
        raise ConfigError(
            "The token is missing, and there is no terminal to ask on.", remedy="Pipe it in: --token-stdin < token.txt."
        )
    if not token or any(character.isspace() or not character.isprintable() for character in token):
        raise ConfigError("That is not a token: it is empty or holds blanks.", remedy="Copy it once more.")
    return token


@portal.command(
    "list", short_help="Every portal with its mode and how it is.", epilog=examples("leadwright portal list --json")
)
@standard
def show_all(app: App) -> int:
    """Every portal with its mode and one sentence on how it is."""
    with app.service() as service:
        return app.show(service.list_portals(), "portals:listed")


@portal.command(
    "check", short_help="Token, scopes, time zone, limits left, clock.", epilog=examples("leadwright portal check acme")
)
@click.argument("name")
@standard
def check(app: App, name: str) -> int:
    """Token, scopes and what a missing one switches off, time zone, limits left, clock."""
    with app.service() as service:
        return app.show(service.check_portal(name), "portals:checked")


@portal.command(
    "pause", short_help="Neither read nor write it until resumed.", epilog=examples("leadwright portal pause acme")
)
@click.argument("name")
@standard
def pause(app: App, name: str) -> int:
    """Neither read nor write this portal until it is resumed."""
    with app.service() as service:
        return app.show(service.pause(name), "portals:mode")


@portal.command("resume", short_help="End a pause.", epilog=examples("leadwright portal resume acme"))
@click.argument("name")
@standard
def resume(app: App, name: str) -> int:
    """End a pause; the portal is in the mode it was in before."""
    with app.service() as service:
        return app.show(service.resume(name), "portals:mode")


@portal.command(
    "live", short_help="End observe mode: plans may be written.", epilog=examples("leadwright portal live acme --yes")
)
@click.argument("name")
@YES
@standard
def live(app: App, name: str, yes: bool) -> int:
    """End observe mode: from now on apply and cycle write to the portal."""
    app.require_yes(f"Taking {name} live", yes)
    app.confirm(f"From now on apply and cycle write to {name} in HubSpot. Go live?", yes)
    with app.service() as service:
        return app.show(service.live(name), "portals:mode")


@portal.command(
    "remove",
    short_help="Release a portal and delete its mirror here.",
    epilog=examples("leadwright portal remove acme --yes"),
)
@click.argument("name")
@YES
@standard
def remove(app: App, name: str, yes: bool) -> int:
    """Release a portal: its token and its mirror are deleted here; HubSpot keeps what it has."""
    app.require_yes(f"Removing {name}", yes)
    app.confirm(f"This deletes the token, the mirror and the history of {name} here, for good. Remove it?", yes)
    with app.service() as service:
        return app.show(service.remove(name), "portals:mode")


@portal.command(
    "provision",
    short_help="Create the properties that write-back needs.",
    epilog=examples("leadwright portal provision acme", "leadwright portal provision acme --yes"),
)
@click.argument("name")
@YES
@standard
def provision(app: App, name: str, yes: bool) -> int:
    """Create the property group and the properties that write-back needs, after showing them."""
    app.require_yes(f"Creating properties in {name}", yes)
    with app.service() as service:
        if not yes:
            preview = service.provision_preview(name)
            if not _missing(preview):
                return app.show(preview, "portals:provisioned")
            _preview(app, preview)
            app.confirm(f"Create {many(len(_missing(preview)), 'property', 'properties')} in {name}?", yes)
        return app.show(service.provision(name), "portals:provisioned")


def _missing(preview: Result) -> list[Result]:
    return [row for row in preview["properties"] if row["state"] == "missing"]


def _preview(app: App, preview: Result) -> None:
    """Show what would be made; on stderr line by line where stdout is kept for the document."""
    if app.as_json or app.quiet:
        for row in _missing(preview):
            click.echo(f"{row['name']} ({row['type']}): {row['label']}", err=True)
    else:
        app.view("portals:provisioned", preview)
