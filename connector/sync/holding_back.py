"""What keeps a live portal from being written to, as one standing sentence: since when, and what would change it.

A storm, a blast radius, properties that are missing: whoever runs a command reads it there. Where the service runs,
nobody does; so it is kept (cursor ``held_back``) for ``portal list``, ``doctor``, ``/metrics`` and the log.
"""

from __future__ import annotations

import structlog

from connector.store import cursors
from connector.sync.context import Context

STREAM = "held_back"
log = structlog.get_logger(__name__)


def note(ctx: Context, why: str) -> None:
    """Nothing is written for this reason. It is logged when it begins, not each time."""
    now = ctx.clock.now_ms()
    with ctx.store.unit() as u:
        known = cursors.get(u, ctx.portal_id, STREAM)
        state = {"since_ms": known["since_ms"] if known else now, "why": why}
        if known != state:
            cursors.save(u, ctx.portal_id, STREAM, state, now)
    if not known:
        log.warning("nothing is written", portal=ctx.portal_id, why=why)


def over(ctx: Context) -> None:
    """What was to be written was written, or there was nothing."""
    with ctx.store.view() as u:
        known = cursors.get(u, ctx.portal_id, STREAM)
    if known:
        with ctx.store.unit() as u:
            cursors.drop(u, ctx.portal_id, STREAM)
        log.info("writing goes on", portal=ctx.portal_id)
