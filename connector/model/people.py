"""Who works here: roles and their order, a person, a session, a token, an entry of the audit log. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["viewer", "analyst", "editor", "admin", "owner"]
ROLES: tuple[Role, ...] = ("viewer", "analyst", "editor", "admin", "owner")
EVERYWHERE = 0
"""The portal number under which a role for all portals, those to come included, is kept."""

Purpose = Literal["invite", "sign_in", "reset"]
Language = Literal["en", "de"]


@dataclass(frozen=True, slots=True)
class User:
    """One person who may sign in. Without ``password_hash`` only a link opens, with ``disabled_ms`` nothing does."""

    id: int
    email: str
    name: str
    language: Language
    time_zone: str
    created_ms: int
    disabled_ms: int | None = None
    password_ms: int | None = None
    password_hash: str | None = field(default=None, repr=False)
    totp_sealed: bytes | None = field(default=None, repr=False)
    totp_step: int = 0
    recovery: tuple[str, ...] = field(default=(), repr=False)
    roles: Mapping[int, Role] = field(default_factory=dict)

    @property
    def second_factor(self) -> bool:
        return self.totp_sealed is not None

    @property
    def strongest(self) -> Role | None:
        """The strongest role this person has anywhere."""
        return max(self.roles.values(), key=ROLES.index, default=None)


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in. ``ident`` names it in pages; what opens it is known to the browser alone."""

    hash: bytes = field(repr=False)
    user_id: int
    step: str
    created_ms: int
    seen_ms: int
    fresh_until_ms: int
    said: str
    address: str
    browser: str

    @property
    def ident(self) -> str:
        return self.hash[:8].hex()


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link as it is kept: nobody can open anything with it."""

    hash: bytes = field(repr=False)
    user_id: int
    purpose: Purpose
    until_ms: int
    used_ms: int | None


@dataclass(frozen=True, slots=True)
class Token:
    """What lets a program in, as it is kept: a role in one portal (or everywhere), for a person where one is named."""

    portal_id: int
    id: str
    hash: bytes = field(repr=False)
    name: str
    role: Role
    user_id: int | None
    made_by: str
    created_ms: int
    until_ms: int
    used_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a person, or the command line (no number). ``role``: the person's role everywhere."""

    email: str
    role: Role | None
    id: int | None = None
    address: str = ""


COMMAND_LINE = Actor("command line", "owner")


@dataclass(frozen=True, slots=True)
class Deed:
    """What the audit log keeps: who did what, where, when, with what was before and after in words."""

    at_ms: int
    who: str
    what: str
    user_id: int | None = None
    portal_id: int | None = None
    portal: str = ""
    before: str = ""
    after: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A deed in its place of the log. ``seal`` closes it together with all before it."""

    id: int
    deed: Deed
    seal: bytes = field(repr=False)
