"""``enrich``: ask the portal's data provider about companies, see whom it would ask about, enter its secret."""

from __future__ import annotations

import sys

import click

from connector.commands.app import App, examples, standard
from connector.errors import ConfigError


@click.command(
    "enrich",
    epilog=examples(
        "leadwright enrich acme --dry-run",
        "leadwright enrich acme --limit 500",
        "leadwright enrich acme --secret-stdin < secret.txt",
    ),
)
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="Domains at most.")
@click.option("--dry-run", is_flag=True, help="Show the domains that would be asked for; ask nobody.")
@click.option("--secret-stdin", is_flag=True, help="Enter the secret the provider wants to see, from stdin.")
@standard
def enrich(app: App, name: str, limit: int, dry_run: bool, secret_stdin: bool) -> int:
    """Ask the data provider that NAME's mapping names about companies of which something is missing.

    Only the domain of a company is sent. Cycles and webhooks do the same by themselves, a few at a time.
    """
    if dry_run and secret_stdin:
        raise ConfigError("--dry-run asks nobody, so it needs no secret.", remedy="Enter the secret first.")
    with app.service() as service:
        if secret_stdin:
            return app.show(service.enrich_secret(name, sys.stdin.read().strip()), "enriching:secret")
        if dry_run:
            return app.show(service.enrich_preview(name, limit), "enriching:preview")
        return app.show(service.enrich(name, limit), "enriching:enriched")
