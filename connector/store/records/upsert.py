"""Taking in what the portal says: newer replaces older, equal is left alone, a narrower read never wipes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from connector.model.records import ObjectType, Properties, Snapshot, modified_property
from connector.store import bulk, stretches
from connector.store.erasures import unerased
from connector.store.records.dirty import mark_known, mark_linked, touch_linked
from connector.store.records.endings import DELETED, free, stop
from connector.store.records.packed import coded, names_of
from connector.store.records.rows import (
    ADDITIONAL,
    MERGED,
    NEVER_READ,
    OTHER_EMAILS,
    PRIMARY,
    PROMOTED,
    emails_of,
    read_set,
    read_set_id,
    table_of,
    values_of,
)
from connector.store.schema import EMAILS, PROPERTY_HISTORY
from connector.store.unit import Unit, among_given, check_portal, mine
from connector.store.values import clean, normal_email


@dataclass(frozen=True, slots=True)
class Upserted:
    """What taking in a batch did. ``stale`` counts what was ignored: older than what is kept, or merged away."""

    created: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    unchanged: int = 0
    stale: int = 0


@dataclass(slots=True)
class _Kept:
    """What the row says now, as far as taking in a snapshot needs it."""

    modified_ms: int
    read_ms: int
    created_ms: int | None
    first_seen_ms: int
    hash: bytes
    read_set: int
    archived: bool
    archived_ms: int | None
    merged: bool
    values: dict[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Batch:
    """The rows to be written, gathered before anything is."""

    portal_id: int
    object_type: ObjectType
    now_ms: int
    created: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    unchanged: int = 0
    stale: int = 0
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    live: list[int] = field(default_factory=list)
    buried: list[int] = field(default_factory=list)
    history: list[tuple[Any, ...]] = field(default_factory=list)
    emails: list[tuple[str, int, int]] = field(default_factory=list)
    freed: list[int] = field(default_factory=list)


def upsert(
    u: Unit,
    portal_id: int,
    object_type: ObjectType,
    snapshots: Sequence[Snapshot],
    now_ms: int,
    *,
    refresh: bool = False,
) -> Upserted:
    """Take in snapshots that were asked for at ``now_ms`` (when the portal was *asked*, not when this runs).

    ``refresh`` takes the portal's word even where what is kept carries a later time: for repairs.
    """
    check_portal(portal_id)
    table_of(object_type)
    u.own(portal_id)
    snapshots = unerased(u, portal_id, object_type, snapshots)
    total = Upserted()
    unchanged = stale = 0
    for part in _rounds(snapshots):
        batch = _Batch(portal_id, object_type, now_ms)
        _sort_out(u, batch, part, refresh=refresh)
        _write(u, batch)
        total.created.extend(batch.created)
        total.changed.extend(batch.changed)
        unchanged += batch.unchanged
        stale += batch.stale
    return Upserted(total.created, list(dict.fromkeys(total.changed)), unchanged, stale)


def _rounds(snapshots: Sequence[Snapshot]) -> Iterator[Sequence[Snapshot]]:
    """Batches in which every id stands once, in the order they came."""
    if len({snapshot.id for snapshot in snapshots}) == len(snapshots):
        yield snapshots
        return
    rounds: list[dict[int, Snapshot]] = []
    depth: dict[int, int] = {}
    for snapshot in snapshots:
        level = depth.get(snapshot.id, 0)
        depth[snapshot.id] = level + 1
        if level == len(rounds):
            rounds.append({})
        rounds[level][snapshot.id] = snapshot
    for one in rounds:
        yield list(one.values())


def _sort_out(u: Unit, batch: _Batch, snapshots: Sequence[Snapshot], *, refresh: bool) -> None:
    kept = _kept(u, batch, snapshots)
    numbers = _Numbers(u, batch.portal_id)
    compare: list[tuple[Snapshot, _Kept]] = []
    for snapshot in snapshots:
        known = kept.get(snapshot.id)
        if known is None:
            _create(batch, snapshot, numbers.of(snapshot.properties))
        elif known.merged or not (refresh or _newer(snapshot, known, batch.now_ms)):
            batch.stale += 1
        elif _same(batch.object_type, snapshot, known, numbers):
            batch.unchanged += 1
        else:
            compare.append((snapshot, known))
    _load_values(u, batch, compare)
    for snapshot, known in compare:
        _merge(u, batch, snapshot, known)


class _Numbers:
    """Read-set numbers of a batch, whose snapshots mostly carry the same names in the same order."""

    def __init__(self, u: Unit, portal_id: int) -> None:
        self._u, self._portal_id = u, portal_id
        self._seen: dict[tuple[str, ...], int] = {}

    def of(self, properties: Properties) -> int:
        names = names_of(properties)
        number = self._seen.get(names)
        if number is None:
            number = self._seen[names] = read_set_id(self._u, self._portal_id, names)
        return number


def _kept(u: Unit, batch: _Batch, snapshots: Sequence[Snapshot]) -> dict[int, _Kept]:
    asked = {"portal": batch.portal_id, "ids": u.given(snapshot.id for snapshot in snapshots)}
    return {row[0]: _Kept(*row[1:]) for row in u.run(_kept_query(u.sqlite, batch.object_type), asked)}


@lru_cache(maxsize=8)
def _kept_query(sqlite: bool, object_type: ObjectType) -> sa.Select[*tuple[Any, ...]]:
    c = table_of(object_type).c
    return sa.select(
        c.id, c.modified_ms, c.read_ms, c.created_ms, c.first_seen_ms, c.hash, c.read_set, c.archived, c.archived_ms,
        c.merged_into.is_not(None),
    ).where(c.portal_id == sa.bindparam("portal"), among_given(sqlite, c.id, "ids"))  # fmt: skip


def _newer(snapshot: Snapshot, known: _Kept, now_ms: int) -> bool:
    """Whether the snapshot may speak. A grave opens only for a read that was made after it was dug."""
    if snapshot.modified_ms < known.modified_ms:
        return False
    if known.archived and not snapshot.archived:
        return now_ms > (known.archived_ms or 0)
    if snapshot.archived and not known.archived and snapshot.modified_ms == known.modified_ms:
        return now_ms >= known.read_ms
    return True


def _same(object_type: ObjectType, snapshot: Snapshot, known: _Kept, numbers: _Numbers) -> bool:
    """Nothing to write at all: same names read, same content, same time, alive or dead as before."""
    if snapshot.archived != known.archived or snapshot.modified_ms != known.modified_ms:
        return False
    if numbers.of(snapshot.properties) != known.read_set:
        return False
    return coded(object_type, snapshot.properties)[0] == known.hash


def _load_values(u: Unit, batch: _Batch, compare: Iterable[tuple[Snapshot, _Kept]]) -> None:
    by_id = {snapshot.id: known for snapshot, known in compare}
    if not by_id:
        return
    table = table_of(batch.object_type)
    query = sa.select(table.c.id, table.c.props).where(mine(table, batch.portal_id), u.among(table.c.id, by_id))
    for record, text in u.rows(query):
        by_id[record].values = values_of(read_set(u, batch.portal_id, by_id[record].read_set), text)


def _create(batch: _Batch, snapshot: Snapshot, number: int) -> None:
    values = snapshot.properties
    promoted = PROMOTED[batch.object_type](values)
    hashed, text = coded(batch.object_type, values)
    _row(batch, snapshot, promoted, (hashed, number, text))
    batch.created.append(snapshot.id)
    if snapshot.archived:
        batch.buried.append(snapshot.id)
        return
    batch.live.append(snapshot.id)
    if batch.object_type == "contacts":
        if values.get(OTHER_EMAILS):
            _claim_emails(batch, snapshot.id, values)
        elif promoted[0] is not None:
            batch.emails.append((promoted[0], snapshot.id, PRIMARY))


def _merge(u: Unit, batch: _Batch, snapshot: Snapshot, known: _Kept) -> None:
    """Lay the snapshot over what is kept; a row that only moved in time is not a change."""
    values = known.values | dict(snapshot.properties)
    hashed, text = coded(batch.object_type, values)
    number = read_set_id(u, batch.portal_id, values)
    same = hashed == known.hash and snapshot.archived == known.archived
    batch.unchanged += same
    if not same or number != known.read_set or snapshot.modified_ms != known.modified_ms:
        _row(batch, snapshot, PROMOTED[batch.object_type](values), (hashed, number, text), known)
    if not same:
        _book(batch, snapshot, known, values)


def _book(batch: _Batch, snapshot: Snapshot, known: _Kept, values: Properties) -> None:
    """What follows from a change: its history, the mark to judge, the e-mails it is found by."""
    (batch.created if known.read_set == NEVER_READ else batch.changed).append(snapshot.id)
    _note_history(batch, snapshot, known)
    (batch.buried if snapshot.archived else batch.live).append(snapshot.id)
    if batch.object_type == "contacts" and (snapshot.archived or known.archived or _moved(known.values, values)):
        batch.freed.append(snapshot.id)
        if not snapshot.archived:
            _claim_emails(batch, snapshot.id, values)


def _moved(before: Properties, after: Properties) -> bool:
    """Whether the contact is found by other e-mails now, or by the same in another place."""
    primary = normal_email(before.get("email")), normal_email(after.get("email"))
    return primary[0] != primary[1] or emails_of(before) != emails_of(after)


def _row(
    batch: _Batch,
    snapshot: Snapshot,
    promoted: tuple[Any, ...],
    coded: tuple[bytes, int, str],
    known: _Kept | None = None,
) -> None:
    hashed, number, text = coded
    created_ms, first_seen_ms, archived_ms = snapshot.created_ms, batch.now_ms, snapshot.archived_ms
    if known is not None:
        created_ms, first_seen_ms = created_ms or known.created_ms, known.first_seen_ms
        archived_ms = archived_ms or known.archived_ms
    grave_ms = (archived_ms or batch.now_ms) if snapshot.archived else None
    head = (snapshot.id, created_ms, snapshot.modified_ms, batch.now_ms, first_seen_ms, hashed, number)
    batch.rows.append((*head, snapshot.archived, grave_ms, None, *promoted, text))


def _note_history(batch: _Batch, snapshot: Snapshot, known: _Kept) -> None:
    """One row a changed property. What was never read before is first seen, not changed."""
    at_ms = snapshot.modified_ms if snapshot.modified_ms >= known.modified_ms else batch.now_ms
    stamp = modified_property(batch.object_type)
    for name, after in snapshot.properties.items():
        if name in known.values and name != stamp and known.values[name] != after:
            change = _kept_text(known.values[name]), _kept_text(after)
            batch.history.append((batch.object_type, snapshot.id, name, at_ms, snapshot.id, *change, batch.now_ms))


def _kept_text(value: str | None) -> str | None:
    return clean(value) if value is not None else None


def _claim_emails(batch: _Batch, record: int, values: Properties) -> None:
    primary = normal_email(values.get("email"))
    batch.emails.extend((email, record, PRIMARY if email == primary else ADDITIONAL) for email in emails_of(values))


def _write(u: Unit, batch: _Batch) -> None:
    portal_id = batch.portal_id
    bulk.put(u, portal_id, table_of(batch.object_type), batch.rows)
    # Two changes at one time are one: from what it was before the first to what it is after the second.
    bulk.put(u, portal_id, PROPERTY_HISTORY, batch.history, keep=("before",))
    # A row that only moved in time marks nobody, but columns may hold that time.
    written = [row[0] for row in batch.rows]
    if batch.object_type != "contacts":
        marked = {*batch.live, *batch.buried}
        mark_linked(u, portal_id, batch.object_type, marked)
        touch_linked(u, portal_id, batch.object_type, [one for one in written if one not in marked])
        return
    stretches.touch(u, portal_id, written)
    if batch.freed:
        u.change(
            sa.delete(EMAILS).where(
                mine(EMAILS, portal_id), u.among(EMAILS.c.contact_id, batch.freed), EMAILS.c.place != MERGED
            )
        )
    bulk.put(u, portal_id, EMAILS, batch.emails)
    mark_known(u, portal_id, batch.live)
    if batch.buried:
        free(u, portal_id, batch.buried)
        stop(u, portal_id, batch.buried, DELETED)
