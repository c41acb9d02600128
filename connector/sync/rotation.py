"""Links read again in turn: a link that comes or goes moves no record's time, so no increment ever tells (P6).

Each pull reads the links of a few thousand contacts at most, a thousand a call, so that everybody's were looked at once
within twenty hours. A changed link marks its contact to be judged. Webhooks tell sooner; this finds what they missed.
"""

from __future__ import annotations

from connector.errors import MissingScope, SkippableError
from connector.store import associations, cursors, records
from connector.sync.context import Context, StreamReport

STREAM = "links"
TURN_MS = 20 * 60 * 60 * 1000
BATCH = 1000
MOST = 3


def due(ctx: Context) -> int:
    """How many calls this pull owes to the turn; 0 most of the time in a small portal."""
    with ctx.store.view() as u:
        state = cursors.get(u, ctx.portal_id, STREAM)
        live = records.count(u, ctx.portal_id, "contacts")
    if state is None or not live:
        return 0
    return min(MOST, (ctx.clock.now_ms() - int(state["read_ms"])) // _each_ms(live))


def _each_ms(live: int) -> int:
    """How long one call's thousand contacts last."""
    return TURN_MS // max(1, -(-live // BATCH))


def read_links(ctx: Context, calls: int) -> StreamReport | None:
    """Read on from where the last pull stopped; None when nothing was due. The first pull only starts the watch."""
    with ctx.store.view() as u:
        state = cursors.get(u, ctx.portal_id, STREAM)
    now = ctx.clock.now_ms()
    if state is None:
        _save(ctx, 0, now)  # the fill has just read them all
    if state is None or not calls:
        return None
    report = StreamReport(STREAM)
    after = int(state["after"])
    try:
        for _ in range(calls):
            after = _read(ctx, after, report)
    except (SkippableError, MissingScope) as fault:
        report.off = fault.message
    with ctx.store.view() as u:
        rest = (now - int(state["read_ms"])) % _each_ms(records.count(u, ctx.portal_id, "contacts"))
    _save(ctx, after, now - rest)  # what is left over counts for the next pull
    return report


def _read(ctx: Context, after: int, report: StreamReport) -> int:
    """One call; gives the id to go on from, 0 to begin anew."""
    with ctx.store.view() as u:
        found = records.stamps(u, ctx.portal_id, "contacts", after, BATCH)
    ids = [record for record, _, archived in found if not archived]
    if ids:
        told = ctx.portal.associations("contacts", "companies", ids)
        links = {record: told[record] for record in ids if record in told}
        with ctx.store.unit() as u:
            moved = associations.replace(u, ctx.portal_id, "contacts", links, "companies", ctx.clock.now_ms())
        report.read += len(links)
        report.changed += len(moved)
        report.moved.update(moved)
    return found[-1][0] if len(found) == BATCH else 0


def _save(ctx: Context, after: int, read_ms: int) -> None:
    with ctx.store.unit() as u:
        cursors.save(u, ctx.portal_id, STREAM, {"after": after, "read_ms": read_ms}, ctx.clock.now_ms())
