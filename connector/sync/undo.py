"""Undo: take back what a run wrote, three-way. Only what is still ours goes back; what others changed since stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.errors import ConfigError, Refused
from connector.model.judgement import OutboxEntry
from connector.model.records import Snapshot
from connector.portal.gateway import Update
from connector.store import outbox
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
    try:
        if stages:
            ctx.portal.write("contacts", stages)
        outcomes = ctx.portal.write("contacts", updates)
    except Refused as refusal:
        report["kept"] += [{"contact": str(u.id), "why": refusal.message} for u in updates]
        return
    report["restored"] += sum(outcome.state == "written" for outcome in outcomes)
    report["kept"] += [{"contact": str(o.id), "why": o.reason or o.state} for o in outcomes if o.state != "written"]
    batch = ctx.portal.read("contacts", [u.id for u in updates], scope.properties)
    with ctx.store.unit() as u:
        keep(ctx, u, "contacts", batch.records, StreamReport("contacts"))


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
