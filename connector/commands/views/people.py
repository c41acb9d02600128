"""Views of ``people``: a one-time link, the list, who was shut out."""

from __future__ import annotations

from connector.commands.contract import Result
from connector.commands.views.drawing import console, fill, lines, table
from connector.commands.words import number

FOR = {
    "invite": "{email} sets a password and signs in with this link",
    "reset": "{email} sets a new password and signs in with this link",
    "sign_in": "{email} signs in with this link",
}


def opened(result: Result) -> None:
    """The address stands alone on its line: it is copied."""
    what = FOR[result["purpose"]].format(email=result["email"])
    until = result["good_until"][:16].replace("T", " ")
    lines(f"{what}, once, until {until} UTC:", "", result["url"], "")
    lines("Hand it over by a way that you trust: whoever has it first is let in.")


def listed(result: Result) -> None:
    if not result["people"]:
        lines("Nobody may sign in yet.", "Next: leadwright people invite EMAIL")
        return
    columns = ("person", "name", "roles", "state", "second factor", "sessions")
    rows = [
        (
            one["email"], one["name"], one["roles"], one["state"], "on" if one["second_factor"] else "off",
            number(one["sessions"]),
        )
        for one in result["people"]
    ]  # fmt: skip
    console().print(fill(table(*columns, right=("sessions",)), rows))


def disabled(result: Result) -> None:
    lines(result["text"])
