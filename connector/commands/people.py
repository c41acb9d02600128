"""``people``: who may sign in to the pages. Whoever runs a command here is trusted as an owner."""

from __future__ import annotations

import click

from connector.commands.app import App, examples, standard

ROLE = click.Choice(["viewer", "analyst", "editor", "admin", "owner"])


@click.group("people", epilog=examples("leadwright people invite anna@agency.example"))
def people() -> None:
    """Who may sign in to the pages: invite, list, let in anew, shut out."""


@people.command(
    "invite",
    short_help="Let somebody in by a one-time link.",
    epilog=examples(
        "leadwright people invite anna@agency.example",
        "leadwright people invite bo@client.example --role viewer --portal acme",
    ),
)
@click.argument("email")
@click.option("--role", type=ROLE, default="owner", show_default=True, help="What they may do.")
@click.option("--portal", "portals", multiple=True, metavar="NAME", help="Only there; may be repeated.")
@standard
def invite(app: App, email: str, role: str, portals: tuple[str, ...]) -> int:
    """Print a link, good once and for 24 hours, with which EMAIL sets a password and signs in.

    Without --portal the role holds everywhere, in portals to come too.
    """
    with app.service() as service:
        return app.show(service.people_invite(email, role, portals), "people:opened")


@people.command(
    "list", short_help="Everybody, with roles and sessions.", epilog=examples("leadwright people list --json")
)
@standard
def show_all(app: App) -> int:
    """Everybody who may sign in, with roles, second factor and open sessions."""
    with app.service() as service:
        return app.show(service.people_list(), "people:listed")


@people.command(
    "link",
    short_help="A new one-time link for somebody who is known.",
    epilog=examples("leadwright people link anna@agency.example", "leadwright people link anna@agency.example --reset"),
)
@click.argument("email")
@click.option("--reset", is_flag=True, help="Also set a new password (good for 24 hours).")
@standard
def link(app: App, email: str, reset: bool) -> int:
    """Print a link, good once and for 15 minutes, with which EMAIL signs in without a password.

    A second factor is still asked for. Links of before open nothing any more.
    """
    with app.service() as service:
        return app.show(service.people_link(email, reset=reset), "people:opened")


@people.command(
    "disable", short_help="Shut somebody out, at once.", epilog=examples("leadwright people disable bo@client.example")
)
@click.argument("email")
@standard
def disable(app: App, email: str) -> int:
    """End all sessions of EMAIL and let nobody in under that address; the pages can take it back."""
    with app.service() as service:
        return app.show(service.people_disable(email), "people:disabled")
