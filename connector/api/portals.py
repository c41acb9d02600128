"""Portals: which there are, how one stands, what it did, and waking its worker."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from connector.api.routes import Call, Route
from connector.api.shapes import In, Nothing, Number, Out
from connector.clock import iso
from connector.reports import home
from connector.reports.overview import portal_line
from connector.reports.wording import masked
from connector.rules import staff
from connector.store import documents, portals, records, runs
from connector.store.runs import RunRow
from connector.sync.checking import refuse_paused

PAGE = 50


class PortalLine(Out):
    """A portal with one sentence of state, as ``leadwright portal list --json`` gives it."""

    portal: str
    hub_id: int
    mode: Literal["observe", "live", "paused"]
    state: str
    contacts: int
    last_sync: str | None
    last_apply: str | None
    waiting: int
    held_back: str
    held_back_since: str | None


class Portals(Out):
    """The portals in which the token has a role."""

    portals: list[PortalLine]


class PortalStatus(PortalLine):
    """How a portal stands."""

    time_zone: str
    currency: str
    role: str
    held: int = Field(description="How many things are put aside and wait for somebody.")
    waiting_to_be_judged: int
    calls_today: int
    calls_allowed: int | None
    documents: dict[str, int] = Field(description="The published version of each kind.")


class RunsQuery(In):
    """A page of runs."""

    before: Number | None = Field(None, description="Only runs with a lower number: next of the page before.")


class Run(Out):
    """One run."""

    run: str
    kind: str
    state: str
    started: str
    finished: str | None
    plan: str
    counts: dict[str, Any]
    note: str


class Runs(Out):
    """Runs, the newest first."""

    portal: str
    runs: list[Run]
    next: int | None


class Woken(Out):
    """The worker was woken."""

    portal: str
    woken: Literal["cycle"]
    text: str


def list_portals(call: Call) -> dict[str, Any]:
    with call.frame.store.view() as u:
        mine = [row for row in portals.every(u) if staff.reaches(call.caller.role(row.id), "viewer")]
        return {"portals": [portal_line(u, row) for row in mine]}


def get_portal(call: Call) -> dict[str, Any]:
    row = call.portal
    with call.frame.store.view() as u:
        used = home.budget(u, row, call.frame.clock.now_ms())
        return {
            **portal_line(u, row),
            "time_zone": row.time_zone,
            "currency": row.currency,
            "role": call.caller.role(row.id),
            "held": home.held_count(u, row.id),
            "waiting_to_be_judged": records.dirty_count(u, row.id),
            "calls_today": used.calls,
            "calls_allowed": used.limit,
            "documents": documents.versions(u, row.id),
        }


def list_runs(call: Call) -> dict[str, Any]:
    with call.frame.store.view() as u:
        found = runs.recent(u, call.portal.id, PAGE + 1, before=call.query.before)
    shown = found[:PAGE]
    following = shown[-1].number if len(found) > PAGE else None
    return {"portal": call.portal.name, "runs": [_run(one) for one in shown], "next": following}


def _run(one: RunRow) -> dict[str, Any]:
    return {
        "run": one.run_id,
        "kind": one.kind,
        "state": one.state,
        "started": iso(one.started_ms),
        "finished": iso(one.finished_ms) if one.finished_ms is not None else None,
        "plan": one.plan_hash,
        "counts": dict(one.counts),
        "note": masked(one.note),
    }


def sync_now(call: Call) -> dict[str, Any]:
    """Wake the portal's worker, as the page's button does."""
    refuse_paused(call.portal)
    call.frame.request_work(call.portal.id, "cycle")
    with call.frame.store.unit() as u:
        call.book(u, "Asked for a sync now")
    return {"portal": call.portal.name, "woken": "cycle", "text": "The worker reads what changed, and judges it."}


ROUTES: tuple[Route, ...] = (
    Route("GET", "/portals", "viewer", "The portals this token may see", list_portals, Portals),
    Route("GET", "/portals/{portal}", "viewer", "How a portal stands", get_portal, PortalStatus),
    Route("GET", "/portals/{portal}/runs", "analyst", "What was done, the newest first", list_runs, Runs, RunsQuery),
    Route(
        "POST", "/portals/{portal}/sync", "editor", "Wake the worker: read what changed, judge it, write it if live",
        sync_now, Woken, body=Nothing, status=202, faults=(409,),
    ),
)  # fmt: skip
