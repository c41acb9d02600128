"""Views of the inbox and of what is held."""

from __future__ import annotations

from connector.commands.contract import Result
from connector.commands.views.drawing import console, fill, lines, table
from connector.commands.words import moment


def notices(result: Result) -> None:
    rows = [
        (row["id"], row["type"], row["object"], row["property"], moment(row["received"]), row["state"], row["reason"])
        for row in result["notices"]
    ]
    if rows:
        console().print(fill(table("id", "type", "object", "property", "received", "state", "reason"), rows))
    lines(_counted(result["counts"]) if result["counts"] else "No notice has arrived yet. `leadwright subscriptions`.")


def replayed(result: Result) -> None:
    lines(f"{result['replayed']} notices of {result['portal']} are handled once more.")


def held(result: Result) -> None:
    rows = [
        (row["kind"], row["count"], row["reason"], moment(row["first"]), moment(row["last"]), row["example"])
        for row in result["held"]
    ]
    if not rows:
        lines(f"Nothing of {result['portal']} is held.")
        return
    console().print(fill(table("kind", "count", "reason", "first", "last", "example", right=("count",)), rows))
    lines(f"Mend the cause, then: leadwright held retry {result['portal']}")


def retried(result: Result) -> None:
    lines(f"Back to work: {_counted(result['retried'])}.")


def discarded(result: Result) -> None:
    lines(f"Given up: {_counted(result['discarded'])}.")


def _counted(counts: Result) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items())
