"""Signatures under the text of a document: one a side, over exactly that text. Who must sign what: ``sync/signing``."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from connector.store import bulk
from connector.store.schema import SIGNATURES
from connector.store.unit import AnyRow, Unit, mine
from connector.store.values import clean


@dataclass(frozen=True, slots=True)
class Signature:
    """``hash`` is the text's (``documents.hash_of``): another text has no signature."""

    kind: str
    hash: str
    side: str
    who: str
    at_ms: int
    remark: str


def put(u: Unit, portal_id: int, one: Signature) -> None:
    """Keep a signature."""
    u.own(portal_id)
    words = (clean(one.who), one.at_ms, clean(one.remark))
    bulk.put(u, portal_id, SIGNATURES, [(one.kind, one.hash, one.side, *words)])


def under(u: Unit, portal_id: int, kind: str, text_hash: str) -> tuple[Signature, ...]:
    """The signatures under a text, marketing's first."""
    query = sa.select(SIGNATURES).where(mine(SIGNATURES, portal_id, kind=kind, hash=text_hash))
    return tuple(_signature(row) for row in u.rows(query.order_by(SIGNATURES.c.side)))


def every(u: Unit, portal_id: int, kind: str) -> tuple[Signature, ...]:
    """All signatures under texts of a kind, in the order they were given."""
    query = sa.select(SIGNATURES).where(mine(SIGNATURES, portal_id, kind=kind))
    return tuple(_signature(row) for row in u.rows(query.order_by(SIGNATURES.c.at_ms, SIGNATURES.c.side)))


def _signature(row: AnyRow) -> Signature:
    return Signature(*row[1:])
