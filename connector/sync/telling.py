"""What flows did, as the plain documents that ``--json`` prints and the terminal renders."""

from __future__ import annotations

from collections import Counter
from typing import Any

from connector.model.judgement import Hold
from connector.model.plan import Plan
from connector.rules.plan import handed_over
from connector.store import quarantine, records
from connector.sync import options
from connector.sync.context import Context, PushReport, StreamReport
from connector.sync.drain import DrainReport
from connector.sync.people import Line
from connector.sync.pull import PullReport


def mode(ctx: Context) -> str:
    """observe, live or paused."""
    if ctx.row.paused_ms is not None:
        return "paused"
    return "live" if ctx.row.live else "observe"


def pulled(ctx: Context, run_id: str, report: PullReport, seconds: float) -> dict[str, Any]:
    """A pull, stream by stream, with what was left out and what could not be read."""
    left_out = [f"{kind}.{name}" for kind, names in report.left_out.items() for name in names]
    counts = ctx.calls()
    with ctx.store.view() as u:
        held = sum(quarantine.summary(u, ctx.portal_id).values())
        dirty = records.dirty_count(u, ctx.portal_id)
    return {
        "portal": ctx.row.name,
        "run": run_id,
        "streams": [_stream(stream) for stream in report.streams],
        "calls": {"made": counts.made, **counts.by_kind, "refused_429": counts.refused_429, "retried": counts.retried},
        "left_out": {"count": len(left_out), "examples": left_out[:8]},
        "absent": [f"{kind}.{name}" for kind, names in report.absent.items() for name in names],
        "calls_left": calls_left(ctx),
        "quarantined": held,
        "dirty": dirty,
        "seconds": seconds,
        "ok": True,
    }


def calls_left(ctx: Context) -> int | None:
    """How many of the day's calls the portal says are left for us all; None where it does not say."""
    known = ctx.portal.rates_learned()
    return None if known.daily is None else max(0, known.daily - known.daily_used)


def _stream(stream: StreamReport) -> dict[str, Any]:
    names = ("stream", "read", "created", "changed", "deleted", "merged", "calls", "off", "seconds", "full")
    return {**{name: getattr(stream, name) for name in names}, "note": stream.extra.get("note", "")}


def planned(ctx: Context, plan: Plan) -> dict[str, Any]:
    """A plan with every change before → after, and every refusal with its gate."""
    return {
        **plan_summary(ctx, plan),
        "changes": [
            {
                "contact": str(change.contact_id),
                "email": change.email,
                "properties": {n: {"before": b, "after": a} for n, (b, a) in change.properties.items()},
            }
            for change in plan.changes
        ],
        "enrolments": [{"contact": str(e.contact_id), "workflow": e.workflow} for e in plan.enrolments],
        "held": [_hold(hold) for hold in plan.holds],
        "options": {name: list(values) for name, values in options.wanted(ctx, plan).items()},
    }


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "contact": str(hold.contact_id),
        "effect": hold.effect,
        "gate": hold.gate,
        "why": hold.why,
        "remedy": hold.remedy,
    }


def plan_summary(ctx: Context, plan: Plan) -> dict[str, Any]:
    """The counts of a plan."""
    by_property = Counter(name for change in plan.changes for name in change.properties)
    return {
        "portal": ctx.row.name,
        "mode": mode(ctx),
        "hash": plan.hash,
        "judged": plan.judged,
        "contacts": len(plan.changes),
        "by_property": dict(by_property),
        "enrolled": len(plan.enrolments),
        "handed_over": handed_over(plan.changes),
        "held_by_gate": dict(Counter(hold.gate for hold in plan.holds)),
        "calls": plan.calls,
        "limit": plan.limit,
        "over_limit": plan.over_limit,
        "new_mqls": len(plan.new_mqls),
    }


def applied(ctx: Context, report: PushReport, plan: Plan) -> dict[str, Any]:
    """A run: what was written, refused (each with its reason), enrolled, read back."""
    return {
        "portal": ctx.row.name,
        "run": report.run_id,
        "hash": plan.hash,
        "written": report.written,
        "by_property": dict(Counter(name for change in plan.changes for name in change.properties)),
        "refused": [{"contact": str(contact), "why": why} for contact, why in report.refused],
        "overtaken": [{"contact": str(contact), "why": why} for contact, why in report.overtaken],
        "options": {name: list(values) for name, values in report.options.items()},
        "dropped": report.dropped,
        "enrolled": report.enrolled,
        "given": report.given,
        "held": len(plan.holds),
        "calls": report.calls,
        "read_back": {
            "checked": report.checked,
            "equal": report.equal,
            "different": report.checked - report.equal,
        },
        "seconds": report.seconds,
        "ok": not report.refused and not report.overtaken and report.checked == report.equal,
    }


