"""What reports and the laboratory read of a whole portal: people with their stage dates, what they did, their deals.

Rows come contact by contact in the order of their ids, slim and a chunk at a time. What the figures mean stands in
``connector/reports`` and ``connector/lab``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Literal, NamedTuple

import orjson
import sqlalchemy as sa

from connector.model.records import BECAME, ENTERED
from connector.store.schema import (
    ACTIVITIES,
    ASSOCIATIONS,
    CONTACTS,
    DEALS,
    PROPERTY_HISTORY,
    RECEIPT_HISTORY,
    RECEIPTS,
    STAGES,
)
from connector.store.unit import Unit, check_portal, mine
from connector.store.values import millis_or_none

STAGE, OURS = "lifecyclestage", "leadwright_stage"
_H, AT_ONCE = RECEIPT_HISTORY.c, 500
Outcome = Literal["won", "lost", "open", "unknown"]


class Person(NamedTuple):
    """A living contact. ``stage`` is the portal's value, ``ours`` Leadwright's; ``entered`` value → when, as told."""

    id: int
    created_ms: int | None
    stage: str
    ours: str
    source: str
    name: str
    company: str
    email: str
    owner_id: int | None
    entered: Mapping[str, int]


class Turn(NamedTuple):
    """A stage property that was seen to change. ``property`` is ``lifecyclestage`` or ``leadwright_stage``."""

    at_ms: int
    property: str
    before: str
    after: str


class Act(NamedTuple):
    """One activity, as far as reports look at it."""

    at_ms: int
    kind: str
    source: str
    title: str
    asset: str
    verdict: str
    ref: str


class Deal(NamedTuple):
    """A deal of a contact. ``amount`` None: none that is a number."""

    id: int
    created_ms: int | None
    closed_ms: int | None
    amount: float | None
    outcome: Outcome


def people(u: Unit, portal_id: int, *, chunk: int = 1000) -> Iterator[list[Person]]:
    """All living contacts in the order of their ids, a chunk at a time."""
    check_portal(portal_id)
    return _people(u, portal_id, chunk)


def _people(u: Unit, portal_id: int, chunk: int) -> Iterator[list[Person]]:
    c = CONTACTS.c
    query = sa.select(c.id, c.created_ms, c.lifecycle_stage, c.email, c.owner_id, c.props)
    query = query.where(mine(CONTACTS, portal_id), c.archived.is_(False)).order_by(c.id).limit(chunk)
    last = 0
    while rows := u.rows(query.where(c.id > last)):
        yield [_person(*row) for row in rows]
        if len(rows) < chunk:
            return
        last = rows[-1][0]


def named(u: Unit, portal_id: int, ids: Collection[int]) -> dict[int, Person]:
    """These contacts, as far as they live."""
    check_portal(portal_id)
    c = CONTACTS.c
    query = sa.select(c.id, c.created_ms, c.lifecycle_stage, c.email, c.owner_id, c.props)
    query = query.where(mine(CONTACTS, portal_id), c.archived.is_(False), u.among(c.id, ids))
    return {row[0]: _person(*row) for row in u.rows(query)} if ids else {}


def _person(
    ident: int, created_ms: int | None, stage: str | None, email: str | None, owner_id: int | None, props: str
) -> Person:
    values = orjson.loads(props)
    get = values.get
    name = " ".join(part for part in (get("firstname"), get("lastname")) if part)
    entered = {stage_of(key): at for key, text in values.items() if stage_of(key) and (at := millis_or_none(text))}
    return Person(
        ident, created_ms, stage or "", get(OURS) or "", get("hs_analytics_source") or "", name, get("company") or "",
        email or "", owner_id, entered,
    )  # fmt: skip


def stage_of(name: str) -> str:
    """The stage whose date of entry a property holds; '' for every other property."""
    if name.startswith(ENTERED):
        return name[len(ENTERED) :]
    before, behind = BECAME
    return name[len(before) : -len(behind)] if name.startswith(before) and name.endswith(behind) else ""


def turns(u: Unit, portal_id: int, ids: Collection[int]) -> dict[int, list[Turn]]:
    """How the stage of these contacts was seen to change, oldest first; their own changes, not those of merged ones."""
    h = PROPERTY_HISTORY.c
    query = sa.select(h.record_id, h.at_ms, h.property, h.before, h.after).where(
        mine(PROPERTY_HISTORY, portal_id, object_type="contacts"),
        u.among(h.record_id, ids),
        h.property.in_((STAGE, OURS)),
        h.origin == h.record_id,
    )
    found: dict[int, list[Turn]] = {}
    for who, at_ms, name, before, after in u.rows(query.order_by(h.record_id, h.at_ms)) if ids else ():
        found.setdefault(who, []).append(Turn(at_ms, name, before or "", after or ""))
    return found


def acts(u: Unit, portal_id: int, ids: Collection[int], until_ms: int) -> dict[int, list[Act]]:
    """What these contacts did before that instant, in time order."""
    a = ACTIVITIES.c
    columns = (a.contact_id, a.at_ms, a.kind, a.source, a.title, a.asset, a.verdict, a.ref)
    query = sa.select(*columns).where(mine(ACTIVITIES, portal_id), u.among(a.contact_id, ids), a.at_ms < until_ms)
    found: dict[int, list[Act]] = {}
    for who, *rest in u.rows(query.order_by(a.contact_id, a.at_ms, a.source, a.id)) if ids else ():
        found.setdefault(who, []).append(Act(*rest))
    return found


def deals(u: Unit, portal_id: int) -> dict[int, list[Deal]]:
    """The living deals by contact, oldest first. The pipeline's closed stages say what is won or lost."""
    d, a, s = DEALS.c, ASSOCIATIONS.c, STAGES.c
    staged = sa.and_(mine(STAGES, portal_id, object_type="deals"), s.pipeline_id == d.pipeline, s.id == d.stage)
    linked = sa.and_(mine(ASSOCIATIONS, portal_id, from_type="deals", to_type="contacts"), a.from_id == d.id)
    query = (
        sa.select(a.to_id, d.id, d.created_ms, d.closed_ms, d.amount, s.id, s.closed, s.probability)
        .distinct()
        .select_from(DEALS)
        .join(ASSOCIATIONS, linked)
        .outerjoin(STAGES, staged)
        .where(mine(DEALS, portal_id), d.archived.is_(False))
        .order_by(a.to_id, d.created_ms, d.id)
    )
    found: dict[int, list[Deal]] = {}
    for who, ident, created_ms, closed_ms, amount, stage, closed, probability in u.rows(query):
        outcome = _outcome(stage, closed=bool(closed), probability=probability)
        found.setdefault(who, []).append(Deal(ident, created_ms, closed_ms, _number(amount), outcome))
    return found


