"""What every view is given: the installation's parts, who asks, the page's language; and how it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Response, make_response, redirect, render_template
from werkzeug.datastructures import FileStorage, MultiDict

from connector.admin import plain
from connector.admin.doors import Door, Porter, Visitor
from connector.admin.words import Words
from connector.clock import Clock
from connector.errors import StoreError
from connector.service import Service
from connector.settings import Settings
from connector.store import Store
from connector.store.portals import PortalRow

PREFIX = "/admin"
SEE_OTHER = 303


@dataclass(frozen=True, slots=True)
class Frame:
    """The parts of the installation that pages use; one for each web process."""

    settings: Settings
    store: Store
    service: Service
    clock: Clock
    porter: Porter
    request_work: Callable[[int, str], None]
    """Wake a portal's worker: our portal number, kind of job (``cycle``, ``drain``, ``verify``)."""


@dataclass(slots=True)
class Ask:
    """One request on its way through a view. ``too_large``: more was sent than the door lets in; nothing was read."""

    frame: Frame
    door: Door
    words: Words
    args: MultiDict[str, str]
    form: MultiDict[str, str]
    path: str
    visitor: Visitor | None = None
    portal_row: PortalRow | None = None
    address: str = ""
    cookies: tuple[tuple[str, str, int], ...] = ()
    files: MultiDict[str, FileStorage] = field(default_factory=MultiDict)
    too_large: bool = False

    @property
    def who(self) -> Visitor:
        """The person; views behind a door for signed-in people have one."""
        if self.visitor is None:
            raise StoreError("A page was asked for without a session.", reason="no_visitor")
        return self.visitor

    @property
    def portal(self) -> PortalRow:
        """The portal the page belongs to: from the path, and only if this person has a role in it."""
        if self.portal_row is None:
            raise StoreError("A page of a portal was asked for without one.", reason="no_portal")
        return self.portal_row

    def may(self, least: Any) -> bool:
        """Whether the person may do that in this page's portal (or the installation)."""
        return self.visitor is not None and self.visitor.may(least, self.portal_row.id if self.portal_row else None)

    def t(self, text: str, **values: object) -> str:
        """A sentence in the visitor's language."""
        return self.words.t(text, **values)

    def page(self, template: str, *, status: int = 200, heard: bool = True, **values: Any) -> Response:
        """A whole page. Templates see ``ask``, ``t``, ``visitor``, ``portal`` and the given values.

        ``heard`` False leaves what was said for the next page, and the database alone."""
        said = self.frame.porter.heard(self.visitor) if self.visitor and heard else ""
        html = render_template(
            f"admin/{template}", ask=self, t=self.words.t, w=self.words, visitor=self.visitor,
            portal=self.portal_row, said=said, url=self.url, **self._paused(), **values,
        )  # fmt: skip
        answer = make_response(html, status)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _paused(self) -> dict[str, Any]:
        """Why the page's portal rests, in this language, and whether only connecting it again ends that."""
        if self.portal_row is None or self.portal_row.paused_ms is None:
            return {}
        reason = self.portal_row.pause_reason
        return {"paused_why": plain.why(self.words, reason), "paused_for_good": plain.for_good(reason)}

    def go(self, path: str, said: str = "", *, portal: str | None = None) -> Response:
        """After something was done: on to another page (303), which begins with that sentence.

        With ``portal`` the path is one of that portal's pages."""
        if said and self.visitor is not None:
            self.frame.porter.say(self.visitor, said)
        return make_response(redirect(self.url(path, portal=portal), SEE_OTHER))

    def url(self, path: str = "", *, portal: str | None = None) -> str:
        """The address of a page, given its path below ``/admin``, or below a portal's pages."""
        return f"{PREFIX}/portals/{portal}{path}" if portal is not None else f"{PREFIX}{path}"

    def book(self, what: str, *, before: str = "", after: str = "") -> None:
        """An entry of the audit log for this page's portal."""
        self.frame.porter.book(
            self, what, portal_id=self.portal_row.id if self.portal_row else None, before=before, after=after
        )
