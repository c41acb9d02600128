"""What data providers said of companies: the answers with their past, the wishes to ask, the closed secrets.

An answer that says the same as before is the old one, looked at again; one that differs begins a new row, so that any
past minute can be asked. Nothing here names a person: the key is a domain.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connector.model.enrichment import Told
from connector.store import bulk
from connector.store.schema import COMPANIES, EMAILS, ENRICHMENT_SECRETS, ENRICHMENT_WISHES, ENRICHMENTS
from connector.store.unit import AnyRow, Unit, check_portal, mine
from connector.store.values import dumps, loads

_E, _W, _S = ENRICHMENTS.c, ENRICHMENT_WISHES.c, ENRICHMENT_SECRETS.c


@dataclass(frozen=True, slots=True)
class Wish:
    """A domain that was not answered yet: since when, when to ask (again), how often it failed and why last."""

    domain: str
    since_ms: int
    due_ms: int
    failures: int = 0
    why: str = ""


def known(
    u: Unit, portal_id: int, provider: str, domains: Collection[str], at_ms: int | None = None
) -> dict[str, Told]:
    """What the provider had said of these domains by then, or has said last."""
    check_portal(portal_id)
    if not domains:
        return {}
    which = [mine(ENRICHMENTS, portal_id, provider=provider), u.among(_E.domain, domains)]
    which += [_E.asked_ms <= at_ms] if at_ms is not None else []
    rows = u.rows(sa.select(ENRICHMENTS).where(*which).order_by(_E.domain, _E.asked_ms))
    return {row.domain: _told(row) for row in rows}


def past(u: Unit, portal_id: int, provider: str, domains: Collection[str]) -> dict[str, tuple[Told, ...]]:
    """Everything it ever said of these domains, oldest first."""
    check_portal(portal_id)
    if not domains:
        return {}
    which = mine(ENRICHMENTS, portal_id, provider=provider) & u.among(_E.domain, domains)
    found: dict[str, tuple[Told, ...]] = {}
    for row in u.rows(sa.select(ENRICHMENTS).where(which).order_by(_E.domain, _E.asked_ms)):
        found[row.domain] = (*found.get(row.domain, ()), _told(row))
    return found


def keep(u: Unit, portal_id: int, answers: Sequence[Told]) -> set[str]:
    """Keep answers of one provider, one a domain; the domains of which something else is known now than before.

    Their wishes are fulfilled.
    """
    check_portal(portal_id)
    if not answers:
        return set()
    provider = answers[0].provider
    domains = [one.domain for one in answers]
    before = known(u, portal_id, provider, domains)
    rows: list[tuple[Any, ...]] = []
    changed: set[str] = set()
    for one in answers:
        old = before.get(one.domain)
        same = old is not None and old.values == one.values
        if not same and (old is not None or one.values):
            changed.add(one.domain)
        asked = old.at_ms if same and old is not None else one.at_ms
        told = (dumps(sorted(one.names)), dumps(dict(one.values)))
        rows.append((provider, one.domain, asked, one.at_ms, one.until_ms, *told))
    bulk.put(u, portal_id, ENRICHMENTS, rows)
    give_up(u, portal_id, provider, domains)
    return changed


def wish(u: Unit, portal_id: int, provider: str, wishes: Sequence[Wish]) -> None:
    """Put down what was not answered."""
    check_portal(portal_id)
    rows = [(provider, one.domain, one.since_ms, one.due_ms, one.failures, one.why) for one in wishes]
    bulk.put(u, portal_id, ENRICHMENT_WISHES, rows)


def wishes(u: Unit, portal_id: int, provider: str, domains: Collection[str]) -> dict[str, Wish]:
    """The wishes for these domains."""
    check_portal(portal_id)
    rows = u.rows(sa.select(ENRICHMENT_WISHES).where(_wish(portal_id, provider, domains, u))) if domains else []
    return {row.domain: _of(row) for row in rows}


def due(u: Unit, portal_id: int, provider: str, now_ms: int, limit: int) -> list[str]:
    """The domains whose turn has come, the longest waiting first."""
    which = mine(ENRICHMENT_WISHES, portal_id, provider=provider) & (_W.due_ms <= now_ms)
    query = sa.select(_W.domain).where(which).order_by(_W.since_ms, _W.domain).limit(limit)
    return [row[0] for row in u.rows(query)]


def waiting(u: Unit, portal_id: int, provider: str) -> int:
    """How many domains wait to be asked for."""
    which = mine(ENRICHMENT_WISHES, portal_id, provider=provider)
    return u.number(sa.select(sa.func.count()).select_from(ENRICHMENT_WISHES).where(which))


def give_up(u: Unit, portal_id: int, provider: str, domains: Collection[str]) -> int:
    """Nobody needs to know about these any more."""
    check_portal(portal_id)
    return u.change(sa.delete(ENRICHMENT_WISHES).where(_wish(portal_id, provider, domains, u))) if domains else 0


def people_of(u: Unit, portal_id: int, domains: Collection[str]) -> set[int]:
    """Contacts with an address, the present one or another, at one of these domains."""
    check_portal(portal_id)
    email = EMAILS.c.email
    behind = sa.func.substr(email, sa.func.instr(email, "@") + 1) if u.sqlite else sa.func.split_part(email, "@", 2)
    there = u.among(sa.type_coerce(behind, sa.Text()), domains)
    rows = u.rows(sa.select(EMAILS.c.contact_id).where(mine(EMAILS, portal_id), there))
    return {row[0] for row in rows}


def companies_of(u: Unit, portal_id: int, domains: Collection[str]) -> dict[int, str]:
    """Companies that may have one of these domains, as the portal writes it: exactly so, or in some other way."""
    check_portal(portal_id)
    held = sa.func.lower(COMPANIES.c.domain)
    which = sa.or_(
        u.among(sa.type_coerce(held, sa.Text()), domains), held.startswith("www."), *map(held.contains, "/: ")
    )
    rows = u.rows(sa.select(COMPANIES.c.id, COMPANIES.c.domain).where(mine(COMPANIES, portal_id), which))
    return {row[0]: row[1] for row in rows}


# secrets -------------------------------------------------------------------------------------------------------------


def keep_secret(u: Unit, portal_id: int, origin: str, sealed: bytes) -> None:
    """The closed secret that is sent to that origin, and to no other."""
    bulk.put(u, portal_id, ENRICHMENT_SECRETS, [(origin, sealed)])


def secret(u: Unit, portal_id: int, origin: str) -> bytes | None:
    found = u.scalar(sa.select(_S.sealed).where(mine(ENRICHMENT_SECRETS, portal_id, origin=origin)))
    return bytes(found) if found is not None else None


def secrets(u: Unit, portal_id: int) -> dict[str, bytes]:
    """All of a portal, by origin."""
    rows = u.rows(sa.select(_S.origin, _S.sealed).where(mine(ENRICHMENT_SECRETS, portal_id)))
    return {row[0]: bytes(row[1]) for row in rows}


def _wish(portal_id: int, provider: str, domains: Collection[str], u: Unit) -> sa.ColumnElement[bool]:
    return mine(ENRICHMENT_WISHES, portal_id, provider=provider) & u.among(_W.domain, domains)


def _told(row: AnyRow) -> Told:
    values: Mapping[str, Any] = loads(row.body)
    return Told(
        row.provider, row.domain, row.asked_ms, values, frozenset(loads(row.names)), row.checked_ms, row.until_ms
    )


def _of(row: AnyRow) -> Wish:
    return Wish(row.domain, row.since_ms, row.due_ms, row.failures, row.why)
