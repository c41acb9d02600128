"""``token``: what lets programs in over HTTP. Whoever runs a command here is trusted as an owner."""

from __future__ import annotations

import click

from connector.commands.app import App, examples, standard

ROLE = click.Choice(["viewer", "analyst", "editor", "admin"])


@click.group("token", epilog=examples("leadwright token add crm-sync --portal acme"))
def token() -> None:
    """What lets programs use the interface under /api/v1: make, list, revoke."""


@token.command(
    "add",
    short_help="Make a token; it is shown this once.",
    epilog=examples(
        "leadwright token add crm-sync --portal acme",
        "leadwright token add nightly --portal acme --role editor --person anna@agency.example --days 30",
    ),
)
@click.argument("name")
@click.option("--role", type=ROLE, default="viewer", show_default=True, help="What it may do.")
@click.option("--portal", default="", metavar="NAME", help="Only there; else in all portals.")
@click.option("--person", default="", metavar="EMAIL", help="Acts for them, and never more than they may.")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long it is good.")
@standard
def add(app: App, name: str, role: str, portal: str, person: str, days: int) -> int:
    """Make a token called NAME and print it, once: only a hash of it is kept."""
    with app.service() as service:
        return app.show(service.token_add(name, role, portal, person, days), "tokens:issued")


@token.command("list", short_help="Every token, never its secret.", epilog=examples("leadwright token list --json"))
@standard
def show_all(app: App) -> int:
    """Every token: its role, where, until when, when it was used last."""
    with app.service() as service:
        return app.show(service.token_list(), "tokens:listed")


@token.command("remove", short_help="Revoke a token, at once.", epilog=examples("leadwright token remove 3f9c0a1b"))
@click.argument("ident", metavar="ID")
@standard
def remove(app: App, ident: str) -> int:
    """Revoke the token with that ID (as `leadwright token list` shows it)."""
    with app.service() as service:
        return app.show(service.token_remove(ident), "tokens:removed")
