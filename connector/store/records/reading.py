"""Reading the mirror: one record, a stream in id order, counts, samples. Nothing here changes a row."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa

from connector.model.records import ObjectType
from connector.store.records.graves import resolve
from connector.store.records.rows import Record, read_set, table_of, values_of
from connector.store.schema import CONTACTS, DIRTY, EMAILS
from connector.store.unit import AnyRow, Unit, among_given, check_portal, mine
from connector.store.values import normal_email

RawRow = tuple[int, int, tuple[str, ...], str]
WEEK_MS = 7 * 24 * 60 * 60 * 1000


def _columns(table: sa.Table) -> list[Any]:
    c = table.c
    email = c.email if "email" in c else sa.null()
    state = [c.archived, c.archived_ms, c.merged_into, email, c.first_seen_ms]
    return [c.id, c.read_set, c.props, c.created_ms, c.modified_ms, c.read_ms, *state]


def _record(u: Unit, portal_id: int, object_type: ObjectType, row: AnyRow) -> Record:
    record, number, text, *rest = row
    return Record(object_type, record, values_of(read_set(u, portal_id, number), text), *rest)


def get(u: Unit, portal_id: int, object_type: ObjectType, record_id: int) -> Record | None:
    """The record, also a deleted one; for a merged id its survivor."""
    live = resolve(u, portal_id, object_type, [record_id])[record_id]
    table = table_of(object_type)
    row = u.first(sa.select(*_columns(table)).where(mine(table, portal_id, id=live)))
    return _record(u, portal_id, object_type, row) if row is not None else None


def get_many(u: Unit, portal_id: int, object_type: ObjectType, ids: Collection[int]) -> dict[int, Record]:
    """Records by the ids asked for, survivors for merged ones; unknown ids are left out."""
    lives = resolve(u, portal_id, object_type, ids)
    table = table_of(object_type)
    query = sa.select(*_columns(table)).where(mine(table, portal_id), u.among(table.c.id, set(lives.values())))
    found = {row[0]: _record(u, portal_id, object_type, row) for row in u.rows(query)} if ids else {}
    return {asked: found[live] for asked, live in lives.items() if live in found}


def by_email(u: Unit, portal_id: int, email: str) -> Record | None:
    """The live contact with that e-mail; a primary address goes before an additional or merged one."""
    folded = normal_email(email)
    query = (
        sa.select(*_columns(CONTACTS))
        .join(EMAILS, sa.and_(mine(EMAILS, portal_id), EMAILS.c.contact_id == CONTACTS.c.id))
        .where(mine(CONTACTS, portal_id), EMAILS.c.email == folded, CONTACTS.c.archived.is_(False))
        .order_by(EMAILS.c.place, CONTACTS.c.modified_ms.desc(), CONTACTS.c.id.desc())
    )
    row = u.first(query.limit(1)) if folded else None
    return _record(u, portal_id, "contacts", row) if row is not None else None


def stamps(
    u: Unit, portal_id: int, object_type: ObjectType, after_id: int = 0, limit: int = 10_000
) -> list[tuple[int, int, bool]]:
    """(id, modified, archived) in id order, for sweeps; merged ids count as archived."""
    c = table_of(object_type).c
    query = sa.select(c.id, c.modified_ms, c.archived).where(mine(c.id.table, portal_id), c.id > after_id)
    return [(row[0], row[1], row[2]) for row in u.rows(query.order_by(c.id).limit(limit))]


def live_ids(u: Unit, portal_id: int, object_type: ObjectType, after_id: int = 0, limit: int = 1000) -> list[int]:
    """The next ids of living records, in their order."""
    c = table_of(object_type).c
    query = sa.select(c.id).where(mine(c.id.table, portal_id), c.id > after_id, c.archived.is_(False))
    return [row[0] for row in u.rows(query.order_by(c.id).limit(limit))]


def count(u: Unit, portal_id: int, object_type: ObjectType, *, live: bool = True) -> int:
    """How many are mirrored; with ``live=False`` tombstones and merged ids too. Both counts come from indexes alone."""
    table = table_of(object_type)
    query = sa.select(sa.func.count()).select_from(table).where(mine(table, portal_id))
    # Every grave has its time; asked so, a small index of the graves alone answers.
    graves = u.number(query.where(table.c.archived_ms.is_not(None))) if live else 0
    return u.number(query) - graves


def window_count(
    u: Unit,
    portal_id: int,
    object_type: ObjectType,
    lo_ms: int,
    hi_ms: int,
    *,
    by: Literal["created_ms", "modified_ms"] = "created_ms",
) -> int:
    """How many live records were created (or modified) from ``lo_ms`` up to and with ``hi_ms``."""
    table = table_of(object_type)
    inside = [table.c[by] >= lo_ms, table.c[by] <= hi_ms, table.c.archived.is_(False)]
    return u.number(sa.select(sa.func.count()).select_from(table).where(mine(table, portal_id), *inside))


def newest(u: Unit, portal_id: int, object_type: ObjectType, most: int) -> list[int]:
    """The living records that were changed last, by the portal's clock."""
    c = table_of(object_type).c
    query = sa.select(c.id).where(mine(c.id.table, portal_id), c.archived.is_(False))
    return [row[0] for row in u.rows(query.order_by(c.modified_ms.desc(), c.id.desc()).limit(most))]


