"""``twin``: the simulated portal alone, on a loopback port."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import ExitStack
from pkgutil import resolve_name
from typing import Any

import click

from connector.commands.app import DONE, App, examples, standard
from connector.errors import ConfigError


@click.command(
    "twin",
    epilog=examples(
        "leadwright twin --port 8010 --contacts 200",
        "leadwright twin --webhooks http://127.0.0.1:8000/webhooks/hubspot",
    ),
)
@click.option("--port", type=click.IntRange(0, 65535), default=8010, show_default=True, help="0 takes any free one.")
@click.option("--contacts", type=click.IntRange(0, 1_000_000), default=5000, show_default=True, help="Invented people.")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another portal.")
@click.option("--webhooks", metavar="URL", help="Call this address back about everything that happens to contacts.")
@click.option("--portal-id", type=click.IntRange(min=1), help="Its number in HubSpot, for a second one beside it.")
@click.option("--lifeline", is_flag=True, hidden=True)
@standard
def twin(
    app: App, port: int, contacts: int, seed: int, webhooks: str | None, portal_id: int | None, lifeline: bool
) -> int:
    """Run the simulated portal alone until Ctrl-C; it prints its address and a token that connects to it."""
    # A shell starts background jobs with Ctrl-C switched off; this command must end by it all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if webhooks and not webhooks.startswith(("http://", "https://")):
        raise ConfigError(f"{webhooks} is no address.", remedy="Write it like http://127.0.0.1:8000/webhooks/hubspot.")
    portal = resolve_name("connector.twin:Twin").from_seed(seed, contacts, portal_id=portal_id)
    with ExitStack() as stack:
        try:
            url = stack.enter_context(resolve_name("connector.twin:serve_twin")(portal, port))
        except OSError:
            raise ConfigError(f"Port {port} cannot be had.", remedy="Name another one, or --port 0.") from None
        if webhooks:
            portal.webhooks.target(webhooks)
        told = {"url": url, "token": portal.token, "contacts": contacts, "seed": seed, "webhooks": webhooks}
        try:
            app.show({**told, **_app_of(portal)}, "setup:serving")
            _linger(lifeline)
        except KeyboardInterrupt:
            return DONE
    return DONE


def _app_of(portal: Any) -> dict[str, Any]:
    """What an installation needs to check the simulated app's signatures and to change its subscriptions."""
    access = portal.access
    return {
        "portal_id": portal.portal_id, "app_id": portal.subscriptions.app_id, "client_id": access.client_id,
        "client_secret": access.client_secret, "developer_key": access.developer_key,
    }  # fmt: skip


def _linger(lifeline: bool) -> None:
    """Until Ctrl-C; with a lifeline until whoever started us closes the pipe."""
    if lifeline:
        sys.stdin.buffer.read()
    else:
        threading.Event().wait()
