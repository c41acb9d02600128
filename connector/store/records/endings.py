"""What ends at once when a contact is deleted or merged away: marks, refusals, e-mails, what waits to be sent."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from connector.store import stretches
from connector.store.records.dirty import unmark
from connector.store.schema import EMAILS, HOLDS, OUTBOX
from connector.store.unit import Unit, mine

WAITING = ("planned", "unknown")
DELETED = "the contact was deleted"


def free(u: Unit, portal_id: int, ids: Collection[int]) -> None:
    """Give back the e-mails, the marks and the current refusals of contacts that are gone."""
    for table in (EMAILS, HOLDS):
        u.change(sa.delete(table).where(mine(table, portal_id), u.among(table.c.contact_id, ids)))
    unmark(u, portal_id, ids)
    stretches.touch(u, portal_id, ids)


def stop(u: Unit, portal_id: int, ids: Collection[int], reason: str, *kinds: str) -> None:
    """Drop what waits to be sent for these contacts."""
    waiting = [mine(OUTBOX, portal_id), u.among(OUTBOX.c.contact_id, ids), OUTBOX.c.state.in_(WAITING)]
    if kinds:
        waiting.append(OUTBOX.c.kind.in_(kinds))
    u.change(sa.update(OUTBOX).where(*waiting).values(state="dropped", reason=reason))
