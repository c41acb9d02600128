"""Who is on the lists that the documents name, mirrored whole. Where none is named, nothing is asked.

    heads of all named lists, in one call ─▶ the lists that are due, page by page ─▶ one transaction a list

A list is due when it has another size than at the last reading, when nobody knows who is on it, and once an hour, since
one may have come as another left. It is replaced when its last page has arrived, so a reading that breaks off removes
nobody. One that cannot be read is *unknown*, with the reason, and never stops a pull.
"""

from __future__ import annotations

import importlib
from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.errors import MissingScope, ProtocolBroken, SkippableError
from connector.portal.gateway import ListHead
from connector.rules.needs import lists_of_nurtures, lists_used
from connector.store import Unit, cursors, memberships
from connector.store.memberships import UNTOLD, ListRow
from connector.sync.context import Context, StreamReport
from connector.sync.rulebook import earlier_workflows

STREAM = "lists"
HOURLY_MS = 60 * 60 * 1000
NONE_READ: Mapping[str, bool] = {}


def named(ctx: Context, u: Unit) -> frozenset[str]:
    """The lists whose members somebody asks for: the published documents, and nurtures that contacts are still in."""
    rules = ctx.rulebook.rules.documents
    found = set(lists_used(rules))
    for _, earlier in earlier_workflows(u, ctx.portal_id, rules.version("workflows")):
        found |= lists_of_nurtures(earlier)
    return frozenset(found)


def read_lists(ctx: Context, *, force: bool) -> StreamReport | None:
    """Bring the memberships of all named lists up to date; None where none is named."""
    with ctx.store.view() as u:
        wanted, kept = named(ctx, u), memberships.every(u, ctx.portal_id)
        state = cursors.get(u, ctx.portal_id, STREAM) or {}
    if kept.keys() - wanted:
        with ctx.store.unit() as u:
            memberships.forget_others(u, ctx.portal_id, wanted)
    if not wanted:
        return None
    report = StreamReport(STREAM)
    if state and not force and ctx.clock.now_ms() - state["off_ms"] < HOURLY_MS:
        report.off = state["off"]
        return report
    try:
        heads = {head.id: head for head in ctx.portal.lists(sorted(wanted, key=int))}
    except (SkippableError, MissingScope) as fault:
        _switch_off(ctx, wanted, kept, report, fault.message)
        return report
    _read_due(ctx, sorted(wanted, key=int), heads, kept, report, force=force)
    if state:
        with ctx.store.unit() as u:
            cursors.drop(u, ctx.portal_id, STREAM)
    return report


def _switch_off(
    ctx: Context, wanted: Collection[str], kept: Mapping[str, ListRow], report: StreamReport, why: str
) -> None:
    """None of the lists can be read: all are unknown, and the portal is asked again in an hour."""
    report.off = why
    for list_id in sorted(wanted):
        _lose(ctx, list_id, "", kept.get(list_id), why)
    with ctx.store.unit() as u:
        now = ctx.clock.now_ms()
        cursors.save(u, ctx.portal_id, STREAM, {"off": why, "off_ms": now}, now)


def _read_due(
    ctx: Context,
    wanted: Collection[str],
    heads: Mapping[str, ListHead],
    kept: Mapping[str, ListRow],
    report: StreamReport,
    *,
    force: bool,
) -> None:
    notes: list[str] = []
    due = [one for one in wanted if force or _due(ctx, heads.get(one), kept.get(one))]
    ctx.progress.start(STREAM, sum(head.size or 0 for one in due if (head := heads.get(one))))
    for list_id in due:
        ctx.give_way(ctx.portal_id)
        head, row = heads.get(list_id), kept.get(list_id)
        try:
            why = _against(list_id, head) if head is None else _read(ctx, head, row, report)
        except (SkippableError, MissingScope) as fault:
            why = fault.message
        if why:
            _lose(ctx, list_id, head.name if head else "", row, why)
            notes.append(why)
    ctx.progress.finish(STREAM)
    if notes:
        report.extra["note"] = " ".join(notes)


def _due(ctx: Context, head: ListHead | None, row: ListRow | None) -> bool:
    if head is None or row is None or not row.known:
        return True
    return head.size not in (None, row.size) or ctx.clock.now_ms() - row.read_ms >= HOURLY_MS


