"""Undo: take back what a run wrote, three-way. Only what is still ours goes back; what others changed since stays.

What was taken back is remembered (``connector/store/undone.py``): no later run writes the same value again until a rule
gives another one, or a person allows it (``release``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.errors import ConfigError, Refused
from connector.model.judgement import OutboxEntry
from connector.model.records import Snapshot
from connector.portal.gateway import Update
from connector.store import outbox, records, undone
from connector.sync.context import Context, StreamReport
from connector.sync.explaining import find
from connector.sync.keep import keep
from connector.sync.pull import scope_of
from connector.sync.push import STAGE, same
from connector.sync.sweep import chunks


def undo(ctx: Context, run_id: str, contact: str | None) -> dict[str, Any]:
    """Write the values before a run back where the portal still holds what the run wrote.

    Enrolments are not taken back: mails may have gone out. A lifecycle step is cleared, then set, in two requests.
    """
    if not ctx.row.live:
        raise ConfigError(
            f"{ctx.row.name} is in observe mode: nothing is written.", remedy="End it first: portal live."
        )
    entries = _entries(ctx, run_id, contact)
    report: dict[str, Any] = {"portal": ctx.row.name, "run": run_id, "restored": 0, "kept": []}
    for chunk in chunks(range(len(entries))):
        _undo_batch(ctx, [entries[i] for i in chunk], report)
    return {**report, "calls": ctx.calls().made, "ok": not report["kept"]}


def release(ctx: Context, run_id: str, contact: str | None) -> dict[str, Any]:
    """Allow what was taken back of a run to be written again; the next plan shows it. Nothing is sent."""
    with ctx.store.unit() as u:
        only = [find(ctx, u, contact).id] if contact else None
        freed = undone.release(u, ctx.portal_id, run_id, only)
        records.mark_dirty(u, ctx.portal_id, freed)
    if not freed:
        raise ConfigError(
            f"Nothing of run {run_id} of {ctx.row.name} is held back.",
            remedy=f"See what is held: leadwright plan {ctx.row.name}",
        )
    return {"portal": ctx.row.name, "run": run_id, "released": len(freed), "ok": True}


def _entries(ctx: Context, run_id: str, contact: str | None) -> list[OutboxEntry]:
    with ctx.store.view() as u:
        only = find(ctx, u, contact).id if contact else None
        found = [entry for page in outbox.of_run(u, ctx.portal_id, run_id) for entry in page]
    kept = [e for e in found if e.kind == "write" and e.state in ("sent", "confirmed") and only in (None, e.contact_id)]
    if not kept:
        raise ConfigError(
            f"Run {run_id} of {ctx.row.name} wrote nothing that could be taken back.",
            remedy=f"See its runs: leadwright export {ctx.row.name} writes",
        )
    return kept


def _undo_batch(ctx: Context, entries: Sequence[OutboxEntry], report: dict[str, Any]) -> None:
    """Read what the portal holds now, decide per property, write, read again."""
    scope = scope_of(ctx, "contacts")
    now = {r.id: r for r in ctx.portal.read("contacts", [e.contact_id for e in entries], scope.properties).records}
    updates = [Update(e.contact_id, back) for e in entries if (back := _back(e, now.get(e.contact_id), report))]
    if not updates:
        return
    stages = [Update(u.id, {STAGE: ""}) for u in updates if u.properties.get(STAGE)]
    _book(ctx, entries, updates)
    try:
        if stages:
            ctx.portal.write("contacts", stages)
        outcomes = ctx.portal.write("contacts", updates)
    except Refused as refusal:
        _still_ours(ctx, entries[0].run_id, [update.id for update in updates])
        report["kept"] += [{"contact": str(u.id), "why": refusal.message} for u in updates]
        return
    _still_ours(ctx, entries[0].run_id, [o.id for o in outcomes if o.state != "written"])
    report["restored"] += sum(outcome.state == "written" for outcome in outcomes)
    report["kept"] += [{"contact": str(o.id), "why": o.reason or o.state} for o in outcomes if o.state != "written"]
    batch = ctx.portal.read("contacts", [u.id for u in updates], scope.properties)
    with ctx.store.unit() as u:
        keep(ctx, u, "contacts", batch.records, StreamReport("contacts"))


def _book(ctx: Context, entries: Sequence[OutboxEntry], updates: Sequence[Update]) -> None:
    """Remember what is being taken back, before the call: a kill in between must not bring it back."""
    written = {entry.contact_id: entry.payload["properties"] for entry in entries}
    taken = {update.id: {name: written[update.id][name] for name in update.properties} for update in updates}
    with ctx.store.unit() as u:
        undone.book(u, ctx.portal_id, entries[0].run_id, taken, ctx.clock.now_ms())


def _still_ours(ctx: Context, run_id: str, contact_ids: Sequence[int]) -> None:
    """The portal did not take these back, so nothing was undone."""
    if contact_ids:
        with ctx.store.unit() as u:
            undone.release(u, ctx.portal_id, run_id, contact_ids)


def _back(entry: OutboxEntry, now: Snapshot | None, report: dict[str, Any]) -> dict[str, str]:
    """The properties of one contact that may go back."""
    if now is None:
        report["kept"].append({"contact": str(entry.contact_id), "why": "the contact is gone"})
        return {}
    back: dict[str, str] = {}
    for name, written in entry.payload["properties"].items():
        if same(now.properties.get(name), written):
            back[name] = entry.before.get(name) or ""
        else:
            report["kept"].append({"contact": str(entry.contact_id), "why": f"{name} was changed by somebody since"})
    return back
