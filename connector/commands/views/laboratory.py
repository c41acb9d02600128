"""The views of the laboratory: a backtest as tables with bands, a rehearsal day by day."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from connector.commands.contract import Result
from connector.commands.views.drawing import blank, console, fill, lines, mark, table, text
from connector.commands.views.plans import by_property
from connector.commands.words import many, moment, signed

NAMED = 10
WHY = {
    "proposed": "",
    "few_outcomes": "too few outcomes",
    "few_cases": "too few cases",
    "against_expectation": "evidence points the other way",
}
OUTCOMES = {"accepted": "accepted by sales", "won": "won", "known": "known buyers"}


def backtested(result: Result) -> None:
    """What the model would have found, what its rules are worth, who changes side, and whether that carries it."""
    period, model, other = result["period"], result["model"], result["against"]
    by = result["measured_by"]
    lines(
        text(f"Backtest of {model['name']} for {result['portal']}", "bold"),
        f"{moment(period['from'])[:10]} to {moment(period['to'])[:10]}, {result['contacts']:,} contacts; "
        f"an outcome counts within {period['horizon_days']} days",
        *(_outcome(name, one) for name, one in result["outcomes"].items()),
        f"Measured by: {OUTCOMES[by]}. Rate of anybody: {_share(result['base']['rate'])} "
        f"{_band(result['base']['band'])}",
    )
    _hindsight(result)
    blank()
    console().print(_thresholds(result, by))
    lines(_side(f"Published: {other['name']} version {other['version']}", other["threshold"], result["published"], by))
    blank()
    console().print(_rules(result))
    _sides(result)
    blank()
    lines(text(result["verdict"], "bold"))
    if result.get("unknown_buyers"):
        lines(f"{many(len(result['unknown_buyers']), 'buyer')} of the file not in the mirror.")


def _outcome(name: str, one: Result) -> str:
    undated = f", {one['undated']:,} of them undated" if one["undated"] else ""
    return f"  {OUTCOMES[name]}: {one['contacts']:,}{undated}"


def _hindsight(result: Result) -> None:
    if result["mirror_first_looked"]:
        lines(
            text(
                f"Before the mirror's first look ({moment(result['mirror_first_looked'])[:10]}) it is known who "
                "somebody is and what they did, not what other values were.",
                "dim",
            )
        )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _band(band: list[float] | None) -> str:
    return "" if band is None else f"({100 * band[0]:.0f}–{100 * band[1]:.0f} %)"


def _thresholds(result: Result, by: str) -> Table:
    """Precision and recall by threshold; the model's own is marked. Rows that find nobody are left out."""
    made = table(
        "", "from", "passed", "hits", "of", "precision", "95 % band", "recall", "95 % band", "days before", "open",
        right=("from", "passed", "hits", "of", "precision", "recall", "days before", "open"),
    )  # fmt: skip
    rows = []
    for row in result["thresholds"]:
        one = row["outcomes"][by]
        if row["passed"] or row["own"]:
            rows.append(
                ("▸" if row["own"] else "", row["threshold"], row["passed"], one["hits"], one["decided"],
                 _share(one["precision"]), _band(one["precision_band"]), _share(one["recall"]),
                 _band(one["recall_band"]), one["wait_days"], one["undecided"])
            )  # fmt: skip
    return fill(made, rows)


def _side(name: str, threshold: int, measured: Result, by: str) -> str:
    one = measured["outcomes"][by]
    return (
        f"{name} at {threshold} points: {measured['passed']:,} passed, precision {_share(one['precision'])} "
        f"{_band(one['precision_band'])}, recall {_share(one['recall'])} {_band(one['recall_band'])}"
    )


def _rules(result: Result) -> Table:
    made = table(
        "rule", "points", "cases", "contacts", "hits", "rate", "95 % band", "lift", "proposed", "",
        right=("points", "cases", "contacts", "hits", "rate", "lift", "proposed"),
    )  # fmt: skip
    return fill(
        made,
        (
            (one["label"], signed(one["points"]), one["cases"], one["contacts"], one["hits"], _share(one["rate"]),
             _band(one["band"]), one["lift"], signed(one["proposed"]), WHY[one["why"]])
            for one in result["rules"]
        ),
    )  # fmt: skip


def _sides(result: Result) -> None:
    for key, title in (
        ("gains", "Would be found by this model and not by the published one"),
        ("losses", "Would be lost by this model"),
    ):
        people: list[Any] = result[key]
        blank()
        lines(text(f"{title}: {len(people)}", "bold"))
        if people:
            made = table("name", "company", "passed", "points", "became", right=("points",))
            console().print(fill(made, map(_person, people[:NAMED])))
        if len(people) > NAMED:
            lines(f"… and {len(people) - NAMED} more; --json shows all.")


def _person(one: Result) -> tuple[object, ...]:
    became = ", ".join(OUTCOMES[name] for name in one["became"])
    name = one["name"] or one["email"] or one["contact"]
    return name, one["company"], moment(one["passed_at"])[:10], one["score"], became


def rehearsed(result: Result) -> None:
    """Day by day what would happen, and the whole of it as one plan."""
    lines(
        text(f"Rehearsal for {result['portal']}: {many(result['days'], 'day')} from {moment(result['from'])}", "bold"),
        "Nothing was kept, nothing was sent. Nobody acts meanwhile: this is what time alone brings.",
    )
    if result["mode"] != "live":
        lines("The portal is in observe mode: this is what would happen if it were live.")
    made = table(
        "day", "", "judged", "written", "new MQLs", "enrolled", "calls", "",
        right=("judged", "written", "new MQLs", "enrolled", "calls"),
    )  # fmt: skip
    days = (
        (one["day"], moment(one["at"])[:10], one["judged"], one["contacts"], len(one["new_mqls"]),
         len(one["enrolments"]), one["calls"], "asks first: more than one run may touch" if one["asks_first"] else "")
        for one in result["by_day"]
    )  # fmt: skip
    console().print(fill(made, days))
    if result["changes"]:
        lines(text("Altogether", "bold"))
        console().print(by_property(result))
    if result["held_by_gate"]:
        held = sorted(result["held_by_gate"].items(), key=lambda one: (-one[1], one[0]))
        rows = ((mark(met=False), gate, number) for gate, number in held)
        console().print(fill(table("", "held by", "effects", right=("effects",)), rows))
    lines(
        f"{many(result['contacts'], 'contact')} changed, {many(len(result['new_mqls']), 'new MQL')}, "
        f"{many(result['enrolled'], 'enrolment')}, {many(result['calls'], 'call')}",
        f"Hash {result['hash']}",
    )
