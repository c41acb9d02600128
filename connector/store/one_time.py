"""What is good once or only so often: one-time links, and the checks of passwords and codes that were made of late."""

from __future__ import annotations

import secrets
from typing import get_args

import sqlalchemy as sa

from connector.model.people import EVERYWHERE, Link, Purpose
from connector.store.people_schema import API_TOKENS, ATTEMPTS, LINKS, OPENERS
from connector.store.unit import Unit

_L, _A = LINKS.c, ATTEMPTS.c
WEEK_MS = 7 * 24 * 3600 * 1000


def keep_link(u: Unit, link: Link, now_ms: int) -> None:
    """Keep a new link; the person's older ones open nothing any more."""
    spend_all(u, link.user_id, now_ms)
    u.change(sa.delete(LINKS).where(_L.until_ms < now_ms - WEEK_MS))
    values = {"hash": link.hash, "user_id": link.user_id, "purpose": link.purpose, "until_ms": link.until_ms}
    u.run(sa.insert(LINKS).values(values))


def link(u: Unit, digest: bytes) -> Link | None:
    row = u.first(sa.select(LINKS).where(_L.hash == digest))
    if row is None:
        return None
    purpose: Purpose = next(one for one in get_args(Purpose) if one == row.purpose)
    return Link(bytes(row.hash), row.user_id, purpose, row.until_ms, row.used_ms)


def spend(u: Unit, digest: bytes, now_ms: int) -> bool:
    """Use a link; False when somebody has used it meanwhile."""
    unused = (_L.hash == digest) & _L.used_ms.is_(None)
    return u.change(sa.update(LINKS).where(unused).values(used_ms=now_ms)) == 1


def spend_all(u: Unit, user_id: int, now_ms: int) -> None:
    """No link of that person opens anything any more."""
    u.change(sa.update(LINKS).where(_L.user_id == user_id, _L.used_ms.is_(None)).values(used_ms=now_ms))


def take(u: Unit, who: bytes, kind: str, now_ms: int, *, most: int, within_ms: int) -> int:
    """Take one of ``most`` checks within that time: 0 when it was given, else the moment when one is free again."""
    u.own_installation()
    u.change(sa.delete(ATTEMPTS).where(_A.at_ms <= now_ms - within_ms))
    mine = (_A.who == who) & (_A.kind == kind)
    made, first = u.rows(sa.select(sa.func.count(), sa.func.min(_A.at_ms)).where(mine))[0]
    if made >= most:
        return int(first) + within_ms
    u.run(sa.insert(ATTEMPTS).values(id=secrets.token_bytes(16), who=who, kind=kind, at_ms=now_ms))
    return 0


def forgive(u: Unit, who: bytes, kind: str) -> None:
    """The right answer was given: what was tried before does not count any more."""
    u.change(sa.delete(ATTEMPTS).where(_A.who == who, _A.kind == kind))


def shut(u: Unit) -> None:
    """No session, no link, no token, no counted attempt is left: for a database that was restored."""
    for table in OPENERS:
        u.change(sa.delete(table))
    u.change(sa.delete(API_TOKENS).where(API_TOKENS.c.portal_id >= EVERYWHERE))
