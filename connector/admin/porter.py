"""The porter at work: whose session a cookie opens, sentences for the next page, entries of the audit log.

What a session is and when it ends is ``sync/entrance``'s.
"""

from __future__ import annotations

from connector.admin.doors import Visitor
from connector.admin.frame import Ask
from connector.clock import Clock
from connector.model.people import EVERYWHERE, Actor
from connector.store import Store
from connector.sync.deeds import Books
from connector.sync.entrance import Entrance, csrf_of


class HousePorter:
    """The porter of one installation."""

    def __init__(self, store: Store, entrance: Entrance, books: Books, clock: Clock) -> None:
        self._store = store
        self._entrance = entrance
        self._books = books
        self._clock = clock

    def visitor(self, cookie: str) -> Visitor | None:
        """Whose session that is, if it is still open."""
        found = self._entrance.session(cookie)
        if found is None:
            return None
        person, session = found
        return Visitor(
            person.id, person.email, person.name, person.language, person.time_zone, csrf_of(cookie),
            session.hash.hex(), self._clock.now_ms() < session.fresh_until_ms, dict(person.roles),
        )  # fmt: skip

    def say(self, visitor: Visitor, text: str) -> None:
        """A sentence for the top of this person's next page."""
        self._entrance.say(bytes.fromhex(visitor.session), text)

    def heard(self, visitor: Visitor) -> str:
        """The sentence, once."""
        return self._entrance.heard(bytes.fromhex(visitor.session))

    def book(self, ask: Ask, what: str, *, portal_id: int | None = None, before: str = "", after: str = "") -> None:
        """An entry of the audit log. No contact's data and no secret belongs in it: it is never let go of."""
        row = ask.portal_row
        name = row.name if row is not None and row.id == portal_id else ""
        with self._store.unit() as u:
            self._books.book(u, actor(ask), what, before=before, after=after, portal_id=portal_id, portal=name)


def actor(ask: Ask) -> Actor:
    """Who asks, as the flows take it."""
    who = ask.who
    return Actor(who.email, who.roles.get(EVERYWHERE), who.id, ask.address)
