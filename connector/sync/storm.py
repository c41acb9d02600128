"""Storm: so much changes at once that nobody can have meant it one by one (a bulk edit, an import, a first activation).

The mirror follows, actions are held, a human is asked (P23). State is the cursor ``storm``.

    calm ──more records changed within a minute than the limit──▶ storm
    storm ──two quiet minutes, and what is open lies within the blast radius: the next cycle writes it──▶ calm
    storm ──a person applies the plan by its hash──▶ calm
"""

from __future__ import annotations

from collections.abc import Collection

from connector.model.plan import BlastLimit
from connector.store import cursors, inbox, records
from connector.sync.context import Context

STREAM = "storm"
WINDOW_MS = 60 * 1000
QUIET_MS = 2 * 60 * 1000
LEAST = 100


def watch(ctx: Context, ids: Collection[int]) -> bool:
    """Whether actions are held: a storm blows, or begins with these records and those of the last minute.

    What was handled counts, not what waits: a backlog of our own echoes is no storm.
    """
    now = ctx.clock.now_ms()
    with ctx.store.view() as u:
        state = cursors.get(u, ctx.portal_id, STREAM)
        changed = len(inbox.read_since(u, ctx.portal_id, now - WINDOW_MS) | set(ids))
        limit = limit_of(ctx, records.count(u, ctx.portal_id, "contacts"))
    if changed <= limit:
        return state is not None and now - state["last_ms"] < QUIET_MS
    most = max(changed, (state or {}).get("most", 0))
    kept = {"since_ms": (state or {}).get("since_ms", now), "last_ms": now, "most": most, "limit": limit}
    with ctx.store.unit() as u:
        cursors.save(u, ctx.portal_id, STREAM, kept, now)
    return True


def limit_of(ctx: Context, live_contacts: int) -> int:
    """Changed records a minute that still count as everyday work: the portal's setting, else its blast radius."""
    return int(ctx.row.settings.get("storm_per_minute") or max(LEAST, BlastLimit().of(live_contacts)))


def holds(ctx: Context) -> str:
    """The sentence of a storm that still blows; empty when there is none or it has been quiet for two minutes."""
    with ctx.store.view() as u:
        state = cursors.get(u, ctx.portal_id, STREAM)
    if state is None or ctx.clock.now_ms() - state["last_ms"] >= QUIET_MS:
        return ""
    return (
        f"A storm: {state['most']} records changed within a minute (limit {state['limit']}). They are mirrored, "
        f"nothing is written. See leadwright plan {ctx.row.name}; then apply it by its hash, or wait until it is quiet."
    )


def over(ctx: Context) -> None:
    """The storm is over: a person has decided, or what it left was small enough to be written."""
    with ctx.store.unit() as u:
        cursors.drop(u, ctx.portal_id, STREAM)
