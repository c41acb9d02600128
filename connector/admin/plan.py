"""The plan: what would be written, before and after, who would be enrolled, what is held; and carrying it out.

Looking changes nothing in HubSpot. Applying goes by the plan's hash through the portal's worker (``sync/errands``): one
portal has one owner at a time, and a page may not take the minutes that a large plan takes at HubSpot's limit.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from connector.admin import errands, plain
from connector.admin.doors import Door
from connector.admin.frame import Ask
from connector.errors import ConnectorError
from connector.reports.planned import names_of, standing_plan
from connector.reports.wording import masked, masked_email, masked_value

UNPROCESSABLE = 422
ROWS = 25
# So many contacts are judged within the page; where more wait, the worker is asked for the plan.
FRESH = 200
USUAL_BURST = 100
GATES = {
    "threshold": "too few points", "identity": "the record is not complete", "depth": "no act that shows interest",
    "persona": "outside the ideal customer", "function": "not the right function", "region": "not the right region",
    "problem": "no problem we solve", "competitor": "belongs to a competitor", "career_only": "looks only for a job",
    "stage": "the lifecycle does not allow it", "workflow": "no workflow to enrol in",
    "provisioned": "properties are missing in HubSpot", "writable": "the property cannot be written",
    "opted_out": "opted out of e-mail",
    "not_marketable": "not a marketing contact", "double_opt_in": "sign-up not confirmed",
    "legal_basis": "no legal basis on record", "unsubscribed": "left the subscription", "bad_address": "bad address",
    "hard_bounce": "mail bounced", "quarantined": "address in quarantine", "email": "no e-mail address",
    "frozen": "two writers keep turning it", "undone": "somebody took it back", "refused": "HubSpot refused it",
    "portal_rule": "a rule of the portal forbids it", "option": "the drop-down lacks the option",
    "mapping": "the mapping holds it", "consent_unread": "consent was not read",
}  # fmt: skip


def plan(ask: Ask) -> Response:
    """The plan as it stands, its contacts a page at a time."""
    error = _fresh(ask)
    return _shown(ask, error=error)


def _fresh(ask: Ask) -> tuple[str, str] | None:
    """Make the plan anew where that is quick; what keeps it from being made."""
    with ask.frame.store.view() as u:
        now = standing_plan(u, ask.portal.id)
    applying = errands.standing(ask, "apply")
    if now.waiting > FRESH or (applying is not None and applying.open(ask.frame.clock.now_ms())):
        return None
    try:
        ask.frame.service.plan(ask.portal.name)
    except ConnectorError as fault:
        return plain.plainly(ask.words, fault)
    return None


def _shown(ask: Ask, *, error: tuple[str, str] | None = None, status: int = 200) -> Response:
    with ask.frame.store.view() as u:
        found = standing_plan(u, ask.portal.id)
    body: dict[str, Any] | None = json.loads(found.row.body) if found.row else None
    rows, after = _rows(ask) if body is not None and found.waiting else ([], None)
    applying = errands.standing(ask, "apply")
    return ask.page(
        "plan.html", status=status, found=found, plan=body, rows=rows, after=after, error=error, plain=plain,
        gates=GATES, seconds=_seconds(ask, body), errand=applying, outcome=errands.outcome,
        now=ask.frame.clock.now_ms(), many=found.waiting > FRESH, first=not ask.args.get("after"),
    )  # fmt: skip


def _rows(ask: Ask) -> tuple[list[dict[str, Any]], int | None]:
    """Before and after of the next contacts, with names; addresses hidden."""
    start = ask.args.get("after", "0")
    begin = int(start) if start.isascii() and start.isdecimal() and len(start) < 19 else 0
    try:
        found = ask.frame.service.plan_rows(ask.portal.name, begin, ROWS)
    except ConnectorError:
        return [], None
    by_contact: dict[str, dict[str, Any]] = {}
    for change in found["changes"]:
        row = by_contact.setdefault(change["contact"], _empty(change["contact"], change["email"]))
        row["values"] = [
            (name, masked_value(name, v["before"]), masked_value(name, v["after"]))
            for name, v in change["properties"].items()
        ]
    for enrol in found["enrolments"]:
        by_contact.setdefault(enrol["contact"], _empty(enrol["contact"]))["enrol"].append(enrol["workflow"])
    for hold in found["held"]:
        row = by_contact.setdefault(hold["contact"], _empty(hold["contact"]))
        row["held"].append({**hold, "why": masked(hold["why"])})
    with ask.frame.store.view() as u:
        names = names_of(u, ask.portal.id, [int(ident) for ident in by_contact])
    rows = [{**row, "name": names.get(int(ident), "")} for ident, row in by_contact.items()]
    return rows, found["after"]


def _empty(ident: str, email: str = "") -> dict[str, Any]:
    return {"id": ident, "email": masked_email(email), "values": [], "enrol": [], "held": []}


def _seconds(ask: Ask, body: dict[str, Any] | None) -> float:
    """How long the calls take at the portal's limit."""
    rates = ask.portal.settings.get("rates")
    burst = (rates.get("burst") if isinstance(rates, dict) else None) or USUAL_BURST
    return float((body or {}).get("calls", 0)) * 10 / float(burst)


def make(ask: Ask) -> Response:
    """Have the worker make the plan anew."""
    try:
        done = errands.sent(ask, "plan", "")
    except ConnectorError as fault:
        return ask.go("/plan", " ".join(plain.plainly(ask.words, fault)), portal=ask.portal.name)
    return ask.go("/plan", errands.outcome(ask, done), portal=ask.portal.name)


def before_apply(ask: Ask) -> Response:
    """What applying would do, in numbers, and the button."""
    with ask.frame.store.view() as u:
        found = standing_plan(u, ask.portal.id)
    if found.row is None or found.row.hash != ask.args.get("hash", ""):
        return _changed(ask)
    body = json.loads(found.row.body)
    return ask.page("plan_apply.html", found=found, plan=body, seconds=_seconds(ask, body), plain=plain)


def _changed(ask: Ask) -> Response:
    message, remedy = plain.MEANT["plan_changed"]
    return ask.go("/plan", f"{ask.t(message)} {ask.t(remedy)}", portal=ask.portal.name)


def apply(ask: Ask) -> Response:
    """Carry out the very plan that was shown; any other is shown again, and nothing is done."""
    shown = ask.form.get("hash", "")
    with ask.frame.store.view() as u:
        found = standing_plan(u, ask.portal.id)
    if found.row is None or not shown or found.row.hash != shown:
        return _changed(ask)
    body = json.loads(found.row.body)
    try:
        done = errands.sent(ask, "apply", shown)
    except ConnectorError as fault:
        return _shown(ask, error=plain.plainly(ask.words, fault), status=UNPROCESSABLE)
    what = ask.t("{contacts} contacts, {enrolments} enrolments", contacts=body["contacts"],
                 enrolments=body["enrolments"])  # fmt: skip
    ask.book(ask.t("Applied the plan {hash}", hash=shown[:12]), before=what, after=errands.outcome(ask, done))
    return ask.go("/plan", errands.outcome(ask, done), portal=ask.portal.name)


DOORS: tuple[Door, ...] = (
    Door("GET", "/portals/<portal>/plan", "analyst", plan),
    Door("POST", "/portals/<portal>/plan", "analyst", make),
    Door("GET", "/portals/<portal>/plan/apply", "admin", before_apply),
    Door("POST", "/portals/<portal>/plan/apply", "admin", apply),
)