def newcomers(u: Unit, portal_id: int, object_type: ObjectType, since_ms: int) -> list[int]:
    """Live records the mirror first saw from ``since_ms`` on (our clock), unless they were older than a week by then.

    The week keeps the look within an index: who is new to the mirror is nearly always new to the portal.
    """
    c = table_of(object_type).c
    new = [c.created_ms >= since_ms - WEEK_MS, c.first_seen_ms >= since_ms, c.archived.is_(False)]
    return sorted(row[0] for row in u.rows(sa.select(c.id).where(mine(c.id.table, portal_id), *new)))


def stream(
    u: Unit,
    portal_id: int,
    object_type: ObjectType,
    *,
    only_dirty: bool = False,
    ids: Collection[int] | None = None,
    live: bool = True,
    chunk: int = 1000,
    after_id: int = 0,
) -> Iterator[list[Record]]:
    """Records in id order, a chunk at a time, in constant memory.

    To let others work in between, take one chunk a view and go on with ``after_id``, the last id of the chunk.
    """
    check_portal(portal_id)
    table = table_of(object_type)
    if ids is not None and live and not only_dirty:
        pages = _named(u, portal_id, table, ids, chunk, after_id)
        return ([_record(u, portal_id, object_type, row) for row in rows] for rows in pages)
    query = _select(u, portal_id, table, _columns(table), only_dirty=only_dirty, ids=ids, live=live)
    return (
        [_record(u, portal_id, object_type, row) for row in rows] for rows in _pages(u, table, query, chunk, after_id)
    )


def _named(
    u: Unit, portal_id: int, table: sa.Table, ids: Collection[int], chunk: int, after_id: int
) -> Iterator[Sequence[AnyRow]]:
    """Living rows with these ids, by a statement that is put together only once: every judgement asks for some."""
    wanted = sorted(i for i in ids if i > after_id)
    for start in range(0, len(wanted), chunk):
        asked = {"portal": portal_id, "ids": u.given(wanted[start : start + chunk])}
        if rows := u.run(_living_of(u.sqlite, table), asked).all():
            yield rows


@lru_cache(maxsize=8)
def _living_of(sqlite: bool, table: sa.Table) -> sa.Select[*tuple[Any, ...]]:
    c = table.c
    which = (c.portal_id == sa.bindparam("portal"), c.archived.is_(False), among_given(sqlite, c.id, "ids"))
    return sa.select(*_columns(table)).where(*which).order_by(c.id)


