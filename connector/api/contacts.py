"""Contacts: found and filtered a page at a time, and one of them with its bill, its story and its scores of before.

Addresses and telephone numbers are hidden, as on the pages; who may see them says ``unmasked``, which is booked.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from connector.api.problems import nothing_there, too_small, wrong_fields
from connector.api.routes import Call, Route
from connector.api.shapes import ContactCursor, Flag, In, Moment, Number, Out, place
from connector.clock import iso
from connector.reports.contact import head
from connector.reports.contacts import ContactRow, contact_page
from connector.reports.timeline import timeline
from connector.reports.wording import masked, masked_email, masked_value
from connector.store import receipts
from connector.store.finding import Wanted

Stage = Literal["subscriber", "lead", "mql", "sal", "sql", "opportunity", "customer", "recycled", "disqualified"]
ONE = "/portals/{portal}/contacts/{contact}"


class ContactsQuery(In):
    """Which contacts, in which order, from where on."""

    stage: Stage | None = None
    grade: Literal["A", "B", "C", "D"] | None = None
    min_score: Number | None = None
    max_score: Number | None = None
    mql_since: Moment | None = Field(None, description="Only who has been an MQL since then or later.")
    order: Literal["score", "changed"] = "score"
    cursor: ContactCursor | None = Field(None, description="Where to go on: next of the page before.")


class Contact(Out):
    """One contact of the list; score and grade are null until it was judged. The address is hidden."""

    contact: str
    name: str
    email: str
    company: str
    stage: str
    score: int | None
    grade: str | None
    changed_at: str | None


class Contacts(Out):
    """A page of contacts. ``total`` is counted no further than 5,000."""

    portal: str
    contacts: list[Contact]
    total: int
    next: str | None


class Shown(In):
    """Whether addresses and numbers are shown: for analysts and up, and each time booked."""

    unmasked: Flag = False


class ReceiptQuery(Shown):
    """Of which minute, in which language."""

    at: Moment | None = Field(None, description="As it stood then.")
    language: Literal["en", "de"] | None = None


class BillLine(Out):
    """One rule's points with their evidence."""

    rule: str
    family: str
    points: int
    evidence: str
    reason: str


class Model(Out):
    """Which model judged."""

    name: str
    version: int


class Receipt(Out):
    """The score as a bill, as ``leadwright explain --json`` gives it: the points of ``lines`` add up to ``score``."""

    contact: str
    at: str
    model: Model
    score: int
    grade: str
    families: dict[str, int]
    lines: list[BillLine]
    unknown: list[dict[str, Any]]
    stage: str
    gates: list[dict[str, Any]]
    next: list[dict[str, Any]]
    email: str
    held: list[dict[str, Any]]
    opt_in: dict[str, Any]
    came_by: dict[str, Any]


class TimelineQuery(Shown):
    """From where on."""

    before: str | None = Field(None, max_length=300, description="Where to go on: next of the page before.")


class Happening(Out):
    """One thing that happened; ``facts`` depend on its kind."""

    at: str
    kind: Literal["activity", "property", "verdict", "write", "merge"]
    facts: dict[str, Any]


class Timeline(Out):
    """What happened to a contact, the newest first."""

    portal: str
    contact: str
    happenings: list[Happening]
    next: str | None


class Score(Out):
    """A score, grade and stage, and what moved them."""

    at: str
    score: int
    grade: str
    stage: str
    model: str
    version: int
    cause: str


class History(Out):
    """Every change of score, grade and stage, oldest first."""

    portal: str
    contact: str
    history: list[Score]


def list_contacts(call: Call) -> dict[str, Any]:
    asked = call.query
    wanted = Wanted(
        stage=asked.stage or "", grade=asked.grade or "", least=asked.min_score, most=asked.max_score,
        mql_since_ms=asked.mql_since, order=asked.order,
    )  # fmt: skip
    with call.frame.store.view() as u:
        page = contact_page(u, call.portal.id, wanted, place(asked.cursor))
    return {
        "portal": call.portal.name,
        "contacts": [_row(one) for one in page.rows],
        "total": page.total,
        "next": f"{page.after[0]}.{page.after[1]}" if page.after is not None else None,
    }


