"""One contact's judgement on demand, now or at a past minute, by the same functions that judge everybody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.errors import UnknownContact
from connector.rules.judge import judge
from connector.rules.receipt import receipt_json
from connector.store import Unit, records
from connector.store.records import Record
from connector.store.records.rows import emails_of
from connector.sync import privacy
from connector.sync.context import Context
from connector.sync.facts import Case, cases, past_case
from connector.sync.pull import off_sources
from connector.sync.react import portal_view
from connector.sync.rulebook import load

LONGEST_ID = 18


def explain(ctx: Context, contact: str, at_ms: int | None) -> dict[str, Any]:
    """The receipt of a contact named by id or e-mail (DESIGN: ``explain --json``), with what was refused and why."""
    if at_ms is not None:
        ctx = replace(ctx, rulebook=load(ctx.store, ctx.portal_id, at_ms))
    view, off = portal_view(ctx), off_sources(ctx)
    with ctx.store.view() as u:
        record = find(ctx, u, contact)
        case = _case(ctx, u, record, at_ms, off)
        erased_before = privacy.warning(ctx, u, emails_of(record.properties))
    judgement = judge(case.facts, ctx.rulebook.rules, view)
    body = receipt_json(judgement.receipt)
    body["email"] = record.email or ""
    body["merged_into"] = str(record.id) if _as_id(contact) not in (None, record.id) else None
    body["erased_before"] = erased_before
    body["quarantined"] = [{"property": f.property, "why": f.reason} for f in case.faults]
    return body


def find(ctx: Context, u: Unit, contact: str) -> Record:
    """The contact of that id (old ids of merged contacts included) or e-mail."""
    record_id = _as_id(contact)
    found = (
        records.get(u, ctx.portal_id, "contacts", record_id)
        if record_id is not None
        else records.by_email(u, ctx.portal_id, contact.strip().lower())
    )
    if found is None or found.archived:
        raise UnknownContact(
            f"{ctx.row.name}'s mirror holds no such contact.",
            remedy=f"Check the id or e-mail, or bring the mirror up to date: leadwright sync {ctx.row.name}",
        )
    return found


def _as_id(contact: str) -> int | None:
    """A record id as somebody typed it; a longer number is none."""
    text = contact.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID else None


def _case(ctx: Context, u: Unit, record: Record, at_ms: int | None, off: frozenset[str]) -> Case:
    if at_ms is not None:
        return past_case(ctx, u, record, at_ms, off)
    return next(iter(cases(ctx, u, [record.id], ctx.clock.now_ms(), off)))
