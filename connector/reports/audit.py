"""The audit log as it is read: a page of entries, newest first, who and what can be asked for, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass

from connector.model.people import Entry
from connector.store import Unit, audit, portals, users
from connector.store.audit import Sealer, Verdict

PAGE = 50
AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Log:
    """One page. ``verdict`` None: the log is long and was not checked this time. ``older``: where the next begins."""

    entries: tuple[Entry, ...]
    total: int
    older: int | None
    verdict: Verdict | None
    people: tuple[tuple[int, str], ...]
    portals: tuple[tuple[int, str], ...]


def read(
    u: Unit, sealer: Sealer, *, portal_id: int | None, user_id: int | None, before: int | None, check: bool
) -> Log:
    """The page, and the check of the whole log while that is quick or when it is asked for."""
    found = audit.page(u, portal_id=portal_id, user_id=user_id, before=before, limit=PAGE + 1)
    total = audit.count(u)
    return Log(
        found[:PAGE],
        total,
        found[PAGE - 1].id if len(found) > PAGE else None,
        audit.verify(u, sealer) if check or total <= AT_ONCE else None,
        tuple((one.id, one.email) for one in users.every(u)),
        tuple((row.id, row.name) for row in portals.every(u)),
    )
