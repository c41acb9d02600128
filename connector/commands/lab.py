"""``backtest`` and ``rehearse``: the laboratory. Nothing is kept, nothing is sent."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from connector.commands.app import App, examples, standard
from connector.commands.report import Day

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    "backtest",
    epilog=examples(
        "leadwright backtest acme --model scoring.yaml",
        "leadwright backtest acme --model scoring.yaml --buyers erp-customers.csv --horizon 180",
    ),
)
@click.argument("name")
@click.option("--model", type=FILE, required=True, help="A scoring document, published or not.")
@click.option("--from", "first", type=Day(), metavar="DAY", help="First day looked at; else all that is mirrored.")
@click.option("--to", "last", type=Day(), metavar="DAY", help="Last day; what came later is not seen. Else today.")
@click.option(
    "--horizon", "days", type=click.IntRange(1, 730), default=90, show_default=True, help="Days an outcome may take."
)
@click.option("--buyers", type=FILE, help="Buyers known from elsewhere (CSV or JSON: id or e-mail, perhaps the day).")
@standard
def backtest(
    app: App, name: str, model: Path, first: date | None, last: date | None, days: int, buyers: Path | None
) -> int:
    """A draft model over the mirrored past, without looking ahead: precision, recall, lift, proposed points."""
    with app.service() as service:
        result = service.backtest(name, model, first=first, last=last, horizon_days=days, buyers=buyers)
    return app.show(result, "laboratory:backtested")


@click.command("rehearse", epilog=examples("leadwright rehearse acme --days 14"))
@click.argument("name")
@click.option("--days", type=click.IntRange(0, 366), default=7, show_default=True, help="How many days to go.")
@standard
def rehearse(app: App, name: str, days: int) -> int:
    """The next days on a virtual clock, by the live rules, as one plan with its hash."""
    with app.service() as service:
        result = service.rehearse(name, days)
    return app.show(result, "laboratory:rehearsed")
