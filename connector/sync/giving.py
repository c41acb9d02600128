"""What sales is given with a hand-over: its package as a note or a task in HubSpot, once.

planned ──asked──▶ unknown ──answered──▶ sent
   │                  └── the answer was lost: the contact's notes are looked through for our mark
   ├── the hand-over no longer stands, or was never written ──▶ dropped
   └── refused by the portal ──▶ refused

The text is made when it is given, of what is known then, and kept nowhere here: HubSpot has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from functools import cached_property
from typing import Literal

from connector.clock import iso
from connector.errors import FatalError, RetryableError, SkippableError
from connector.model.judgement import OutboxEntry
from connector.model.plan import Plan, PortalView
from connector.portal.daily import zone_of
from connector.portal.gateway import OUTCOME_OPEN, Note
from connector.rules.documents.routing import RoutingDocument
from connector.rules.handover import SUBJECT, package
from connector.rules.judge import judge
from connector.rules.sales import AT_ONCE, HANDED_OVER
from connector.rules.speed import due_ms
from connector.store import outbox
from connector.store.outbox import NewEntry
from connector.sync.context import Context, PushReport
from connector.sync.facts import Case, cases
from connector.sync.handing import handed_ms, owner_of
from connector.sync.pull import off_sources
from connector.sync.react import portal_view
from connector.sync.restoring import careful

BODIES: Mapping[str, str] = {"notes": "hs_note_body", "tasks": "hs_task_body"}
LONGEST = 65_000
# A request whose answer was lost may still be on its way into the portal.
VISIBLE_MS = 60 * 1000
Kind = Literal["notes", "tasks"]


def entries_of(plan: Plan, document: RoutingDocument, now_ms: int) -> list[NewEntry]:
    """An entry for each hand-over that the plan writes at ``now_ms``."""
    if document.package == "none":
        return []
    at = iso(now_ms)
    return [
        NewEntry(one.contact_id, "note", f"hand_over:{one.contact_id}:{at}", {"as": document.package, "at": at}, {})
        for one in plan.changes
        if one.properties.get(HANDED_OVER, ("", ""))[1] == AT_ONCE
    ]


def give_all(ctx: Context, entries: Iterable[OutboxEntry], report: PushReport) -> None:
    """Give what waits, one after the other."""
    giver = _Giver(ctx, report)
    for entry in entries:
        giver.give(entry)


class _Giver:
    """The hand-overs of one run."""

    def __init__(self, ctx: Context, report: PushReport) -> None:
        self._ctx, self._report = ctx, report

    @cached_property
    def _view(self) -> PortalView:
        return portal_view(self._ctx)

    @cached_property
    def _off(self) -> frozenset[str]:
        return off_sources(self._ctx)

    def give(self, entry: OutboxEntry) -> None:
        """One entry; in doubt it is looked for first."""
        ctx, asked = self._ctx, entry.state == "unknown"
        if asked and ctx.clock.now_ms() - (entry.sent_ms or 0) < VISIBLE_MS:
            return
        with ctx.store.view() as u:
            case = next(cases(ctx, u, [entry.contact_id], ctx.clock.now_ms(), self._off), None)
        if case is None:
            self._drop(entry, "the contact is gone")
            return
        at_ms = handed_ms(case.record.properties)
        if at_ms is None or iso(at_ms) != entry.payload["at"]:
            self._drop(entry, "the hand-over was not written, or stands no longer")
            return
        note = self._note(entry, case, at_ms)
        try:
            if (asked or careful(ctx)) and self._is_there(note, entry):
                with ctx.store.unit() as u:
                    outbox.mark_confirmed(u, ctx.portal_id, [entry.id], ctx.clock.now_ms())
                return
            self._ask(entry, note)
        except RetryableError as silence:
            self._later(entry, silence)
        except (SkippableError, FatalError) as refusal:
            with ctx.store.unit() as u:
                outbox.mark_refused(u, ctx.portal_id, [entry.id], refusal.message)
            self._report.refused.append((entry.contact_id, refusal.message))

    def _note(self, entry: OutboxEntry, case: Case, at_ms: int) -> Note:
        rules = self._ctx.rulebook.rules
        language = rules.documents.scoring.language
        receipt = judge(case.facts, rules, self._view).receipt
        told = package(receipt, case.facts, rules.documents.consent, language)
        kind: Kind = "tasks" if entry.payload["as"] == "task" else "notes"
        zone = zone_of(self._ctx.row.time_zone) or UTC
        until = due_ms(rules.documents.routing.speed, at_ms, zone) if kind == "tasks" else at_ms
        owner = owner_of(case.record.properties)
        body = f"{told.html()[:LONGEST]}<p>{_mark(entry)}</p>"
        return Note(kind, entry.contact_id, until, owner, SUBJECT[language], body)

    def _is_there(self, note: Note, entry: OutboxEntry) -> bool:
        portal, name = self._ctx.portal, BODIES[note.kind]
        links = portal.associations("contacts", note.kind, [note.contact_id]).get(note.contact_id, ())
        ids = sorted({link.to_id for link in links})[-100:]
        found = portal.read(note.kind, ids, [name]).records if ids else ()
        return any(_mark(entry) in (one.properties.get(name) or "") for one in found)

    def _ask(self, entry: OutboxEntry, note: Note) -> None:
        ctx = self._ctx
        with ctx.store.unit() as u:
            outbox.mark_unknown(u, ctx.portal_id, [entry.id], ctx.clock.now_ms(), "asked")
        ctx.portal.give_note(note)
        with ctx.store.unit() as u:
            outbox.mark_sent(u, ctx.portal_id, [entry.id], ctx.clock.now_ms())
        self._report.given += 1

    def _later(self, entry: OutboxEntry, silence: RetryableError) -> None:
        """No answer. Where nothing happened for certain the entry waits as before; else it is looked up first."""
        if silence.reason not in OUTCOME_OPEN:
            with self._ctx.store.unit() as u:
                outbox.mark_planned(u, self._ctx.portal_id, [entry.id], silence.message)
        self._report.refused.append((entry.contact_id, f"{silence.message} The next run goes on with the note."))

    def _drop(self, entry: OutboxEntry, why: str) -> None:
        with self._ctx.store.unit() as u:
            outbox.mark_dropped(u, self._ctx.portal_id, [entry.id], why)
        self._report.dropped += 1


def _mark(entry: OutboxEntry) -> str:
    """What a note of ours is known by: it names the moment of the hand-over, to the millisecond."""
    return f"Leadwright · {entry.payload['at']}"