def _row(one: ContactRow) -> dict[str, Any]:
    return {
        "contact": str(one.id),
        "name": masked(one.name),
        "email": one.email,
        "company": masked(one.company),
        "stage": one.stage,
        "score": one.hit.score if one.hit else None,
        "grade": one.hit.grade if one.hit else None,
        "changed_at": iso(one.hit.changed_ms) if one.hit else None,
    }


def _found(call: Call) -> int:
    """The contact's id now, whichever of its ids was named."""
    with call.frame.store.view() as u:
        found = head(u, call.portal, call.parts["contact"])
    if found is None:
        raise nothing_there()
    return found.id


def _open(call: Call, contact: int) -> bool:
    """Whether everything is shown; that somebody looked is booked before it is."""
    if not call.query.unmasked:
        return False
    if not call.may("analyst"):
        raise too_small("analyst")
    with call.frame.store.unit() as u:
        call.book(u, f"Looked at the address and telephone number of contact {contact}")
    return True


def get_contact(call: Call) -> dict[str, Any]:
    contact = _found(call)
    if call.query.at is not None and call.query.at > call.frame.clock.now_ms():
        raise wrong_fields([{"field": "at", "message": "has not come yet"}])
    told = call.frame.service.explain(call.portal.name, str(contact), call.query.at, call.query.language)
    return told if _open(call, contact) else {**_hidden(told), "email": masked_email(told["email"])}


def _hidden(value: Any) -> Any:
    """The same with every address and number in its texts hidden; moments and ids are neither."""
    if isinstance(value, dict):
        return {name: inner if name in _PLAIN else _hidden(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(inner) for inner in value]
    return masked(value) if isinstance(value, str) else value


_PLAIN = frozenset({"contact", "at", "since", "merged_into", "entered", "ended_at", "owner", "id", "run", "expires"})


def get_timeline(call: Call) -> dict[str, Any]:
    contact = _found(call)
    with call.frame.store.view() as u:
        story = timeline(u, call.portal.id, contact, call.query.before or "")
    shown = _open(call, contact)
    return {
        "portal": call.portal.name,
        "contact": str(contact),
        "happenings": [
            {"at": iso(one.at_ms), "kind": one.kind, "facts": one.facts if shown else _masked_facts(one.facts)}
            for one in story.happenings
        ],
        "next": story.before,
    }


def _masked_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Values of properties are hidden by the property's name, the rest by what they look like."""
    told = {name: value if name in _PLAIN else _hidden(value) for name, value in facts.items()}
    if "property" in facts:
        return {**told, **{side: masked_value(facts["property"], facts[side]) for side in ("before", "after")}}
    if "payload" in facts:
        payload, before = facts["payload"], facts["before"]
        written = payload.get("properties", {})
        told["payload"] = {**_hidden(payload), "properties": _masked_values(written)} if written else _hidden(payload)
        told["before"] = _masked_values(before) if isinstance(before, dict) else _hidden(before)
    return told


def _masked_values(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: masked_value(name, value) if isinstance(value, str) else _hidden(value) for name, value in values.items()
    }


def get_history(call: Call) -> dict[str, Any]:
    contact = _found(call)
    with call.frame.store.view() as u:
        steps = receipts.history(u, call.portal.id, contact)
    names = ("score", "grade", "stage", "model", "version")
    told = [
        {"at": iso(one.at_ms), "cause": masked(one.cause), **{name: getattr(one, name) for name in names}}
        for one in steps
    ]
    return {"portal": call.portal.name, "contact": str(contact), "history": told}


ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/portals/{portal}/contacts", "viewer", "Contacts by score or by what changed last", list_contacts,
        Contacts, ContactsQuery,
    ),
    Route("GET", ONE, "viewer", "The score of a contact as a bill, its stage, gates and next steps", get_contact,
          Receipt, ReceiptQuery, faults=(403,)),
    Route("GET", f"{ONE}/timeline", "viewer", "What happened to a contact, the newest first", get_timeline, Timeline,
          TimelineQuery, faults=(403,)),
    Route("GET", f"{ONE}/history", "viewer", "Every change of a contact's score, grade and stage", get_history,
          History),
)  # fmt: skip
