"""The first fill of one object type: every record by listing, in several lanes where the portal allows it.

The checkpoint (cursor ``fill/<type>``) is saved with each page in the same transaction as its rows, so a killed fill
goes on where it stood. State, drawn:

    (none) ──first page──▶ single ──probe honoured──▶ lanes ──all done, seams hold──▶ finished (cursor dropped)
                             ▲                          │
                             └──── a seam does not hold ┘   (read again in one lane, by the portal's own cursor)
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from connector.errors import FeatureOff, MissingScope, ProtocolBroken, SkippableError
from connector.model.records import ObjectType, Page
from connector.portal.gateway import Filter
from connector.store import cursors, records
from connector.sync import lanes as laning
from connector.sync.context import Context, StreamReport
from connector.sync.keep import keep
from connector.sync.lanes import PAGE, Lane
from connector.sync.scope import Scope

LANES = laning.MOST
# One transaction takes in what lands within a moment, a few pages at most: its fixed costs are those of a page.
GATHER = 3
PATIENCE = 0.1
# A first mirror moves every record: beyond these *that* some moved is known, no longer which. A million ids are 100 MB.
MOVED_KEPT = 10_000
WITH: dict[str, tuple[ObjectType, ...]] = {
    "contacts": ("companies",),
    "deals": ("contacts", "companies"),
    "calls": ("contacts",),
    "emails": ("contacts",),
    "meetings": ("contacts",),
    "notes": ("contacts",),
    "tasks": ("contacts",),
}


@dataclass(slots=True)
class Fill:
    """A fill at work: its lanes in id order, the id the range was measured to, and when it began (portal's clock).

    ``total`` is how many records the search counted then; 0: it did not say.
    """

    signpost_ms: int
    top: int
    lanes: list[Lane]
    properties: tuple[str, ...]
    laned: bool = False
    seen: set[str] = field(default_factory=set)
    astray: bool = False
    total: int = 0

    def as_state(self) -> dict[str, Any]:
        """The fill as its checkpoint keeps it."""
        return {
            "signpost_ms": self.signpost_ms,
            "top": self.top,
            "lanes": [lane.as_state() for lane in self.lanes],
            "properties": list(self.properties),
            "laned": self.laned,
            "total": self.total,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Fill:
        """The fill a checkpoint kept."""
        kept = [Lane.from_state(lane) for lane in state["lanes"]]
        made = cls(state["signpost_ms"], state["top"], kept, tuple(state["properties"]), state["laned"])
        made.total = state.get("total", 0)
        return made


def fill(ctx: Context, scope: Scope, report: StreamReport) -> int:
    """Read every record of ``scope.object_type``; returns the signpost (portal's clock, ms) it began at.

    Raises the portal's errors after the last finished page was kept; calling again goes on from there.
    """
    stream = f"fill/{scope.object_type}"
    with ctx.store.view() as u:
        state = cursors.get(u, ctx.portal_id, stream)
    work = _resumed(state, scope) or _begun(ctx, scope, report)
    _read_lanes(ctx, scope, work, report)
    if work.laned and not _trusted(work):
        ctx.progress.note(f"{scope.object_type}: the portal's list cursor is no id; reading again in one lane")
        work = Fill(work.signpost_ms, work.top, [_whole()], scope.properties, total=work.total)
        _read_lanes(ctx, scope, work, report)
    with ctx.store.unit() as u:
        cursors.drop(u, ctx.portal_id, stream)
    return work.signpost_ms


def _resumed(state: dict[str, Any] | None, scope: Scope) -> Fill | None:
    """The kept fill, unless it read other properties than are wanted now."""
    if state is None or set(state["properties"]) != set(scope.properties):
        return None
    return Fill.from_state(state)


def _whole() -> Lane:
    return Lane(lo=0, hi=None, at=None)


def _begun(ctx: Context, scope: Scope, report: StreamReport) -> Fill:
    """Read the first page, and earn lanes if there is more than a few pages to read."""
    signpost = ctx.portal.now_ms()
    total, top = _extent(ctx, scope.object_type)
    ctx.progress.start(scope.object_type, total)
    first = _page(ctx, scope, None)
    ids = [record.id for record in first.records]
    work = Fill(
        signpost, top or (ids[-1] if ids else 0), [laning.advanced(_whole(), ids, first.after)], scope.properties,
        total=total,
    )  # fmt: skip
    _keep_pages(ctx, scope, work, [first], report)
    if first.after is not None and laning.worth(total) > 1 and top > ids[-1]:
        _earn_lanes(ctx, scope, work, ids, report, laning.worth(total))
    return work


def _extent(ctx: Context, object_type: ObjectType) -> tuple[int, int]:
    """(how many records the search counts, the highest id). Only a guide: the search lags and may be refused."""
    try:
        page = ctx.portal.search(
            object_type,
            groups=((Filter("hs_object_id", "GT", "0"),),),
            sort="-hs_object_id",
            properties=("hs_object_id",),
            limit=1,
        )
    except SkippableError:
        return 0, 0
    return page.total or 0, max((record.id for record in page.records), default=0)


def _earn_lanes(ctx: Context, scope: Scope, work: Fill, ids: list[int], report: StreamReport, lanes: int) -> None:
    """Probe whether the list cursor is an id; if so, spread lanes over what is left."""
    probe = laning.probe_after(ids)
    try:
        page = _page(ctx, scope, str(probe[0]))
    except SkippableError:  # a cursor the portal did not hand out itself: it is no id then
        return
    answered = [record.id for record in page.records]
    if not laning.ascends(ids) or not laning.honours(probe, answered):
        return
    work.lanes[0] = laning.advanced(work.lanes[0], [i for i in answered if i > ids[-1]], page.after)
    _keep_pages(ctx, scope, work, [page], report)
    if work.lanes[0].done:
        return
    lo = work.lanes[0].last + 1
    work.lanes = laning.spread(lo, work.top + 1, lanes)
    work.laned = True


def _read_lanes(ctx: Context, scope: Scope, work: Fill, report: StreamReport) -> None:
    """Keep every unfinished lane busy with one call; the next calls go out before the pages at hand are kept.

    Pages that arrived while the last ones were kept go into one transaction: a slow disk makes larger ones, by itself.
    """
    with ThreadPoolExecutor(LANES, thread_name_prefix="lane") as pool:
        flying: dict[Future[Page], int] = {}
        try:
            _launch_idle(ctx, scope, work, pool, flying)
            while flying:
                pages = _gather(ctx, scope, work, pool, flying)
                _keep_pages(ctx, scope, work, pages, report)
                if flying:
                    ctx.give_way(ctx.portal_id)
        finally:
            for future in flying:
                future.cancel()
    ctx.progress.finish(scope.object_type)


def _gather(
    ctx: Context, scope: Scope, work: Fill, pool: ThreadPoolExecutor, flying: dict[Future[Page], int]
) -> list[Page]:
    """The pages of one transaction: the next to land, and those that land within a moment of it."""
    pages: list[Page] = []
    patience: float | None = None
    while len(pages) < GATHER and flying:
        ready, _ = wait(flying, timeout=patience, return_when=FIRST_COMPLETED)
        if not ready:
            break
        pages += [_land(scope, work, future.result(), flying.pop(future)) for future in ready]
        _launch_idle(ctx, scope, work, pool, flying)
        patience = PATIENCE
    return pages


def _land(scope: Scope, work: Fill, page: Page, lo: int) -> Page:
    """Advance the lane that begins at ``lo`` by its page; a cursor seen before would go round for ever."""
    index = next(i for i, lane in enumerate(work.lanes) if lane.lo == lo)
    lane = work.lanes[index]
    if work.laned:
        work.astray = work.astray or not laning.moves_on(lane.at, page.after)
    elif page.after is not None:
        if page.after in work.seen:
            raise ProtocolBroken(
                f"The portal repeated the page cursor of {scope.object_type}.",
                remedy="Nothing was lost; run the sync again, and tell HubSpot support if it stays.",
            )
        work.seen.add(page.after)
    work.lanes[index] = laning.advanced(lane, [record.id for record in page.records], page.after)
    return page


def _launch_idle(
    ctx: Context, scope: Scope, work: Fill, pool: ThreadPoolExecutor, flying: dict[Future[Page], int]
) -> None:
    """Send the next call of each lane that has none; free hands split the fullest lane. None once lanes went astray."""
    if work.astray:
        return
    busy = set(flying.values())
    for lane in [lane for lane in work.lanes if not lane.done and lane.lo not in busy]:
        flying[pool.submit(_page, ctx, scope, lane.at)] = lane.lo
    while work.laned and len(flying) < LANES and (added := _split_fullest(work)):
        flying[pool.submit(_page, ctx, scope, added.at)] = added.lo


def _split_fullest(work: Fill) -> Lane | None:
    """Cut the lane with most left to read; None when no cut is worth its call."""
    index, lane = max(enumerate(work.lanes), key=lambda item: laning.left_in(item[1], work.top))
    halves = laning.split(lane, work.top)
    if halves is None:
        return None
    work.lanes[index : index + 1] = halves
    return halves[1]


def _trusted(work: Fill) -> bool:
    """Whether cursors rose and the lanes' edges meet: each lane ended where the next non-empty one began."""
    if work.astray:
        return False
    met = [lane for lane in work.lanes if lane.first is not None or lane.beyond is not None]
    full = [lane for lane in met if lane.first is not None]
    edges = [lane for lane in met if lane.beyond is not None]
    firsts = {lane.first for lane in full}
    return all(lane.beyond in firsts for lane in edges)


def _page(ctx: Context, scope: Scope, after: str | None) -> Page:
    """One page with its links; without them where the token may not see the linked type."""
    linked = WITH.get(scope.object_type, ())
    try:
        return _listed(ctx, scope, after, linked)
    except (MissingScope, FeatureOff):
        if not linked:
            raise
        return _listed(ctx, scope, after, ())


def _listed(ctx: Context, scope: Scope, after: str | None, linked: tuple[ObjectType, ...]) -> Page:
    page = ctx.portal.page(scope.object_type, after=after, properties=scope.properties, associations=linked, limit=PAGE)
    # Packed here, in the lane's thread: the write transaction, which others wait for, is half as long.
    return Page(tuple(map(records.packed, page.records)), page.after, page.total)


def _keep_pages(ctx: Context, scope: Scope, work: Fill, pages: Sequence[Page], report: StreamReport) -> None:
    """Rows and checkpoint in one transaction."""
    found = [record for page in pages for record in page.records]
    with ctx.store.unit() as u:
        keep(ctx, u, scope.object_type, found, report)
        cursors.save(u, ctx.portal_id, f"fill/{scope.object_type}", work.as_state(), ctx.clock.now_ms())
    if len(report.moved) > MOVED_KEPT:
        report.moved = {report.moved.pop()}
    ctx.progress.advance(scope.object_type, len(found))
