"""Records that are gone: deleted ones keep a tombstone, merged ones an alias that leads to the survivor.

HubSpot docs: contacts, "Merge": a merge may create a third record; both old ids then lead to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa

from connector.model.records import ObjectType
from connector.store import bulk, erasures
from connector.store.records.dirty import mark_dirty, mark_linked
from connector.store.records.endings import DELETED, WAITING, free, stop
from connector.store.records.rows import MERGED, NEVER_READ, PROMOTED, table_of
from connector.store.schema import (
    ACTIVITIES,
    ALIASES,
    ASSOCIATIONS,
    EMAILS,
    OUTBOX,
    PROPERTY_HISTORY,
    QUARANTINE,
)
from connector.store.unit import Unit, check_portal, mine


def resolve(u: Unit, portal_id: int, object_type: ObjectType, ids: Collection[int]) -> dict[int, int]:
    """Each id with the id it lives on under: itself, or the survivor of its merges."""
    found = led_away(u, portal_id, object_type, ids)
    return {record: found.get(record, record) for record in ids}


def led_away(u: Unit, portal_id: int, object_type: ObjectType, ids: Collection[int]) -> dict[int, int]:
    """Those of the ids that were merged away, each with its survivor: mostly none."""
    check_portal(portal_id)
    if not ids:
        return {}
    query = sa.select(ALIASES.c.old_id, ALIASES.c.winner_id).where(mine(ALIASES, portal_id, object_type=object_type))
    return {row[0]: row[1] for row in u.rows(query.where(u.among(ALIASES.c.old_id, ids)))}


def bury(u: Unit, portal_id: int, object_type: ObjectType, ids: Collection[int], at_ms: int) -> list[int]:
    """Tombstones for records the portal deleted; those that lived until now. Unknown ones get a tombstone too.

    ``at_ms`` is when the portal deleted them, or when it was seen: reads made before that cannot bring them back.
    """
    check_portal(portal_id)
    u.own(portal_id)
    table = table_of(object_type)
    ids = set(ids) - _erased(u, portal_id, object_type, ids)
    known = _archived(u, table, portal_id, ids)
    living = sorted(record for record, archived in known.items() if not archived)
    dead = {"archived": True, "archived_ms": at_ms}
    u.change(sa.update(table).where(mine(table, portal_id), u.among(table.c.id, living)).values(dead))
    _stubs(u, portal_id, object_type, set(ids) - set(known), at_ms)
    if object_type == "contacts":
        free(u, portal_id, living)
        stop(u, portal_id, living, DELETED)
    else:
        mark_linked(u, portal_id, object_type, living)
    return living


def _erased(u: Unit, portal_id: int, object_type: ObjectType, ids: Collection[int]) -> frozenset[int]:
    return erasures.standing(u, portal_id, ids) if object_type == "contacts" else frozenset()


def _archived(u: Unit, table: sa.Table, portal_id: int, ids: Collection[int]) -> dict[int, bool]:
    query = sa.select(table.c.id, table.c.archived).where(mine(table, portal_id), u.among(table.c.id, ids))
    return {row[0]: row[1] for row in u.rows(query)}


def _stubs(u: Unit, portal_id: int, object_type: ObjectType, ids: Iterable[int], at_ms: int) -> None:
    """Tombstones without a record, so that a page read before the deletion and stored after it digs nothing up."""
    nothing = PROMOTED[object_type]({})
    stubs = [(i, None, 0, at_ms, at_ms, b"", NEVER_READ, True, at_ms, None, *nothing, "{}") for i in sorted(ids)]
    bulk.put(u, portal_id, table_of(object_type), stubs, clash="nothing")


def merge(u: Unit, portal_id: int, object_type: ObjectType, loser: int, winner: int, at_ms: int) -> int:
    """Book that the portal merged ``loser`` away; what hung on it moves. The id it lives on under.

    Activities that both have are kept once, so points are not counted twice. Property history keeps whose it was.
    """
    check_portal(portal_id)
    u.own(portal_id)
    target = resolve(u, portal_id, object_type, [winner])[winner]
    if target == loser or _erased(u, portal_id, object_type, [loser, target]):
        return target
    losers = _alias(u, portal_id, object_type, loser, target, at_ms)
    _bury_losers(u, portal_id, object_type, losers, target, at_ms)
    if _anything_hangs_on(u, portal_id, object_type, loser):
        _move_all(u, portal_id, object_type, loser, target)
    if object_type == "contacts":
        mark_dirty(u, portal_id, [target])
    else:
        mark_linked(u, portal_id, object_type, [target])
    return target


def _move_all(u: Unit, portal_id: int, object_type: ObjectType, loser: int, target: int) -> None:
    _move_associations(u, portal_id, object_type, loser, target)
    _move_history(u, portal_id, object_type, loser, target)
    gone = mine(QUARANTINE, portal_id, object_type=object_type, record_id=loser)
    u.change(sa.delete(QUARANTINE).where(gone))
    if object_type == "contacts":
        _move_contact(u, portal_id, loser, target)


_HANGS = (
    "associations WHERE portal_id = :portal AND from_type = :kind AND from_id = :loser",
    "associations WHERE portal_id = :portal AND to_type = :kind AND to_id = :loser",
    "property_history WHERE portal_id = :portal AND object_type = :kind AND record_id = :loser",
    "quarantine WHERE portal_id = :portal AND object_type = :kind AND record_id = :loser",
)
_HANGS_ON_A_CONTACT = tuple(
    f"{table} WHERE portal_id = :portal AND contact_id = :loser"
    for table in ("activities", "emails", "outbox", "holds", "dirty")
)


def _exists(places: Sequence[str]) -> sa.TextClause:
    return sa.text("SELECT " + " OR ".join(f"EXISTS (SELECT 1 FROM {place})" for place in places))


_PROBES = {True: _exists(_HANGS + _HANGS_ON_A_CONTACT), False: _exists(_HANGS)}


def _anything_hangs_on(u: Unit, portal_id: int, object_type: ObjectType, loser: int) -> bool:
    """Whether there is anything to move: a first mirror meets most losers as names in their survivors alone."""
    asked = {"portal": portal_id, "kind": object_type, "loser": loser}
    return bool(u.run(_PROBES[object_type == "contacts"], asked).scalar())


def _alias(u: Unit, portal_id: int, object_type: ObjectType, loser: int, target: int, at_ms: int) -> list[int]:
    """Old id → survivor, without chains: whoever led to the loser leads to the survivor. All ids that lead there now
    because of this merge."""
    onward = mine(ALIASES, portal_id, object_type=object_type, winner_id=loser)
    earlier = [row[0] for row in u.rows(sa.select(ALIASES.c.old_id).where(onward))]
    if earlier:
        u.change(sa.update(ALIASES).where(onward).values(winner_id=target))
    bulk.put(u, portal_id, ALIASES, [(object_type, loser, target, at_ms)])
    return [loser, *earlier]


def _bury_losers(
    u: Unit, portal_id: int, object_type: ObjectType, losers: Sequence[int], target: int, at_ms: int
) -> None:
    """Graves that name the survivor. Found by id: rows have no index by whom they were merged into."""
    table = table_of(object_type)
    _stubs(u, portal_id, object_type, losers[:1], at_ms)
    gone = sa.and_(mine(table, portal_id), u.among(table.c.id, losers))
    u.change(sa.update(table).where(gone, table.c.archived.is_(False)).values(archived=True, archived_ms=at_ms))
    u.change(sa.update(table).where(gone).values(merged_into=target))


def _move_associations(u: Unit, portal_id: int, object_type: ObjectType, loser: int, target: int) -> None:
    for kind, end in (("from_type", "from_id"), ("to_type", "to_id")):
        _move(u, ASSOCIATIONS, mine(ASSOCIATIONS, portal_id, **{kind: object_type}), end, loser, target)


def _move_history(u: Unit, portal_id: int, object_type: ObjectType, loser: int, target: int) -> None:
    which = mine(PROPERTY_HISTORY, portal_id, object_type=object_type)
    _move(u, PROPERTY_HISTORY, which, "record_id", loser, target)


def _move_contact(u: Unit, portal_id: int, loser: int, target: int) -> None:
    """E-mails, activities and enrolments go to the survivor; writes meant for the loser are judged anew for it."""
    # An event has one id within its source; told of both contacts at two times it is still one event.
    _move(u, ACTIVITIES, mine(ACTIVITIES, portal_id), "contact_id", loser, target, apart_from="at_ms")
    u.change(sa.update(EMAILS).where(mine(EMAILS, portal_id, contact_id=loser)).values(place=MERGED))
    _move(u, EMAILS, mine(EMAILS, portal_id), "contact_id", loser, target)
    stop(u, portal_id, [loser], "the contact was merged into another", "write")
    moving = mine(OUTBOX, portal_id, contact_id=loser, kind="enrol")
    u.change(sa.update(OUTBOX).where(moving, OUTBOX.c.state.in_(WAITING)).values(contact_id=target))
    free(u, portal_id, [loser])


def _move(
    u: Unit,
    table: sa.Table,
    which: sa.ColumnElement[bool],
    column: str,
    loser: int,
    target: int,
    *,
    apart_from: str = "",
) -> None:
    """Rows of the loser become the survivor's; where the survivor has the same one, the loser's goes.

    The same: with the same rest of the key, but for the column ``apart_from``.
    """
    other = table.alias("other")
    rest = [c.name for c in table.primary_key if c.name not in {"portal_id", column, apart_from}]
    twin = [other.c.portal_id == table.c.portal_id, other.c[column] == target]
    twin += [other.c[name] == table.c[name] for name in rest]
    doubled = sa.exists().where(*twin).correlate(table)
    u.change(sa.delete(table).where(which, table.c[column] == loser, doubled))
    u.change(sa.update(table).where(which, table.c[column] == loser).values({column: target}))
