"""Snapshot → mirror, in the caller's transaction: rows, links, merges, parked events that now have an owner.

Every flow that reads records (fill, increment, sweep, verify, push) keeps them through ``keep``; nothing else writes
records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from connector.clock import instant
from connector.model.records import ENGAGEMENTS, Activity, ObjectType, PortalEvent, Properties, Snapshot
from connector.rules.activities import classify
from connector.store import Unit, activities, associations, emails, records
from connector.sync.context import Context, StreamReport
from connector.sync.privacy import still_right

LINKED: dict[str, tuple[ObjectType, ...]] = {"contacts": ("companies",), "deals": ("contacts", "companies")}


def keep(
    ctx: Context,
    u: Unit,
    object_type: ObjectType,
    snapshots: Sequence[Snapshot],
    report: StreamReport,
    *,
    refresh: bool = False,
) -> None:
    """Mirror what the portal says now; counts go to ``report``, ids that moved to ``report.moved``.

    ``refresh`` believes the portal even where the mirror claims to hold something later: for repairs.
    """
    report.read += len(snapshots)
    if object_type in ENGAGEMENTS:
        report.created += keep_events(ctx, u, (event for s in snapshots for event in engagement_events(s)))
        return
    done = records.upsert(u, ctx.portal_id, object_type, snapshots, ctx.clock.now_ms(), refresh=refresh)
    report.created += len(done.created)
    report.changed += len(done.changed)
    moved = {*done.created, *done.changed}
    report.moved |= moved
    _keep_links(ctx, u, object_type, snapshots, moved)
    if object_type == "contacts":
        _keep_merges(ctx, u, snapshots, report)
        _claim_parked(ctx, u, [s for s in snapshots if s.id in moved])


def _keep_links(
    ctx: Context, u: Unit, object_type: ObjectType, snapshots: Sequence[Snapshot], moved: AbstractSet[int]
) -> None:
    """Links that came with the records; None means they were not asked for, () means there are none."""
    told = [s for s in snapshots if s.associations is not None]
    for to_type in LINKED.get(object_type, ()) if told else ():
        links = {s.id: tuple(link for link in s.associations or () if link.to_type == to_type) for s in told}
        marked = moved if object_type == "contacts" else frozenset[int]()
        associations.replace(u, ctx.portal_id, object_type, links, to_type, ctx.clock.now_ms(), marked=marked)


def _keep_merges(ctx: Context, u: Unit, snapshots: Sequence[Snapshot], report: StreamReport) -> None:
    """A survivor names its losers in ``hs_merged_object_ids``; each becomes an alias once."""
    survivor_of = {loser: s.id for s in snapshots for loser in merged_ids(s) if loser != s.id}
    if not survivor_of:
        return
    now_leads = records.resolve(u, ctx.portal_id, "contacts", list(survivor_of))
    fresh = {old: survivor_of[old] for old, new in now_leads.items() if old == new}
    if fresh:
        records.merge_many(u, ctx.portal_id, "contacts", fresh, ctx.clock.now_ms())
        report.merged += len(fresh)


def merged_ids(snapshot: Snapshot) -> list[int]:
    """Ids merged into this record, as HubSpot lists them (``id;id``)."""
    listed = snapshot.properties.get("hs_merged_object_ids") or ""
    return [int(part) for part in listed.split(";") if part.strip().isdecimal()]


def _claim_parked(ctx: Context, u: Unit, snapshots: Sequence[Snapshot]) -> None:
    """Events that waited for an e-mail address go to the contact that now carries it (L4)."""
    if not activities.anything_parked(u, ctx.portal_id):
        return
    owners = {address: s.id for s in snapshots for address in addresses(s.properties)}
    if owners:
        keep_events(ctx, u, activities.claim(u, ctx.portal_id, owners))


def addresses(properties: Properties) -> list[str]:
    """All e-mail addresses of a contact, lower-cased for matching only (P38)."""
    listed = [properties.get("email") or "", *(properties.get("hs_additional_emails") or "").split(";")]
    return [address.strip().lower() for address in listed if address.strip()]


def keep_events(ctx: Context, u: Unit, events: Iterable[PortalEvent]) -> int:
    """Portal events → activities; those whose contact is not known yet are parked. Returns how many are new."""
    events = still_right(ctx, u, list(events))
    owners = emails.owners(u, ctx.portal_id, {e.email.lower() for e in events if e.email and not e.contact_id})
    named = [e.contact_id for e in events if e.contact_id]
    live = records.resolve(u, ctx.portal_id, "contacts", named)
    found: list[Activity] = []
    parked: list[PortalEvent] = []
    for event in events:
        owner = live.get(event.contact_id) if event.contact_id else owners.get((event.email or "").lower())
        if owner is not None:
            found.append(classify(ctx.rulebook.activities, event, owner))
        elif event.email:
            parked.append(event)
    activities.park(u, ctx.portal_id, parked)
    return activities.add(u, ctx.portal_id, found)


SOURCES = {"calls": "call", "emails": "email", "meetings": "meeting", "notes": "note", "tasks": "task"}
TITLES = {
    "calls": "hs_call_title",
    "emails": "hs_email_subject",
    "meetings": "hs_meeting_title",
    "notes": "",
    "tasks": "hs_task_subject",
}
TYPES = {
    "calls": "hs_call_status",
    "emails": "hs_email_direction",
    "meetings": "hs_meeting_outcome",
    "notes": "",
    "tasks": "hs_task_status",
}


def engagement_events(snapshot: Snapshot) -> list[PortalEvent]:
    """One event for each contact an engagement object is linked to."""
    if snapshot.archived:
        return []
    get = snapshot.properties.get
    contacts = {link.to_id for link in snapshot.associations or () if link.to_type == "contacts"}
    return [
        PortalEvent(
            source=SOURCES[snapshot.object_type],
            id=f"{snapshot.id}",
            at_ms=instant(get("hs_timestamp")) or snapshot.created_ms or snapshot.modified_ms,
            type=get(TYPES[snapshot.object_type]) or "",
            contact_id=contact_id,
            ref=str(snapshot.id),
            title=get(TITLES[snapshot.object_type]) or "",
        )
        for contact_id in sorted(contacts)
    ]
