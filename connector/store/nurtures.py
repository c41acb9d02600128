"""Where contacts stand in nurtures: one row a stay, kept when it is over, since most may be entered only once.

Not here: advancing (``connector/rules/nurture/``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict

import sqlalchemy as sa

from connector.model.nurture import Place, Sent
from connector.store import bulk, erasures
from connector.store.schema import NURTURE_PLACES
from connector.store.unit import AnyRow, Unit, check_portal, mine
from connector.store.values import dumps, loads

_P = NURTURE_PLACES.c
_PROMOTED = ("contact_id", "nurture", "entry", "version", "step", "ended_ms")


def save(u: Unit, portal_id: int, places: Sequence[Place]) -> int:
    """Keep these stays as they are now; how many were written. An erased person has none."""
    u.own(portal_id)
    gone = erasures.standing(u, portal_id, {one.contact_id for one in places})
    return bulk.put(u, portal_id, NURTURE_PLACES, [_row(one) for one in places if one.contact_id not in gone])


def _row(place: Place) -> tuple[object, ...]:
    body = {name: value for name, value in asdict(place).items() if name not in _PROMOTED}
    head = (place.contact_id, place.nurture, place.entry, place.version, place.step)
    return (*head, place.active, place.ended_ms, dumps(body))


_COLUMNS = [_P.contact_id, _P.nurture, _P.entry, _P.version, _P.step, _P.ended_ms, _P.body]


def _place(row: AnyRow) -> Place:
    contact_id, nurture, entry, version, step, ended_ms, text = row
    body = loads(text)
    sent = tuple(Sent(**{**one, "offers": tuple(one["offers"])}) for one in body.pop("sent"))
    return Place(
        contact_id=contact_id, nurture=nurture, entry=entry, version=version, step=step, ended_ms=ended_ms, sent=sent,
        **body,
    )  # fmt: skip


def of(u: Unit, portal_id: int, contact_ids: Collection[int]) -> dict[int, tuple[Place, ...]]:
    """All stays of these contacts, the first ones first; contacts without any are left out."""
    check_portal(portal_id)
    query = sa.select(*_COLUMNS).where(mine(NURTURE_PLACES, portal_id), u.among(_P.contact_id, contact_ids))
    found: dict[int, list[Place]] = {}
    for row in u.rows(query.order_by(_P.contact_id, _P.nurture, _P.entry)) if contact_ids else ():
        found.setdefault(row[0], []).append(_place(row))
    return {contact: tuple(places) for contact, places in found.items()}


def versions(u: Unit, portal_id: int) -> frozenset[int]:
    """The versions of the document that somebody is still inside of."""
    query = sa.select(_P.version).where(mine(NURTURE_PLACES, portal_id, active=True)).distinct()
    return frozenset(row[0] for row in u.rows(query))


def active(u: Unit, portal_id: int, *, chunk: int = 1000) -> Iterator[list[Place]]:
    """All that are inside now, by contact, a chunk of rows at a time."""
    return _walked(u, mine(NURTURE_PLACES, portal_id, active=True), chunk)


def every(u: Unit, portal_id: int, *, chunk: int = 1000) -> Iterator[list[Place]]:
    """All stays there ever were, by contact, a chunk of rows at a time."""
    return _walked(u, mine(NURTURE_PLACES, portal_id), chunk)


def _walked(u: Unit, where: sa.ColumnElement[bool], chunk: int) -> Iterator[list[Place]]:
    key = (_P.contact_id, _P.nurture, _P.entry)
    query = sa.select(*_COLUMNS).where(where).order_by(*key).limit(chunk)
    last: tuple[int, str, int] = (0, "", 0)
    while rows := [
        _place(row) for row in u.rows(query.where(sa.tuple_(*key) > sa.tuple_(*(sa.literal(one) for one in last))))
    ]:
        yield rows
        last = (rows[-1].contact_id, rows[-1].nurture, rows[-1].entry)


def counts(u: Unit, portal_id: int) -> dict[tuple[str, str], int]:
    """How many stand on which step of which nurture now."""
    query = sa.select(_P.nurture, _P.step, sa.func.count()).where(mine(NURTURE_PLACES, portal_id, active=True))
    return {(row[0], row[1]): row[2] for row in u.rows(query.group_by(_P.nurture, _P.step))}
