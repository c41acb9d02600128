"""Records that are gone: deleted ones keep a tombstone, merged ones an alias that leads to the survivor.

HubSpot docs: contacts, "Merge": a merge may create a third record; both old ids then lead to it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import sqlalchemy as sa

from connector.model.records import ObjectType
from connector.store import bulk, erasures, stretches
from connector.store.records.dirty import mark_changed, mark_linked
from connector.store.records.endings import DELETED, WAITING, free, stop
from connector.store.records.rows import MERGED, NEVER_READ, PROMOTED, table_of
from connector.store.schema import (
    ACTIVITIES,
    ALIASES,
    ASSOCIATIONS,
    DIRTY,
    EMAILS,
    HANDOFFS,
    HOLDS,
    LIST_MEMBERSHIPS,
    NURTURE_PLACES,
    OPT_IN_STEPS,
    OUTBOX,
    PROPERTY_HISTORY,
    QUARANTINE,
    STAGE_STEPS,
)
from connector.store.unit import Unit, among_given, check_portal, mine


def resolve(u: Unit, portal_id: int, object_type: ObjectType, ids: Collection[int]) -> dict[int, int]:
    """Each id with the id it lives on under: itself, or the survivor of its merges."""
    found = led_away(u, portal_id, object_type, ids)
    return {record: found.get(record, record) for record in ids}


def led_away(u: Unit, portal_id: int, object_type: ObjectType, ids: Collection[int]) -> dict[int, int]:
    """Those of the ids that were merged away, each with its survivor: mostly none."""
    check_portal(portal_id)
    if not ids:
        return {}
    asked = {"portal": portal_id, "kind": object_type, "ids": u.given(ids)}
    return {row[0]: row[1] for row in u.run(_led_away(u.sqlite), asked)}


@lru_cache(maxsize=2)
def _led_away(sqlite: bool) -> sa.Select[int, int]:
    c = ALIASES.c
    of_kind = [c.portal_id == sa.bindparam("portal"), c.object_type == sa.bindparam("kind")]
    return sa.select(c.old_id, c.winner_id).where(*of_kind, among_given(sqlite, c.old_id, "ids"))


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
    _stubs(u, portal_id, object_type, dict.fromkeys(set(ids) - set(known)), at_ms)
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


def _stubs(u: Unit, portal_id: int, object_type: ObjectType, graves: Mapping[int, int | None], at_ms: int) -> None:
    """Tombstones without a record, id → the survivor if there is one, so that a page read before the end and stored
    after it digs nothing up."""
    nothing = PROMOTED[object_type]({})
    head = (None, 0, at_ms, at_ms, b"", NEVER_READ, True, at_ms)
    stubs = [(record, *head, survivor, *nothing, "{}") for record, survivor in sorted(graves.items())]
    bulk.put(u, portal_id, table_of(object_type), stubs, clash="nothing")


def merge_many(u: Unit, portal_id: int, object_type: ObjectType, survivor_of: Mapping[int, int], at_ms: int) -> None:
    """Book many merges, loser → survivor, as ``merge`` does one by one.

    Losers that the mirror only knows as names in their survivors, nearly all of a first mirror's, are booked together.
    """
    check_portal(portal_id)
    u.own(portal_id)
    survivors = set(survivor_of.values())
    led = led_away(u, portal_id, object_type, survivor_of.keys() | survivors)
    kept = _traces(u, portal_id, object_type, survivor_of)
    tangled = led.keys() | kept | (survivors & survivor_of.keys())
    plain = {loser: winner for loser, winner in survivor_of.items() if not {loser, winner} & tangled}
    for loser in sorted(survivor_of.keys() - plain.keys()):
        merge(u, portal_id, object_type, loser, survivor_of[loser], at_ms)
    if plain:
        bulk.put(u, portal_id, ALIASES, [(object_type, *pair, at_ms) for pair in plain.items()])
        _stubs(u, portal_id, object_type, plain, at_ms)
        _mark(u, portal_id, object_type, set(plain.values()))


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
    if _traces(u, portal_id, object_type, [loser], rows=False):
        _move_all(u, portal_id, object_type, loser, target)
    _mark(u, portal_id, object_type, [target])
    return target


def _mark(u: Unit, portal_id: int, object_type: ObjectType, ids: Collection[int]) -> None:
    if object_type == "contacts":
        mark_changed(u, portal_id, ids)
    else:
        mark_linked(u, portal_id, object_type, ids)


def _move_all(u: Unit, portal_id: int, object_type: ObjectType, loser: int, target: int) -> None:
    _move_associations(u, portal_id, object_type, loser, target)
    _move_history(u, portal_id, object_type, loser, target)
    gone = mine(QUARANTINE, portal_id, object_type=object_type, record_id=loser)
    u.change(sa.delete(QUARANTINE).where(gone))
    if object_type == "contacts":
        _move_contact(u, portal_id, loser, target)


def _traces(u: Unit, portal_id: int, object_type: ObjectType, ids: Collection[int], *, rows: bool = True) -> set[int]:
    """Those of the ids that anything hangs on; with ``rows`` also those with a row or with aliases of their own."""
    asked = {"portal": portal_id, "kind": object_type, "ids": u.given(ids)}
    return {row[0] for row in u.run(_traces_query(u.sqlite, object_type, rows), asked)}


@lru_cache(maxsize=16)
def _traces_query(sqlite: bool, object_type: ObjectType, rows: bool) -> sa.CompoundSelect[int]:
    links, history, faults = ASSOCIATIONS.c, PROPERTY_HISTORY.c, QUARANTINE.c
    places: list[tuple[sa.Column[int], sa.Column[str] | None]] = [
        (links.from_id, links.from_type),
        (links.to_id, links.to_type),
    ]
    places += [(history.record_id, history.object_type), (faults.record_id, faults.object_type)]
    if object_type == "contacts":
        held = (
            ACTIVITIES, EMAILS, OUTBOX, HOLDS, DIRTY, STAGE_STEPS, HANDOFFS, NURTURE_PLACES, LIST_MEMBERSHIPS,
            OPT_IN_STEPS,
        )  # fmt: skip
        places += [(table.c.contact_id, None) for table in held]
    if rows:
        places += [(table_of(object_type).c.id, None), (ALIASES.c.winner_id, ALIASES.c.object_type)]
    return sa.union(*(_trace(sqlite, column, kind) for column, kind in places))


def _trace(sqlite: bool, column: sa.Column[int], kind: sa.Column[str] | None) -> sa.Select[int]:
    query = sa.select(column).where(column.table.c.portal_id == sa.bindparam("portal"))
    if kind is not None:
        query = query.where(kind == sa.bindparam("kind"))
    return query.where(among_given(sqlite, column, "ids"))


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
    _stubs(u, portal_id, object_type, {losers[0]: target}, at_ms)
    gone = sa.and_(mine(table, portal_id), u.among(table.c.id, losers))
    u.change(sa.update(table).where(gone, table.c.archived.is_(False)).values(archived=True, archived_ms=at_ms))
    u.change(sa.update(table).where(gone).values(merged_into=target))
    if object_type == "contacts":
        stretches.touch(u, portal_id, losers)


def _move_associations(u: Unit, portal_id: int, object_type: ObjectType, loser: int, target: int) -> None:
    for kind, end in (("from_type", "from_id"), ("to_type", "to_id")):
        _move(u, ASSOCIATIONS, mine(ASSOCIATIONS, portal_id, **{kind: object_type}), end, loser, target)


def _move_history(u: Unit, portal_id: int, object_type: ObjectType, loser: int, target: int) -> None:
    which = mine(PROPERTY_HISTORY, portal_id, object_type=object_type)
    _move(u, PROPERTY_HISTORY, which, "record_id", loser, target)


def _move_contact(u: Unit, portal_id: int, loser: int, target: int) -> None:
    """What is the person's own goes to the survivor; writes meant for the loser are judged anew for it."""
    # An event has one id within its source; told of both contacts at two times it is still one event.
    _move(u, ACTIVITIES, mine(ACTIVITIES, portal_id), "contact_id", loser, target, apart_from="at_ms")
    u.change(sa.update(EMAILS).where(mine(EMAILS, portal_id, contact_id=loser)).values(place=MERGED))
    _move(u, EMAILS, mine(EMAILS, portal_id), "contact_id", loser, target)
    for table in (STAGE_STEPS, HANDOFFS, OPT_IN_STEPS):
        _move(u, table, mine(table, portal_id), "contact_id", loser, target)
    stop(u, portal_id, [loser], "the contact was merged into another", "write")
    moving = sa.and_(mine(OUTBOX, portal_id, contact_id=loser), OUTBOX.c.kind.in_(("enrol", "note")))
    u.change(sa.update(OUTBOX).where(moving, OUTBOX.c.state.in_(WAITING)).values(contact_id=target))
    for table in (NURTURE_PLACES, LIST_MEMBERSHIPS):
        _move(u, table, mine(table, portal_id), "contact_id", loser, target)
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
