"""Exports row by row, in constant memory: what ``leadwright export`` streams. Values only; formats are elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import orjson

from connector.clock import iso
from connector.errors import ConfigError
from connector.model.judgement import Known
from connector.rules.derived import ACTS
from connector.rules.enrichment import by_person
from connector.rules.mapping import CompiledMapping, to_fields
from connector.store import Store, activities, associations, enrichments, outbox, receipts, records
from connector.store.receipts import ReceiptRow
from connector.store.records import Record

CHUNK = 500
Rows = Iterator[dict[str, Any]]


def exported(store: Store, portal_id: int, what: str, mapping: CompiledMapping) -> Rows:
    """Rows of one kind; ConfigError for a kind there is not."""
    if what == "contacts":
        return _contacts(store, portal_id, mapping)
    if what not in KINDS:
        raise ConfigError(f"There is no export of {what}.", remedy=f"Exports: contacts, {', '.join(KINDS)}.")
    return KINDS[what](store, portal_id)


def _pages(store: Store, portal_id: int, kind: Any) -> Iterator[list[Record]]:
    """All records of a type, tombstones included, a chunk per view so that no transaction stays open for long."""
    last = 0
    while True:
        with store.view() as u:
            ids = [row[0] for row in records.stamps(u, portal_id, kind, last, CHUNK)]
            page = [r for part in records.stream(u, portal_id, kind, ids=ids, live=False) for r in part]
        yield page
        if len(ids) < CHUNK:
            return
        last = ids[-1]


def _contacts(store: Store, portal_id: int, mapping: CompiledMapping) -> Rows:
    for page in _pages(store, portal_id, "contacts"):
        with store.view() as u:
            company_of = associations.companies_of(u, portal_id, [r.id for r in page])
            wanted = sorted(set(company_of.values()))
            companies = {
                r.id: r.properties for part in records.stream(u, portal_id, "companies", ids=wanted) for r in part
            }
            people = ((r.id, r.properties, companies.get(company_of.get(r.id, 0))) for r in page)
            told = by_person(mapping, people, partial(enrichments.known, u, portal_id))
        for record in page:
            company = companies.get(company_of.get(record.id, 0))
            fields = to_fields(mapping, record.properties, company, told=told.get(record.id)).fields
            # What is worked out of acts too is not told here: the mapping alone knows only a part of it.
            known = {name: f.value for name, f in fields.items() if isinstance(f, Known) and name not in ACTS}
            yield {**_record(record), "fields": known}


def _record(record: Record) -> dict[str, Any]:
    """The common shape: id, e-mail, tombstone, alias, properties as HubSpot sends them, modification time."""
    return {
        "id": str(record.id),
        "email": record.properties.get("email"),
        "archived": record.archived,
        "merged_into": str(record.merged_into) if record.merged_into else None,
        "properties": dict(record.properties),
        "modified_at": iso(record.modified_ms),
    }


def _objects(kind: str) -> Callable[[Store, int], Rows]:
    def rows(store: Store, portal_id: int) -> Rows:
        for page in _pages(store, portal_id, kind):
            for record in page:
                body = _record(record)
                del body["email"]
                yield body

    return rows


def _contact_ids(store: Store, portal_id: int) -> Iterator[list[int]]:
    last = 0
    while True:
        with store.view() as u:
            ids = [row[0] for row in records.stamps(u, portal_id, "contacts", last, CHUNK)]
        yield ids
        if len(ids) < CHUNK:
            return
        last = ids[-1]


def _activities(store: Store, portal_id: int) -> Rows:
    for ids in _contact_ids(store, portal_id):
        with store.view() as u:
            found = activities.of(u, portal_id, ids)
        for contact_id in sorted(found):
            for act in found[contact_id]:
                yield {
                    "contact": str(contact_id),
                    "at": iso(act.at_ms),
                    "kind": act.kind,
                    "source": act.source,
                    "type": act.type,
                    "title": act.title,
                    "url": act.url,
                    "asset": act.asset,
                    "verdict": act.verdict,
                    "id": act.id,
                }


def _receipts(store: Store, portal_id: int) -> Rows:
    for ids in _contact_ids(store, portal_id):
        with store.view() as u:
            found = receipts.get_many(u, portal_id, ids)
        for row in found.values():
            yield orjson.loads(row.body) if row.body else _pending(row)


def _pending(row: ReceiptRow) -> dict[str, Any]:
    """A new model has restated the score; the lines come with the judgement."""
    return {
        "contact": str(row.contact_id),
        "at": iso(row.at_ms),
        "model": {"name": row.model, "version": row.version},
        "score": row.score,
        "fit": row.fit,
        "engagement": row.engagement,
        "grade": row.grade,
        "families": {},
        "lines": [],
        "unknown": [],
        "stage": row.stage,
        "pending": True,
    }


def _writes(store: Store, portal_id: int) -> Rows:
    for ids in _contact_ids(store, portal_id):
        with store.view() as u:
            found = [entry for contact_id in ids for entry in outbox.of(u, portal_id, contact_id)]
        for entry in found:
            yield {
                "id": entry.id,
                "run": entry.run_id,
                "contact": str(entry.contact_id),
                "kind": entry.kind,
                "state": entry.state,
                "reason": entry.reason,
                "before": dict(entry.before),
                "after": dict(entry.payload.get("properties", {})) or dict(entry.payload),
            }


def _decisions(store: Store, portal_id: int) -> Rows:
    for ids in _contact_ids(store, portal_id):
        with store.view() as u:
            found = [change for contact_id in ids for change in receipts.history(u, portal_id, contact_id)]
        for row in found:
            yield {
                "contact": str(row.contact_id),
                "at": iso(row.at_ms),
                "score": row.score,
                "grade": row.grade,
                "stage": row.stage,
                "model": row.model,
                "version": row.version,
                "cause": row.cause,
            }


KINDS: dict[str, Callable[[Store, int], Rows]] = {
    "companies": _objects("companies"),
    "deals": _objects("deals"),
    "activities": _activities,
    "receipts": _receipts,
    "decisions": _decisions,
    "writes": _writes,
}