def cycled(ctx: Context, synced: dict[str, Any], plan: Plan, pushed: PushReport | None, held: str) -> dict[str, Any]:
    """A cycle: the pull, the plan's counts, and the run unless it was held back (``held`` says by what)."""
    done = applied(ctx, pushed, plan) if pushed is not None else None
    text = held or _done_in_words(done)
    return {
        "portal": ctx.row.name,
        "sync": synced,
        "plan": plan_summary(ctx, plan),
        "apply": done,
        "mode": mode(ctx),
        "calls": ctx.calls().made,
        "text": text,
        "ok": (done is None or done["ok"]) and not (held and ctx.row.live),
    }


def drained(ctx: Context, report: DrainReport) -> dict[str, Any]:
    """A drain: notices by their ending, and what followed from them."""
    return {
        "portal": ctx.row.name,
        "notices": {name: getattr(report, name) for name in ("sorted", "done", "echoes", "unread", "unknown", "held")},
        "changed": report.changed,
        "erased": report.erased,
        "written": report.written,
        "enrolled": report.enrolled,
        "refused": report.refused,
        "storm": report.storm,
        "held_back": report.held_back,
        "more": report.more,
        "calls": ctx.calls().made,
        "ok": not (report.held or report.refused),
    }


def _done_in_words(done: dict[str, Any] | None) -> str:
    if done is None or not (done["written"] or done["enrolled"]):
        return "Nothing to write."
    enrolled = f", {done['enrolled']} enrolled" if done["enrolled"] else ""
    return f"{done['written']} contacts written{enrolled}."


def removed(name: str, places: dict[str, int], revoked: str | None) -> dict[str, Any]:
    """What a removed portal left behind: nothing here, and what must be done elsewhere.

    ``revoked``: '' once HubSpot gave up the grant, else why it could not; None where there was none to give up.
    """
    return {
        "portal": name,
        "mode": "removed",
        "places": dict(sorted(places.items())),
        "rows": sum(places.values()),
        "revoked": None if revoked is None else not revoked,
        "text": f"{sum(places.values())} rows removed; nothing in HubSpot was touched. {_access_left(revoked)}",
    }


def _access_left(revoked: str | None) -> str:
    if revoked is None:
        return "Its token still works there: delete the private app or rotate its token in HubSpot."
    if not revoked:
        return "Its grant is revoked at HubSpot; the last access token it gave ends within half an hour."
    apps = "Disconnect the app there: Settings, Integrations, Connected apps."
    return f"Its grant could not be revoked at HubSpot: {revoked} {apps}"


def rotated(connected: int, changed: int) -> dict[str, Any]:
    """What became of the tokens under the first of the keys."""
    return {
        "portals": connected,
        "sealed_again": changed,
        "text": f"{changed} of {connected} tokens sealed again; the first key closes all of them now. Leave the old "
        "key behind the comma while people erased under it must be recognised and backups of then are kept.",
    }


def certified(certificate: dict[str, Any]) -> dict[str, Any]:
    """The certificate with its sentence."""
    sample = certificate["sample"]
    counts = certificate["counts"].get("contacts", {"portal": 0, "mirror": 0})
    text = (
        f"The mirror is complete: {counts['mirror']:,} of {counts['portal']:,} contacts, "
        f"{sample['fields']:,} fields of {sample['contacts']:,} sampled contacts compared."
        + (f" {certificate['erased']} erased people are left out." if certificate.get("erased") else "")
        if certificate["complete"]
        else "The mirror is not complete: the portal changed while it was compared. Run verify again."
    )
    return {**certificate, "text": text, "ok": certificate["complete"]}


def person(line: Line) -> dict[str, Any]:
    """One of those who work here."""
    who = line.person
    state = "disabled" if who.disabled_ms is not None else "active" if who.password_hash else "invited"
    return {
        "email": who.email,
        "name": who.name,
        "roles": line.roles,
        "state": state,
        "second_factor": who.second_factor,
        "sessions": line.sessions,
    }
