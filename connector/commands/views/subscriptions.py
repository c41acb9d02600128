"""Views of ``subscriptions``: the difference as a table, what was done, and the list to enter by hand."""

from __future__ import annotations

import json

from connector.commands.contract import Result
from connector.commands.views.drawing import console, fill, lines, table, text
from connector.commands.words import many

# As HubSpot's own pages call them.
EVENTS = {
    "creation": "created", "deletion": "deleted", "merge": "merged", "restore": "restored",
    "privacyDeletion": "deleted for privacy", "associationChange": "association changed",
    "propertyChange": "property changed",
}  # fmt: skip
STATES = (
    ("missing", "missing"), ("paused", "paused"), ("no_room", "no room: polled only"),
    ("superfluous", "not needed here"),
)  # fmt: skip


def shown(result: Result) -> None:
    if result["mode"] == "by_hand":
        _by_hand(result)
        return
    _target(result["target"])
    rows = [row for state, word in STATES for row in _rows(result[state], word)]
    if rows:
        order = list(dict.fromkeys(row[0] for row in rows))
        rows.sort(key=lambda row: order.index(row[0]))
        console().print(fill(table("object", "notice", "state", "which"), rows))
    lines(result["text"])
    if result["superfluous"]:
        lines("What is not needed here may be somebody else's work; --apply --prune deletes it.")
    if result["ok"] is False:
        lines("Next: leadwright subscriptions --apply")


def applied(result: Result) -> None:
    for row in result.get("refused", []):
        lines(f"Refused: {row['event']} {row['property']}: {row['why']}")
    lines(result["text"])


def _target(target: Result) -> None:
    if not target["wanted"]:
        lines("Set LEADWRIGHT_PUBLIC_URL, so that HubSpot can be told where to call.")
    elif not target["fits"]:
        lines(f"Target address: {target['present'] or 'none'}, should be {target['wanted']}")


def _rows(ones: list[Result], state: str) -> list[tuple[str, str, str, str]]:
    """One line for each object and kind of notice; its properties beside it."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in ones:
        word, _, event = one["event"].partition(".")
        groups.setdefault((one["object_type_id"] or word, EVENTS.get(event, event)), []).append(one["property"])
    return [(word, event, state, ", ".join(name for name in names if name)) for (word, event), names in groups.items()]


def _by_hand(result: Result) -> None:
    lines(result["why"], f"{many(result['wanted'], 'subscription')} to enter in HubSpot, for the app's target address:")
    lines(text(result["target"]["wanted"] or "(set LEADWRIGHT_PUBLIC_URL first)", "bold"))
    rows = []
    for group in result["by_hand"]:
        rows += [(group["object"], EVENTS.get(event, event), "") for event in group["events"]]
        if group["properties"]:
            rows.append((group["object"], EVENTS["propertyChange"], ", ".join(group["properties"])))
    console().print(fill(table("object", "notice", "properties"), rows))
    lines("A private app: enter them on its Webhooks page. An app that is a project: src/app/webhooks/", "")
    lines(text("webhooks-hsmeta.json", "bold"))
    console().print(json.dumps(result["project_file"], indent=2), soft_wrap=True)
