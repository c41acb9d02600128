"""The pages about the people who work here: who they are, what they may do where, letting them in and out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response

from connector.admin.again import prove_first
from connector.admin.doors import EVERYWHERE, ROLES, Door, Role
from connector.admin.frame import Ask
from connector.admin.porter import actor
from connector.errors import ConfigError
from connector.model.people import Actor, User
from connector.rules import staff
from connector.store import portals
from connector.sync.people import Opening

PEOPLE = "/people"


def every(ask: Ask) -> Response:
    return _list(ask)


def _list(ask: Ask, *, status: int = 200, **values: Any) -> Response:
    lines = ask.frame.service.people.every()
    return ask.page("people.html", status=status, lines=lines, **_choices(ask), **({"typed": {}} | values))


def invite(ask: Ask) -> Response:
    if asked := prove_first(ask, PEOPLE):
        return asked
    role, email, name = staff.role_of(ask.form.get("role", "")), ask.form.get("email", ""), ask.form.get("name", "")
    typed = {"email": email, "name": name, "role": role or "", "where": ask.form.getlist("where")}
    if role is None:
        return _list(ask, status=422, error=ask.t(staff.NO_ROLE), typed=typed)
    names = _portals(ask)
    where = (
        [EVERYWHERE] if "everywhere" in typed["where"] else [n for n, name in names.items() if name in typed["where"]]
    )
    if not where:
        return _list(ask, status=422, error=ask.t("Choose at least one portal, or all of them."), typed=typed)
    try:
        opening = ask.frame.service.people.invite(actor(ask), email, dict.fromkeys(where, role), name)
    except ConfigError as fault:
        return _list(ask, status=422, error=f"{ask.t(fault.message)} {ask.t(fault.remedy)}", typed=typed)
    return _opened(ask, opening)


def one(ask: Ask, person: str) -> Response:
    return _one(ask, _known(ask, person))


def _one(ask: Ask, person: User, *, status: int = 200, error: str = "") -> Response:
    line = next((line for line in ask.frame.service.people.every() if line.person.id == person.id), None)
    mine = actor(ask)
    return ask.page(
        "people_one.html", status=status, line=line, person=person, error=error,
        may=staff.may_look_after(mine.role, person), themselves=person.id == ask.who.id, **_choices(ask),
    )  # fmt: skip


def change_roles(ask: Ask, person: str) -> Response:
    def act(by: Actor, known: User) -> User:
        roles: dict[int, Role] = {}
        for number in (EVERYWHERE, *_portals(ask)):
            given = staff.role_of(ask.form.get(f"role-{number}", ""))
            if given is not None:
                roles[number] = given
        return ask.frame.service.people.set_roles(by, known.id, roles)

    return _changed(ask, person, act, "The roles were changed.")


def disable(ask: Ask, person: str) -> Response:
    people = ask.frame.service.people
    return _changed(ask, person, lambda by, known: people.disable(by, known.id), "Signed out and shut out.")


def enable(ask: Ask, person: str) -> Response:
    people = ask.frame.service.people
    return _changed(ask, person, lambda by, known: people.enable(by, known.id), "May sign in again.")


def end_sessions(ask: Ask, person: str) -> Response:
    people = ask.frame.service.people
    return _changed(ask, person, lambda by, known: people.end_sessions(by, known.id), "All sessions were ended.")


def remove_factor(ask: Ask, person: str) -> Response:
    people = ask.frame.service.people
    return _changed(
        ask, person, lambda by, known: people.remove_second_factor(by, known.id), "The second factor was removed."
    )


def new_link(ask: Ask, person: str) -> Response:
    known = _known(ask, person)
    if asked := prove_first(ask, f"{PEOPLE}/{known.id}"):
        return asked
    try:
        opening = ask.frame.service.people.link(actor(ask), known.id, reset=ask.form.get("reset") == "yes")
    except ConfigError as fault:
        return _one(ask, known, status=422, error=f"{ask.t(fault.message)} {ask.t(fault.remedy)}")
    return _opened(ask, opening)


def _opened(ask: Ask, opening: Opening) -> Response:
    """The link, once: it is kept nowhere, so that nobody finds it later."""
    return ask.page("people_opened.html", opening=opening)


def _changed(ask: Ask, person: str, act: Callable[[Actor, User], User], said: str) -> Response:
    known = _known(ask, person)
    if asked := prove_first(ask, f"{PEOPLE}/{known.id}"):
        return asked
    try:
        act(actor(ask), known)
    except ConfigError as fault:
        return _one(ask, known, status=422, error=f"{ask.t(fault.message)} {ask.t(fault.remedy)}")
    return ask.go(f"{PEOPLE}/{known.id}", f"{known.email}: {ask.t(said)}")


def _known(ask: Ask, person: str) -> User:
    """ConfigError when there is nobody of that number; pages know people by number, so that no address is in a URL."""
    return ask.frame.service.people.person(int(person) if person.isdecimal() and len(person) < 18 else 0)


def _portals(ask: Ask) -> dict[int, str]:
    with ask.frame.store.view() as u:
        return {row.id: row.name for row in portals.every(u)}


def _choices(ask: Ask) -> dict[str, Any]:
    """The portals, and the roles this visitor may hand out, each with what it may do."""
    mine = actor(ask).role
    may_give = [role for role in ROLES if staff.may_give(mine, [role])]
    return {"names": _portals(ask), "roles": [(role, ask.t(MAY[role])) for role in may_give], "everywhere": EVERYWHERE}


MAY: dict[Role, str] = {
    "viewer": "Viewer: reads portals and contacts",
    "analyst": "Analyst: also reads plans, runs and what is held",
    "editor": "Editor: also edits drafts",
    "admin": "Admin: also publishes, connects portals and invites people",
    "owner": "Owner: everything, owners included",
}

DOORS = (
    Door("GET", PEOPLE, "admin", every),
    Door("POST", PEOPLE, "admin", invite),
    Door("GET", f"{PEOPLE}/<person>", "admin", one),
    Door("POST", f"{PEOPLE}/<person>/roles", "admin", change_roles),
    Door("POST", f"{PEOPLE}/<person>/disable", "admin", disable),
    Door("POST", f"{PEOPLE}/<person>/enable", "admin", enable),
    Door("POST", f"{PEOPLE}/<person>/sessions/end", "admin", end_sessions),
    Door("POST", f"{PEOPLE}/<person>/second-factor/remove", "admin", remove_factor),
    Door("POST", f"{PEOPLE}/<person>/link", "admin", new_link),
)
