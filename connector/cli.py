"""The door: names every command, loads the one that is called, and turns every ending into an exit code.

Only click and the standard library are imported here, so that ``leadwright --help`` answers at once; a command's
module is imported when the command is called. What commands do lives in ``connector/commands``, never here.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pkgutil import resolve_name
from types import TracebackType
from typing import NoReturn, Self, cast

import click

# section → command → (module:attribute, one line for the overview)
COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Begin": {
        "demo": ("connector.commands.demo:demo", "The whole journey on a simulated portal, then it lives."),
        "init": ("connector.commands.setup:init", "Make the database and the secret key."),
        "portal": ("connector.commands.portal:portal", "Connect, check, provision, pause and release portals."),
        "people": ("connector.commands.people:people", "Who may sign in to the pages."),
        "token": ("connector.commands.token:token", "What lets programs in over HTTP."),
        "subscriptions": (
            "connector.commands.subscriptions:subscriptions",
            "The webhooks the app needs, against those it has.",
        ),
        "action": ("connector.commands.action:action", "The workflow action that asks for a fresh score."),
        "doctor": ("connector.commands.doctor:doctor", "What is wrong here, and how to mend it."),
    },
    "Every day": {
        "serve": ("connector.commands.serve:serve", "Stay: receive webhooks, keep the schedules, do the work."),
        "sync": ("connector.commands.flow:sync", "Pull what changed into the mirror."),
        "plan": ("connector.commands.flow:plan", "Judge what changed, show what would be written."),
        "apply": ("connector.commands.flow:apply", "Carry the plan out."),
        "cycle": ("connector.commands.flow:cycle", "sync, plan and apply in one."),
        "enrich": ("connector.commands.enrich:enrich", "Ask the data provider what is missing about companies."),
        "import": ("connector.commands.people_sheet:import_", "Write what a spreadsheet says of contacts."),
        "undo": ("connector.commands.flow:undo", "Take back what a run wrote and nobody changed since."),
    },
    "Ask": {
        "explain": ("connector.commands.explain:explain", "One contact's score as a bill, its stage and its gates."),
        "verify": ("connector.commands.flow:verify", "Hold the mirror against the portal; print a certificate."),
        "inbox": ("connector.commands.aside:inbox", "Notices that HubSpot delivered, and what became of each."),
        "held": ("connector.commands.aside:held", "What was put aside, by cause; retry or discard it."),
        "report": ("connector.commands.report:report", "KPIs, the funnel, the eight questions, what content works."),
        "backtest": ("connector.commands.lab:backtest", "A draft model over the past: what it would have found."),
        "rehearse": ("connector.commands.lab:rehearse", "The next days on a virtual clock: nothing is kept or sent."),
        "export": ("connector.commands.export:export", "Stream rows out as JSON lines, CSV or Parquet."),
    },
    "Keep house": {
        "config": ("connector.commands.config:config", "The documents with a portal's rules: check, publish, go back."),
        "privacy": ("connector.commands.privacy:privacy", "A person's rights: a copy of everything, or erasure."),
        "backup": ("connector.commands.backup:backup", "Everything in one file, while the service goes on."),
        "restore": ("connector.commands.backup:restore", "Put a backup in the database's place."),
        "db": ("connector.commands.setup:db", "The database's revision and key."),
        "twin": ("connector.commands.twin:twin", "The simulated portal alone, for training and tests."),
    },
}
PLACES = {name: place for commands in COMMANDS.values() for name, (place, _) in commands.items()}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        place = PLACES.get(cmd_name)
        return cast("click.Command", resolve_name(place)) if place else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but a name that is only misspelt gets its neighbours without importing any of them."""
        if args and args[0] not in PLACES and not args[0].startswith("-"):
            near = [name for name in PLACES if name[:2] == args[0][:2]]
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        width = max(len(name) for name in PLACES)
        for section, commands in COMMANDS.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(width), text) for name, (_, text) in commands.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--env", "env_file", metavar="FILE", help="Read settings from FILE instead of .env.")
@click.version_option(package_name="leadwright", message="%(prog)s %(version)s")
@click.pass_context
def leadwright(ctx: click.Context, env_file: str | None) -> None:
    """Mirror HubSpot, judge contacts by rules you can read. Begin: leadwright demo"""
    ctx.meta["leadwright.env_file"] = env_file


class Ending:
    """Around a command: whatever is raised inside becomes one line (or one JSON document) and an exit code."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.arguments = list(arguments)
        self.code = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if fault is None or isinstance(fault, SystemExit | GeneratorExit):
            return False
        self.code = resolve_name("connector.commands.failures:report")(fault, self.arguments)
        return True


def run(arguments: Sequence[str], app: object = None) -> int:
    """Run one command line and give its exit code; ``app`` lets tests hand in other concrete parts."""
    ending = Ending(arguments)
    with ending:
        outcome = leadwright.main(list(arguments), prog_name="leadwright", standalone_mode=False, obj=app)
        ending.code = outcome if isinstance(outcome, int) else 0
    return ending.code


def main() -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
