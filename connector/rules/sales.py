"""Behind MQL: the SQL checklist, what sales' answer does to a stage, and when a recycled contact may come back.

Sales answers in HubSpot, by properties that provisioning makes. Everything here is read from the portal's own values
and the contact's path, so that a restart, a restore or a second process cannot lose an answer.

    mql ──accepted──▶ sal ──all four true, and a first contact──▶ sql
     └──────┴──not_now, rejected──▶ recycled ──pause over, a new converting act──▶ mql
                          └──wrong contact, competitor──▶ disqualified
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from connector.model.judgement import Facts, Gate
from connector.rules.conditions import probe
from connector.rules.documents.lifecycle import LifecycleDocument
from connector.rules.documents.sales import CHECKLIST, SQL_CRITERIA, SqlCriterion
from connector.rules.view import DAY, Answer, View

ANSWER: Final = "leadwright_sales_answer"
REASON: Final = "leadwright_sales_reason"
NOT_BEFORE: Final = "leadwright_not_before"
HANDED_OVER: Final = "leadwright_handed_over_at"
ROUTING: Final = "leadwright_routing"
AT_ONCE: Final = "now"
"""As the value of a moment: when the write goes out. A plan names no time, or it would be another one each second."""
SALES_PROPERTIES: Final = (ANSWER, REASON, NOT_BEFORE, HANDED_OVER, ROUTING, *CHECKLIST.values())
WORKED: Final = frozenset({"mql", "sal", "sql"})
"""The stages in which a contact is in sales' hands: only here an answer counts."""

TITLES: Final = {
    "problem": "Has a concrete problem",
    "timing": "Wants it solved soon",
    "authority": "May decide",
    "budget": "Has a budget",
}
SAID: Final = {True: "yes", False: "no", None: "unknown"}
ANSWERS: Final = {"accepted": "Accepted", "rejected": "Rejected", "not_now": "No acute intent"}
REASONS: Final = {
    "no_need": "No need", "no_budget": "No budget", "no_authority": "May not decide", "bad_timing": "Bad timing",
    "wrong_contact": "Wrong contact", "competitor": "Competitor", "unreachable": "Not reachable", "other": "Other",
}  # fmt: skip


class Step(NamedTuple):
    """Where sales' answer or checklist takes a contact, and why."""

    stage: str
    cause: str


class Sales:
    """The part of a lifecycle document that sales works with, compiled."""

    def __init__(self, document: LifecycleDocument) -> None:
        self._rule = document.sql
        self._recycle = document.recycle
        self._criteria = tuple(_Check(name, getattr(document.sql.criteria, name)) for name in SQL_CRITERIA)

    def checklist(self, view: View, stage: str) -> tuple[Gate, ...]:
        """The gates in front of SQL, for whom sales has in hand: the four criteria and the first contact."""
        if stage not in WORKED:
            return ()
        return (*[check(view) for check in self._criteria], self._contact(view))

    def step(self, facts: Facts, stage: str, gates: tuple[Gate, ...]) -> Step | None:
        """The one step that sales' answer or the checklist asks for; None when the contact stays where it is."""
        if stage not in WORKED:
            return None
        answer, reason = _said(facts, ANSWER), _said(facts, REASON)
        if answer == "rejected" and reason in self._recycle.disqualify:
            return Step("disqualified", f"sales:rejected:{reason}")
        if answer in ("rejected", "not_now"):
            return Step("recycled", f"sales:{answer}" + (f":{reason}" if reason else ""))
        if stage != "sql" and self._rule.moves and self.complete(gates):
            return Step("sql", "sales:checklist")
        return Step("sal", "sales:accepted") if stage == "mql" and answer == "accepted" else None

    @staticmethod
    def complete(gates: tuple[Gate, ...]) -> bool:
        """Whether all of the checklist is true; unknown is not."""
        mine = [gate for gate in gates if gate.name in SQL_GATES]
        return bool(mine) and all(gate.met for gate in mine)

    def not_before(self, facts: Facts) -> str:
        """The day until which a contact that is handed back now is left alone: sales' own, else by the reason."""
        return _said(facts, NOT_BEFORE) or day_of(facts.now_ms + self._recycle.pause_of(_said(facts, REASON)) * DAY)

    def pause(self, facts: Facts) -> Gate:
        """Whether a recycled contact may come back. Without a day it waits from the hand-back on."""
        ends = self.pause_ends_ms(facts)
        if ends is None:
            return Gate("pause", None, "Recycled; nobody said until when", f"Set {NOT_BEFORE} in HubSpot")
        if facts.now_ms < ends:
            return Gate("pause", False, f"Recycled; not before {day_of(ends)}", "Waits for that day")
        return Gate("pause", True, f"Recycled until {day_of(ends)}, that is over")

    def pause_ends_ms(self, facts: Facts) -> int | None:
        said = _midnight(_said(facts, NOT_BEFORE))
        if said is not None:
            return said
        since = recycled_ms(facts)
        return None if since is None else since + self._recycle.pause_of(_said(facts, REASON)) * DAY

    def edges(self, view: View) -> Iterator[int]:
        for check in self._criteria:
            yield from check.question.edges(view)
        ends = self.pause_ends_ms(view.facts)
        if ends is not None:
            yield ends

    def _contact(self, view: View) -> Gate:
        found = view.did(self._rule.contact)
        if found:
            return Gate("sql_contact", True, f"A first contact is on record ({found[0].kind})")
        return Gate("sql_contact", False, "No first contact is on record", f"One of: {', '.join(self._rule.contact)}")