def _against(list_id: str, head: ListHead | None) -> str:
    """Why a list has no members that could be read; '' where it has."""
    if head is None:
        return f"HubSpot has no list {list_id}: it was deleted, or the number is of another portal."
    called = f"List {list_id} ({head.name})" if head.name else f"List {list_id}"
    if not head.of_contacts:
        return f"{called} is no list of contacts."
    return "" if head.settled else f"{called} is still being worked out by HubSpot; it is read when that is done."


def _read(ctx: Context, head: ListHead, row: ListRow | None, report: StreamReport) -> str:
    """Mirror one list; why that cannot be, '' when it is done. What is known stays while HubSpot works a list out."""
    if why := _against(head.id, head):
        return "" if head.of_contacts and row is not None and row.known else why
    ids, since = _whole(ctx, head.id)
    replaced = importlib.import_module("connector.store.members_replaced")
    now = ctx.clock.now_ms()
    with ctx.store.unit() as u:
        told = ListRow(head.id, head.name, True, "", head.size, now)
        came, gone = replaced.replace(u, ctx.portal_id, told, ids, since)
    report.read += len(ids)
    report.created += came
    report.deleted += gone
    return ""


def _whole(ctx: Context, list_id: str) -> tuple[array[int], array[int]]:
    """All members of a list, each with since when; two numbers a member are all that is held of them."""
    ids, since = array("q"), array("q")
    after: str | None = None
    seen: set[str] = set()
    while True:
        page = ctx.portal.list_members(list_id, after=after)
        ids.extend(contact for contact, _ in page.members)
        since.extend(at or UNTOLD for _, at in page.members)
        ctx.progress.advance(STREAM, len(page.members))
        if page.after is None:
            return ids, since
        if page.after in seen:
            raise ProtocolBroken(f"HubSpot's pages of list {list_id} go round in a circle.")
        seen.add(after := page.after)


def _lose(ctx: Context, list_id: str, name: str, row: ListRow | None, why: str) -> None:
    """From now on nobody knows who is on this list; booked once."""
    if row is None or row.known or row.why != why:
        named_so = name or (row.name if row else "")
        with ctx.store.unit() as u:
            told = ListRow(list_id, named_so, False, why, None, ctx.clock.now_ms())
            memberships.keep_unknown(u, ctx.portal_id, told)


@dataclass(frozen=True, slots=True)
class Listed:
    """What is known of lists, contact by contact: for ``Facts.lists``."""

    portal_id: int
    known: frozenset[str]

    @classmethod
    def of(cls, u: Unit, portal_id: int) -> Listed:
        return cls(portal_id, memberships.known(u, portal_id))

    def answers(self, u: Unit, ids: Collection[int]) -> dict[int, Mapping[str, bool]]:
        """For each contact whether it is on each known list; nothing where none is known."""
        if not self.known:
            return {}
        on, off = memberships.of(u, self.portal_id, ids), dict.fromkeys(self.known, False)
        return {one: {**off, **dict.fromkeys(on[one], True)} if one in on else off for one in ids}


def known_at(since: Mapping[str, int | None], at_ms: int) -> dict[str, bool]:
    """The lists of which it is known at a past minute that a contact was on them: it has been ever since.

    Who is on a list no more, or joined again, may have been on it then: that is unknown.
    """
    return {list_id: True for list_id, joined in since.items() if joined is not None and joined <= at_ms}


def lists_check(ctx: Context) -> Iterator[dict[str, Any]]:
    """The doctor's lines about the lists that documents name: those that are known in one, the others one by one."""
    with ctx.store.view() as u:
        wanted, kept = sorted(named(ctx, u), key=int), memberships.every(u, ctx.portal_id)
        size = memberships.count(u, ctx.portal_id)
    rows = {one: kept.get(one) for one in wanted}
    known = [f"{one} ({row.name}, {size.get(one, 0):,})" for one, row in rows.items() if row is not None and row.known]
    if known:
        yield {"check": "named lists", "ok": True, "text": f"Read: {', '.join(known)}.", "remedy": ""}
    for one, row in rows.items():
        if row is None or not row.known:
            why = row.why if row is not None else f"List {one} has not been read yet."
            remedy = "Rules that ask for it stay unknown; everything else goes on."
            yield {"check": f"list {one}", "ok": None, "text": why, "remedy": remedy}
