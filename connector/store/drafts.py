"""Drafts of documents: what somebody works on and nobody judges by yet. One an author and kind, saved as written.

Each saving has a revision that rises and never comes back, also after a draft was given up or published: whoever saves
names the revision they saw, so that two windows of one person never overwrite each other.

    (none) ──save──▶ open ──save──▶ open ──discard or publish──▶ closed ──save──▶ open
      0               1               2                            3                4
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from connector.errors import ConfigError
from connector.store import bulk
from connector.store.schema import DRAFTS
from connector.store.unit import AnyRow, Unit, mine
from connector.store.values import clean

OVERTAKEN = "draft_overtaken"


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft. ``base`` is the published version it started from (0: none); ``open``: it is not done with yet."""

    id: int
    kind: str
    author: str
    base: int
    revision: int
    open: bool
    body: str
    saved_ms: int


def save(u: Unit, portal_id: int, kind: str, author: str, body: str, *, base: int, seen: int, now_ms: int) -> Draft:
    """Keep a draft over the revision the author saw (0: none yet); another one is there now, so it is refused."""
    u.own(portal_id)
    found = of(u, portal_id, kind, author)
    _refuse_unseen(found, seen)
    number = found.id if found is not None else _next(u, portal_id)
    draft = Draft(number, kind, clean(author), base, seen + 1, True, clean(body), now_ms)
    _put(u, portal_id, draft)
    return draft


def close(u: Unit, portal_id: int, draft_id: int, *, seen: int, now_ms: int) -> Draft:
    """Done with: published or given up. Its text goes, its number of revisions stays; gives it as it was."""
    u.own(portal_id)
    found = get(u, portal_id, draft_id)
    _refuse_unseen(found, seen)
    if found is None or not found.open:
        raise ConfigError("There is no such draft any more.", remedy="Look at the list of drafts.", reason="no_draft")
    _put(u, portal_id, Draft(found.id, found.kind, found.author, found.base, seen + 1, False, "", now_ms))
    return found


def _refuse_unseen(found: Draft | None, seen: int) -> None:
    is_now = found.revision if found is not None else 0
    if is_now != seen:
        raise ConfigError(
            f"This draft was changed in another window: it is at saving {is_now}, and you looked at {seen}.",
            remedy="Compare the two, then save over the one that is there now.",
            reason=OVERTAKEN,
        )


def _put(u: Unit, portal_id: int, d: Draft) -> None:
    bulk.put(u, portal_id, DRAFTS, [(d.id, d.kind, d.author, d.base, d.revision, d.open, d.body, d.saved_ms)])


def _next(u: Unit, portal_id: int) -> int:
    return u.number(sa.select(sa.func.max(DRAFTS.c.id)).where(mine(DRAFTS, portal_id))) + 1


def get(u: Unit, portal_id: int, draft_id: int) -> Draft | None:
    """The draft of that number, also a closed one."""
    row = u.first(sa.select(DRAFTS).where(mine(DRAFTS, portal_id, id=draft_id)))
    return _draft(row) if row is not None else None


def of(u: Unit, portal_id: int, kind: str, author: str) -> Draft | None:
    """An author's draft of that kind, also when it is closed: its revision is what the next saving names."""
    row = u.first(sa.select(DRAFTS).where(mine(DRAFTS, portal_id, kind=kind, author=clean(author))))
    return _draft(row) if row is not None else None


def every(u: Unit, portal_id: int) -> tuple[Draft, ...]:
    """The open drafts of all authors, by kind and age."""
    query = sa.select(DRAFTS).where(mine(DRAFTS, portal_id), DRAFTS.c.open.is_(True))
    return tuple(_draft(row) for row in u.rows(query.order_by(DRAFTS.c.kind, DRAFTS.c.saved_ms, DRAFTS.c.id)))


def _draft(row: AnyRow) -> Draft:
    return Draft(*row[1:])
