"""The plan: what would be written, and having the portal's worker make it anew or carry it out, by its hash.

One portal has one owner at a time, so these calls put an errand down and answer at once; the errand tells what came
of it.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field

from connector.api.problems import Problem, nothing_there
from connector.api.routes import Call, Route
from connector.api.shapes import Hash, Ident, In, Nothing, Out
from connector.clock import iso
from connector.reports.planned import standing_plan
from connector.reports.wording import masked, masked_email, masked_value
from connector.store import runs
from connector.sync import errands
from connector.sync.errands import Errand, Kind

ROWS = 25
BASE = "/portals/{portal}/plan"


class Plan(Out):
    """The plan that stands, in numbers; ``hash`` null: none was made yet. ``waiting``: to be looked at in the next."""

    portal: str
    hash: str | None
    made_at: str | None
    mode: Literal["observe", "live"]
    contacts: int
    enrolments: int
    calls: int
    held_by_gate: dict[str, int]
    by_property: dict[str, int]
    by_workflow: dict[str, int]
    new_mqls: int
    over_limit: bool
    waiting: int


class ChangesQuery(In):
    """From where on."""

    after: Ident | None = Field(None, description="Where to go on: next of the page before.")


class BeforeAfter(Out):
    """A property's value, now and then; addresses and numbers are hidden."""

    before: str | None
    after: str | None


class Change(Out):
    """What would be written to one contact."""

    contact: str
    email: str
    properties: dict[str, BeforeAfter]


class Changes(Out):
    """A page of what a plan made this instant would do, as ``leadwright plan --json`` gives it."""

    portal: str
    changes: list[Change]
    enrolments: list[dict[str, Any]]
    held: list[dict[str, Any]]
    next: int | None


class Apply(In):
    """The very plan that was shown."""

    hash: Hash


class ErrandState(Out):
    """What the worker was asked for, and what came of it."""

    errand: str
    portal: str
    kind: Literal["plan", "apply", "undo"]
    state: Literal["waiting", "working", "done", "refused"]
    asked_at: str
    ended_at: str | None
    told: dict[str, Any]
    message: str
    remedy: str
    reason: str


def get_plan(call: Call) -> dict[str, Any]:
    with call.frame.store.view() as u:
        found = standing_plan(u, call.portal.id)
    body = json.loads(found.row.body) if found.row else {}
    return {
        "portal": call.portal.name,
        "hash": found.row.hash if found.row else None,
        "made_at": iso(found.row.made_ms) if found.row else None,
        "mode": "live" if call.portal.live else "observe",
        "held_by_gate": body.get("held", {}),
        "new_mqls": len(body.get("new_mqls", [])),
        "over_limit": body.get("over_limit", False),
        "waiting": found.waiting,
        **{name: body.get(name, 0) for name in ("contacts", "enrolments", "calls")},
        **{name: body.get(name, {}) for name in ("by_property", "by_workflow")},
    }


def list_changes(call: Call) -> dict[str, Any]:
    found = call.frame.service.plan_rows(call.portal.name, call.query.after or 0, ROWS)
    return {
        "portal": call.portal.name,
        "changes": [_change(one) for one in found["changes"]],
        "enrolments": found["enrolments"],
        "held": [{**one, "why": masked(one["why"])} for one in found["held"]],
        "next": found["after"],
    }


def _change(one: dict[str, Any]) -> dict[str, Any]:
    values = {
        name: {side: masked_value(name, both[side]) for side in ("before", "after")}
        for name, both in one["properties"].items()
    }
    return {"contact": one["contact"], "email": masked_email(one["email"] or ""), "properties": values}


def make_plan(call: Call) -> dict[str, Any]:
    return _asked(call, "plan", "", "Asked for a new plan")


def apply_plan(call: Call) -> dict[str, Any]:
    """Only the plan that stands can be carried out; the worker looks once more whether it still is the plan."""
    with call.frame.store.view() as u:
        found = standing_plan(u, call.portal.id)
    if found.row is None or found.row.hash != call.body.hash:
        raise Problem(
            409, "plan_changed", "This is not the plan that stands now.", remedy="Read the plan again, and its hash.",
            more={"hash": found.row.hash if found.row else None},
        )  # fmt: skip
    return _asked(call, "apply", call.body.hash, f"Asked for the plan {call.body.hash[:12]} to be applied")


def undo_run(call: Call) -> dict[str, Any]:
    """Only what HubSpot still holds of ours is taken back; a run that wrote nothing cannot be undone."""
    run = call.parts["run"]
    with call.frame.store.view() as u:
        found = runs.get(u, call.portal.id, run)
    if found is None or found.kind != "apply":
        raise nothing_there()
    if not runs.undoable(found):
        raise Problem(
            409, "nothing_to_undo", "This run wrote nothing that could be taken back, or is still at it.",
            remedy="Look at the runs: only one that is over and has written is undone.",
        )  # fmt: skip
    return _asked(call, "undo", run, f"Asked for the run {run} to be undone")


def _asked(call: Call, kind: Kind, what: str, sentence: str) -> dict[str, Any]:
    errand = call.frame.service.errand(call.portal.name, kind, what, call.caller.who)
    with call.frame.store.unit() as u:
        call.book(u, sentence)
    call.frame.request_work(call.portal.id, "errand")
    return _told(call, errand)


def get_errand(call: Call) -> dict[str, Any]:
    """How an errand stands; one that another of its kind came after is not known any more."""
    kind, _, asked = call.parts["errand"].partition("-")
    with call.frame.store.view() as u:
        found = errands.latest(u, call.portal.id).get(kind)
    if found is None or str(found.asked_ms) != asked:
        raise nothing_there()
    return _told(call, found)


def _told(call: Call, errand: Errand) -> dict[str, Any]:
    return {
        "errand": f"{errand.kind}-{errand.asked_ms}",
        "portal": call.portal.name,
        "kind": errand.kind,
        "state": errand.state,
        "asked_at": iso(errand.asked_ms),
        "ended_at": iso(errand.ended_ms) if errand.ended_ms is not None else None,
        "told": dict(errand.told),
        "message": masked(errand.message),
        "remedy": masked(errand.remedy),
        "reason": errand.reason,
    }


ROUTES: tuple[Route, ...] = (
    Route("GET", BASE, "analyst", "The plan that stands, and its hash", get_plan, Plan),
    Route("GET", f"{BASE}/changes", "analyst", "Before and after, contact by contact", list_changes, Changes,
          ChangesQuery, faults=(409,)),
    Route("POST", BASE, "analyst", "Have the worker make the plan anew", make_plan, ErrandState, body=Nothing,
          status=202, faults=(409,)),
    Route("POST", f"{BASE}/apply", "admin", "Have the worker carry out the plan with this hash", apply_plan,
          ErrandState, body=Apply, status=202, faults=(409,)),
    Route("POST", "/portals/{portal}/runs/{run}/undo", "admin", "Have the worker take a run back", undo_run,
          ErrandState, body=Nothing, status=202, faults=(409,)),
    Route("GET", "/portals/{portal}/errands/{errand}", "analyst", "What came of what the worker was asked for",
          get_errand, ErrandState),
)  # fmt: skip
