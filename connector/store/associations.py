"""Links between records as the portal reports them. A link that comes or goes moves no record's time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from connector.model.records import Association, ObjectType
from connector.store import bulk, erasures, stretches
from connector.store.records.dirty import mark_changed, mark_dirty
from connector.store.records.graves import led_away
from connector.store.schema import ASSOCIATIONS, COMPANIES
from connector.store.unit import Unit, among_given, check_portal, mine
from connector.store.values import clean

Links = Mapping[int, tuple[Association, ...]]
UNTYPED = 0


def replace(
    u: Unit,
    portal_id: int,
    from_type: ObjectType,
    links: Links,
    to_type: ObjectType,
    now_ms: int,
    *,
    marked: AbstractSet[int] = frozenset(),
) -> set[int]:
    """Each record named gets exactly these links to that kind; the records whose links changed by it.

    Contacts at either end of a link that came or went are marked to be judged; those in ``marked`` are already.
    """
    check_portal(portal_id)
    u.own(portal_id)
    wanted = _living_ends(u, portal_id, from_type, links, to_type)
    before = of(u, portal_id, from_type, wanted, to_type)
    changed = {record for record, now in wanted.items() if _differ(now, before.get(record, ()))}
    _drop(u, portal_id, from_type, to_type, changed & before.keys())
    rows = [_row(from_type, record, link, now_ms) for record in sorted(changed) for link in wanted[record]]
    bulk.put(u, portal_id, ASSOCIATIONS, rows)
    if from_type == "contacts":
        stretches.touch(u, portal_id, changed)
        mark_dirty(u, portal_id, changed - marked)
    if to_type == "contacts":
        ends = (set(wanted[record]) ^ set(before.get(record, ())) for record in changed)
        mark_changed(u, portal_id, {link.to_id for moved in ends for link in moved})
    return changed


def _differ(now: tuple[Association, ...], before: tuple[Association, ...]) -> bool:
    """Whether the links are others than before; their order says nothing."""
    return set(now) != set(before) if now and before else bool(now or before)


def _drop(u: Unit, portal_id: int, from_type: ObjectType, to_type: ObjectType, records: AbstractSet[int]) -> None:
    if records:
        which = mine(ASSOCIATIONS, portal_id, from_type=from_type, to_type=to_type)
        u.change(sa.delete(ASSOCIATIONS).where(which, u.among(ASSOCIATIONS.c.from_id, records)))


def _living_ends(
    u: Unit, portal_id: int, from_type: ObjectType, links: Links, to_type: ObjectType
) -> dict[int, tuple[Association, ...]]:
    """The links with merged ids led to their survivors; one that was merged away or erased has none of its own."""
    ends = {link.to_id for many in links.values() for link in many}
    led = led_away(u, portal_id, to_type, ends)
    gone = {*led_away(u, portal_id, from_type, links.keys()), *_erased(u, portal_id, from_type, links.keys())}
    lost = _erased(u, portal_id, to_type, ends)
    living = {record: many for record, many in links.items() if record not in gone}
    if lost:
        living = {record: tuple(k for k in many if k.to_id not in lost) for record, many in living.items()}
    return {record: _cleared(many, led, to_type) for record, many in living.items()}


def _erased(u: Unit, portal_id: int, kind: ObjectType, ids: Collection[int]) -> frozenset[int]:
    """Those of these records that are people who were erased."""
    return erasures.standing(u, portal_id, ids) if kind == "contacts" else frozenset()


def _cleared(many: tuple[Association, ...], led: Mapping[int, int], to_type: ObjectType) -> tuple[Association, ...]:
    """Each link once, in the words of the table."""
    if not many:
        return many
    told = (_led(link, led.get(link.to_id, link.to_id), to_type) for link in many)
    return tuple({(link.to_id, link.type_id, link.label): link for link in told}.values())


def _led(link: Association, to_id: int, to_type: ObjectType) -> Association:
    if to_id == link.to_id and not link.label and link.type_id != UNTYPED and link.to_type == to_type:
        return link
    return Association(to_type, to_id, link.type_id or None, clean(link.label), link.primary)


def _row(from_type: ObjectType, record: int, link: Association, now_ms: int) -> tuple[Any, ...]:
    end = (link.to_type, link.to_id, link.type_id or UNTYPED, link.label)
    return (from_type, record, *end, link.primary, now_ms)


def of(
    u: Unit, portal_id: int, from_type: ObjectType, ids: Collection[int], to_type: ObjectType
) -> dict[int, tuple[Association, ...]]:
    """The links of each record to that kind, the primary one first; records without any are left out."""
    check_portal(portal_id)
    if not ids:
        return {}
    asked = {"portal": portal_id, "kind": from_type, "other": to_type, "ids": u.given(ids)}
    found: dict[int, list[Association]] = {}
    for record, to_id, type_id, label, primary in u.run(_links_of(u.sqlite), asked):
        found.setdefault(record, []).append(Association(to_type, to_id, type_id or None, label, primary))
    return {record: tuple(links) for record, links in found.items()}


@lru_cache(maxsize=2)
def _links_of(sqlite: bool) -> sa.Select[*tuple[Any, ...]]:
    c = ASSOCIATIONS.c
    query = sa.select(c.from_id, c.to_id, c.type_id, c.label, c.primary_link).where(
        c.portal_id == sa.bindparam("portal"),
        c.from_type == sa.bindparam("kind"),
        c.to_type == sa.bindparam("other"),
        among_given(sqlite, c.from_id, "ids"),
    )
    return query.order_by(c.from_id, c.primary_link.desc(), c.to_id, c.type_id)


def companies_of(u: Unit, portal_id: int, contact_ids: Collection[int]) -> dict[int, int]:
    """The company that counts for each contact: the primary one, else the oldest; deleted companies do not count."""
    check_portal(portal_id)
    if not contact_ids:
        return {}
    asked = {"portal": portal_id, "ids": u.given(contact_ids)}
    # The last one named wins: the primary link, then the lowest id.
    return {row[0]: row[1] for row in u.run(_companies_of(u.sqlite), asked)}


@lru_cache(maxsize=2)
def _companies_of(sqlite: bool) -> sa.Select[*tuple[Any, ...]]:
    c, other = ASSOCIATIONS.c, COMPANIES.c
    portal: sa.BindParameter[int] = sa.bindparam("portal")
    dead = sa.and_(other.portal_id == portal, other.id == c.to_id, other.archived.is_(True))
    return (
        sa.select(c.from_id, c.to_id)
        .outerjoin(COMPANIES, dead)
        .where(c.portal_id == portal, c.from_type == "contacts", c.to_type == "companies", other.id.is_(None))
        .where(among_given(sqlite, c.from_id, "ids"))
        .order_by(c.from_id, c.primary_link, c.to_id.desc())
    )


def leading_to(
    u: Unit, portal_id: int, from_type: ObjectType, to_type: ObjectType, ids: Collection[int]
) -> dict[int, tuple[int, ...]]:
    """For each of these records, the records of the other kind whose links lead to it."""
    check_portal(portal_id)
    c = ASSOCIATIONS.c
    query = (
        sa.select(c.to_id, c.from_id)
        .distinct()
        .where(mine(ASSOCIATIONS, portal_id, from_type=from_type, to_type=to_type), u.among(c.to_id, ids))
    )
    found: dict[int, list[int]] = {}
    for end, start in u.rows(query.order_by(c.to_id, c.from_id)) if ids else ():
        found.setdefault(end, []).append(start)
    return {end: tuple(starts) for end, starts in found.items()}


def contacts_of(u: Unit, portal_id: int, company_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The contacts linked to each company."""
    return leading_to(u, portal_id, "contacts", "companies", company_ids)
