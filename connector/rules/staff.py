"""Who may do what to whom among the people who work here, and how roles are told. Pure.

an admin (everywhere) looks after everybody who is no owner
only an owner (everywhere) looks after owners, and only an owner makes owners
one owner who can sign in is always left
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from connector.model.people import EVERYWHERE, ROLES, Role, User

_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{1,60}")

NOT_YOURS = "Only an owner can do this."
LAST_OWNER = "This is the last owner who can sign in: somebody must be left who can let others in."
NO_ADDRESS = "This is not an e-mail address."
NO_ROLE = "There is no such role."


def may_look_after(actor: Role | None, person: User) -> bool:
    """Whether somebody with that role everywhere may change what this person may do, or end it."""
    if actor == "owner":
        return True
    return actor == "admin" and person.strongest != "owner"


def may_give(actor: Role | None, roles: Collection[Role]) -> bool:
    """Whether somebody with that role everywhere may hand these out."""
    return actor == "owner" or (actor == "admin" and "owner" not in roles)


def is_address(email: str) -> bool:
    return _ADDRESS.fullmatch(email) is not None


def role_of(text: str) -> Role | None:
    """The role of that name."""
    return next((role for role in ROLES if role == text), None)


def reaches(role: Role | None, least: Role) -> bool:
    """Whether a role may do what asks for ``least``."""
    return role is not None and ROLES.index(role) >= ROLES.index(least)


def role_in(roles: Mapping[int, Role], portal_id: int) -> Role | None:
    """The role in a portal: the stronger of the one given there and the one for everywhere."""
    return max((roles[n] for n in (EVERYWHERE, portal_id) if n in roles), key=ROLES.index, default=None)


def lent(role: Role, portal_id: int, person: Mapping[int, Role] | None) -> dict[int, Role]:
    """What a token may do where: its role in its portal or everywhere, never more than its person, if it has one."""
    if person is None:
        return {portal_id: role}
    if portal_id == EVERYWHERE:
        return {number: min(role, own, key=ROLES.index) for number, own in person.items()}
    own = role_in(person, portal_id)
    return {portal_id: min(role, own, key=ROLES.index)} if own is not None else {}


def told(roles: Mapping[int, Role], names: Mapping[int, str]) -> str:
    """Roles in words: ``admin everywhere; viewer in acme``."""
    parts = [f"{roles[EVERYWHERE]} everywhere"] if EVERYWHERE in roles else []
    parts += sorted(f"{role} in {names.get(number, number)}" for number, role in roles.items() if number != EVERYWHERE)
    return "; ".join(parts) or "no role"
