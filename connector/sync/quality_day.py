"""A portal's data quality kept once a day, so that its trend can be shown. Nobody is judged by it."""

from __future__ import annotations

from datetime import datetime

from connector.rules.needs import fields_that_count
from connector.rules.quality import Tally, quality
from connector.store import cursors, quality_days, records
from connector.store.quality_days import QualityDay
from connector.sync.context import Context
from connector.sync.facts import cases
from connector.sync.pull import off_sources
from connector.sync.schedule import zone_of

CHUNK = 500
MOST = 10_000
"""So many are looked at: a portal's live work waits meanwhile. Of more, every second, third … one is."""


def keep(ctx: Context) -> bool:
    """Keep today's figures, if they are not kept yet and the mirror is whole; whether they were kept now.

    Whether somebody is there twice cannot be told from a part of all: that share is left out then.
    """
    now = ctx.clock.now_ms()
    day = datetime.fromtimestamp(now / 1000, zone_of(ctx.row)).date().isoformat()
    with ctx.store.view() as u:
        mirrored = "since_ms" in (cursors.get(u, ctx.portal_id, "contacts") or {})
        if not mirrored or quality_days.has(u, ctx.portal_id, day):
            return False
        total = records.count(u, ctx.portal_id, "contacts")
    step = max(1, -(-total // MOST))
    found = _tally(ctx, now, step).shares()
    with ctx.store.unit() as u:
        unique = found.unique if step == 1 else None
        one = QualityDay(day, now, total, found.complete, found.valid, found.fresh, unique)
        quality_days.put(u, ctx.portal_id, one)
    return True


def _tally(ctx: Context, now_ms: int, step: int) -> Tally:
    """Everybody, or every ``step``-th of them.

    A view for each stretch: one that stays open for minutes would keep the database from tidying up.
    """
    names, off, tally = fields_that_count(ctx.rulebook.rules.documents), off_sources(ctx), Tally()
    last = 0
    while True:
        with ctx.store.view() as u:
            ids = records.live_ids(u, ctx.portal_id, "contacts", after_id=last, limit=CHUNK * step)
            for case in cases(ctx, u, sorted(ids)[::step], now_ms, off):
                tally.see(case.record.id, quality(case.facts, case.faults, names, case.record.created_ms))
        if not ids:
            return tally
        last = max(ids)
