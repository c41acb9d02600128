"""Proofs of completeness, one each time the mirror was held against its portal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connector.store import bulk
from connector.store.schema import CERTIFICATES
from connector.store.unit import Unit, mine
from connector.store.values import dumps, loads


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """What was compared at that time, and what came out."""

    at_ms: int
    body: Mapping[str, Any]


def save(u: Unit, portal_id: int, body: Mapping[str, Any], now_ms: int) -> None:
    bulk.put(u, portal_id, CERTIFICATES, [(now_ms, dumps(dict(body)))])


def latest(u: Unit, portal_id: int) -> CertificateRow | None:
    found = recent(u, portal_id, 1)
    return found[0] if found else None


def recent(u: Unit, portal_id: int, limit: int = 30) -> tuple[CertificateRow, ...]:
    """The newest ones, newest first."""
    c = CERTIFICATES.c
    query = sa.select(c.at_ms, c.body).where(mine(CERTIFICATES, portal_id)).order_by(c.at_ms.desc()).limit(limit)
    return tuple(CertificateRow(row[0], loads(row[1])) for row in u.rows(query))
