"""What was put aside, by cause, and bringing it back. A cause is named by a fingerprint: it may quote people."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from connector.api.problems import Problem, nothing_there
from connector.api.routes import Call, Route
from connector.api.shapes import In, Out
from connector.reports.wording import masked
from connector.rules import staff

BASE = "/portals/{portal}/held"
RETRIED = ("notices", "deliveries", "jobs", "frozen")
Kind = Literal["notices", "deliveries", "jobs", "frozen", "refused today"]


class Cause(Out):
    """One cause, and how much it holds up."""

    cause: str
    kind: Kind
    reason: str
    count: int
    first: str
    last: str


class Held(Out):
    """Everything that is put aside, one entry a cause."""

    portal: str
    held: list[Cause]
    count: int


class Retry(In):
    """All of the cause, or its oldest one first."""

    how: Literal["all", "one"] = "all"


class Retried(Out):
    """How many were brought back to work."""

    portal: str
    retried: int


def _groups(call: Call) -> list[Mapping[str, Any]]:
    """Deliveries that belong to no portal are for those who look after all of them."""
    found = call.frame.service.held(call.portal.name)["held"]
    everywhere = staff.reaches(call.everywhere, "admin")
    return [one for one in found if one["kind"] != "deliveries" or everywhere]


def _cause(one: Mapping[str, Any]) -> str:
    return hashlib.blake2b(f"{one['kind']}\0{one['reason']}".encode(), digest_size=12).hexdigest()


def list_held(call: Call) -> dict[str, Any]:
    told = [
        {
            "cause": _cause(one),
            "kind": one["kind"],
            "reason": masked(one["reason"]),
            **{name: one[name] for name in ("count", "first", "last")},
        }
        for one in _groups(call)
    ]
    return {"portal": call.portal.name, "held": told, "count": sum(one["count"] for one in told)}


def retry_held(call: Call) -> dict[str, Any]:
    """Bring one or all of a cause back to work, and wake the worker."""
    group = next((one for one in _groups(call) if _cause(one) == call.parts["cause"]), None)
    if group is None:
        raise nothing_there()
    kind, name, service = group["kind"], call.portal.name, call.frame.service
    if kind not in RETRIED:
        raise Problem(
            409, "not_retried", "What HubSpot refused is not brought back from here.",
            remedy="Mend the cause in HubSpot; each is tried again daily, or by applying a plan.",
        )  # fmt: skip
    ids = service.held_of_cause(name, kind, group["reason"])
    done = service.held_retry(name, [kind], ids[:1] if call.body.how == "one" else ids)["retried"].get(kind, 0)
    with call.frame.store.unit() as u:
        call.book(u, f"Brought back what was put aside: {kind}", before=masked(group["reason"]),
                  after=f"{done} brought back")  # fmt: skip
    call.frame.request_work(call.portal.id, "drain")
    return {"portal": name, "retried": done}


ROUTES: tuple[Route, ...] = (
    Route("GET", BASE, "analyst", "What was put aside, by cause", list_held, Held),
    Route("POST", f"{BASE}/{{cause}}/retry", "editor", "Bring what one cause holds up back to work", retry_held,
          Retried, body=Retry, faults=(409,)),
)  # fmt: skip
