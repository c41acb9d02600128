"""Entries of the audit log as flows write them: in the same transaction as the deed, so that neither is without the
other."""

from __future__ import annotations

from connector.clock import Clock
from connector.model.people import EVERYWHERE, Actor, Deed, User
from connector.store import Unit, audit
from connector.vault import Vault


class Books:
    """The audit log, with the key it is closed with."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def book(
        self,
        u: Unit,
        actor: Actor,
        what: str,
        *,
        before: str = "",
        after: str = "",
        portal_id: int | None = None,
        portal: str = "",
    ) -> None:
        """Who did what, with what was before and after in words. No contact's data, no secret."""
        told = Deed(self._clock.now_ms(), actor.email, what, actor.id, portal_id, portal, before, after, actor.address)
        audit.book(u, self._vault, told)


def acting(person: User, address: str = "") -> Actor:
    """The person as one who does something."""
    return Actor(person.email, person.roles.get(EVERYWHERE), person.id, address)
