"""The people who work here: invited, given roles, disabled, let in anew by a link. Every deed is in the audit log.

There is no account but those that somebody made, and no password but those their owners chose: whoever is invited gets
a link, good once and for a day. Signing in is ``entrance``'s, what people do about themselves ``own_account``'s.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.clock import Clock, iso
from connector.errors import ConfigError
from connector.model.people import COMMAND_LINE, EVERYWHERE, ROLES, Actor, Link, Purpose, Role, User
from connector.rules import staff
from connector.store import Store, Unit, one_time, portals, sessions, users
from connector.store.values import normal_email
from connector.sync.deeds import Books
from connector.sync.entrance import HOUR_MS, IDLE_MS, MINUTE_MS, digest_of
from connector.vault import Vault

GOOD_FOR: Mapping[Purpose, int] = {"invite": 24 * HOUR_MS, "reset": 24 * HOUR_MS, "sign_in": 15 * MINUTE_MS}
HERE, PATH = "http://127.0.0.1:8000", "/admin/link/"
Act = Callable[[Unit, User], "tuple[str, str]"]


@dataclass(frozen=True, slots=True)
class Opening:
    """A link as it is given to its person: shown once, kept nowhere."""

    person: User
    url: str = field(repr=False)
    purpose: Purpose
    until_ms: int

    def told(self) -> dict[str, Any]:
        return {
            "email": self.person.email,
            "purpose": self.purpose,
            "url": self.url,
            "good_until": iso(self.until_ms),
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One person in the list."""

    person: User
    roles: str
    sessions: int


