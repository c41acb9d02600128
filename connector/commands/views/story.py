"""The demo's own pictures: headings, the second run, what was written, the best leads, and what to try next."""

from __future__ import annotations

from typing import Any

from rich.rule import Rule

from connector.commands.contract import Result
from connector.commands.views import bill, plans
from connector.commands.views.drawing import console, fill, lines, one_line, table, text
from connector.commands.words import cut, many

WORDS = {
    "Connect": "A token is all it takes. The portal starts in observe mode.",
    "Mirror": "Contacts, companies, deals and engagement, at the pace HubSpot allows (190 calls in 10 s).",
    "Provision": "The properties that the verdict is written to.",
    "Plan": "Every contact is judged. Nothing is written before it was shown.",
    "Go live": "Only now may anything be written.",
    "Apply": "The plan with that hash, and no other.",
    "Verify": "Is the mirror really complete? Hold it against the portal.",
    "Once more": "The same again must change nothing.",
    "Alive": "The service runs. Somebody changes a job title in HubSpot; its webhook does the rest.",
}


def heading(title: str, number: int) -> None:
    out = console()
    out.print()
    out.print(Rule(text(f"{number}  {title}", "bold"), align="left", style="dim"))
    out.print(text(WORDS[title], "dim"))
    out.print()


def again(result: Result) -> None:
    """The second cycle: what it cost to find that nothing is to be done."""
    applied = result["apply"] or {}
    cost = result["calls"]
    written = applied.get("written", 0)
    verdict = "Nothing to do" if not written else f"{many(written, 'contact')} had changed meanwhile"
    lines(f"{verdict}: {many(cost, 'call')}, {written:,} written.")


def alive(result: Result) -> None:
    """What followed one change, and after how many seconds."""
    title, score, seconds = result["title"], result["score"], result["seconds"]
    rows = [
        ("changed in HubSpot", f"job title: {title['before'] or '(empty)'} → {title['after']}", "0.00 s"),
        ("mirrored", "the new title is in the mirror", f"{seconds['mirrored']:.2f} s"),
        ("judged", f"score: {score['before']} → {score['after']}", f"{seconds['judged']:.2f} s"),
        ("written back", f"leadwright_score is {score['after']} in HubSpot", f"{seconds['written'] or 0:.2f} s"),
    ]
    console().print(fill(table("step", "what", "after", right=("after",)), rows))


def closing(told: dict[str, Any]) -> None:
    _part("What was written")
    out = console()
    out.print(plans.by_property(told["plan"]))
    out.print(plans.sample(told["plan"], skip=plans.SAMPLE))
    if told["best"]:
        _part("The ten best leads")
        out.print(_best(told["best"]))
    if told["bill"]:
        _part("One score as a bill")
        bill.receipt(told["bill"])
    _part("Try next")
    lines(*_next(told))
    _part("Open it")
    lines(*_doors(told))


def _part(title: str) -> None:
    out = console()
    out.print()
    out.print(Rule(text(title, "bold"), align="left", style="dim"))


def _best(rows: list[Result]) -> Any:
    cells = [(str(r["score"]), r["grade"], r["stage"], r["name"], r["company"], cut(r["why"], 60)) for r in rows]
    made = table("score", "grade", "stage", "name", "company", "why", right=("score",))
    return fill(one_line(made, score=5, grade=5, stage=12, name=18, company=20, why=36), cells)


def _next(told: dict[str, Any]) -> list[str]:
    who = told["best"][0]["contact"] if told["best"] else "CONTACT"
    return [
        f"leadwright explain demo {who}",
        "leadwright export demo contacts --output contacts.csv",
        "leadwright config show demo scoring",
    ]


def _doors(told: dict[str, Any]) -> list[str]:
    """Where the service is, and how to come in."""
    second = told["second"]
    return [
        f"Leadwright serves at {told['url']}. Ctrl-C ends it.",
        *_link(told),
        f"A second simulated portal waits to be connected: {second['url']}",
        f"  its token: {second['token']}",
    ]


def served(told: dict[str, Any]) -> None:
    """The service with somebody's own portals."""
    lines(f"Leadwright serves at {told['url']}. Ctrl-C ends it.", *_link(told))


def _link(told: dict[str, Any]) -> list[str]:
    """A one-time link is shown once, and only while nobody but the demo's own owner was let in."""
    return [f"Come in by this link, good once: {told['link']}"] if told["link"] else []


def nothing(result: Result) -> None:
    """The journey was shown step by step already."""
