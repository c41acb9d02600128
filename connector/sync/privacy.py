"""Erasing a person everywhere within reach, and what keeps them away afterwards.

    journal ─▶ graves and main store, one transaction ─▶ raw deliveries ─▶ write-ahead logs ─▶ receipt

The grave is erected in the transaction that deletes, so there is no instant in which a late page, notice or answer
could bring the person back. Killed in between, the grave has no receipt and the next erasure (or the nightly
retention) goes on with it. Not here: what each table gives up (``connector/store/forgetting.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import structlog

from connector.clock import iso
from connector.errors import StoreError, UnknownContact
from connector.model.records import PortalEvent
from connector.store import Unit, erasures, inbox, meta, records, runs
from connector.store.erasures import Grave
from connector.store.forgetting import Person, forget_contact, owner_of, passed_on, person
from connector.store.front import Front
from connector.store.front_forgetting import forget_in_front
from connector.store.journal import Buried, append
from connector.store.records.rows import emails_of
from connector.store.values import normal_email
from connector.sync.context import Context
from connector.sync.retention import months_before
from webhooks.notice import split

BY_NOTICE, BY_HAND = "privacyDeletion", "privacy erase"
LAST_BACKUP = "last_backup_ms"
OVERWRITTEN = "overwritten_ms"
LONGEST_ID = 18
OUT_OF_REACH = (
    "Files that were exported from here: delete them where they were saved.",
    "Backups made before now: they age out with your rotation; restoring one erases this person again.",
    "HubSpot itself: erase the contact there too, unless the request came from there.",
)
LOG = structlog.get_logger()


def erase_many(ctx: Context, object_ids: Collection[int], *, cause: str = BY_NOTICE) -> list[dict[str, Any]]:
    """Erase these contacts, and finish erasures that were broken off; one receipt a person.

    An id that is known under several (merges) takes all of them along. One that was never mirrored gets its grave too,
    and so does whoever was merged into it, as notices tell: the portal cannot be asked any more.
    """
    with ctx.store.view() as u:
        begun = erasures.unfinished(u, ctx.portal_id)
    done: dict[int, dict[str, Any]] = {}
    for number in _with_fellows(ctx, sorted({*object_ids, *begun})):
        if number not in done:
            who, receipt = _erase(ctx, number, cause)
            done |= dict.fromkeys(who.ids, receipt)
    return list({id(receipt): receipt for receipt in done.values()}.values())


def _with_fellows(ctx: Context, object_ids: Sequence[int]) -> list[int]:
    """These and everybody merged into them; whom a merge took comes before whom it made.

    In that order because an erasure takes the notice of its merge along: broken off, the rest is still known.
    """
    with ctx.store.view() as u:
        told = inbox.of_type(u, ctx.portal_id, "contact.merge")
    into: dict[int, set[int]] = {}
    for entry in told:
        for notice in split(f"[{entry.body}]".encode()).notices:
            into.setdefault(notice.survivor or 0, set()).update(notice.merged)
    found = list(object_ids)
    for number in found:
        found += sorted(into.get(number, set()) - set(found))
    return found[::-1]


def finished(ctx: Context) -> bool:
    """Whether every erasure that was begun was brought to its end."""
    with ctx.store.view() as u:
        return not erasures.unfinished(u, ctx.portal_id)


def erase_by_hand(ctx: Context, contact: str) -> dict[str, Any]:
    """Erase whoever somebody named by id or e-mail; the receipt of that person."""
    number = who_is(ctx, contact)
    receipts = erase_many(ctx, [number], cause=BY_HAND)
    return next(one for one in receipts if str(number) in one["ids"])


def who_is(ctx: Context, contact: str) -> int:
    """The id somebody means. A number is taken as it is: what is deleted, or was never mirrored, may still have left
    traces. An address is looked up among the living, then among all that is kept."""
    text = contact.strip()
    if text.isascii() and text.isdecimal() and 0 < len(text) <= LONGEST_ID:
        return int(text)
    with ctx.store.view() as u:
        found = owner_of(u, ctx.portal_id, text)
    if found is None:
        raise UnknownContact(
            f"Nobody in what is kept of {ctx.row.name} has that address.",
            remedy="Name the contact by its HubSpot id; events that only carry the address expire by themselves.",
        )
    return found


def booked_export(ctx: Context, collect: Callable[[int], dict[str, Any]], contact: str) -> dict[str, Any]:
    """A copy of all that is held on one person; that it was handed out is booked, for whom is not."""
    document = collect(who_is(ctx, contact))
    now = ctx.clock.now_ms()
    with ctx.store.unit() as u:
        run = runs.start(u, ctx.portal_id, "person_export", now)
        runs.finish(u, ctx.portal_id, run, "done", {"rows": document["rows"]}, "", now)
    LOG.info("person exported", portal=ctx.row.name, run=run, rows=document["rows"])
    return document


def _erase(ctx: Context, object_id: int, cause: str) -> tuple[Person, dict[str, Any]]:
    front, now = _front(ctx), ctx.clock.now_ms()
    with ctx.store.view() as u:
        who = person(u, ctx.portal_id, object_id)
        known = {grave.object_id for grave in erasures.of(u, ctx.portal_id, who.ids)}
    journal = _write_down(ctx, who, known, cause, now)
    with ctx.store.unit() as u:
        # Looked up once more: between the view and this transaction another id or address may have come.
        who = _joined(who, person(u, ctx.portal_id, object_id))
        erasures.book(u, ctx.portal_id, who.ids, _hashes(ctx, who.emails), cause, now)
        handed = passed_on(u, ctx.portal_id, who.ids)
        places = forget_contact(u, ctx.portal_id, who)
    if bodies := forget_in_front(front, ctx.row.hub_id, who):
        places["deliveries"] = bodies
    clean = [ctx.store.scrub(), front.scrub()]
    receipt = _receipt(ctx, object_id, who, places, handed, cause, now)
    receipt |= {"journal": journal, "overwritten": all(clean), "residue": _residue(ctx, clean)}
    with ctx.store.unit() as u:
        erasures.finish(u, ctx.portal_id, who.ids, receipt, ctx.clock.now_ms())
        run = runs.start(u, ctx.portal_id, "erasure", now)
        runs.finish(u, ctx.portal_id, run, "done", places, cause, ctx.clock.now_ms())
    LOG.info("erased", portal=ctx.row.name, cause=cause, rows=sum(places.values()), places=len(places))
    return who, receipt


def _front(ctx: Context) -> Front:
    if ctx.front is None:
        raise StoreError("An erasure without the inbox would leave raw deliveries behind; it was refused.")
    return ctx.front


def _joined(first: Person, second: Person) -> Person:
    return Person(first.ids | second.ids, tuple(dict.fromkeys([*first.emails, *second.emails])))


def _hashes(ctx: Context, emails: Iterable[str]) -> list[bytes]:
    return [ctx.fingerprints(email, context_of(ctx))[0] for email in emails]


def context_of(ctx: Context) -> str:
    """What a fingerprint is bound to: the same address in two portals has two hashes."""
    return f"erased e-mail of portal {ctx.row.hub_id}"


def _write_down(ctx: Context, who: Person, known: set[int], cause: str, now: int) -> bool:
    """Into the journal before the database: an erasure that was asked for holds even if the next step is a crash."""
    hashes = _hashes(ctx, who.emails)
    also = {erasures.ALSO: [one.hex() for one in hashes[1:]]} if hashes[1:] else {}
    graves = [Grave(i, hashes[0] if hashes else None, now, None, cause, also) for i in sorted(who.ids - known)]
    if ctx.journal is None:
        return False
    return append(ctx.journal, [Buried(ctx.portal_id, ctx.row.hub_id, grave) for grave in graves])


def _receipt(
    ctx: Context,
    object_id: int,
    who: Person,
    places: dict[str, int],
    handed: list[dict[str, Any]],
    cause: str,
    now: int,
) -> dict[str, Any]:
    """What is kept and shown: counts by place, who else has the person, what is out of reach; nothing personal."""
    names = {w.workflow_id: w.name for w in ctx.rulebook.rules.workflows}
    with ctx.store.view() as u:
        backup = meta.get(u, LAST_BACKUP)
    return {
        "portal": ctx.row.name,
        "contact": str(object_id),
        "ids": [str(number) for number in sorted(who.ids)],
        "cause": cause,
        "at": iso(now),
        "answer_by": iso(months_before(now, -1)),
        "places": dict(sorted(places.items())),
        "rows": sum(places.values()),
        "passed_on": [
            {
                "workflow": one["workflow"],
                "name": names.get(one["workflow"], ""),
                "at": iso(one["at_ms"]) if one["at_ms"] else None,
                "certain": one["certain"],
            }
            for one in handed
        ],
        "out_of_reach": list(OUT_OF_REACH),
        "last_backup": iso(int(backup)) if backup else None,
    }


def overwrite(ctx: Context) -> None:
    """By night: write large files anew after an erasure since the last night, so that no copy is left in their gaps."""
    with ctx.store.unit() as u:
        latest = max((grave.at_ms for grave in erasures.every(u, ctx.portal_id)), default=0)
        done = int(meta.get(u, OVERWRITTEN) or 0)
    if latest > done:
        now = ctx.clock.now_ms()
        if ctx.store.scrub(whole=True) and _front(ctx).scrub(whole=True):
            with ctx.store.unit() as u:
                meta.put(u, OVERWRITTEN, str(now))


def _residue(ctx: Context, clean: Sequence[bool]) -> str:
    if all(clean):
        return ""
    if ctx.store.file is None:
        return "PostgreSQL frees the deleted rows at its next VACUUM; its log and replicas age out by its own settings."
    return "Copies may be left in the gaps of the database file; it is written anew by night."


def still_right(ctx: Context, u: Unit, events: list[PortalEvent]) -> list[PortalEvent]:
    """Events without those that an erased person made before the erasure: a source that is read again still tells them.

    What the same address does later is new, and right if the person came back by themselves.
    """
    if not erasures.any_of(u, ctx.portal_id):
        return events
    known = erasures.hashes(u, ctx.portal_id)
    return [e for e in events if e.contact_id or not e.email or e.at_ms > (erased_at(ctx, known, [e.email]) or 0)]


def erased_at(ctx: Context, known: dict[bytes, int], emails: Iterable[str]) -> int | None:
    """When somebody with one of these addresses was last erased; None: never."""
    times = [
        known[one]
        for email in emails
        if (folded := normal_email(email))
        for one in ctx.fingerprints(folded, context_of(ctx))
        if one in known
    ]
    return max(times, default=None)


def warning(ctx: Context, u: Unit, emails: Iterable[str]) -> str | None:
    """When the address of a living contact belongs to somebody who was erased: the time, as a flag and no more."""
    if erasures.since(u, ctx.portal_id) is None:
        return None
    at = erased_at(ctx, erasures.hashes(u, ctx.portal_id), emails)
    return iso(at) if at is not None else None


def returned(ctx: Context, u: Unit) -> list[int]:
    """Contacts that came after the first erasure with the address of somebody erased: to be looked at by a person."""
    first = erasures.since(u, ctx.portal_id)
    if first is None:
        return []
    known = erasures.hashes(u, ctx.portal_id)
    new = records.newcomers(u, ctx.portal_id, "contacts", first)
    found = records.get_many(u, ctx.portal_id, "contacts", new)
    return [i for i, record in found.items() if erased_at(ctx, known, emails_of(record.properties))]
