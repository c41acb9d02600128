"""Judgements → hand-overs: whoever just became ready gets an owner, or a hold that says why not yet.

Judging is for one contact alone; routing is not: it looks at who has how many and whose turn it is. So it comes after
the judging, chunk by chunk, the highest scores of a chunk first. What it decides are property writes like all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from connector.model.judgement import Decision, Hold, Judgement, SetProperty
from connector.model.plan import PortalView
from connector.rules.gate import gate
from connector.rules.routing import EFFECT, Book, Choice, Refused, Router
from connector.rules.sales import ANSWER, AT_ONCE, HANDED_OVER, REASON, ROUTING, entered_ms
from connector.rules.speed import due_ms
from connector.rules.timetable import instant_of
from connector.rules.view import View
from connector.rules.words import shorten
from connector.store import Unit, definitions, handoffs, stages
from connector.store.handoffs import ESCALATED, Handoff
from connector.sync.context import Context
from connector.sync.facts import Case
from connector.sync.handing import OWNER, handed_ms, owner_of

ROOM = 2000
Judged = tuple[Case, Judgement, int | None]


class Dispatch:
    """Routing for one plan: the books as they are when it begins, growing with each hand-over it decides."""

    def __init__(self, ctx: Context, view: PortalView, now_ms: int) -> None:
        self._ctx, self._view, self._now = ctx, view, now_ms
        self._documents = ctx.rulebook.rules.documents
        self._document = self._documents.routing
        self._zone = ZoneInfo(ctx.row.time_zone)
        local = datetime.fromtimestamp(now_ms // 1000, self._zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        self._day = local.date().isoformat()
        self._midnight_ms = instant_of(midnight, self._zone)
        self._tomorrow_ms = instant_of(midnight + timedelta(days=1), self._zone)

    @cached_property
    def _router(self) -> Router:
        with self._ctx.store.view() as u:
            return Router(self._document, definitions.owners(u, self._ctx.portal_id))

    @cached_property
    def _book(self) -> Book:
        portal_id = self._ctx.portal_id
        with self._ctx.store.view() as u:
            return self._router.book(
                handoffs.log(u, portal_id),
                handoffs.in_hand(u, portal_id),
                handoffs.since(u, portal_id, self._midnight_ms),
            )

    def weigh(self, u: Unit, judged: list[Judged]) -> list[Judged]:
        """These judgements with the hand-overs that follow from them, in their own order."""
        if not self._document.owners:
            return judged
        known = handoffs.of(u, self._ctx.portal_id, [case.record.id for case, _, _ in judged])
        before = stages.standing(u, self._ctx.portal_id, [case.record.id for case, _, _ in judged])
        turn = sorted(range(len(judged)), key=lambda at: (-judged[at][1].receipt.score, judged[at][0].record.id))
        found = list(judged)
        for at in turn:
            who = judged[at][0].record.id
            if self._is_ready(judged[at], before.get(who)):
                found[at] = self._weighed(judged[at], known.get(who, ()))
        return found

    def _weighed(self, one: Judged, known: Sequence[Handoff]) -> Judged:
        case, judgement, due = one
        opened = _in_force(case, known)
        if opened is not None:
            overdue = due_ms(self._document.speed, opened.at_ms, self._zone)
            times = sum(1 for row in known if row.answer == ESCALATED and row.at_ms >= _since(known))
            if opened.answer or case.record.properties.get(ANSWER) or times >= self._document.speed.escalations:
                return one
            if self._now < overdue:
                return case, judgement, min(due or overdue, overdue)
        had = frozenset(row.owner_id for row in known if row.at_ms >= _since(known)) if opened else frozenset()
        chosen = self._router.route(
            View(case.facts), self._book, self._day, present=owner_of(case.record.properties), had=had
        )
        if isinstance(chosen, Refused):
            due = min(due or self._tomorrow_ms, self._tomorrow_ms) if chosen.tomorrow else due
            more: tuple[Decision, ...] = (chosen.hold(case.record.id),)
        else:
            more = tuple(self._written(case, chosen))
        kept = tuple(d for d in judgement.decisions if not _same_property(d, more))
        return case, Judgement(judgement.receipt, (*kept, *more)), due

    def _is_ready(self, one: Judged, before: str | None) -> bool:
        """Whether the contact comes into the stage of the hand-over now, or was seen to; who always was there is none
        of ours. ``before`` is the stage of its last judgement."""
        case, judgement, _ = one
        stage, stands = _stage_after(judgement), judgement.receipt.stage
        if stage != self._document.at:
            return False
        just = stands != stage or before not in (None, stands)
        entered = self._now if just else entered_ms(case.facts, stage)
        if entered is None:
            return False
        return self._document.since is None or self._local_day(entered) >= self._document.since

    def _local_day(self, at_ms: int) -> str:
        return datetime.fromtimestamp(at_ms // 1000, self._zone).date().isoformat()

    def _written(self, case: Case, chosen: Choice) -> Iterator[Decision]:
        """The owner, the moment, the reasons; an old answer is cleared. All or nothing: half a hand-over is none."""
        held = case.record.properties
        values = {OWNER: str(chosen.owner_id), HANDED_OVER: AT_ONCE, ROUTING: shorten(chosen.text(), ROOM)}
        values |= {name: "" for name in (ANSWER, REASON) if held.get(name)}
        writes = [
            SetProperty(case.record.id, name, value, f"route:{chosen.pool or 'kept'}")
            for name, value in values.items()
            if (held.get(name) or "") != value
        ]
        for write in writes:
            refused = gate(write, case.facts, self._documents, self._view)
            if refused is not None:
                yield replace(refused, effect=EFFECT)
                return
        yield from writes


def _stage_after(judgement: Judgement) -> str:
    """The stage the contact has once its decisions are carried out; a held one stays where it was."""
    written = (d.value for d in judgement.decisions if isinstance(d, SetProperty) and d.property == "leadwright_stage")
    stage = next(written, judgement.receipt.stage)
    stopped = any(isinstance(d, Hold) and d.effect == "write:lifecyclestage" for d in judgement.decisions)
    return judgement.receipt.stage if stopped else stage


def _in_force(case: Case, known: Sequence[Handoff]) -> Handoff | None:
    """The hand-over that still stands: an open row, or one the portal knows of and we have not booked yet."""
    if known and known[-1].closed_ms is None:
        return known[-1]
    at_ms = handed_ms(case.record.properties)
    if at_ms is None or any(row.at_ms == at_ms for row in known):
        return None
    return Handoff(case.record.id, at_ms, owner_of(case.record.properties) or 0, "", "")


def _since(known: Sequence[Handoff]) -> int:
    """Where this round of hand-overs began: after the last one that sales ended itself."""
    ended = [row.at_ms for row in known if row.closed_ms is not None and row.answer != ESCALATED]
    return max(ended, default=-1) + 1


def _same_property(decision: Decision, more: Sequence[Decision]) -> bool:
    names = {one.property for one in more if isinstance(one, SetProperty)}
    return isinstance(decision, SetProperty) and decision.property in names
