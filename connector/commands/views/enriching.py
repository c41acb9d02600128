"""Views of ``enrich``: what was asked and found, whom it would ask about, the secret that was entered."""

from __future__ import annotations

from connector.commands.contract import Result
from connector.commands.views.drawing import lines, text
from connector.commands.words import clean, many, number


def enriched(result: Result) -> None:
    lines(
        text(f"{result['portal']}: {many(result['asked'], 'domain')} asked of {clean(result['provider'])}", "bold"),
        f"  found       {number(result['found'])}",
        f"  not found   {number(result['not_found'])}",
        f"  failed      {number(result['failed'])}" if result["failed"] else "",
        f"  from cache  {number(result['from_cache'])}",
        f"  waiting     {number(result['waiting'])}: the next cycles ask for them" if result["waiting"] else "",
    )
    if result["why"]:
        lines(f"The provider: {clean(result['why'])}. Contacts are judged without what it would tell.")
    elif result["found"]:
        lines(f"Whom it concerns is judged by: leadwright plan {result['portal']}")


def preview(result: Result) -> None:
    shown = result["would_ask"]
    lines(*(clean(domain) for domain in shown))
    lines(
        f"{many(result['waiting'], 'domain')} would be asked of {clean(result['provider'])}"
        + (f"; these are the first {number(len(shown))}" if len(shown) < result["waiting"] else "")
        + f". {number(result['from_cache'])} are known. Nobody was asked."
    )


def secret(result: Result) -> None:
    lines(f"The secret for {clean(result['provider'])} is kept, closed.", clean(result["text"]))
