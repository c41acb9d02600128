"""Views of ``portal``: added, listed, checked, its mode, and what write-back needs."""

from __future__ import annotations

from connector.commands.contract import Result
from connector.commands.views.drawing import console, fill, lines, mark, table, text
from connector.commands.words import many, moment, number

STATES = {"exists": "there", "missing": "will be made", "created": "made"}


def added(result: Result) -> None:
    out = console()
    out.print(text(f"{result['portal']} is connected, in observe mode: nothing is written to it.", "bold"))
    facts = f"HubSpot {result['hub_id']} · {result['account_type']} · {result['time_zone']} · {result['currency']}"
    out.print(text(facts))
    rows = [(mark(f["ok"]), f["feature"], f["scope"], f["why"]) for f in result["features"]]
    if rows:
        out.print(fill(table("", "feature", "scope", "why"), rows))
    lines(*(f"Note: {warning}" for warning in result["warnings"]), f"Next: leadwright sync {result['portal']}")


def link(result: Result) -> None:
    """The address stands alone on its line: it is copied."""
    what = f"connects {result['portal']} anew" if result["anew"] else "connects a portal, in observe mode"
    lines(f"Whoever opens this link once, until {result['good_until'][11:16]} UTC, {what}:", "", result["url"], "")
    lines("Give it to nobody else: whoever has it first decides which portal is connected.")


def listed(result: Result) -> None:
    if not result["portals"]:
        lines("No portal is connected yet.", "Next: leadwright portal add NAME --token-stdin < token.txt")
        return
    columns = ("portal", "HubSpot", "mode", "contacts", "last sync", "waiting", "state")
    rows = [
        (
            p["portal"], str(p["hub_id"]), p["mode"], number(p["contacts"]), moment(p["last_sync"]),
            number(p["waiting"]), p["state"],
        )
        for p in result["portals"]
    ]  # fmt: skip
    console().print(fill(table(*columns, right=("contacts", "waiting")), rows))
    webhooks = result.get("webhooks")
    if webhooks and webhooks["ok"] is False:
        lines(f"Webhooks: {webhooks['text']} Next: leadwright subscriptions --apply")


def checks(rows: list[Result]) -> None:
    """✓, ✗ or ? (– for a feature that is off) with what was found and, where something is wrong, what to do."""
    out = console()
    for row in rows:
        sign = text("–", "yellow") if row.get("off") else mark(row["ok"])
        line = sign + text(f"  {row['check']:<14} ") + text(row["text"])
        out.print(line)
        if row.get("remedy") and row["ok"] is not True:
            out.print(text(f"   {'':<14} → {row['remedy']}", "bold"))


def checked(result: Result) -> None:
    lines(text(f"{result['portal']}", "bold"))
    checks(result["checks"])
    wrong = sum(row["ok"] is False for row in result["checks"])
    off = many(len(result.get("off", ())), "feature is", "features are")
    well = f"All that is needed works; {off} off." if result.get("off") else "All is well."
    lines(well if result["ok"] else f"{many(wrong, 'check')} failed.")


def mode(result: Result) -> None:
    lines(result["text"])


def provisioned(result: Result) -> None:
    out = console()
    out.print(text(f"Property group {result['group']} of {result['portal']}", "bold"))
    rows = [(p["name"], p["label"], p["type"], STATES.get(p["state"], p["state"])) for p in result["properties"]]
    out.print(fill(table("property", "label", "type", "state"), rows))
    lines(result.get("text") or _made(result))


def _made(result: Result) -> str:
    missing = sum(row["state"] == "missing" for row in result["properties"])
    if result["created"] or not missing:
        return f"{many(result['created'], 'property', 'properties')} made."
    return f"{many(missing, 'property', 'properties')} to make; nothing was made yet."
