"""``subscriptions``: the webhook notices Leadwright needs, against those the app has; applied on request."""

from __future__ import annotations

import click

from connector.commands.app import IN_PART, App, examples, standard
from connector.commands.contract import Result
from connector.errors import ConfigError

SHOWN = "subscriptions:shown"


@click.command(
    "subscriptions",
    epilog=examples("leadwright subscriptions", "leadwright subscriptions --apply", "leadwright subscriptions --json"),
)
@click.option("--apply", "act", is_flag=True, help="Make and switch on what is missing; set the target address.")
@click.option("--prune", is_flag=True, help="With --apply: also delete what nobody here needs.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@standard
def subscriptions(app: App, act: bool, prune: bool, yes: bool) -> int:
    """Compare the webhooks the app has with those the documents of all portals need. Exit code 3 while they differ."""
    if prune and not act:
        raise ConfigError("--prune deletes, so it needs --apply.", remedy="leadwright subscriptions --apply --prune")
    if act:
        app.require_yes("Changing the app's webhook subscriptions", yes)
    with app.service() as service:
        shown = service.subscriptions()
        if not act or not _differs(shown, prune=prune):
            return app.show(shown, SHOWN)
        if shown["mode"] == "by_hand":
            return app.show({**shown, "ok": False}, SHOWN, IN_PART)
        if not yes:
            _preview(app, shown)
            app.confirm(_question(shown, prune=prune), yes)
        return app.show(service.subscriptions_apply(prune=prune), "subscriptions:applied")


def _differs(shown: Result, *, prune: bool) -> bool:
    return shown["ok"] is not True or (prune and bool(shown["superfluous"]))


def _question(shown: Result, *, prune: bool) -> str:
    parts = [f"make {len(shown['missing'])}"] if shown["missing"] else []
    parts += [f"switch on {len(shown['paused'])}"] if shown["paused"] else []
    parts += [f"delete {len(shown['superfluous'])}"] if prune and shown["superfluous"] else []
    parts += [] if shown["target"]["fits"] else ["set the target address"]
    return f"App {shown['app']}: {', '.join(parts)}?"


def _preview(app: App, shown: Result) -> None:
    """Show what would be done; on stderr where stdout is kept for the document."""
    if app.as_json or app.quiet:
        click.echo(shown["text"], err=True)
    else:
        app.view(SHOWN, shown)
