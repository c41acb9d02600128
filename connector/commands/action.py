"""``action``: the custom workflow action with which a HubSpot workflow asks for a fresh score; shown and registered."""

from __future__ import annotations

import click

from connector.commands.app import IN_PART, App, examples, standard

SHOWN = "action:shown"


@click.group("action", epilog=examples("leadwright action show", "leadwright action register"))
def action() -> None:
    """The workflow action with which HubSpot asks for a fresh score."""


@action.command(
    "show",
    short_help="The definition, and whether the app has it.",
    epilog=examples("leadwright action show", "leadwright action show --json"),
)
@standard
def show(app: App) -> int:
    """Print the action's definition and compare it with the app's. Exit code 3 while they differ."""
    with app.service() as service:
        return app.show(service.action(), SHOWN)


@action.command(
    "register",
    short_help="Make the app's action what it should be.",
    epilog=examples("leadwright action register", "leadwright action register --yes"),
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@standard
def register(app: App, yes: bool) -> int:
    """Define the action for the app, or put it right; workflows that use it then call the address shown."""
    app.require_yes("Changing the app's workflow actions", yes)
    with app.service() as service:
        shown = service.action()
        if shown["state"] == "registered":
            return app.show(shown, SHOWN)
        if shown["state"] == "by_hand":
            return app.show({**shown, "ok": False}, SHOWN, IN_PART)
        act = "Define" if shown["state"] == "missing" else "Change"
        app.confirm(f"{act} the action of app {shown['app']}, to be called at {shown['address']}?", yes)
        return app.show(service.action_register(), "action:registered")
