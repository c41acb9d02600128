"""What every command shares: its flags, the way to the service, and the one way out for results.

The heavy rooms (service, settings, rich) are resolved by name when they are needed, so that ``COMMAND --help``
stays quick. Tests hand in an ``App`` with other parts; nothing is patched.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from connector.commands.booked import Booked
from connector.commands.contract import LeadService, Result, ServiceParts
from connector.commands.output import write_json
from connector.errors import ConfigError, ConnectorError
from connector.progress import Progress, Silent

if TYPE_CHECKING:  # pydantic is slow to import, and --help needs none of it
    from connector.settings import Settings

DONE, IN_PART = 0, 3
Options = ParamSpec("Options")


def _shipped_parts() -> ServiceParts:
    parts: ServiceParts = resolve_name("connector.service:Service")
    return parts


@dataclass(frozen=True)
class App:
    """One call's flags and parts. ``interactive`` None means: ask the streams."""

    as_json: bool = False
    quiet: bool = False
    debug: bool = False
    env_file: Path | None = None
    interactive: bool | None = None
    parts: Callable[[], ServiceParts] = field(default=_shipped_parts)

    def settings(self) -> Settings:
        """The installation's settings, with the logs set up the way they say."""
        settings: Settings = resolve_name("connector.settings:read_settings")(self.env_file)
        level = "debug" if self.debug else settings.log_level
        resolve_name("connector.commands.logs:configure")(settings.log_format, level)
        return settings

    @contextmanager
    def service(self) -> Iterator[LeadService]:
        """The opened service, reporting its progress to stderr."""
        with self.watched() as progress, self.parts().open(self.settings(), progress=progress) as service:
            yield Booked(service)

    @contextmanager
    def watched(self) -> Iterator[Progress]:
        """Bars on a terminal, plain lines otherwise, nothing with ``--quiet``."""
        if self.quiet:
            yield Silent()
            return
        kind = "bars:BarProgress" if sys.stderr.isatty() else "plain:PlainProgress"
        with resolve_name(f"connector.commands.{kind}")() as progress:
            yield progress

    def can_ask(self) -> bool:
        if self.interactive is not None:
            return self.interactive
        return sys.stdin.isatty() and sys.stderr.isatty()

    def require_yes(self, act: str, yes: bool) -> None:
        """Refuse what needs a yes when nobody said it and nobody can be asked."""
        if not yes and not self.can_ask():
            raise ConfigError(
                f"{act} needs a yes, and there is no terminal to ask on.",
                remedy="Add --yes if you are sure.",
                reason="needs_yes",
            )

    def confirm(self, question: str, yes: bool) -> None:
        """Ask on the terminal unless ``--yes`` was given; a no ends the command with nothing done."""
        if not yes and not click.confirm(question, err=True):
            raise ConnectorError("Nothing was done: the answer was no.", reason="declined")

    def show(self, result: Result, view: str, code: int | None = None) -> int:
        """Print the result (as JSON, as its view, or not at all) and give the exit code that fits it."""
        if self.as_json:
            write_json(result)
        elif not self.quiet:
            self.view(view, result)
        return code if code is not None else IN_PART if result.get("ok") is False else DONE

    def view(self, view: str, *values: object) -> None:
        """Draw one view of ``connector/commands/views`` on stdout; only now is rich imported."""
        resolve_name(f"connector.commands.views.{view}")(*values)
        sys.stdout.flush()

    def hint(self, text: str) -> None:
        """A line for the person at the terminal, never part of the result."""
        if not self.quiet:
            click.echo(text, err=True)


def standard(function: Callable[Concatenate[App, Options], int]) -> Callable[Options, int]:
    """Give a command the flags every command has and hand it an ``App``."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
    @click.option("--quiet", is_flag=True, help="Print errors only; with --json the document too.")
    @click.option("--debug", is_flag=True, help="Log everything; show where an unexpected fault arose.")
    @functools.wraps(function)
    def command(*args: Options.args, **options: Options.kwargs) -> int:
        as_json, quiet, debug = (bool(options.pop(flag)) for flag in ("as_json", "quiet", "debug"))
        return function(_app(as_json, quiet, debug), *args, **options)

    return command


def _app(as_json: bool, quiet: bool, debug: bool) -> App:
    """The app handed in (or the shipped one) with this call's flags."""
    context = click.get_current_context()
    base = context.find_object(App) or App()
    named = context.meta.get("leadwright.env_file")
    env_file = Path(named) if named else base.env_file
    return replace(base, env_file=env_file, as_json=as_json, quiet=quiet, debug=debug)


def examples(*lines: str) -> str:
    """An epilog that click prints as it stands."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)
