"""One person leaves the database: who that is (all ids, all addresses), and every table that may speak of them.

What stays is in ``erasures`` alone. Not here: the raw deliveries of the front store (``front_forgetting``), the order
of an erasure and its receipt (``connector/sync/privacy.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connector.store import stretches
from connector.store.records.graves import resolve
from connector.store.records.reading import by_email
from connector.store.records.rows import OTHER_EMAILS, emails_of
from connector.store.schema import (
    ACTIVITIES,
    ALIASES,
    ASSOCIATIONS,
    CONTACTS,
    DECISIONS,
    DIRTY,
    EMAILS,
    FLIPS,
    FROZEN,
    HANDOFFS,
    HOLDS,
    INBOX,
    LIST_MEMBERSHIPS,
    NURTURE_PLACES,
    OPT_IN_STEPS,
    OUTBOX,
    PLANS,
    PROPERTY_HISTORY,
    QUARANTINE,
    RECEIPT_BODIES,
    RECEIPT_HISTORY,
    RECEIPTS,
    RUNS,
    STAGE_STEPS,
    STRETCH_CHANGES,
    STRETCH_COLUMNS,
    UNCLAIMED_EVENTS,
    UNDONE,
)
from connector.store.unit import Unit, check_portal, mine
from connector.store.values import Json, dumps, loads, normal_email

# Tables that name the contact in a column of that name.
BY_CONTACT = (
    EMAILS, ACTIVITIES, DIRTY, RECEIPTS, RECEIPT_BODIES, RECEIPT_HISTORY, DECISIONS, HOLDS, OUTBOX, FLIPS, FROZEN,
    UNDONE, STAGE_STEPS, HANDOFFS, NURTURE_PLACES, LIST_MEMBERSHIPS, OPT_IN_STEPS, STRETCH_CHANGES,
)  # fmt: skip
MERGED_IDS = "hs_merged_object_ids"


@dataclass(frozen=True, slots=True)
class Person:
    """Everything one human being is known by in a portal: ids (merged-away ones too), addresses, folded."""

    ids: frozenset[int]
    emails: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ids)

    def needles(self) -> list[bytes]:
        """What to look for in raw text before it is read."""
        return [str(number).encode() for number in sorted(self.ids)] + [email.encode() for email in self.emails]


def person(u: Unit, portal_id: int, object_id: int) -> Person:
    """Who that id is: itself, the survivor of its merges, whoever else was merged into that one, and all addresses."""
    check_portal(portal_id)
    ids = {object_id, resolve(u, portal_id, "contacts", [object_id])[object_id]}
    olds = sa.select(ALIASES.c.old_id).where(
        mine(ALIASES, portal_id, object_type="contacts"), u.among(ALIASES.c.winner_id, ids)
    )
    ids |= {row[0] for row in u.rows(olds)}
    found = list(_rows_of(u, portal_id, ids))
    ids |= {number for values in found for number in _merged(values)}
    found = list(_rows_of(u, portal_id, ids))
    return Person(frozenset(ids), tuple(dict.fromkeys(_addresses(u, portal_id, ids, found))))


def owner_of(u: Unit, portal_id: int, email: str) -> int | None:
    """Whose address that is: of a living contact, else of one that was deleted and is still kept."""
    living = by_email(u, portal_id, email)
    if living is not None:
        return living.id
    c = CONTACTS.c
    query = (
        sa.select(c.id).where(mine(CONTACTS, portal_id), c.email == normal_email(email)).order_by(c.modified_ms.desc())
    )
    found = u.scalar(query.limit(1))
    return int(found) if found is not None else None


def _rows_of(u: Unit, portal_id: int, ids: Collection[int]) -> Iterator[Mapping[str, Any]]:
    c = CONTACTS.c
    here = u.among(c.id, ids) | u.among(c.merged_into, ids)
    for _, text in u.rows(sa.select(c.id, c.props).where(mine(CONTACTS, portal_id), here).order_by(c.id)):
        yield loads(text)


def _merged(values: Mapping[str, Any]) -> Iterator[int]:
    return (int(part) for part in str(values.get(MERGED_IDS) or "").split(";") if part.strip().isdecimal())


def _addresses(u: Unit, portal_id: int, ids: Collection[int], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The addresses they have and had: of the record, of the index, of its past, of what was sent."""
    for values in rows:
        yield from emails_of(values)
    known = sa.select(EMAILS.c.email).where(mine(EMAILS, portal_id), u.among(EMAILS.c.contact_id, ids))
    yield from (row[0] for row in u.rows(known.order_by(EMAILS.c.place, EMAILS.c.email)))
    h = PROPERTY_HISTORY.c
    past = mine(PROPERTY_HISTORY, portal_id, object_type="contacts") & h.property.in_(["email", OTHER_EMAILS])
    for row in u.rows(sa.select(h.before, h.after).where(past, u.among(h.record_id, ids))):
        yield from (email for value in row for email in _split(value))
    sent = sa.select(OUTBOX.c.payload).where(mine(OUTBOX, portal_id, kind="enrol"), u.among(OUTBOX.c.contact_id, ids))
    yield from (email for row in u.rows(sent) for email in _split(loads(row[0]).get("email")))


def _split(value: str | None) -> Iterator[str]:
    return (email for part in (value or "").split(";") if (email := normal_email(part)))


