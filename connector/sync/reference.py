"""What a portal says about itself: property definitions, owners, pipelines. Read whole, when older than an hour."""

from __future__ import annotations

from collections.abc import Callable

from connector.errors import MissingScope, SkippableError
from connector.model.records import MIRRORED, ObjectType
from connector.store import cursors, definitions
from connector.sync.context import Context, StreamReport

STALE_MS = 60 * 60 * 1000
DAY_MS = 24 * STALE_MS
PIPELINED: tuple[ObjectType, ...] = ("deals",)


def refresh_definitions(ctx: Context, report: StreamReport) -> None:
    """Mirror the property definitions of all mirrored object types."""
    for object_type in MIRRORED:
        found = ctx.portal.definitions(object_type)
        with ctx.store.unit() as u:
            definitions.replace_properties(u, ctx.portal_id, object_type, found, ctx.clock.now_ms())
        report.read += len(found)


def refresh_owners(ctx: Context, report: StreamReport) -> None:
    """Mirror owners, those who left included: leads must never go to them (P40)."""
    found = ctx.portal.owners()
    with ctx.store.unit() as u:
        definitions.replace_owners(u, ctx.portal_id, found, ctx.clock.now_ms())
    report.read += len(found)


def refresh_pipelines(ctx: Context, report: StreamReport) -> None:
    """Mirror the pipelines with their stages."""
    for object_type in PIPELINED:
        found = ctx.portal.pipelines(object_type)
        with ctx.store.unit() as u:
            definitions.replace_pipelines(u, ctx.portal_id, object_type, found, ctx.clock.now_ms())
        report.read += len(found)


def refresh_workflows(ctx: Context, report: StreamReport) -> None:
    """Which contact workflows there are and whether they are on: enrolment is held when the named one is not."""
    found = ctx.portal.workflows()
    report.read += len(found)
    report.extra["workflows"] = {w.id: [w.name, w.enabled] for w in found}


def refresh_requirements(ctx: Context, report: StreamReport) -> None:
    """What the portal requires of contacts' values, so that a value it would refuse is held with the reason (P17)."""
    found = ctx.portal.requirements("contacts")
    report.read += len(found)
    report.extra["rules"] = {name: [[kind, list(some)] for kind, some in rules] for name, rules in found.items()}


REFRESHERS: dict[str, Callable[[Context, StreamReport], None]] = {
    "definitions": refresh_definitions,
    "owners": refresh_owners,
    "pipelines": refresh_pipelines,
    "workflows": refresh_workflows,
    "requirements": refresh_requirements,
}


def refresh(ctx: Context, stream: str, *, force: bool) -> StreamReport | None:
    """Read one reference stream if it is due. None when it is fresh; a portal that refuses it switches it off."""
    with ctx.store.view() as u:
        state = cursors.get(u, ctx.portal_id, stream) or {}
    now = ctx.clock.now_ms()
    if not force and now - state.get("read_ms", 0) < (DAY_MS if stream == "requirements" else STALE_MS):
        return None
    report = StreamReport(stream)
    try:
        REFRESHERS[stream](ctx, report)
    except (SkippableError, MissingScope) as fault:
        report.off = fault.message
    with ctx.store.unit() as u:
        cursors.save(u, ctx.portal_id, stream, {"read_ms": now, "off": report.off, **report.extra}, now)
    return report
