"""The documents an admin edits, every version of them: the published one and the retired ones.

Not here: what is not published yet (``drafts``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from connector.errors import ConfigError
from connector.store import bulk
from connector.store.schema import DOCUMENTS
from connector.store.unit import AnyRow, Unit, mine
from connector.store.values import clean, digest

OVERTAKEN = "document_overtaken"
DocumentState = Literal["published", "retired"]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One version of a document; ``body`` is the YAML as written."""

    kind: str
    version: int
    state: DocumentState
    body: str
    hash: str
    author: str
    reason: str
    created_ms: int
    published_ms: int | None


def publish(
    u: Unit,
    portal_id: int,
    kind: str,
    body: str,
    author: str,
    reason: str,
    now_ms: int,
    *,
    expected: int | None = None,
) -> int:
    """Make this the published version; its number. What is published already is not published again.

    ``expected`` is the version the author started from (0 for none): another one is published, so it is refused.
    """
    u.own(portal_id)
    now = current(u, portal_id, kind)
    _refuse_overtaken(kind, now, expected)
    if now is not None and now.hash == hash_of(body):
        return now.version
    was = mine(DOCUMENTS, portal_id, kind=kind, state="published")
    u.change(sa.update(DOCUMENTS).where(was).values(state="retired"))
    return _insert(u, portal_id, kind, body, author, reason, now_ms)


def _refuse_overtaken(kind: str, now: DocumentRow | None, expected: int | None) -> None:
    found = now.version if now is not None else 0
    if expected is not None and expected != found:
        raise ConfigError(
            f"The {kind} document was published as version {found} in the meantime; you started from {expected}.",
            remedy="Compare the two and publish again.",
            reason=OVERTAKEN,
        )


def _insert(u: Unit, portal_id: int, kind: str, body: str, author: str, reason: str, now_ms: int) -> int:
    version = newest(u, portal_id, kind) + 1
    words = (clean(body), hash_of(body), clean(author), clean(reason))
    bulk.put(u, portal_id, DOCUMENTS, [(kind, version, "published", *words, now_ms, now_ms)])
    return version


def hash_of(body: str) -> str:
    """What a text is known by: the same for the same content, whoever drafted it."""
    return digest(clean(body).encode()).hex()


def _document(row: AnyRow) -> DocumentRow:
    return DocumentRow(*row[1:])


def current(u: Unit, portal_id: int, kind: str) -> DocumentRow | None:
    """The published version."""
    row = u.first(sa.select(DOCUMENTS).where(mine(DOCUMENTS, portal_id, kind=kind, state="published")))
    return _document(row) if row is not None else None


def versions(u: Unit, portal_id: int) -> dict[str, int]:
    """The published version of each kind."""
    query = sa.select(DOCUMENTS.c.kind, DOCUMENTS.c.version).where(mine(DOCUMENTS, portal_id, state="published"))
    return {row[0]: row[1] for row in u.rows(query)}


def newest(u: Unit, portal_id: int, kind: str) -> int:
    """The highest version there is, 0 for none."""
    return u.number(sa.select(sa.func.max(DOCUMENTS.c.version)).where(mine(DOCUMENTS, portal_id, kind=kind)))


def is_current(row: DocumentRow | None, body: str) -> bool:
    """Whether publishing this text would publish what is published already."""
    return row is not None and row.hash == hash_of(body)


def get(u: Unit, portal_id: int, kind: str, version: int) -> DocumentRow | None:
    row = u.first(sa.select(DOCUMENTS).where(mine(DOCUMENTS, portal_id, kind=kind, version=version)))
    return _document(row) if row is not None else None


def history(u: Unit, portal_id: int, kind: str) -> tuple[DocumentRow, ...]:
    """Every version, the newest first."""
    query = sa.select(DOCUMENTS).where(mine(DOCUMENTS, portal_id, kind=kind)).order_by(DOCUMENTS.c.version.desc())
    return tuple(_document(row) for row in u.rows(query))
