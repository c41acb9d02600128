"""The page of the audit log: who did what where, what was before and after, and whether the log is whole."""

from __future__ import annotations

from flask import Response

from connector.admin.doors import Door
from connector.admin.frame import Ask

AUDIT = "/audit"


def show(ask: Ask) -> Response:
    told = {name: _number(ask.args.get(name, "")) for name in ("portal", "person", "before")}
    log = ask.frame.service.audit_log(
        portal_id=told["portal"], user_id=told["person"], before=told["before"],
        check=ask.args.get("check") == "all",
    )  # fmt: skip
    return ask.page("audit.html", log=log, chosen=told)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 18 else None


DOORS = (Door("GET", AUDIT, "admin", show),)
