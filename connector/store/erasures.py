"""The graves of erased people: the id for ever, the e-mail only as a keyed hash, and a receipt without personal data.

An erased id never comes back: whatever writes a contact's rows asks ``standing`` first, in its own transaction. A new
record with an erased e-mail may be right (the person came again by a form); it is a warning, never refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa

from connector.model.records import ObjectType, Snapshot
from connector.store import bulk
from connector.store.schema import ERASURES
from connector.store.unit import AnyRow, Unit, check_portal, mine
from connector.store.values import dumps, loads

_E = ERASURES.c
ALSO = "also"
MANY = 2000
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Grave:
    """One erased id. ``done_ms`` None: the process died on the way; ``erase_many`` goes on with it."""

    object_id: int
    email_hmac: bytes | None
    at_ms: int
    done_ms: int | None
    cause: str
    receipt: Mapping[str, Any]


def standing(u: Unit, portal_id: int, ids: Collection[int]) -> frozenset[int]:
    """Which of these contacts were erased. Costs one look a transaction, unless thousands were."""
    graves = _graves(u, portal_id)
    if graves is not None:
        return graves.intersection(ids) if graves else graves
    query = sa.select(_E.object_id).where(mine(ERASURES, portal_id), u.among(_E.object_id, ids))
    return frozenset(row[0] for row in u.rows(query)) if ids else frozenset()


def any_of(u: Unit, portal_id: int) -> bool:
    """Whether anybody of this portal was ever erased, as this transaction sees it."""
    return _graves(u, portal_id) != frozenset()


def _graves(u: Unit, portal_id: int) -> frozenset[int] | None:
    """All erased ids of the portal, read once a transaction; None where they are too many to be carried."""
    check_portal(portal_id)
    if portal_id not in u.graves:
        # The portal is ours alone from here on: nobody can be erased between this look and what is written after it.
        u.own(portal_id)
        # In the driver's own words: every transaction asks this, nearly always for nothing.
        text = "SELECT object_id FROM erasures WHERE portal_id = ? LIMIT ?"
        rows = u.connection.exec_driver_sql(text if u.sqlite else text.replace("?", "%s"), (portal_id, MANY + 1)).all()
        u.graves[portal_id] = frozenset(row[0] for row in rows) if len(rows) <= MANY else None
    return u.graves[portal_id]


def unerased(u: Unit, portal_id: int, object_type: ObjectType, snapshots: Sequence[Snapshot]) -> Sequence[Snapshot]:
    """The snapshots without those of erased people."""
    check_portal(portal_id)
    gone = standing(u, portal_id, [s.id for s in snapshots]) if object_type == "contacts" else ()
    return [s for s in snapshots if s.id not in gone] if gone else snapshots


def living(u: Unit, portal_id: int, keyed: Mapping[int, Kept]) -> Mapping[int, Kept]:
    """What is keyed by contacts, without the erased ones."""
    gone = standing(u, portal_id, keyed.keys())
    return {contact: value for contact, value in keyed.items() if contact not in gone} if gone else keyed


def book(u: Unit, portal_id: int, ids: Iterable[int], hashes: Sequence[bytes], cause: str, now_ms: int) -> int:
    """Erect the graves of one person: all ids, the hashes of all e-mails. Those that stand already stay; how many new.

    The first hash goes with every id; a person with several addresses has the others beside the receipt.
    """
    u.own(portal_id)
    first = hashes[0] if hashes else None
    receipt = dumps({ALSO: [one.hex() for one in hashes[1:]]} if hashes[1:] else {})
    rows = [(number, first, now_ms, None, cause, receipt) for number in sorted(set(ids))]
    made = bulk.put(u, portal_id, ERASURES, rows, clash="nothing")
    u.graves.pop(portal_id, None)
    return made


def finish(u: Unit, portal_id: int, ids: Collection[int], receipt: Mapping[str, Any], now_ms: int) -> None:
    """Book that nothing is left of them anywhere within reach, with the receipt."""
    for grave in of(u, portal_id, ids):
        kept = {**receipt, **{name: value for name, value in grave.receipt.items() if name == ALSO}}
        which = mine(ERASURES, portal_id, object_id=grave.object_id)
        u.change(sa.update(ERASURES).where(which).values(done_ms=now_ms, receipt=dumps(kept)))


def of(u: Unit, portal_id: int, ids: Collection[int]) -> tuple[Grave, ...]:
    query = sa.select(ERASURES).where(mine(ERASURES, portal_id), u.among(_E.object_id, ids))
    return tuple(map(_grave, u.rows(query.order_by(_E.object_id)))) if ids else ()


def every(u: Unit, portal_id: int) -> tuple[Grave, ...]:
    """All of them, oldest first."""
    query = sa.select(ERASURES).where(mine(ERASURES, portal_id)).order_by(_E.at_ms, _E.object_id)
    return tuple(map(_grave, u.rows(query)))


def unfinished(u: Unit, portal_id: int) -> frozenset[int]:
    """Ids whose erasure was begun and not brought to its end."""
    query = sa.select(_E.object_id).where(mine(ERASURES, portal_id), _E.done_ms.is_(None))
    return frozenset(row[0] for row in u.rows(query))


def since(u: Unit, portal_id: int) -> int | None:
    """When the first of the portal's people was erased."""
    found = u.scalar(sa.select(sa.func.min(_E.at_ms)).where(mine(ERASURES, portal_id)))
    return int(found) if found is not None else None


def hashes(u: Unit, portal_id: int) -> dict[bytes, int]:
    """The keyed hash of every erased e-mail, with the newest time it was erased."""
    found: dict[bytes, int] = {}
    for grave in every(u, portal_id):
        theirs = [grave.email_hmac, *(bytes.fromhex(one) for one in grave.receipt.get(ALSO, ()))]
        found.update({one: grave.at_ms for one in theirs if one})
    return found


def _grave(row: AnyRow) -> Grave:
    _, object_id, email_hmac, at_ms, done_ms, cause, receipt = row
    kept = bytes(email_hmac) if email_hmac is not None else None
    return Grave(object_id, kept, at_ms, done_ms, cause, loads(receipt))


def restore(u: Unit, portal_id: int, graves: Iterable[Grave]) -> int:
    """Graves known from elsewhere (the journal, a database that is being replaced), as they stood; how many new."""
    check_portal(portal_id)
    u.own(portal_id)
    rows = [(g.object_id, g.email_hmac, g.at_ms, None, g.cause, dumps(dict(g.receipt))) for g in graves]
    u.graves.pop(portal_id, None)
    return bulk.put(u, portal_id, ERASURES, list({row[0]: row for row in rows}.values()), clash="nothing")
