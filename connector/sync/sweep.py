"""The id sweep: walk every id the portal lists and hold it against the mirror.

It finds what changes cannot tell: deletions, merges, and records missed without an error (P3, P4, P5). A listing gives
each record's modification time for free, so the sweep also finds every stale row. Deletion is only ever concluded
from a *complete* walk plus a direct read of the missing ids; a changed-only read never deletes anything (S09).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connector.errors import ProtocolBroken
from connector.model.records import ObjectType, PortalEvent, Snapshot, modified_property
from connector.store import activities, erasures, records
from connector.sync.context import Context, StreamReport
from connector.sync.keep import SOURCES, engagement_events, keep
from connector.sync.scope import Scope

LOOK = 100


@dataclass(slots=True)
class Difference:
    """How the mirror differs from the portal's list: ids it lacks, ids with another modification time, ghosts."""

    listed: int = 0
    lacking: list[int] = field(default_factory=list)
    stale: list[int] = field(default_factory=list)
    ghosts: list[int] = field(default_factory=list)
    erased: int = 0

    @property
    def none(self) -> bool:
        """Whether mirror and list agree."""
        return not (self.lacking or self.stale or self.ghosts)


def sweep(ctx: Context, scope: Scope, report: StreamReport) -> Difference:
    """Compare all ids, then repair: read what is missing or stale, settle what is gone or merged."""
    difference = compare(ctx, scope.object_type)
    repair(ctx, scope, difference, report)
    return difference


def compare(ctx: Context, object_type: ObjectType) -> Difference:
    """Walk the portal's list and the mirror's ids side by side, both in id order."""
    result = Difference()
    mirror = _mirrored(ctx, object_type)
    ours = next(mirror, None)
    for theirs in _listed(ctx, object_type):
        result.listed += 1
        while ours is not None and ours[0] < theirs.id:
            result.ghosts.append(ours[0])
            ours = next(mirror, None)
        if ours is None or ours[0] != theirs.id:
            result.lacking.append(theirs.id)
            continue
        if ours[1] != theirs.modified_ms:
            result.stale.append(theirs.id)
        ours = next(mirror, None)
    while ours is not None:
        result.ghosts.append(ours[0])
        ours = next(mirror, None)
    return _without_erased(ctx, result) if object_type == "contacts" else result


def _without_erased(ctx: Context, found: Difference) -> Difference:
    """People erased here whom the portal still has are meant to be missing."""
    with ctx.store.unit() as u:
        gone = {i for chunk in chunks(found.lacking, 1000) for i in erasures.standing(u, ctx.portal_id, chunk)}
    found.lacking = [i for i in found.lacking if i not in gone]
    found.erased = len(gone)
    return found


def _listed(ctx: Context, object_type: ObjectType) -> Iterator[Snapshot]:
    """Every live record by the portal's own cursor, in one lane; ids must rise, cursors must not repeat."""
    after: str | None = None
    seen: set[str] = set()
    last = 0
    ctx.progress.start(f"{object_type} ids", None)
    while True:
        page = ctx.portal.page(object_type, after=after, properties=(modified_property(object_type),), limit=LOOK)
        for record in page.records:
            if record.id <= last:
                raise ProtocolBroken(
                    f"The list of {object_type} does not ascend by id.", remedy="Nothing was deleted; run verify again."
                )
            last = record.id
            yield record
        ctx.progress.advance(f"{object_type} ids", len(page.records))
        after = page.after
        if after is None:
            ctx.progress.finish(f"{object_type} ids")
            return
        if after in seen:
            raise ProtocolBroken(
                f"The portal repeated the page cursor of {object_type}.", remedy="Nothing was deleted; run it again."
            )
        seen.add(after)


def _mirrored(ctx: Context, object_type: ObjectType) -> Iterator[tuple[int, int]]:
    """(id, modified_ms) of live rows in id order, a chunk at a time so that writers are not kept out."""
    last = 0
    while True:
        with ctx.store.view() as u:
            chunk = records.stamps(u, ctx.portal_id, object_type, last, 1000)
        for row in chunk:
            if not row[2]:
                yield row[0], row[1]
        if len(chunk) < 1000:
            return
        last = chunk[-1][0]


def repair(ctx: Context, scope: Scope, difference: Difference, report: StreamReport) -> None:
    """Read again what is missing or stale; look directly at each ghost before it is buried or merged."""
    _read_again(ctx, scope, sorted({*difference.lacking, *difference.stale}), report)
    for chunk in chunks(difference.ghosts):
        settle_gone(ctx, scope, chunk, report)


def _read_again(ctx: Context, scope: Scope, ids: Sequence[int], report: StreamReport) -> None:
    for chunk in chunks(ids):
        batch = ctx.portal.read(scope.object_type, chunk, scope.properties)
        with ctx.store.unit() as u:
            keep(ctx, u, scope.object_type, batch.records, report, refresh=True)


def settle_gone(ctx: Context, scope: Scope, ids: Sequence[int], report: StreamReport, *, live: bool = False) -> None:
    """Read these ids again: what lives is kept, merged ones become aliases of their survivor, others tombstones."""
    batch = ctx.portal.read(scope.object_type, ids, scope.properties, live=live)
    now = ctx.clock.now_ms()
    with ctx.store.unit() as u:
        keep(ctx, u, scope.object_type, batch.records, report)
        for loser, survivor in sorted(batch.survivors.items()):
            if records.resolve(u, ctx.portal_id, scope.object_type, [loser]).get(loser) == loser:
                records.merge(u, ctx.portal_id, scope.object_type, loser, survivor, now)
                report.merged += 1
        gone = [i for i in batch.missing if i not in batch.survivors]
        records.bury(u, ctx.portal_id, scope.object_type, gone, now)
        report.deleted += len(gone)
        report.moved.update(gone, batch.survivors)


def chunks(ids: Sequence[int], size: int = LOOK) -> Iterator[Sequence[int]]:
    """Pieces of at most ``size``."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def sweep_engagements(ctx: Context, object_type: ObjectType) -> int:
    """Forget calls, meetings … that were deleted in the portal or taken off a contact. Returns how many.

    The listing tells each one's contacts; only a complete walk removes anything.
    """
    source = SOURCES[object_type]
    with ctx.store.view() as u:
        ours = activities.pairs(u, ctx.portal_id, source)
    if not ours:
        return 0
    told = {(event.contact_id or 0, event.id) for record in _engagements(ctx, object_type) for event in record}
    with ctx.store.unit() as u:
        contacts = records.resolve(u, ctx.portal_id, "contacts", {contact for contact, _ in told})
        theirs = {(contacts.get(contact, contact), ident) for contact, ident in told}
        return activities.remove(u, ctx.portal_id, source, ours - theirs)


def _engagements(ctx: Context, object_type: ObjectType) -> Iterator[list[PortalEvent]]:
    after: str | None = None
    seen: set[str] = set()
    while True:
        page = ctx.portal.page(
            object_type, after=after, properties=("hs_timestamp",), associations=("contacts",), limit=LOOK
        )
        yield from (engagement_events(record) for record in page.records)
        after = page.after
        if after is None:
            return
        if after in seen:
            raise ProtocolBroken(
                f"The portal repeated the page cursor of {object_type}.", remedy="Nothing was removed; run it again."
            )
        seen.add(after)
