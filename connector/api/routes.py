"""A route of the interface, and what its view is given. The server and its description are made of the same table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from connector.api.problems import Problem
from connector.api.shapes import Csv, In, Nothing, Out
from connector.clock import Clock
from connector.errors import StoreError
from connector.model.people import EVERYWHERE, Actor, Role
from connector.rules import staff
from connector.rules.documents import KINDS
from connector.service import Service
from connector.store import Store, Unit
from connector.store.portals import PortalRow
from connector.sync.tokens import Caller

Method = Literal["GET", "POST", "PUT", "DELETE"]
PREFIX = "/api/v1"

# What may stand in an address, and what it is; anything else is nothing there.
PARTS: Mapping[str, tuple[str, str]] = {
    "portal": (r"[a-z0-9-]{1,40}", "A portal's name."),
    "contact": (r"[0-9]{1,18}", "A contact's id in HubSpot; an older id of a merged contact will do."),
    "kind": ("|".join(KINDS), "A kind of document."),
    "version": (r"[0-9]{1,9}", "The number of a version."),
    "errand": (r"(plan|apply|undo)-[0-9]{1,16}", "What a call that asks the worker answered."),
    "cause": (r"[0-9a-f]{24}", "One cause for which something is put aside."),
    "report": ("kpis|funnel|questions|assets|nurtures|quality", "Which report."),
    "run": (r"[a-z]{1,20}-[0-9]{1,12}", "A run, as the list of runs names it."),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """The parts of the installation that views use; one for each web process."""

    store: Store
    service: Service
    clock: Clock
    request_work: Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """A body (bytes where the route answers a sheet), with what else the answer carries."""

    body: Mapping[str, Any] | bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """One call on its way through a view. ``query`` and ``body`` are what the route says they are."""

    frame: Frame
    route: Route
    caller: Caller
    parts: Mapping[str, str]
    query: Any
    body: Any
    address: str = ""
    if_match: str = ""
    portal_row: PortalRow | None = None

    @property
    def portal(self) -> PortalRow:
        """The portal of the address: only if this token has a role in it."""
        if self.portal_row is None:
            raise StoreError("A call about a portal came without one.", reason="no_portal")
        return self.portal_row

    def may(self, least: Role) -> bool:
        """Whether the token may do that in this portal."""
        return staff.reaches(self.caller.role(self.portal_row.id if self.portal_row else EVERYWHERE), least)

    @property
    def everywhere(self) -> Role | None:
        """The token's role for all portals."""
        return self.caller.roles.get(EVERYWHERE)

    @property
    def revision(self) -> int:
        """The number in ``If-Match``; without one nothing is changed that somebody else might have changed."""
        if not self.if_match:
            raise Problem(
                428, "if_match", "Say in If-Match which revision you have seen.",
                remedy='Read it first and send its ETag, for example If-Match: "3".',
            )  # fmt: skip
        found = re.fullmatch(r'"([0-9]{1,9})"', self.if_match)
        if found is None:
            raise Problem(
                412, "if_match", "If-Match names no revision of this.", remedy="Send the ETag as it was answered."
            )
        return int(found[1])

    def book(self, u: Unit, what: str, *, before: str = "", after: str = "") -> None:
        """An entry of the audit log, in the transaction of the deed."""
        self.frame.service.books.book(
            u, self.actor, what, before=before, after=after, portal_id=self.portal.id, portal=self.portal.name
        )

    @property
    def actor(self) -> Actor:
        """Who does it, as the audit log names it: with a person's token both."""
        caller = self.caller
        who = f"{caller.who} (token {caller.token_name})" if caller.user_id is not None else caller.who
        return Actor(who, self.everywhere, caller.user_id, self.address)


Told: TypeAlias = Mapping[str, Any] | Answer
View: TypeAlias = Callable[[Call], Told]


@dataclass(frozen=True)
class Route:
    """One operation. ``path`` is below ``/api/v1``; ``least`` is the role it needs in its portal."""

    method: Method
    path: str
    least: Role
    summary: str
    view: View
    answer: type[Out | Csv]
    query: type[In] = Nothing
    body: type[In | Csv] | None = None
    status: int = 200
    if_match: bool = False
    etag: bool = False
    faults: tuple[int, ...] = ()

    @cached_property
    def parts(self) -> tuple[str, ...]:
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    @property
    def of_portal(self) -> bool:
        return "portal" in self.parts

    @property
    def rule(self) -> str:
        """The address as Flask writes it."""
        return re.sub(r"\{(\w+)\}", r"<\1>", self.path)

    @cached_property
    def name(self) -> str:
        """Its name in the description: ``get_contact``, ``publish_draft``."""
        return self.view.__name__
