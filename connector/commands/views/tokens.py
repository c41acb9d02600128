"""Views of ``token``: a new one, the list, one that was revoked."""

from __future__ import annotations

from connector.commands.contract import Result
from connector.commands.views.drawing import console, fill, lines, table

EVERYWHERE = "all portals"
ALL = "all"


def issued(result: Result) -> None:
    """The token stands alone on its line: it is copied."""
    where = result["portal"] or EVERYWHERE
    until = result["good_until"][:16].replace("T", " ")
    lines(
        f"{result['name']} ({result['id']}): {result['role']} in {where}, until {until} UTC:", "", result["token"], ""
    )
    lines("It is shown this once. Whoever has it may do all this; keep it where passwords are kept.")


def listed(result: Result) -> None:
    if not result["tokens"]:
        lines("There are no tokens.", "Next: leadwright token add NAME --portal PORTAL")
        return
    rows = [
        (
            one["id"], one["name"], one["role"], one["portal"] or ALL, one["person"], one["state"],
            one["good_until"][:10], (one["last_used"] or "never")[:10],
        )
        for one in result["tokens"]
    ]  # fmt: skip
    console().print(fill(table("id", "name", "role", "portal", "acts for", "state", "until", "used"), rows))


def removed(result: Result) -> None:
    lines(result["text"])
