"""The list of contacts: who was looked for, with name, company and verdict, a page at a time. Addresses are hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.reports.wording import masked_email
from connector.store import Unit, finding, records
from connector.store.faces import folded
from connector.store.finding import Hit, Wanted
from connector.store.values import id_or_none

PAGE = 50
COUNTED = 5000


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One line of the list; ``hit`` None: mirrored and not judged yet."""

    id: int
    name: str
    email: str
    company: str
    stage: str
    hit: Hit | None


@dataclass(frozen=True, slots=True)
class ContactPage:
    """One page. ``after`` begins the next one; ``total`` stops at ``COUNTED``; ``unjudged``: no verdicts yet."""

    rows: tuple[ContactRow, ...]
    after: tuple[int, int] | None
    total: int
    unjudged: bool = False


def wanted_words(text: str) -> tuple[tuple[str, ...], int | None]:
    """What somebody typed: folded words, and an id where it is a number."""
    plain = folded(text)[:200]
    return tuple(plain.split()), id_or_none(plain)


def contact_page(u: Unit, portal_id: int, wanted: Wanted, after: tuple[int, int] | None) -> ContactPage:
    """The contacts that are wanted; while nobody is judged yet, everybody in the order of the ids."""
    if not finding.judged(u, portal_id):
        return _unjudged(u, portal_id, after)
    among = finding.named(u, portal_id, wanted)
    hits = finding.find(u, portal_id, wanted, PAGE + 1, after, among=among)
    total = finding.count(u, portal_id, wanted, COUNTED, among=among)
    shown = hits[:PAGE]
    people = records.get_many(u, portal_id, "contacts", [hit.contact_id for hit in shown])
    rows = tuple(_row(hit.contact_id, _values(people.get(hit.contact_id)), hit) for hit in shown)
    more = (shown[-1].key(wanted.order), shown[-1].contact_id) if len(hits) > PAGE else None
    return ContactPage(rows, more, total)


def _unjudged(u: Unit, portal_id: int, after: tuple[int, int] | None) -> ContactPage:
    pages = records.stream(u, portal_id, "contacts", chunk=PAGE + 1, after_id=after[1] if after else 0)
    found = next(iter(pages), [])
    rows = tuple(_row(one.id, one.properties, None) for one in found[:PAGE])
    more = (0, rows[-1].id) if len(found) > PAGE else None
    return ContactPage(rows, more, records.count(u, portal_id, "contacts"), unjudged=True)


def _values(record: records.Record | None) -> Mapping[str, str | None]:
    return record.properties if record is not None else {}


def _row(contact_id: int, values: Mapping[str, str | None], hit: Hit | None) -> ContactRow:
    return ContactRow(
        contact_id,
        name_of(values),
        masked_email(values.get("email") or ""),
        values.get("company") or "",
        hit.stage if hit else values.get("lifecyclestage") or "",
        hit,
    )


def name_of(values: Mapping[str, str | None]) -> str:
    """First and last name; empty where neither is known."""
    return " ".join(part for part in (values.get("firstname"), values.get("lastname")) if part)
