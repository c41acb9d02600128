"""Who may come in: the visitor, the roles, and the table of doors each area hands in. Sessions are ``sync/people``'s.

A door names the least role that opens it. Whoever lacks it is told the page does not exist: another portal's
existence is no business of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from flask import Response

from connector.model.people import EVERYWHERE, ROLES, Role

if TYPE_CHECKING:
    from connector.admin.frame import Ask

__all__ = ["EVERYWHERE", "ROLES", "Door", "Opens", "Porter", "Role", "View", "Visitor", "reaches"]

View = Callable[..., Response]
FORM_BYTES = 500_000
"""No form that people fill in is larger; the library would not hold more in memory either."""
Opens = Role | Literal["anybody", "signed_in"]


def reaches(role: Role | None, least: Opens) -> bool:
    """Whether a role opens what asks for ``least``."""
    if least == "anybody":
        return True
    if role is None:
        return False
    return least == "signed_in" or ROLES.index(role) >= ROLES.index(least)


@dataclass(frozen=True, slots=True)
class Visitor:
    """One person with an open session. ``roles``: our portal number (``EVERYWHERE`` for all) → role."""

    id: int
    email: str
    name: str
    language: Literal["en", "de"] = "en"
    time_zone: str = "UTC"
    csrf: str = ""
    session: str = ""
    fresh: bool = True
    roles: Mapping[int, Role] = field(default_factory=dict)

    def role(self, portal_id: int | None = None) -> Role | None:
        """The role in a portal: the stronger of the one given there and the one for everywhere."""
        given = [self.roles[n] for n in (EVERYWHERE, portal_id) if n is not None and n in self.roles]
        return max(given, key=ROLES.index, default=None)

    def may(self, least: Opens, portal_id: int | None = None) -> bool:
        """Whether this person may do in that portal (or, without one, in the whole installation) what asks for it."""
        if least == "signed_in":
            return True
        return reaches(self.role(portal_id), least)


@dataclass(frozen=True, slots=True)
class Door:
    """One address. ``path`` begins with ``/``, below ``/admin``; ``<portal>`` in it is a portal's name.

    ``view`` is called with the ``Ask`` and the other parts of the path by name. ``most_bytes``: how much may be sent.
    """

    method: Literal["GET", "POST"]
    path: str
    least: Opens
    view: View
    most_bytes: int = FORM_BYTES

    @property
    def of_portal(self) -> bool:
        return "<portal>" in self.path


class Porter(Protocol):
    """Who knows the sessions."""

    def visitor(self, cookie: str) -> Visitor | None:
        """Whose session that is, if it is still open."""

    def say(self, visitor: Visitor, text: str) -> None:
        """A sentence for the top of this person's next page."""

    def heard(self, visitor: Visitor) -> str:
        """The sentence, once."""

    def book(self, ask: Ask, what: str, *, portal_id: int | None = None, before: str = "", after: str = "") -> None:
        """An entry of the audit log: who did what, where, with what was before and after in words."""
