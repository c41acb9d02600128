"""Open sessions. One that ended is gone: there is no row that could be opened again by mistake."""

from __future__ import annotations

import sqlalchemy as sa

from connector.model.people import Session
from connector.store.people_schema import SESSIONS
from connector.store.unit import AnyRow, Unit
from connector.store.values import clean

_C = SESSIONS.c
LONGEST_SAID, LONGEST_BROWSER = 1000, 160


def begin(u: Unit, session: Session) -> None:
    """Keep a new one."""
    u.run(
        sa.insert(SESSIONS).values(
            hash=session.hash,
            user_id=session.user_id,
            step=session.step,
            created_ms=session.created_ms,
            seen_ms=session.seen_ms,
            fresh_until_ms=session.fresh_until_ms,
            said=clean(session.said)[:LONGEST_SAID],
            address=clean(session.address),
            browser=clean(session.browser)[:LONGEST_BROWSER],
        )
    )


def by_hash(u: Unit, digest: bytes) -> Session | None:
    row = u.first(sa.select(SESSIONS).where(_C.hash == digest))
    return _session(row) if row is not None else None


def of(u: Unit, user_id: int) -> tuple[Session, ...]:
    """One person's open sessions, the last used first."""
    query = sa.select(SESSIONS).where(_C.user_id == user_id, _C.step == "").order_by(_C.seen_ms.desc(), _C.hash)
    return tuple(map(_session, u.rows(query)))


def counts(u: Unit, alive_since_ms: int) -> dict[int, int]:
    """How many sessions are open, by person."""
    query = sa.select(_C.user_id, sa.func.count()).where(_C.step == "", _C.seen_ms >= alive_since_ms)
    return {row[0]: row[1] for row in u.rows(query.group_by(_C.user_id))}


def seen(u: Unit, digest: bytes, now_ms: int) -> None:
    u.change(sa.update(SESSIONS).where(_C.hash == digest).values(seen_ms=now_ms))


def freshen(u: Unit, digest: bytes, until_ms: int) -> None:
    """The person has just proved again who they are."""
    u.change(sa.update(SESSIONS).where(_C.hash == digest).values(fresh_until_ms=until_ms))


def say(u: Unit, digest: bytes, text: str) -> None:
    u.change(sa.update(SESSIONS).where(_C.hash == digest).values(said=clean(text)[:LONGEST_SAID]))


def end(u: Unit, digest: bytes) -> bool:
    return u.change(sa.delete(SESSIONS).where(_C.hash == digest)) == 1


def end_of(u: Unit, user_id: int, *, but: bytes = b"") -> int:
    """End all of one person's sessions, or all but that one; how many."""
    return u.change(sa.delete(SESSIONS).where(_C.user_id == user_id, _C.hash != but))


def prune(u: Unit, created_before_ms: int, seen_before_ms: int) -> int:
    """Let go of those that are too old to open anything."""
    return u.change(sa.delete(SESSIONS).where((_C.created_ms < created_before_ms) | (_C.seen_ms < seen_before_ms)))


def _session(row: AnyRow) -> Session:
    return Session(
        bytes(row.hash), row.user_id, row.step, row.created_ms, row.seen_ms, row.fresh_until_ms, row.said, row.address,
        row.browser,
    )  # fmt: skip