def first_created_ms(u: Unit, portal_id: int) -> int | None:
    """When the oldest living contact was created."""
    c = CONTACTS.c
    query = sa.select(sa.func.min(c.created_ms)).where(mine(CONTACTS, portal_id), c.archived.is_(False))
    found = u.scalar(query)
    return int(found) if found is not None else None


def scores(u: Unit, portal_id: int) -> dict[int, int]:
    """The score of everybody who was judged, as it stands now."""
    query = sa.select(RECEIPTS.c.contact_id, RECEIPTS.c.score).where(mine(RECEIPTS, portal_id))
    return {row[0]: row[1] for row in u.rows(query)}


def models_at(u: Unit, portal_id: int, at: Mapping[int, int]) -> dict[int, tuple[str, int]]:
    """By which model and version each of these contacts was last judged at its instant; who was not is left out."""
    check_portal(portal_id)
    found: dict[int, tuple[str, int]] = {}
    ids = sorted(at)
    for start in range(0, len(ids), AT_ONCE):
        which = [mine(RECEIPT_HISTORY, portal_id), _H.contact_id.in_(ids[start : start + AT_ONCE])]
        query = sa.select(_H.contact_id, _H.at_ms, _H.model, _H.version).where(*which)
        for who, when, model, version in u.rows(query.order_by(_H.contact_id, _H.at_ms)):
            if when <= at[who]:
                found[who] = (model, version)
    return found


def _outcome(stage: str | None, *, closed: bool, probability: float | None) -> Outcome:
    if stage is None:
        return "unknown"
    if not closed:
        return "open"
    if probability is None:
        return "unknown"
    return "won" if probability > 0 else "lost"


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None
