"""Raw deliveries without a person: the items that speak of them are cut out of the JSON that HubSpot sent.

The signature was checked when the delivery came; nobody checks it again, so a body may be rewritten. Every change is
a small transaction of its own: a webhook waits for the front store.
"""

from __future__ import annotations

from collections.abc import Collection

import orjson
import sqlalchemy as sa

from connector.store.forgetting import Person, speaks_of
from connector.store.front import Front
from connector.store.front_schema import ADDRESSEES, DELIVERIES, LEASES, WAKES
from connector.store.unit import Unit, check_portal

_D = DELIVERIES.c
CHUNK = 100
ERASED = "erased"


def forget_in_front(front: Front, hub_id: int, who: Person) -> int:
    """Cut the person out of every body that is still kept, held ones too; how many changed."""
    changed, last = 0, 0
    while True:
        with front.view() as u:
            query = sa.select(_D.id).where(_D.id > last, _D.body.is_not(None), _holds(u, who))
            found = u.rows(query.order_by(_D.id).limit(CHUNK))
        for (number,) in found:
            with front.unit() as u:
                changed += _rewrite(u, number, hub_id, who)
        if len(found) < CHUNK:
            return changed
        last = found[-1][0]


def forget_in_deliveries(front: Front, delivery_ids: Collection[int], hub_id: int, who: Person) -> int:
    """The same in these deliveries alone: what is told of somebody after their erasure; how many bodies changed."""
    changed = 0
    for number in delivery_ids:
        with front.unit() as u:
            changed += _rewrite(u, number, hub_id, who)
    return changed


def told_in_front(front: Front, hub_id: int, who: Person) -> list[dict[str, object]]:
    """The items about the person in every body that is kept, with the delivery's number: for an export."""
    found: list[dict[str, object]] = []
    with front.view() as u:
        for number, received_ms, body in u.rows(
            sa.select(_D.id, _D.received_ms, _D.body).where(_D.body.is_not(None), _holds(u, who)).order_by(_D.id)
        ):
            items = [item for item in _items(bytes(body)) if _of_portal(item, hub_id) and speaks_of(item, who)]
            found += [{"delivery": number, "received_ms": received_ms, "item": item} for item in items]
    return found


def _items(body: bytes) -> list[object]:
    try:
        read = orjson.loads(body)
    except ValueError:
        return []
    return read if isinstance(read, list) else [read]


def _holds(u: Unit, who: Person) -> sa.ColumnElement[bool]:
    """Whether the bytes occur in the body; addresses also as people write them, with capitals."""
    written = {form for needle in who.needles() for form in (needle, needle.upper(), needle.title())}
    # PostgreSQL's own name for the function, since the plain word is grammar of its own there.
    find = sa.func.instr if u.sqlite else sa.func.pg_catalog.position
    return sa.or_(*(find(_D.body, sa.literal(one, sa.LargeBinary())) > 0 for one in sorted(written)))


def _rewrite(u: Unit, number: int, hub_id: int, who: Person) -> int:
    body = u.scalar(sa.select(_D.body).where(_D.id == number))
    kept = without(bytes(body), hub_id, who) if body is not None else None
    if body is None or kept == bytes(body):
        return 0
    values: dict[str, object] = {"body": kept}
    if kept is None:
        values["state"] = "done"  # nothing is left of it to be sorted, retried or looked at
        values["reason"] = ERASED
        u.change(sa.update(ADDRESSEES).where(ADDRESSEES.c.delivery_id == number).values(done=True))
    return u.change(sa.update(DELIVERIES).where(_D.id == number).values(values))


def without(body: bytes, hub_id: int, who: Person) -> bytes | None:
    """The body without that portal's items about the person; None when nothing is left, or when it cannot be read."""
    try:
        read = orjson.loads(body)
    except ValueError:
        return None
    items = read if isinstance(read, list) else [read]
    kept = [item for item in items if not (_of_portal(item, hub_id) and speaks_of(item, who))]
    if len(kept) == len(items):
        return body
    return orjson.dumps(kept) if kept else None


def _of_portal(item: object, hub_id: int) -> bool:
    """An item that names no portal may be anybody's."""
    named = item.get("portalId") if isinstance(item, dict) else None
    return named is None or str(named) == str(hub_id)


def forget_portal(front: Front, portal_id: int, hub_id: int | None) -> dict[str, int]:
    """Remove a portal's traces: whom deliveries concern, wake flags, bodies that concern nobody else, and its items in
    bodies that concern others too. ``hub_id`` None: another connected portal has the same number, its items stay."""
    check_portal(portal_id)
    found = {"deliveries": 0, "addressees": 0, "wakes": 0}
    ours = ADDRESSEES.c.portal_id == portal_id
    while True:
        with front.unit() as u:
            ids = [row[0] for row in u.rows(sa.select(ADDRESSEES.c.delivery_id).where(ours).limit(CHUNK))]
            found["addressees"] += u.change(sa.delete(ADDRESSEES).where(ours, u.among(ADDRESSEES.c.delivery_id, ids)))
            found["deliveries"] += _leave(u, ids, hub_id)
        if not ids:
            break
    with front.unit() as u:
        found["wakes"] = u.change(sa.delete(WAKES).where(WAKES.c.portal_id == portal_id))
        u.run(sa.delete(LEASES).where(LEASES.c.portal_id == portal_id))
    return {place: number for place, number in found.items() if number}


def _leave(u: Unit, ids: list[int], hub_id: int | None) -> int:
    """Of these deliveries delete those that concern nobody any more, and cut the portal's items out of the others."""
    shared = sa.select(ADDRESSEES.c.delivery_id).where(u.among(ADDRESSEES.c.delivery_id, ids))
    changed = u.change(sa.delete(DELIVERIES).where(u.among(_D.id, ids), _D.id.not_in(shared)))
    if hub_id is None:
        return changed
    left = u.rows(sa.select(_D.id, _D.body).where(u.among(_D.id, ids), _D.body.is_not(None)))
    for number, body in left:
        items = orjson.loads(body)
        kept = [item for item in items if not _of_portal(item, hub_id)]
        changed += u.change(sa.update(DELIVERIES).where(_D.id == number).values(body=orjson.dumps(kept)))
    return changed
