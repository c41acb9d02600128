"""``inbox`` and ``held``: what HubSpot told us, what became of it, and what was put aside with its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from connector.commands.app import App, examples, standard

KINDS = ("notices", "deliveries", "jobs", "frozen")
LIMIT = click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")


@click.group("inbox", epilog=examples("leadwright inbox list acme"))
def inbox() -> None:
    """Notices that HubSpot delivered, and what became of each."""


@inbox.command(
    "list", short_help="The newest notices and what became of them.", epilog=examples("leadwright inbox list acme")
)
@click.argument("name")
@LIMIT
@standard
def inbox_list(app: App, name: str, limit: int) -> int:
    """The newest notices of a portal. Values are not shown: they are a person's."""
    with app.service() as service:
        return app.show(service.inbox(name, limit), "aside:notices")


@inbox.command(
    "replay",
    short_help="Handle notices once more.",
    epilog=examples("leadwright inbox replay acme --since 2026-11-22T09:00"),
)
@click.argument("name")
@click.option("--since", type=click.DateTime(), required=True, help="Received from then on (UTC).")
@standard
def inbox_replay(app: App, name: str, since: datetime) -> int:
    """Handle everything once more that was received since then; harmless, since it only reads the portal again."""
    with app.service() as service:
        return app.show(service.inbox_replay(name, since), "aside:replayed")


@click.group("held", epilog=examples("leadwright held list acme"))
def held() -> None:
    """What was put aside: bad notices, unreadable deliveries, failed jobs, frozen fields. Each with its reason."""


def _choice(command: Callable[..., Any]) -> Callable[..., Any]:
    for kind in reversed(KINDS):
        command = click.option(f"--{kind}", kind, is_flag=True, help=f"Only {kind}.")(command)
    return command


def _chosen(*flags: bool) -> tuple[str, ...]:
    return tuple(kind for kind, wanted in zip(KINDS, flags, strict=True) if wanted)


@held.command("list", short_help="What is held, by cause.", epilog=examples("leadwright held list acme --json"))
@click.argument("name")
@standard
def held_list(app: App, name: str) -> int:
    """Everything that is held, one line a cause: how many, since when, one example."""
    with app.service() as service:
        return app.show(service.held(name), "aside:held")


@held.command(
    "retry",
    short_help="Bring it back to work.",
    epilog=examples("leadwright held retry acme", "leadwright held retry acme --frozen 4711"),
)
@click.argument("name")
@click.argument("ids", nargs=-1)
@_choice
@standard
def held_retry(
    app: App, name: str, ids: tuple[str, ...], notices: bool, deliveries: bool, jobs: bool, frozen: bool
) -> int:
    """Bring held things back, all or of one kind; with IDS only those (a contact's id for a frozen field)."""
    with app.service() as service:
        kinds = _chosen(notices, deliveries, jobs, frozen) or KINDS
        return app.show(service.held_retry(name, kinds, ids), "aside:retried")


@held.command(
    "discard", short_help="Give it up for good.", epilog=examples("leadwright held discard acme --notices --yes")
)
@click.argument("name")
@click.argument("ids", nargs=-1)
@_choice
@click.option("--yes", is_flag=True, help="Do not ask.")
@standard
def held_discard(
    app: App, name: str, ids: tuple[str, ...], yes: bool, notices: bool, deliveries: bool, jobs: bool, frozen: bool
) -> int:
    """Give held things up, all but frozen fields or of one kind; the next poll still reads the portal."""
    app.require_yes("Discarding", yes)
    app.confirm(f"This gives up what is held of {name}. Discard?", yes)
    kinds = _chosen(notices, deliveries, jobs, frozen) or KINDS[:3]
    with app.service() as service:
        return app.show(service.held_discard(name, kinds, ids), "aside:discarded")
