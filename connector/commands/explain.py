"""``explain``: why a contact has the score it has, now or at any past minute."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import click

from connector.commands.app import App, examples, standard


class Moment(click.ParamType[int]):
    """An ISO date or date and time; without a zone it is UTC, a date alone is its first instant."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date or time such as 2026-11-22 or 2026-11-22T09:30+01:00.", param, ctx)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return round(aware.timestamp() * 1000)


@click.command("explain", epilog=examples("leadwright explain acme jane@example.com --at 2026-11-01T09:30"))
@click.argument("name")
@click.argument("contact")
@click.option("--at", "at_ms", type=Moment(), metavar="TIME", help="As it stood then (ISO; UTC without a zone).")
@click.option("--language", type=click.Choice(["en", "de"]), help='Of the sentences under "why not".')
@standard
def explain(app: App, name: str, contact: str, at_ms: int | None, language: Literal["en", "de"] | None) -> int:
    """The score of CONTACT (an id or an e-mail) as a bill, its stage with the gates, and what comes next."""
    with app.service() as service:
        result = service.explain(name, contact, at_ms, language=language)
    return app.show(result, "bill:receipt")
