"""The next days on a virtual clock: the live path of judging, day by day, and all that it would do as one plan.

It runs in a copy of the portal's mirror (``store/sandbox.py``) that is thrown away: the very functions of the service
(``sync/react.make_plan``) judge, and what they ask for is taken as done, so that the next day begins with it. Nobody
acts meanwhile: what comes is what time alone brings (decay, windows, silence), and what is waiting now. In observe mode
it shows what would happen if the portal were live.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connector.clock import VirtualClock, iso
from connector.model.judgement import Change, Enrol, Hold, OutboxEntry
from connector.model.plan import BlastLimit, Plan
from connector.model.records import Snapshot
from connector.progress import Silent
from connector.rules.decide import same_value
from connector.rules.plan import plan_hash
from connector.store import Unit, holds, outbox, records
from connector.store.outbox import NewEntry
from connector.store.sandbox import sandbox
from connector.sync.context import Context
from connector.sync.react import make_plan, portal_view, refuse_half_a_mirror

DAY_S = 24 * 60 * 60
STAGE = "lifecyclestage"
EVERYBODY = 10_000_000


@dataclass
class Sum:
    """What all days do together: the net change of each property, every enrolment, and what is refused at the end."""

    changes: dict[int, dict[str, tuple[str | None, str]]] = field(default_factory=dict)
    emails: dict[int, str] = field(default_factory=dict)
    resets: set[int] = field(default_factory=set)
    enrolments: list[Enrol] = field(default_factory=list)
    holds: tuple[Hold, ...] = ()
    new_mqls: set[int] = field(default_factory=set)
    calls: int = 0
    judged: int = 0

    def take(self, plan: Plan) -> None:
        """Add the plan of one day."""
        for change in plan.changes:
            mine = self.changes.setdefault(change.contact_id, {})
            self.emails[change.contact_id] = change.email
            for name, (before, after) in change.properties.items():
                mine[name] = (mine[name][0] if name in mine else before, after)
            if change.stage_reset:
                self.resets.add(change.contact_id)
        self.enrolments += plan.enrolments
        self.new_mqls |= set(plan.new_mqls)
        self.judged, self.calls = self.judged + plan.judged, self.calls + plan.calls

    def net(self, types: Mapping[str, str]) -> tuple[Change, ...]:
        """What is other at the end than at the beginning."""
        found = []
        for who, values in sorted(self.changes.items()):
            left = {name: pair for name, pair in values.items() if not same_value(name, *pair, types)}
            if left:
                found.append(Change(who, self.emails[who], left, who in self.resets and STAGE in left))
        return tuple(found)


def rehearse(ctx: Context, days: int) -> dict[str, Any]:
    """The result as the document that ``--json`` prints. ``days`` 0 is the plan of this instant, with the same hash."""
    refuse_half_a_mirror(ctx)
    began = ctx.clock.now_ms()
    ctx.progress.start("rehearsal", days + 1)
    with sandbox(ctx.store, ctx.portal_id) as copy:
        clock = VirtualClock(began)
        lab = replace(
            ctx, store=copy, clock=clock, row=replace(ctx.row, live=True), progress=Silent(), front=None, journal=None
        )
        view, total, told = portal_view(lab), Sum(), []
        for day in range(days + 1):
            plan = make_plan(lab, patient=day > 0)
            _done(lab, plan)
            total.take(plan)
            told.append(_day(day, clock.now_ms(), plan))
            clock.advance(DAY_S)
            ctx.progress.advance("rehearsal", 1)
        with copy.view() as u:
            live = records.count(u, ctx.portal_id, "contacts")
            total.holds = _standing(u, ctx.portal_id)
    ctx.progress.finish("rehearsal")
    whole = _whole(ctx.row.name, plan, total, total.net(view.property_types), live)
    return {**_told(ctx, whole, began, days), "by_day": told}


def _done(lab: Context, plan: Plan) -> None:
    """In the copy, what the plan asks for has happened: values are there, enrolments are booked by their cause."""
    now = lab.clock.now_ms()
    with lab.store.unit() as u:
        snapshots = [
            Snapshot(
                "contacts", one.contact_id, {n: after or None for n, (_, after) in one.properties.items()}, None, now
            )
            for one in plan.changes
        ]
        records.upsert(u, lab.portal_id, "contacts", snapshots, now, refresh=True)
        entries = [
            NewEntry(one.contact_id, "enrol", one.cause, {"workflow_id": one.workflow_id, "email": one.email}, {})
            for one in plan.enrolments
        ]
        outbox.enter(u, lab.portal_id, "rehearsal", entries, now)
        outbox.mark_sent(u, lab.portal_id, [one.id for one in _waiting(lab, u)], now)


def _waiting(lab: Context, u: Unit) -> list[OutboxEntry]:
    return [entry for entry in outbox.due(u, lab.portal_id, EVERYBODY) if entry.kind == "enrol"]


def _standing(u: Unit, portal_id: int) -> tuple[Hold, ...]:
    """The refusals as they stand at the end, whoever was judged when."""
    gates = sorted({gate for gate, _ in holds.summary(u, portal_id)})
    rows = [row for gate in gates for row in holds.held_by(u, portal_id, gate, limit=EVERYBODY)]
    found = (Hold(row.contact_id, row.effect, row.gate, row.why, row.remedy) for row in rows)
    return tuple(sorted(found, key=lambda one: (one.contact_id, one.effect, one.gate)))


def _whole(name: str, last: Plan, total: Sum, changes: tuple[Change, ...], live: int) -> Plan:
    """All days as one plan."""
    touched = len({one.contact_id for one in changes} | {one.contact_id for one in total.enrolments})
    bound = BlastLimit().of(live)
    return Plan(
        portal=name,
        changes=changes,
        enrolments=tuple(total.enrolments),
        holds=total.holds,
        held=dict(sorted(Counter(one.gate for one in total.holds).items())),
        judged=total.judged,
        calls=total.calls,
        contacts_touched=touched,
        limit=bound,
        over_limit=touched > bound,
        sentence="",
        new_mqls=tuple(sorted(total.new_mqls)),
        versions=last.versions,
        hash=plan_hash(name, last.versions, changes, total.enrolments),
    )


def _day(day: int, at_ms: int, plan: Plan) -> dict[str, Any]:
    """One day in counts, with the contacts whom it moves."""
    return {
        "day": day,
        "at": iso(at_ms),
        "judged": plan.judged,
        "contacts": len(plan.changes),
        "new_mqls": [str(who) for who in plan.new_mqls],
        "enrolments": [{"contact": str(one.contact_id), "workflow": one.workflow} for one in plan.enrolments],
        "by_property": dict(Counter(name for one in plan.changes for name in one.properties)),
        "calls": plan.calls,
        "asks_first": plan.over_limit,
    }


def _told(ctx: Context, plan: Plan, began: int, days: int) -> dict[str, Any]:
    return {
        "portal": ctx.row.name,
        "mode": "live" if ctx.row.live else "observe",
        "from": iso(began),
        "to": iso(began + days * DAY_S * 1000),
        "days": days,
        "hash": plan.hash,
        "versions": dict(plan.versions),
        "judged": plan.judged,
        "contacts": len(plan.changes),
        "by_property": dict(Counter(name for one in plan.changes for name in one.properties)),
        "new_mqls": [str(who) for who in plan.new_mqls],
        "enrolled": len(plan.enrolments),
        "held_by_gate": dict(plan.held),
        "calls": plan.calls,
        "changes": [
            {
                "contact": str(one.contact_id),
                "email": one.email,
                "properties": {name: {"before": b, "after": a} for name, (b, a) in one.properties.items()},
            }
            for one in plan.changes
        ],
        "enrolments": [{"contact": str(one.contact_id), "workflow": one.workflow} for one in plan.enrolments],
        "held": [
            {"contact": str(h.contact_id), "effect": h.effect, "gate": h.gate, "why": h.why, "remedy": h.remedy}
            for h in plan.holds
        ],
        "ok": True,
    }  # fmt: skip
