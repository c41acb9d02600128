"""Nurtures in the living service: the stays of contacts read, advanced by the rules, kept, with what they ask for.

The advancing is pure (``connector/rules/nurture``). Its effects join the contact's other decisions: the same plan, the
same outbox, the same gates. A stay moves past a step only when its effect has happened, so it may be kept at once. In
observe mode nothing is kept: who would enter is shown in the plan, and enters when the portal is live.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC

from connector.model.judgement import Enrol, Judgement
from connector.model.nurture import Place, Progress
from connector.model.plan import PortalView
from connector.portal.daily import zone_of
from connector.rules.nurture.advance import advance
from connector.rules.nurture.graph import Book, open_book
from connector.rules.nurture.publishing import at_publishing
from connector.store import Unit, nurtures, outbox
from connector.sync.context import Context
from connector.sync.facts import Case
from connector.sync.holding import Holding
from connector.sync.rulebook import earlier_workflows, parse_text

Judged = tuple[Case, Judgement, int | None]
MOST_ROUNDS = 20


class Nursing:
    """The nurtures of one portal during one plan. Costs nothing where there are none."""

    def __init__(self, ctx: Context, view: PortalView) -> None:
        self._ctx = ctx
        self._moved: list[Place] = []
        with ctx.store.view() as u:
            self._book = _book(ctx, u, view)

    def join(self, u: Unit, judged: Sequence[Judged], holding: Holding) -> list[Judged]:
        """The judgements with what nurtures ask for, and when they want to look again."""
        if self._book is None:
            return list(judged)
        stays = nurtures.of(u, self._ctx.portal_id, [case.record.id for case, _, _ in judged])
        return [self._joined(u, one, stays.get(one[0].record.id, ()), holding) for one in judged]

    def keep(self, u: Unit) -> None:
        """Keep the stays that have changed, with the receipts of the same contacts."""
        if self._moved and self._ctx.row.live:
            nurtures.save(u, self._ctx.portal_id, self._moved)
        self._moved = []

    def advanced(self, case: Case) -> Progress:
        """Where the contact would be now; nothing is kept of it."""
        with self._ctx.store.view() as u:
            stays = nurtures.of(u, self._ctx.portal_id, [case.record.id]).get(case.record.id, ())
            return self._advance(u, case, stays)

    def _joined(self, u: Unit, one: Judged, stays: tuple[Place, ...], holding: Holding) -> Judged:
        case, judgement, due = one
        progress = self._advance(u, case, stays)
        self._moved += [place for place in progress.places if place not in stays]
        decisions = (*judgement.decisions, *holding.weigh(progress.decisions), *progress.refusals)
        dues = [at for at in (due, progress.due_ms) if at is not None]
        return case, Judgement(judgement.receipt, decisions), min(dues, default=None)

    def _advance(self, u: Unit, case: Case, stays: tuple[Place, ...]) -> Progress:
        """As far as it goes: past every step whose effect has happened already."""
        if self._book is None:
            return Progress(stays)
        done: dict[str, int] = {}
        for _ in range(MOST_ROUNDS):
            progress = advance(case.facts, stays, self._book, done)
            asked = [one for one in progress.decisions if isinstance(one, Enrol) and one.cause not in done]
            happened = self._happened(u, asked)
            if not happened:
                return progress
            done.update(happened)
        return progress

    def _happened(self, u: Unit, asked: Iterable[Enrol]) -> Mapping[str, int]:
        """Causes whose effect has happened, or of which nobody will ever know, each with when."""
        found: dict[str, int] = {}
        for one in asked:
            for entry in outbox.enrolments(u, self._ctx.portal_id, one.contact_id, one.cause):
                if entry.state in ("sent", "confirmed") or entry.reason == outbox.UNTOLD:
                    found[one.cause] = entry.sent_ms or self._ctx.clock.now_ms()
        return found


def republish(u: Unit, portal_id: int, text: str, version: int, now_ms: int) -> int:
    """What the new document says becomes of those inside (``on_publish``); how many moved or left."""
    document = parse_text("workflows", text, f"workflows (version {version})")
    changed = 0
    for page in nurtures.active(u, portal_id):
        after = at_publishing(page, document, version, now_ms)
        moved = [new for old, new in zip(page, after, strict=True) if new != old]
        changed += nurtures.save(u, portal_id, moved)
    return changed


def _book(ctx: Context, u: Unit, view: PortalView) -> Book | None:
    rules = ctx.rulebook.rules.documents
    inside = nurtures.versions(u, ctx.portal_id)
    if not inside and not any(one.enabled for one in rules.workflows.nurtures):
        return None
    earlier = earlier_workflows(u, ctx.portal_id, rules.version("workflows"))
    return open_book(rules, view, zone=zone_of(ctx.row.time_zone) or UTC, key=str(ctx.row.hub_id), earlier=earlier)
