"""What contacts did, in time order; events whose person is not known yet wait here to be claimed by e-mail."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from connector.model.records import Activity, PortalEvent
from connector.store import bulk, erasures
from connector.store.records.dirty import mark_changed
from connector.store.records.graves import resolve
from connector.store.schema import ACTIVITIES, UNCLAIMED_EVENTS
from connector.store.unit import FOR_EVER, AnyRow, Unit, among_given, check_portal, mine
from connector.store.values import clean, dumps, loads, normal_email

Row = tuple[Any, ...]
_NO_DETAIL = "{}"


def _row(activity: Activity, contact_id: int) -> Row:
    a = activity
    words = (a.kind, a.type, a.ref, a.title, a.url, a.asset)
    detail = dumps(dict(a.detail)) if a.detail else _NO_DETAIL
    return (contact_id, a.at_ms, a.source, clean(a.id), *map(clean, words), a.verdict, detail)


def _activity(row: AnyRow) -> Activity:
    contact_id, at_ms, source, ident, kind, type_, ref, title, url, asset, verdict, detail = row
    extras = loads(detail) if detail != _NO_DETAIL else {}
    return Activity(contact_id, at_ms, ident, kind, source, type_, ref, title, url, asset, verdict, extras)


_COLUMNS = [column for column in ACTIVITIES.c if column.name != "portal_id"]
_ORDER = [ACTIVITIES.c.contact_id, ACTIVITIES.c.at_ms, ACTIVITIES.c.source, ACTIVITIES.c.id]


def add(u: Unit, portal_id: int, activities: Sequence[Activity]) -> int:
    """Keep activities; how many were new. Those told again are kept once; contacts are marked where something changed.

    An event that the portal moved in time (a meeting put off) is moved, not doubled; ids are unique within a source.
    """
    check_portal(portal_id)
    u.own(portal_id)
    lives = resolve(u, portal_id, "contacts", {activity.contact_id for activity in activities})
    gone = erasures.standing(u, portal_id, set(lives.values()))
    activities = [a for a in activities if lives[a.contact_id] not in gone] if gone else activities
    told = {(row[0], row[2], row[3]): row for row in (_row(a, lives[a.contact_id]) for a in activities)}
    kept = _kept(u, portal_id, lives.values(), {row[3] for row in told.values()})
    moved = [kept[key] for key, row in told.items() if key in kept and kept[key][1] != row[1]]
    _drop(u, portal_id, moved)
    fresh = [row for key, row in told.items() if kept.get(key) != row]
    bulk.put(u, portal_id, ACTIVITIES, fresh)
    mark_changed(u, portal_id, {row[0] for row in fresh})
    return sum(key not in kept for key in told)


def _kept(u: Unit, portal_id: int, contacts: Iterable[int], ids: Collection[str]) -> dict[tuple[int, str, str], Row]:
    query = sa.select(*_COLUMNS).where(mine(ACTIVITIES, portal_id), u.among(ACTIVITIES.c.contact_id, set(contacts)))
    return {(row[0], row[2], row[3]): tuple(row) for row in u.rows(query) if row[3] in ids}


def _drop(u: Unit, portal_id: int, rows: Sequence[Row]) -> None:
    statement = "DELETE FROM activities WHERE portal_id = ? AND contact_id = ? AND at_ms = ? AND source = ? AND id = ?"
    bulk.change_many(u, statement, [(portal_id, *row[:4]) for row in rows])


def of(
    u: Unit, portal_id: int, contact_ids: Collection[int], until_ms: int | None = None
) -> dict[int, tuple[Activity, ...]]:
    """The activities of each contact in time order, up to and with ``until_ms``; contacts without any are left out."""
    check_portal(portal_id)
    asked = {"portal": portal_id, "ids": u.given(contact_ids), "until": FOR_EVER if until_ms is None else until_ms}
    found: dict[int, list[Activity]] = {}
    for row in u.run(_of(u.sqlite), asked) if contact_ids else ():
        found.setdefault(row[0], []).append(_activity(row))
    return {contact: tuple(theirs) for contact, theirs in found.items()}


@lru_cache(maxsize=2)
def _of(sqlite: bool) -> sa.Select[*tuple[Any, ...]]:
    c = ACTIVITIES.c
    which = (c.portal_id == sa.bindparam("portal"), among_given(sqlite, c.contact_id, "ids"))
    return sa.select(*_COLUMNS).where(*which, c.at_ms <= sa.bindparam("until")).order_by(*_ORDER)


def stream(u: Unit, portal_id: int, *, chunk: int = 5000) -> Iterator[list[Activity]]:
    """All activities by contact and time, a chunk at a time."""
    check_portal(portal_id)
    return ([_activity(row) for row in rows] for rows in _pages(u, portal_id, chunk))


def _pages(u: Unit, portal_id: int, chunk: int) -> Iterator[Sequence[AnyRow]]:
    query = sa.select(*_COLUMNS).where(mine(ACTIVITIES, portal_id)).order_by(*_ORDER).limit(chunk)
    rows = u.rows(query)
    while rows:
        yield rows
        last = sa.tuple_(*(sa.literal(value) for value in rows[-1][:4]))
        rows = u.rows(query.where(sa.tuple_(*_ORDER) > last)) if len(rows) == chunk else ()


def events_of(u: Unit, portal_id: int, chunk: int = 5000) -> Iterator[list[PortalEvent]]:
    """The raw events the activities were made of, to be classified anew after the ``activities`` document changed."""
    check_portal(portal_id)
    return ([event_of(activity) for activity in page] for page in stream(u, portal_id, chunk=chunk))


def event_of(a: Activity) -> PortalEvent:
    """The portal's event an activity was made of."""
    return PortalEvent(a.source, a.id, a.at_ms, a.type, a.contact_id, None, a.ref, a.title, a.url, a.detail)