class People:
    """The staff of one installation. ``actor`` is who asks: a person by the role everywhere, or the command line."""

    def __init__(self, store: Store, vault: Vault, clock: Clock, public_url: str = "") -> None:
        self._store = store
        self._clock = clock
        self._public = (public_url or HERE).rstrip("/")
        self._books = Books(vault, clock)

    def every(self) -> tuple[Line, ...]:
        """Everybody, with roles in words and how many sessions are open."""
        with self._store.view() as u:
            names, open_now = _names(u), sessions.counts(u, self._clock.now_ms() - IDLE_MS)
            return tuple(Line(one, staff.told(one.roles, names), open_now.get(one.id, 0)) for one in users.every(u))

    def named(self, email: str) -> User:
        with self._store.view() as u:
            person = users.by_email(u, normal_email(email) or "")
        if person is None:
            raise ConfigError("Nobody of that address is known here.", remedy=LISTED, reason="unknown_person")
        return person

    def person(self, user_id: int) -> User:
        with self._store.view() as u:
            return _person(u, user_id)

    def roles_by_name(self, role: str, names: tuple[str, ...] | list[str]) -> dict[int, Role]:
        """That role in the portals of these names, or everywhere when none is named."""
        given = staff.role_of(role)
        if given is None:
            raise ConfigError(staff.NO_ROLE, remedy=f"Roles: {', '.join(ROLES)}.", reason="unknown_role")
        with self._store.view() as u:
            return {portals.by_name(u, name).id: given for name in names} or {EVERYWHERE: given}

    # letting in --------------------------------------------------------------------------------------------------

    def invite(self, actor: Actor, email: str, roles: Mapping[int, Role], name: str = "") -> Opening:
        """A new person with these roles and a link to begin with."""
        address = normal_email(email) or ""
        if not staff.is_address(address):
            raise ConfigError(staff.NO_ADDRESS, reason="no_address")
        self._refuse(staff.may_give(actor.role, roles.values()))
        with self._store.unit() as u:
            u.own_installation()
            if users.by_email(u, address) is not None:
                raise ConfigError("This person was invited already.", remedy=ANEW, reason="known_person")
            person = users.add(u, address, self._clock.now_ms(), name=name.strip())
            users.set_roles(u, person.id, roles)
            after = f"{address}: {staff.told(roles, _names(u))}"
            self._books.book(u, actor, "Invited a person", after=after)
            return self._link(u, _person(u, person.id), "invite")

    def first(self, email: str) -> Opening:
        """The first owner, or a new link for whoever that is: what ``init`` prints. Harmless when repeated."""
        with self._store.view() as u:
            known = users.by_email(u, normal_email(email) or "")
        if known is None:
            return self.invite(COMMAND_LINE, email, {EVERYWHERE: "owner"})
        return self.link(COMMAND_LINE, known.id)

    def link(self, actor: Actor, user_id: int, *, reset: bool = False) -> Opening:
        """A new one-time link for somebody; with ``reset`` it sets a new password as well."""
        with self._store.unit() as u:
            person = self._looked_after(u, actor, user_id)
            if person.disabled_ms is not None:
                raise ConfigError("This person is disabled.", remedy=ABLE, reason="disabled")
            purpose: Purpose = "invite" if person.password_hash is None else "reset" if reset else "sign_in"
            what = "Made a link to set a new password" if purpose == "reset" else "Made a link to sign in"
            self._books.book(u, actor, what, after=person.email)
            return self._link(u, person, purpose)

    def _link(self, u: Unit, person: User, purpose: Purpose) -> Opening:
        token, until = secrets.token_urlsafe(32), self._clock.now_ms() + GOOD_FOR[purpose]
        one_time.keep_link(u, Link(digest_of(token), person.id, purpose, until, None), self._clock.now_ms())
        return Opening(person, f"{self._public}{PATH}{token}", purpose, until)

    # changing ----------------------------------------------------------------------------------------------------

    def set_roles(self, actor: Actor, user_id: int, roles: Mapping[int, Role]) -> User:
        """These roles and no other; they hold from the person's next page on."""

        def act(u: Unit, person: User) -> tuple[str, str]:
            self._refuse(staff.may_give(actor.role, roles.values()))
            names = _names(u)
            given = {number: role for number, role in roles.items() if number in names}
            users.set_roles(u, person.id, given)
            return staff.told(person.roles, names), staff.told(given, names)

        return self._change(actor, user_id, "Changed roles", act)

    def disable(self, actor: Actor, user_id: int) -> User:
        """Nobody comes in under that name any more: sessions end, links open nothing."""

        def act(u: Unit, person: User) -> tuple[str, str]:
            now = self._clock.now_ms()
            users.change(u, person.id, disabled_ms=now)
            one_time.spend_all(u, person.id, now)
            return "can sign in", f"disabled; sessions ended: {sessions.end_of(u, person.id)}"

        return self._change(actor, user_id, "Disabled a person", act)

    def enable(self, actor: Actor, user_id: int) -> User:
        """The person may sign in again, with the roles of before."""

        def act(u: Unit, person: User) -> tuple[str, str]:
            users.change(u, person.id, disabled_ms=None)
            return "disabled", "can sign in"

        return self._change(actor, user_id, "Enabled a person", act)

    def end_sessions(self, actor: Actor, user_id: int) -> User:
        def act(u: Unit, person: User) -> tuple[str, str]:
            return "", f"sessions ended: {sessions.end_of(u, person.id)}"

        return self._change(actor, user_id, "Ended all sessions of a person", act)

    def remove_second_factor(self, actor: Actor, user_id: int) -> User:
        """For whoever has lost the phone and the recovery codes; their sessions end."""

        def act(u: Unit, person: User) -> tuple[str, str]:
            users.change(u, person.id, totp_sealed=None, totp_step=0, recovery=())
            sessions.end_of(u, person.id)
            return "a second factor" if person.second_factor else "none", "none"

        return self._change(actor, user_id, "Removed somebody's second factor", act)

    def _change(self, actor: Actor, user_id: int, what: str, act: Act) -> User:
        with self._store.unit() as u:
            u.own_installation()
            person, owners = self._looked_after(u, actor, user_id), users.owners(u)
            before, after = act(u, person)
            if owners and not users.owners(u):
                raise ConfigError(staff.LAST_OWNER, remedy="Make somebody else an owner first.", reason="last_owner")
            told = f"{person.email}: {before}" if before else person.email
            self._books.book(u, actor, what, before=told, after=after)
            return _person(u, user_id)

    def _looked_after(self, u: Unit, actor: Actor, user_id: int) -> User:
        person = _person(u, user_id)
        self._refuse(staff.may_look_after(actor.role, person))
        return person

    def _refuse(self, allowed: bool) -> None:
        if not allowed:
            raise ConfigError(staff.NOT_YOURS, remedy="Ask one of the owners.", reason="not_yours")


LISTED = "Everybody is listed by: leadwright people list."
ANEW = "Make a new link instead: leadwright people link."
ABLE = "Enable the person first."


def _names(u: Unit) -> dict[int, str]:
    """Portal number → name; everywhere has its place in it too."""
    return {EVERYWHERE: "everywhere"} | {row.id: row.name for row in portals.every(u)}


def _person(u: Unit, user_id: int) -> User:
    person = users.by_id(u, user_id)
    if person is None:
        raise ConfigError("There is no such person.", remedy=LISTED, reason="unknown_person")
    return person