SQL_GATES: Final = frozenset({*(f"sql_{name}" for name in SQL_CRITERIA), "sql_contact"})


class _Check:
    """One line of the checklist."""

    def __init__(self, name: str, criterion: SqlCriterion) -> None:
        self._name, self._criterion = f"sql_{name}", criterion
        self._title = criterion.label or TITLES[name]
        self._probe = probe(criterion.when, {}, self._gate)
        self.question = self._probe.question

    def __call__(self, view: View) -> Gate:
        return self._probe.look(view)

    def _gate(self, answer: Answer) -> Gate:
        met = None if answer.verdict is False and self._criterion.otherwise == "unknown" else answer.verdict
        remedy = "" if met else f"Ask, and note it in HubSpot: {answer.missing or self._title}"
        return Gate(self._name, met, f"{self._title}: {SAID[met]}", remedy)


def recycled_ms(facts: Facts) -> int | None:
    """When the contact was last handed back, as far as its path is known."""
    return next((step.at_ms for step in reversed(facts.path) if step.stage == "recycled"), None)


def entered_ms(facts: Facts, stage: str) -> int | None:
    """When the contact came into the stage it is in now; None when it was there already when we first saw it."""
    last = facts.path[-1] if facts.path else None
    return last.at_ms if last is not None and last.stage == stage else None


def day_of(millis: int) -> str:
    return datetime.fromtimestamp(millis // 1000, UTC).date().isoformat()


def _said(facts: Facts, name: str) -> str:
    return (facts.properties.get(name) or "").strip()


def _midnight(day: str) -> int | None:
    """HubSpot sends a date as ``2027-03-31`` or as the milliseconds of its midnight in UTC."""
    if day.isascii() and day.isdecimal():
        return int(day)
    try:
        return int(datetime.combine(date.fromisoformat(day[:10]), datetime.min.time(), UTC).timestamp()) * 1000
    except ValueError:
        return None


class Definition(NamedTuple):
    """A property sales works with, as provisioning makes it; ``options`` are value → label."""

    name: str
    label: str
    type: str
    field_type: str
    description: str
    options: Mapping[str, str] = {}


def definitions() -> list[Definition]:
    """The properties sales works with."""
    ticks = [
        Definition(
            CHECKLIST[name],
            f"Leadwright SQL: {TITLES[name].lower()}",
            "enumeration",
            "select",
            "Set by sales.",
            {"yes": "Yes", "no": "No"},
        )
        for name in SQL_CRITERIA
    ]
    return [
        Definition(ANSWER, "Leadwright sales answer", "enumeration", "select", "Set by sales.", ANSWERS),
        Definition(REASON, "Leadwright sales reason", "enumeration", "select", "Why not, set by sales.", REASONS),
        Definition(NOT_BEFORE, "Leadwright not before", "date", "date", "Left alone until then."),
        Definition(HANDED_OVER, "Leadwright handed over at", "datetime", "date", "When sales got the contact."),
        Definition(ROUTING, "Leadwright routing", "string", "textarea", "Why this owner, and why not the others."),
        *ticks,
    ]
