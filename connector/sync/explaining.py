"""One contact's judgement on demand, now or at a past minute, by the same functions that judge everybody."""

from __future__ import annotations

from typing import Any

from connector.errors import UnknownContact
from connector.rules.judge import judge
from connector.rules.receipt import receipt_json
from connector.store import Unit, records
from connector.store.records import Record
from connector.sync.context import Context
from connector.sync.facts import Case, cases, past_case
from connector.sync.pull import off_sources
from connector.sync.react import portal_view


def explain(ctx: Context, contact: str, at_ms: int | None) -> dict[str, Any]:
    """The receipt of a contact named by id or e-mail (DESIGN: ``explain --json``), with what was refused and why."""
    view, off = portal_view(ctx), off_sources(ctx)
    with ctx.store.view() as u:
        record = find(ctx, u, contact)
        case = _case(ctx, u, record, at_ms, off)
    judgement = judge(case.facts, ctx.rulebook.rules, view)
    body = receipt_json(judgement.receipt)
    body["email"] = record.email or ""
    body["merged_into"] = record.id if contact.isdigit() and int(contact) != record.id else None
    body["quarantined"] = [{"property": f.property, "why": f.reason} for f in case.faults]
    return body


def find(ctx: Context, u: Unit, contact: str) -> Record:
    """The contact of that id (old ids of merged contacts included) or e-mail."""
    found = (
        records.get(u, ctx.portal_id, "contacts", int(contact))
        if contact.isdigit()
        else records.by_email(u, ctx.portal_id, contact.strip().lower())
    )
    if found is None or found.archived:
        raise UnknownContact(
            f"{ctx.row.name}'s mirror holds no such contact.",
            remedy=f"Check the id or e-mail, or bring the mirror up to date: leadwright sync {ctx.row.name}",
        )
    return found


def _case(ctx: Context, u: Unit, record: Record, at_ms: int | None, off: frozenset[str]) -> Case:
    if at_ms is not None:
        return past_case(ctx, u, record, at_ms, off)
    return next(iter(cases(ctx, u, [record.id], ctx.clock.now_ms(), off)))
