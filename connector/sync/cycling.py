"""The cycle: pull, judge, push. What the clock runs, and what heals whatever webhooks missed."""

from __future__ import annotations

from typing import Any

from connector.store import gaps
from connector.sync import enriching, holding_back, push, react, restoring, storm, telling
from connector.sync.context import Context
from connector.sync.pull import PullOptions, booked_pull


def cycle(ctx: Context) -> dict[str, Any]:
    """One cycle. In observe mode, over the blast radius or in a storm nothing is written, and it says so."""
    began = ctx.clock.now_ms()
    synced = telling.pulled(ctx, *booked_pull(ctx, PullOptions()))
    with ctx.store.unit() as u:
        gaps.close(u, ctx.portal_id, began, ctx.clock.now_ms())
    enriching.in_a_cycle(ctx)
    plan = react.make_plan(ctx, patient=True)
    done, held = None, storm.holds(ctx)
    if not held:
        done, held = push.push_if_allowed(ctx, plan)
    if held:
        if ctx.row.live:
            holding_back.note(ctx, held)
    else:
        storm.over(ctx)
        holding_back.over(ctx)
        restoring.settle(ctx)
    return telling.cycled(ctx, synced, plan, done, held)
