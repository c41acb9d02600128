"""Views of ``action``: how the app's workflow action stands, and its definition."""

from __future__ import annotations

import json

from connector.commands.contract import Result
from connector.commands.views.drawing import console, lines, text

DONE = {"made": "The action is defined.", "changed": "The action is changed."}


def shown(result: Result) -> None:
    console().print(json.dumps(result["definition"], indent=2, ensure_ascii=False), soft_wrap=True, highlight=False)
    lines("", text(result["text"], "bold"))
    if result["state"] == "by_hand":
        lines("Enter it by hand: as this document with HubSpot's API, or in the app's project under workflow-actions.")
    elif result["ok"] is False:
        lines("Next: leadwright action register")


def registered(result: Result) -> None:
    lines(f"{DONE.get(result['done'], '')} {result['text']}".strip())
    lines(f"HubSpot calls {result['address']}; workflows offer it once the app is connected.")