def pairs(u: Unit, portal_id: int, source: str) -> set[tuple[int, str]]:
    """(contact, id) of every activity of a source."""
    query = sa.select(ACTIVITIES.c.contact_id, ACTIVITIES.c.id).where(mine(ACTIVITIES, portal_id, source=source))
    return {(row[0], row[1]) for row in u.rows(query)}


def remove(u: Unit, portal_id: int, source: str, gone: Collection[tuple[int, str]]) -> int:
    """Forget activities that the portal no longer has; their contacts are marked to be judged."""
    check_portal(portal_id)
    u.own(portal_id)
    statement = "DELETE FROM activities WHERE portal_id = ? AND contact_id = ? AND source = ? AND id = ?"
    bulk.change_many(u, statement, [(portal_id, contact, source, ident) for contact, ident in gone])
    mark_changed(u, portal_id, {contact for contact, _ in gone})
    return len(gone)


def set_kinds(u: Unit, portal_id: int, activities: Sequence[Activity]) -> int:
    """Book newly found kinds, assets and verdicts of activities that are kept; how many differ from before."""
    check_portal(portal_id)
    u.own(portal_id)
    kept = _kept(u, portal_id, {a.contact_id for a in activities}, {clean(a.id) for a in activities})
    rows = (_row(activity, activity.contact_id) for activity in activities)
    moved = [row for row in rows if (row[0], row[2], row[3]) in kept and kept[row[0], row[2], row[3]] != row]
    statement = (
        "UPDATE activities SET kind = ?, asset = ?, verdict = ?"
        " WHERE portal_id = ? AND contact_id = ? AND at_ms = ? AND source = ? AND id = ?"
    )
    changed = bulk.change_many(u, statement, [(row[4], row[9], row[10], portal_id, *row[:4]) for row in moved])
    mark_changed(u, portal_id, {row[0] for row in moved})
    return changed


def counts(u: Unit, portal_id: int) -> dict[tuple[str, str], int]:
    """How many there are by (source, kind)."""
    c = ACTIVITIES.c
    query = sa.select(c.source, c.kind, sa.func.count()).where(mine(ACTIVITIES, portal_id)).group_by(c.source, c.kind)
    return {(row[0], row[1]): row[2] for row in u.rows(query)}


def last_at(u: Unit, portal_id: int, source: str) -> int | None:
    """When the newest activity of that source happened; None when there is none."""
    query = sa.select(sa.func.max(ACTIVITIES.c.at_ms)).where(mine(ACTIVITIES, portal_id, source=source))
    found = u.scalar(query)
    return int(found) if found is not None else None


def park(u: Unit, portal_id: int, events: Sequence[PortalEvent]) -> int:
    """Keep events of people the mirror does not know yet; how many have an e-mail to be claimed by."""
    u.own(portal_id)
    rows = {}
    for event in events:
        email = normal_email(event.email)
        if email is not None:
            rows[email, event.source, event.id] = (email, event.source, clean(event.id), event.at_ms, dumps(event))
    bulk.put(u, portal_id, UNCLAIMED_EVENTS, list(rows.values()))
    return len(rows)


def claim(u: Unit, portal_id: int, emails: Mapping[str, int]) -> list[PortalEvent]:
    """Take out the parked events of these e-mails, each with the contact it belongs to, in time order."""
    u.own(portal_id)
    owners = {normal_email(email): contact for email, contact in emails.items()}
    owners.pop(None, None)
    which = [mine(UNCLAIMED_EVENTS, portal_id), u.among(UNCLAIMED_EVENTS.c.email, [e for e in owners if e])]
    query = sa.select(UNCLAIMED_EVENTS.c.email, UNCLAIMED_EVENTS.c.body).where(*which)
    found = [
        replace(PortalEvent(**loads(body)), contact_id=owners[email])
        for email, body in u.rows(query.order_by(UNCLAIMED_EVENTS.c.at_ms, UNCLAIMED_EVENTS.c.id))
    ]
    if found:
        u.change(sa.delete(UNCLAIMED_EVENTS).where(*which))
    return found


def anything_parked(u: Unit, portal_id: int) -> bool:
    """Whether any event waits for its person."""
    return u.first(sa.select(UNCLAIMED_EVENTS.c.id).where(mine(UNCLAIMED_EVENTS, portal_id)).limit(1)) is not None


def parked(u: Unit, portal_id: int) -> dict[str, int]:
    """How many events wait for their person, by source."""
    c = UNCLAIMED_EVENTS.c
    query = sa.select(c.source, sa.func.count()).where(mine(UNCLAIMED_EVENTS, portal_id)).group_by(c.source)
    return {row[0]: row[1] for row in u.rows(query)}


def expire_parked(u: Unit, portal_id: int, before_ms: int) -> int:
    """Let go of parked events older than that; how many."""
    old = UNCLAIMED_EVENTS.c.at_ms < before_ms
    return u.change(sa.delete(UNCLAIMED_EVENTS).where(mine(UNCLAIMED_EVENTS, portal_id), old))
