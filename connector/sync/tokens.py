"""Tokens with which programs come in: made once and shown once, listed, revoked, recognised. Who may what: ``staff``.

A token belongs to one portal or to all, with a role; one that is made for a person does what that person does and never
more than the person may at that moment. What is kept of it (a hash with the installation's key) opens nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from connector.clock import Clock, iso
from connector.errors import ConfigError, StoreError
from connector.model.people import EVERYWHERE, Actor, Role, Token, User
from connector.rules import staff
from connector.store import Store, Unit, portals, tokens, users
from connector.store.values import normal_email
from connector.sync.deeds import Books
from connector.vault import Vault

CONTEXT = "api token"
BEGIN, LENGTH = "lw_", 46
DAY_MS, MINUTE_MS = 24 * 3600 * 1000, 60_000
USUAL_DAYS, MOST_DAYS, LONGEST_NAME = 90, 366, 60
ROLES: tuple[Role, ...] = ("viewer", "analyst", "editor", "admin")

LOG = structlog.get_logger()

LISTED = "All of them are listed by: leadwright token list."
UNKNOWN = "There is no such token."
NO_ROLE = "A token's role is viewer, analyst, editor or admin."
NO_NAME = "A token needs a name of 1 to 60 characters, to be told from others."
NO_DAYS = "A token is good for 1 to 366 days."
NOBODY = "Nobody of that address can sign in here."
WITHOUT_ROLE = "This person has no role there, so the token would open nothing."


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token with its secret, which is shown this once and kept nowhere."""

    token: Token
    secret: str = field(repr=False)
    portal: str

    def told(self) -> dict[str, Any]:
        return {
            "id": self.token.id,
            "name": self.token.name,
            "role": self.token.role,
            "portal": self.portal,
            "token": self.secret,
            "good_until": iso(self.token.until_ms),
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One token in the list; ``portal`` empty: all portals, ``person`` empty: nobody's."""

    token: Token
    portal: str
    person: str
    expired: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that was let in: what it may do where, and who that is in the audit log and in histories."""

    token_id: str
    who: str
    roles: Mapping[int, Role]
    user_id: int | None = None
    token_name: str = ""

    def role(self, portal_id: int) -> Role | None:
        return staff.role_in(self.roles, portal_id)


class Tokens:
    """The tokens of one installation. ``actor`` is who asks: a person by the role everywhere, or the command line."""

    def __init__(self, store: Store, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._books = Books(vault, clock)

    def every(self) -> tuple[Line, ...]:
        """All of them, the newest first, those that are too old too."""
        now = self._clock.now_ms()
        with self._store.view() as u:
            names = {row.id: row.name for row in portals.every(u)}
            people = {one.id: one.email for one in users.every(u)}
            return tuple(
                Line(one, names.get(one.portal_id, ""), people.get(one.user_id or 0, ""), one.until_ms <= now)
                for one in tokens.every(u)
            )

    def add(
        self, actor: Actor, name: str, role: str, *, portal: str = "", person: str = "", days: int = USUAL_DAYS
    ) -> Issued:
        """Make one. ``portal`` empty: for all portals; ``person``: the address of who it acts for."""
        given = self._checked(actor, name.strip(), role, days)
        secret, now = BEGIN + secrets.token_urlsafe(32), self._clock.now_ms()
        with self._store.unit() as u:
            u.own_installation()
            portal_id = portals.by_name(u, portal).id if portal else EVERYWHERE
            who = self._person(u, actor, given, portal_id, person) if person else None
            made = Token(
                portal_id, secrets.token_hex(4), self._vault.fingerprint(secret, CONTEXT), name.strip(), given,
                who.id if who else None, actor.email, now, now + days * DAY_MS,
            )  # fmt: skip
            tokens.add(u, made)
            self._book(u, actor, "Made an API token", made, portal, f", for {who.email}" if who else "")
        return Issued(made, secret, portal)

    def remove(self, actor: Actor, ident: str) -> Token:
        """Revoke one: it opens nothing from this moment on."""
        with self._store.unit() as u:
            u.own_installation()
            found = tokens.by_id(u, ident)
            if found is None or not tokens.remove(u, found):
                raise ConfigError(UNKNOWN, remedy=LISTED, reason="unknown_token")
            names = {row.id: row.name for row in portals.every(u)}
            self._book(u, actor, "Revoked an API token", found, names.get(found.portal_id, ""))
        return found

    def caller(self, secret: str) -> Caller | None:
        """Who has that token, if it is still good; that it was used is noted once a minute."""
        if len(secret) != LENGTH or not secret.startswith(BEGIN):
            return None
        prints = self._vault.fingerprints(secret, CONTEXT)
        with self._store.view() as u:
            found = tokens.by_hash(u, prints)
            person = users.by_id(u, found.user_id) if found and found.user_id is not None else None
        now = self._clock.now_ms()
        if found is None or now >= found.until_ms:
            return None
        if found.user_id is not None and (person is None or person.disabled_ms is not None):
            return None
        if found.hash != prints[0] or now - (found.used_ms or 0) >= MINUTE_MS:
            self._noted(found, prints[0], now)
        roles = staff.lent(found.role, found.portal_id, person.roles if person else None)
        return Caller(found.id, person.email if person else f"token {found.name}", roles, found.user_id, found.name)

    def _noted(self, found: Token, digest: bytes, now: int) -> None:
        """No call must fail for it."""
        try:
            with self._store.unit() as u:
                tokens.used(u, found, digest, now)
        except StoreError as fault:
            LOG.info("not_noted", reason=fault.reason)

    def _checked(self, actor: Actor, name: str, role: str, days: int) -> Role:
        given = next((one for one in ROLES if one == role), None)
        if given is None:
            raise ConfigError(NO_ROLE, reason="unknown_role")
        if not (name and len(name) <= LONGEST_NAME and name.isprintable()):
            raise ConfigError(NO_NAME, reason="token_name")
        if not 1 <= days <= MOST_DAYS:
            raise ConfigError(NO_DAYS, reason="token_days")
        self._refuse(staff.may_give(actor.role, [given]))
        return given

    def _person(self, u: Unit, actor: Actor, role: Role, portal_id: int, email: str) -> User:
        """Whom the token acts for: oneself, or somebody one may look after."""
        who = users.by_email(u, normal_email(email) or "")
        if who is None or who.disabled_ms is not None:
            raise ConfigError(NOBODY, reason="unknown_person")
        self._refuse(who.id == actor.id or staff.may_look_after(actor.role, who))
        if not staff.lent(role, portal_id, who.roles):
            raise ConfigError(WITHOUT_ROLE, reason="no_role")
        return who

    def _refuse(self, allowed: bool) -> None:
        if not allowed:
            raise ConfigError(staff.NOT_YOURS, remedy="Ask one of the owners.", reason="not_yours")

    def _book(self, u: Unit, actor: Actor, what: str, token: Token, portal: str, more: str = "") -> None:
        after = f"{token.name} ({token.id}): {token.role} {f'in {portal}' if portal else 'everywhere'}{more}"
        number = token.portal_id if token.portal_id != EVERYWHERE else None
        self._books.book(u, actor, what, after=after, portal_id=number, portal=portal)


def listed(lines: tuple[Line, ...]) -> dict[str, Any]:
    """The list as a document."""
    return {
        "tokens": [
            {
                "id": one.token.id,
                "name": one.token.name,
                "role": one.token.role,
                "portal": one.portal,
                "person": one.person,
                "made_by": one.token.made_by,
                "made": iso(one.token.created_ms),
                "good_until": iso(one.token.until_ms),
                "last_used": iso(one.token.used_ms) if one.token.used_ms else None,
                "state": "expired" if one.expired else "good",
            }
            for one in lines
        ]
    }
