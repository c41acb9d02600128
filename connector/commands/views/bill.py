"""The view of a receipt: the score as a bill that adds up, what is unknown, the gates, and what comes next."""

from __future__ import annotations

from itertools import groupby

from rich import box
from rich.table import Table
from rich.text import Text

from connector.commands.contract import Result
from connector.commands.views.drawing import console, fill, lines, mark, table, text
from connector.commands.words import clean, moment, signed


def receipt(result: Result) -> None:
    out = console()
    model = result["model"]
    who = f"{result.get('email') or 'contact'} ({result['contact']})"
    lines(
        text(f"{who}: {result['score']} points, grade {result['grade']}, {_stage(result)}", "bold"),
        f"As of {moment(result['at'])}, model {model['name']} version {model['version']}."
        f" {clean(result.get('grade_text') or '')}".rstrip(),
    )
    out.print(_bill(result))
    if result["unknown"]:
        out.print(_unknown(result))
    if result.get("told"):
        out.print(_told(result))
    if result["gates"]:
        out.print(_gates(result))
    if result.get("nurtures"):
        out.print(_nurtures(result))
    if result["next"]:
        out.print(_next(result))
    if result.get("outlook"):
        _outlook(result["outlook"])
    if (opt_in := result.get("opt_in")) and opt_in["step"] != "none":
        out.print(_opt_in(opt_in))
    if result.get("held"):
        out.print(_held(result))
    if result.get("why_not"):
        out.print(_why_not(result))
    if result.get("not_done"):
        out.print(_not_done(result))


def _stage(result: Result) -> str:
    stage = str(result["stage"] or "no stage")
    return _upper(stage)


def _bill(result: Result) -> Table:
    """Family by family with its subtotal; the total stands under a line, as on any bill."""
    bill = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    bill.add_column("rule", footer=Text("total", style="bold"))
    bill.add_column("points", justify="right", footer=Text(str(result["score"]), style="bold underline"))
    bill.add_column("evidence", overflow="fold")
    bill.add_column("reason", overflow="fold")
    grouped = {
        family: list(rows)
        for family, rows in groupby(sorted(result["lines"], key=lambda row: str(row["family"])), lambda r: r["family"])
    }
    order = [*result["families"], *(family for family in grouped if family not in result["families"])]
    for family in order:
        rows = grouped.get(family, [])
        subtotal = result["families"].get(family, sum(row["points"] for row in rows))
        bill.add_row(text(clean(family).replace("_", " "), "bold"), text(signed(subtotal), "bold"))
        for row in rows:
            bill.add_row(
                text(f"  {row['rule']}"), text(signed(row["points"]), "dim"), text(row["evidence"]), text(row["reason"])
            )
    return bill


def _unknown(result: Result) -> Table:
    """What could not be decided is shown with what it could give; it counts neither as yes nor as no."""
    rows = [
        (mark(None), row["rule"], f"up to {signed(row['points'])}" if row["points"] > 0 else signed(row["points"]),
         row["missing"])
        for row in result["unknown"]
    ]  # fmt: skip
    return fill(table("", "unknown", "possible", "what is missing", right=("possible",)), rows)


def _told(result: Result) -> Table:
    """What no one entered: a data provider said so."""
    rows = [(one["field"], str(one["value"]), clean(one["provider"]), moment(one["at"])) for one in result["told"]]
    return fill(table("told by a provider", "value", "provider", "since"), rows)


def _gates(result: Result) -> Table:
    rows = [(mark(gate["met"]), gate["name"], gate["why"], _remedy(gate)) for gate in result["gates"]]
    return fill(table("", "gate", "why", "what would change it"), rows)


def _remedy(gate: Result) -> str:
    return "" if gate["met"] else str(gate.get("remedy") or "")


def _next(result: Result) -> Table:
    rows = [(f"+{step['points']}", str(step["text"]).removesuffix(f" (+{step['points']})")) for step in result["next"]]
    return fill(table("points", "what comes next", right=("points",)), rows)


def _nurtures(result: Result) -> Table:
    """Where the contact stands in nurtures, and how earlier stays ended."""
    rows = [
        (clean(one["label"]), one["ended"] or f"at {clean(one['step'] or '')}", moment(one["ended_at"] or one["since"]),
         str(one["mails"]), "held out: never mailed" if one["held_out"] else "")
        for one in result["nurtures"]
    ]  # fmt: skip
    return fill(table("nurture", "state", "since", "mails", "", right=("mails",)), rows)


def _outlook(ahead: Result) -> None:
    """The cheapest ways to the next threshold, and when the score falls by itself."""
    if ahead["ways"]:
        rows = [(str(way["points"]), clean(" + ".join(way["acts"]))) for way in ahead["ways"]]
        console().print(fill(table("points", f"cheapest ways to {_upper(ahead['stage'])}", right=("points",)), rows))
    for fall in ahead["falls"]:
        loses = f", no longer enough for {', '.join(map(_upper, fall['loses']))}" if fall["loses"] else ""
        lines(clean(f"{moment(fall['at'])}: {fall['after']} points by time alone ({', '.join(fall['rules'])}){loses}"))
    for risk in ahead["risks"]:
        lines(clean(f"{risk['act']} would cost {-risk['points']} points"))


def _upper(stage: str) -> str:
    return stage.upper() if stage in {"mql", "sal", "sql"} else stage


def _why_not(result: Result) -> Table:
    rows = [(one["topic"], one["text"], one["remedy"]) for one in result["why_not"]]
    return fill(table("why not", "what is the matter", "what would change it"), rows)


def _opt_in(opt_in: Result) -> Table:
    """The two steps of a sign-up, and below what is missing of them."""
    rows = []
    for name in ("requested", "confirmed"):
        step = opt_in[name]
        when = moment(step["at"]) if step else "not on record"
        rows.append((name, when, f"{step['source']}: {clean(step['what'])}" if step else clean(opt_in["state"]),
                     clean(step["wording"] or "") if step else ""))  # fmt: skip
    steps = fill(table("sign-up", "when", "by", "wording"), rows)
    steps.caption = clean(opt_in["missing"] or "confirmed")
    return steps


def _held(result: Result) -> Table:
    rows = [(hold["effect"], hold["why"], hold["remedy"]) for hold in result["held"]]
    return fill(table("held", "why", "what would change it"), rows)


def _not_done(result: Result) -> Table:
    rows = [(row["kind"], row["run"], row["state"], row["why"]) for row in result["not_done"]]
    return fill(table("not done", "run", "state", "why"), rows)
