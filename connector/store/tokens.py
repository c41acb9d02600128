"""The tokens of programs, by their keyed hashes. One that was revoked is gone; who revoked it, the audit log says."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from connector.model.people import ROLES, Token
from connector.store.people_schema import API_TOKENS
from connector.store.unit import AnyRow, Unit
from connector.store.values import clean

_C = API_TOKENS.c


def add(u: Unit, token: Token) -> None:
    """Keep a new one."""
    u.run(
        sa.insert(API_TOKENS).values(
            portal_id=token.portal_id,
            id=token.id,
            hash=token.hash,
            name=clean(token.name),
            role=token.role,
            user_id=token.user_id,
            made_by=clean(token.made_by),
            created_ms=token.created_ms,
            until_ms=token.until_ms,
        )
    )


def by_hash(u: Unit, hashes: Iterable[bytes]) -> Token | None:
    """The token with one of these hashes: one for each key there is."""
    row = u.first(sa.select(API_TOKENS).where(_C.hash.in_(list(hashes))))
    return _token(row) if row is not None else None


def by_id(u: Unit, ident: str) -> Token | None:
    row = u.first(sa.select(API_TOKENS).where(_C.id == clean(ident)))
    return _token(row) if row is not None else None


def every(u: Unit) -> tuple[Token, ...]:
    """All of them, the newest first."""
    return tuple(map(_token, u.rows(sa.select(API_TOKENS).order_by(_C.created_ms.desc(), _C.id))))


def used(u: Unit, token: Token, digest: bytes, now_ms: int) -> None:
    """It was used just now; its hash is the first key's from now on."""
    u.change(sa.update(API_TOKENS).where(_that(token)).values(used_ms=now_ms, hash=digest))


def remove(u: Unit, token: Token) -> bool:
    return u.change(sa.delete(API_TOKENS).where(_that(token))) == 1


def _that(token: Token) -> sa.ColumnElement[bool]:
    return (_C.portal_id == token.portal_id) & (_C.id == token.id)


def _token(row: AnyRow) -> Token:
    return Token(
        row.portal_id, row.id, bytes(row.hash), row.name, next(one for one in ROLES if one == row.role), row.user_id,
        row.made_by, row.created_ms, row.until_ms, row.used_ms,
    )  # fmt: skip
