"""The connected portals: who they are, how they are reached, whether they may be written to, whether they rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connector.errors import ConfigError, UnknownPortal
from connector.model.records import PortalIdentity
from connector.store.schema import PORTALS, TENANT_TABLES
from connector.store.unit import AnyRow, Unit, check_portal, mine
from connector.store.values import dumps, loads


@dataclass(frozen=True, slots=True)
class PortalRow:
    """One connected portal. ``live`` False is observe mode: nothing is written to it. ``paused_ms`` None: it works."""

    id: int
    name: str
    hub_id: int
    base_url: str
    token_sealed: bytes | None
    generation: str
    live: bool
    paused_ms: int | None
    pause_reason: str
    time_zone: str
    currency: str
    account_type: str
    ui_domain: str
    settings: Mapping[str, Any]
    created_ms: int


def add(
    u: Unit, name: str, base_url: str, token_sealed: bytes | None, identity: PortalIdentity, now_ms: int
) -> PortalRow:
    """Connect a portal, in observe mode. The same portal twice would be written to twice, so it is refused."""
    _refuse_double(u, name, base_url, identity.hub_id)
    values: dict[str, Any] = {
        **_identity(identity),
        "name": name,
        "base_url": base_url,
        "token_sealed": token_sealed,
        "live": False,
        "created_ms": now_ms,
    }
    u.run(sa.insert(PORTALS).values(values))
    return by_name(u, name)


def _refuse_double(u: Unit, name: str, base_url: str, hub_id: int) -> None:
    same = sa.and_(PORTALS.c.hub_id == hub_id, PORTALS.c.base_url == base_url)
    for row in u.rows(sa.select(PORTALS.c.name).where((PORTALS.c.name == name) | same)):
        if row[0] == name:
            raise ConfigError(
                f"A portal named {name} is connected already.", remedy="Choose another name.", reason="name_taken"
            )
        raise ConfigError(
            f"Portal {hub_id} is connected already, as {row[0]}.", remedy=f"Use {row[0]}.", reason="connected_already"
        )


def _identity(identity: PortalIdentity) -> dict[str, Any]:
    return {
        "hub_id": identity.hub_id,
        "generation": identity.generation,
        "time_zone": identity.time_zone,
        "currency": identity.currency,
        "account_type": identity.account_type,
        "ui_domain": identity.ui_domain,
    }


def _portal(row: AnyRow) -> PortalRow:
    values = dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it
    return PortalRow(**{**values, "settings": loads(values["settings"])})


def by_name(u: Unit, name: str) -> PortalRow:
    row = u.first(sa.select(PORTALS).where(PORTALS.c.name == name))
    if row is None:
        known = ", ".join(portal.name for portal in every(u)) or "none yet; run `leadwright portal add`"
        raise UnknownPortal(f"No portal named {name} is connected.", remedy=f"Connected: {known}.")
    return _portal(row)


def by_id(u: Unit, portal_id: int) -> PortalRow:
    check_portal(portal_id)
    row = u.first(sa.select(PORTALS).where(PORTALS.c.id == portal_id))
    if row is None:
        raise UnknownPortal(f"No portal has the number {portal_id}.", remedy="`leadwright portal list` names them.")
    return _portal(row)


def by_hub(u: Unit, hub_id: int) -> tuple[PortalRow, ...]:
    """The portals with HubSpot's own number; more than one only with different base URLs."""
    found = u.rows(sa.select(PORTALS).where(PORTALS.c.hub_id == hub_id).order_by(PORTALS.c.id))
    return tuple(_portal(row) for row in found)


def every(u: Unit) -> tuple[PortalRow, ...]:
    """All of them, in the order of their names."""
    return tuple(_portal(row) for row in u.rows(sa.select(PORTALS).order_by(PORTALS.c.name)))


def addresses(u: Unit) -> tuple[tuple[int, int, bool], ...]:
    """Who is connected, as a delivery needs it: HubSpot's number, ours, and whether the portal rests."""
    query = sa.select(PORTALS.c.hub_id, PORTALS.c.id, PORTALS.c.paused_ms.is_not(None)).order_by(PORTALS.c.id)
    return tuple((row[0], row[1], bool(row[2])) for row in u.rows(query))


BY_HAND = "paused by hand"


def set_live(u: Unit, portal_id: int, live: bool) -> None:
    _change(u, portal_id, live=live)


def pause(u: Unit, portal_id: int, reason: str, now_ms: int) -> None:
    """Let the portal rest; the first reason stays while it rests."""
    check_portal(portal_id)
    awake = (PORTALS.c.id == portal_id) & PORTALS.c.paused_ms.is_(None)
    u.change(sa.update(PORTALS).where(awake).values(paused_ms=now_ms, pause_reason=reason))


def resume(u: Unit, portal_id: int) -> None:
    _change(u, portal_id, paused_ms=None, pause_reason="")


def set_token(u: Unit, portal_id: int, token_sealed: bytes) -> None:
    _change(u, portal_id, token_sealed=token_sealed)


def swap_token(u: Unit, portal_id: int, before: bytes, after: bytes) -> bool:
    """Replace this very token; False when another has taken its place, or the portal is gone."""
    check_portal(portal_id)
    this = (PORTALS.c.id == portal_id) & (PORTALS.c.token_sealed == before)
    return u.change(sa.update(PORTALS).where(this).values(token_sealed=after)) == 1


def token_of(u: Unit, portal_id: int) -> bytes | None:
    """The sealed token as it is now; None when there is none, or no such portal."""
    check_portal(portal_id)
    found = u.scalar(sa.select(PORTALS.c.token_sealed).where(PORTALS.c.id == portal_id))
    return None if found is None else bytes(found)


def set_identity(u: Unit, portal_id: int, identity: PortalIdentity) -> None:
    check_portal(portal_id)
    _change(u, portal_id, **_identity(identity))


def set_settings(u: Unit, portal_id: int, settings: Mapping[str, Any]) -> None:
    _change(u, portal_id, settings=dumps(dict(settings)))


def keep_setting(u: Unit, portal_id: int, name: str, value: Any) -> None:
    """Keep one of our own findings beside the other settings; a portal that was removed meanwhile keeps nothing."""
    u.own(portal_id)
    kept = u.scalar(sa.select(PORTALS.c.settings).where(PORTALS.c.id == portal_id))
    if kept is not None and loads(kept).get(name) != value:
        set_settings(u, portal_id, {**loads(kept), name: value})


def _change(u: Unit, portal_id: int, **values: str | int | bool | bytes | None) -> None:
    check_portal(portal_id)
    if not u.change(sa.update(PORTALS).where(PORTALS.c.id == portal_id).values(values)):
        by_id(u, portal_id)


def remove(u: Unit, portal_id: int) -> dict[str, int]:
    """Delete every row of that portal in every table; how many each table gave up."""
    u.own(portal_id)
    counts = {table.name: u.change(sa.delete(table).where(mine(table, portal_id))) for table in TENANT_TABLES}
    counts[PORTALS.name] = u.change(sa.delete(PORTALS).where(PORTALS.c.id == portal_id))
    return counts