def stream_raw(
    u: Unit,
    portal_id: int,
    object_type: ObjectType,
    *,
    only_dirty: bool = False,
    ids: Collection[int] | None = None,
    chunk: int = 10_000,
    after_id: int = 0,
) -> Iterator[list[RawRow]]:
    """Live records for judging in bulk: (id, modified, names of all properties read, JSON text of the non-empty)."""
    check_portal(portal_id)
    table = table_of(object_type)
    columns = [table.c.id, table.c.modified_ms, table.c.read_set, table.c.props]
    query = _select(u, portal_id, table, columns, only_dirty=only_dirty, ids=ids, live=True)
    return (
        [(row[0], row[1], read_set(u, portal_id, row[2]), row[3]) for row in rows]
        for rows in _pages(u, table, query, chunk, after_id)
    )


def _select(
    u: Unit,
    portal_id: int,
    table: sa.Table,
    columns: list[Any],
    *,
    only_dirty: bool,
    ids: Collection[int] | None,
    live: bool,
) -> sa.Select[*tuple[Any, ...]]:
    query = sa.select(*columns).where(mine(table, portal_id))
    if live:
        query = query.where(table.c.archived.is_(False))
    if ids is not None:
        query = query.where(u.among(table.c.id, ids))
    if only_dirty and table is CONTACTS:
        query = query.join(DIRTY, sa.and_(mine(DIRTY, portal_id), DIRTY.c.contact_id == table.c.id))
    return query


def _pages(
    u: Unit, table: sa.Table, query: sa.Select[*tuple[Any, ...]], chunk: int, after_id: int
) -> Iterator[list[AnyRow]]:
    while True:
        rows = list(u.rows(query.where(table.c.id > after_id).order_by(table.c.id).limit(chunk)))
        if rows:
            yield rows
        if len(rows) < chunk:
            return
        after_id = rows[-1][0]


def sample(u: Unit, portal_id: int, object_type: ObjectType, n: int, seed: int) -> list[int]:
    """``n`` live ids, each as likely as any other and the same for the same seed and mirror, in id order."""
    table = table_of(object_type)
    total = u.number(sa.select(sa.func.count()).select_from(table).where(mine(table, portal_id)))
    chooser = random.Random(seed)  # repeatable on purpose, nothing secret hangs on it
    places = chooser.sample(range(total), min(total, 2 * n + 50))
    drawn = _at(u, portal_id, table, places)
    live = _living(u, portal_id, table, drawn)
    if len(live) < n and len(places) < total:
        live = _living(u, portal_id, table, _at(u, portal_id, table, chooser.sample(range(total), total)))
    return sorted(live[:n])


def spread(u: Unit, portal_id: int, object_type: ObjectType, n: int) -> list[int]:
    """At most ``n`` live ids, spread evenly over the range of ids: for a glance, however many there are.

    Looks each of them up in the key's index, where ``sample`` reads all ids."""
    table = table_of(object_type)
    living = sa.select(table.c.id).where(mine(table, portal_id), table.c.archived.is_(False)).order_by(table.c.id)
    begin = [row[0] for row in u.rows(living.limit(n + 1))]
    if len(begin) <= n:
        return begin
    first, last = begin[0], u.number(sa.select(sa.func.max(table.c.id)).where(mine(table, portal_id)))
    places = [first + (last - first + 1) * step // n for step in range(n)]
    return sorted({row[0] for at in places for row in u.rows(living.where(table.c.id >= at).limit(1))})


def _at(u: Unit, portal_id: int, table: sa.Table, places: list[int]) -> list[int]:
    """The ids at these places of the id order, in the order of the places. Reads the key's index alone."""
    wanted = dict.fromkeys(places, 0)
    rows = u.run(sa.select(table.c.id).where(mine(table, portal_id)).order_by(table.c.id))
    for place, record in enumerate(rows.scalars()):
        if place in wanted:
            wanted[place] = record
    return list(wanted.values())


def _living(u: Unit, portal_id: int, table: sa.Table, ids: list[int]) -> list[int]:
    query = sa.select(table.c.id).where(mine(table, portal_id), table.c.archived.is_(False))
    alive = {row[0] for row in u.rows(query.where(u.among(table.c.id, ids)))} if ids else set()
    return [record for record in ids if record in alive]
