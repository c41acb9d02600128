"""The page of the tokens with which programs come in over HTTP: make one (shown once), see them, revoke them."""

from __future__ import annotations

from typing import Any

from flask import Response

from connector.admin.again import prove_first
from connector.admin.doors import Door
from connector.admin.frame import Ask
from connector.admin.people import MAY
from connector.admin.porter import actor
from connector.errors import ConfigError
from connector.store import portals
from connector.sync.tokens import MOST_DAYS, NO_DAYS, ROLES, USUAL_DAYS

TOKENS = "/tokens"
UNPROCESSABLE = 422


def every(ask: Ask) -> Response:
    """The list, and the form for a new one."""
    return _list(ask)


def _list(ask: Ask, *, status: int = 200, error: str = "", typed: dict[str, Any] | None = None) -> Response:
    with ask.frame.store.view() as u:
        names = [row.name for row in portals.every(u)]
    people = [line.person for line in ask.frame.service.people.every() if line.person.disabled_ms is None]
    return ask.page(
        "tokens.html", status=status, lines=ask.frame.service.tokens.every(), error=error, typed=typed or {},
        where=[("", ask.t("All portals")), *((name, name) for name in names)],
        whom=[("", ask.t("Nobody: a program of its own")), *((one.email, one.email) for one in people)],
        roles=[(role, ask.t(MAY[role])) for role in ROLES], usual=USUAL_DAYS, most=MOST_DAYS,
    )  # fmt: skip


def add(ask: Ask) -> Response:
    """Make one; the page that answers is the only place where it is ever to be seen."""
    if asked := prove_first(ask, TOKENS):
        return asked
    typed = {name: ask.form.get(name, "").strip() for name in ("name", "role", "portal", "person", "days")}
    days = typed.pop("days")
    if not (days.isascii() and days.isdecimal() and len(days) < 5):
        return _list(ask, status=UNPROCESSABLE, error=ask.t(NO_DAYS), typed={**typed, "days": days})
    try:
        issued = ask.frame.service.tokens.add(actor(ask), **typed, days=int(days))
    except ConfigError as fault:
        told = f"{ask.t(fault.message)} {ask.t(fault.remedy) if fault.remedy else ''}".strip()
        return _list(ask, status=UNPROCESSABLE, error=told, typed={**typed, "days": days})
    return ask.page("tokens_made.html", issued=issued)


def remove(ask: Ask, ident: str) -> Response:
    """Revoke one: it opens nothing from this moment on."""
    if asked := prove_first(ask, TOKENS):
        return asked
    try:
        found = ask.frame.service.tokens.remove(actor(ask), ident)
    except ConfigError as fault:
        return _list(ask, status=UNPROCESSABLE, error=ask.t(fault.message))
    return ask.go(TOKENS, ask.t("The token {name} opens nothing any more.", name=found.name))


DOORS: tuple[Door, ...] = (
    Door("GET", TOKENS, "admin", every),
    Door("POST", TOKENS, "admin", add),
    Door("POST", f"{TOKENS}/<ident>/revoke", "admin", remove),
)