def passed_on(u: Unit, portal_id: int, ids: Collection[int]) -> list[dict[str, Any]]:
    """Where the person was handed to: every enrolment that happened or may have happened (GDPR Art. 19)."""
    c = OUTBOX.c
    query = sa.select(c.payload, c.state, c.sent_ms).where(
        mine(OUTBOX, portal_id, kind="enrol"), u.among(c.contact_id, ids), c.state.in_(["unknown", "sent", "confirmed"])
    )
    return [
        {"workflow": str(body.get("workflow_id", "")), "at_ms": sent_ms, "certain": state != "unknown"}
        for body, state, sent_ms in ((loads(row[0]), row[1], row[2]) for row in u.rows(query.order_by(c.id)))
        if body.get("act", "enrol") in ("enrol", "join")
    ]


def forget_contact(u: Unit, portal_id: int, who: Person) -> dict[str, int]:
    """Delete every row about that person; how many each table gave up. Rows about several people lose that one.

    What was sent goes as well: who is erased can never be enrolled again, so no cause must be remembered.
    """
    u.own(portal_id)
    counts = {
        table.name: u.change(sa.delete(table).where(mine(table, portal_id), which))
        for table, which in _where(u, portal_id, who).items()
    }
    counts[STRETCH_COLUMNS.name] = stretches.drop(u, portal_id, who.ids)
    counts[PLANS.name] = _plans(u, portal_id, who)
    counts[RUNS.name] = _notes(u, portal_id, who)
    return {place: number for place, number in counts.items() if number}


def about(u: Unit, portal_id: int, who: Person) -> dict[str, list[dict[str, Any]]]:
    """Every row about that person, by table: the very rows that ``forget_contact`` would delete."""
    check_portal(portal_id)
    found: dict[str, list[dict[str, Any]]] = {}
    for table, which in _where(u, portal_id, who).items():
        columns = [column for column in table.c if column.name != "portal_id"]
        rows = u.rows(sa.select(*columns).where(mine(table, portal_id), which).order_by(*table.primary_key.columns))
        if rows:
            found[table.name] = [dict(zip((c.name for c in columns), row, strict=True)) for row in rows]
    return found


def _where(u: Unit, portal_id: int, who: Person) -> dict[sa.Table, sa.ColumnElement[bool]]:
    """For each table the rows that are about the person and nobody else."""
    a, l_, h = ALIASES.c, ASSOCIATIONS.c, PROPERTY_HISTORY.c
    ends = (l_.from_type == "contacts") & u.among(l_.from_id, who.ids)
    ends |= (l_.to_type == "contacts") & u.among(l_.to_id, who.ids)
    past = u.among(h.record_id, who.ids) | u.among(h.origin, who.ids)
    led = u.among(a.old_id, who.ids) | u.among(a.winner_id, who.ids)
    return {
        CONTACTS: u.among(CONTACTS.c.id, who.ids) | u.among(CONTACTS.c.merged_into, who.ids),
        **{table: u.among(table.c.contact_id, who.ids) for table in BY_CONTACT},
        ALIASES: (a.object_type == "contacts") & led,
        ASSOCIATIONS: ends,
        PROPERTY_HISTORY: (h.object_type == "contacts") & past,
        QUARANTINE: (QUARANTINE.c.object_type == "contacts") & u.among(QUARANTINE.c.record_id, who.ids),
        UNCLAIMED_EVENTS: u.among(UNCLAIMED_EVENTS.c.email, who.emails) if who.emails else sa.false(),
        INBOX: u.among(INBOX.c.id, _notices(u, portal_id, who)),
    }


def _notices(u: Unit, portal_id: int, who: Person) -> list[int]:
    """Notices of the person, and those of others that name them (merges, links); their keys go too, being hashes
    without a key of something that could be guessed."""
    c = INBOX.c
    told = sa.or_(*(c.body.contains(needle.decode(), autoescape=True) for needle in who.needles()))
    rows = u.rows(
        sa.select(c.id, c.object_id, c.body).where(mine(INBOX, portal_id), u.among(c.object_id, who.ids) | told)
    )
    return [row[0] for row in rows if row[1] in who.ids or speaks_of(_read(row[2]), who)]


def _read(text: str) -> Json:
    try:
        return loads(text)
    except ValueError:
        return text


def speaks_of(value: Json, who: Person) -> bool:
    """Whether anything in a JSON value is an id of the person, or holds one of their addresses."""
    if isinstance(value, dict):
        return any(speaks_of(inner, who) for inner in value.values())
    if isinstance(value, list):
        return any(speaks_of(inner, who) for inner in value)
    if isinstance(value, str):
        folded = value.casefold()
        return (value.isdecimal() and int(value[:19]) in who.ids) or any(email in folded for email in who.emails)
    return isinstance(value, int) and not isinstance(value, bool) and value in who.ids


def _plans(u: Unit, portal_id: int, who: Person) -> int:
    """A plan keeps its counts and loses the person's id."""
    changed = 0
    for plan_hash, text in u.rows(sa.select(PLANS.c.hash, PLANS.c.body).where(mine(PLANS, portal_id))):
        body = loads(text)
        kept = {name: _cut(value, who) for name, value in body.items()}
        if kept != body:
            which = mine(PLANS, portal_id, hash=plan_hash)
            changed += u.change(sa.update(PLANS).where(which).values(body=dumps(kept)))
    return changed


def _cut(value: Json, who: Person) -> Json:
    return [item for item in value if not speaks_of(item, who)] if isinstance(value, list) else value


def _notes(u: Unit, portal_id: int, who: Person) -> int:
    """Notes are sentences of ours; one that quotes an address is emptied."""
    if not who.emails:
        return 0
    quoted = sa.or_(*(sa.func.lower(RUNS.c.note).contains(email, autoescape=True) for email in who.emails))
    return u.change(sa.update(RUNS).where(mine(RUNS, portal_id), quoted).values(note=""))
