"""A pull: every stream of a portal from its cursor into the mirror, in an order that lets each find what it needs.

    definitions, owners, pipelines ─▶ contacts, companies, deals ─▶ links, lists ─▶ calls … ─▶ events by source

Nothing here writes to the portal. Each stream ends with its own report; one that the portal refuses is off with a
reason, and the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.engine.yielding import Yielded
from connector.errors import MissingScope, SkippableError
from connector.model.records import ENGAGEMENTS, MIRRORED, ObjectType
from connector.store import cursors, definitions, records, runs
from connector.sync import engagement, listing, reference, rotation
from connector.sync.context import Context, StreamReport
from connector.sync.fill import fill
from connector.sync.increment import Echo, increment, settle
from connector.sync.scope import ENGAGEMENT_PROPERTIES, Scope, reading_scope, widened
from connector.sync.sweep import sweep, sweep_engagements

REFERENCE = ("definitions", "owners", "pipelines", "workflows", "requirements")
ALWAYS = ("email_events",)
WHEN_MOVED = ("forms", "page_views", "marketing_events", "subscriptions")
HOURLY_MS, LATELY_MS = 60 * 60 * 1000, 20 * 60 * 1000


@dataclass(frozen=True, slots=True)
class PullOptions:
    """``only`` of contacts, companies, deals, engagement, owners (empty: all); ``everything`` reads all properties."""

    full: bool = False
    only: frozenset[str] = frozenset()
    everything: bool = False

    def wants(self, part: str) -> bool:
        """Whether a part was asked for."""
        return not self.only or part in self.only


@dataclass(slots=True)
class PullReport:
    """All streams of one pull, and the properties that were left out by object type."""

    streams: list[StreamReport] = field(default_factory=list)
    left_out: dict[str, tuple[str, ...]] = field(default_factory=dict)
    absent: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def moved_contacts(self) -> bool:
        """Whether any contact is new, changed, merged or gone."""
        return any(s.moved or s.merged or s.deleted for s in self.streams if s.stream == "contacts")


def pull(ctx: Context, options: PullOptions) -> PullReport:
    """Bring the mirror up to what the portal says now."""
    report = PullReport()
    known = ctx.portal.rates_learned()
    if known.daily is not None:
        ctx.progress.note(f"{max(0, known.daily - known.daily_used):,} of {known.daily:,} calls are left today.")
    for stream in REFERENCE:
        if stream != "owners" or options.wants("owners"):
            _add(ctx, report, lambda s=stream: reference.refresh(ctx, s, force=options.full))
    for object_type in MIRRORED:
        if options.wants(object_type):
            _add(ctx, report, lambda t=object_type: _pull_records(ctx, t, options, report))
    if options.wants("contacts"):
        _add(ctx, report, lambda: rotation.read_links(ctx, 0 if options.full else rotation.due(ctx)))
        _add(ctx, report, lambda: listing.read_lists(ctx, force=options.full))
    if options.wants("engagement"):
        _pull_engagement(ctx, options, report)
    return report


def booked_pull(ctx: Context, options: PullOptions) -> tuple[str, PullReport, float]:
    """A pull booked as a run: (run id, report, seconds). A failed one is booked as failed, what it kept stays."""
    began = ctx.clock.monotonic()
    with ctx.store.unit() as u:
        run_id = runs.start(u, ctx.portal_id, "pull", ctx.clock.now_ms())
    state, counts = "failed", {}
    try:
        report = pull(ctx, options)
        state, counts = "done", {s.stream: s.read for s in report.streams}
    except Yielded:
        state = "stood aside"
        raise
    finally:
        with ctx.store.unit() as u:
            runs.finish(u, ctx.portal_id, run_id, state, counts, "", ctx.clock.now_ms())
    return run_id, report, round(ctx.clock.monotonic() - began, 3)


def _add(ctx: Context, report: PullReport, read: Any) -> None:
    """Run one stream and book its time and calls."""
    began, calls = ctx.clock.monotonic(), ctx.portal.calls().made
    done: StreamReport | None = read()
    if done is not None:
        done.seconds = round(ctx.clock.monotonic() - began, 3)
        done.calls = ctx.portal.calls().made - calls
        report.streams.append(done)


def scope_of(ctx: Context, object_type: ObjectType, *, everything: bool = False) -> Scope:
    """What to read of an object type under the published documents."""
    if object_type in ENGAGEMENTS:
        return Scope(object_type, ENGAGEMENT_PROPERTIES[object_type])
    with ctx.store.view() as u:
        known = definitions.properties(u, ctx.portal_id, object_type)
    everything = everything or ctx.rulebook.reads_everything
    return reading_scope(object_type, ctx.rulebook.used(object_type), known, everything=everything)


def _pull_records(ctx: Context, object_type: ObjectType, options: PullOptions, whole: PullReport) -> StreamReport:
    """One record stream: filled when it never was (or must read more properties), else incremented."""
    report = StreamReport(object_type)
    scope = scope_of(ctx, object_type, everything=options.everything)
    with ctx.store.view() as u:
        state = cursors.get(u, ctx.portal_id, object_type) or {}
    if "since_ms" in state and not options.everything:
        scope = _no_narrower(scope, state)
    whole.left_out[object_type], whole.absent[object_type] = scope.left_out, scope.absent
    if _lately_off(ctx, state) and not options.full:
        report.off = state["off"]
        return report
    try:
        _advance(ctx, scope, state, options, report)
    except (SkippableError, MissingScope) as fault:
        if object_type == "contacts":
            raise
        report.off = fault.message
        with ctx.store.unit() as u:
            now = ctx.clock.now_ms()
            cursors.save(u, ctx.portal_id, object_type, {**state, "off": fault.message, "off_ms": now}, now)
    return report


def _lately_off(ctx: Context, state: Mapping[str, Any]) -> bool:
    """Whether the portal refused this stream within the hour: asked again then, not with every tick."""
    return bool(state.get("off")) and ctx.clock.now_ms() - state.get("off_ms", 0) < HOURLY_MS


def _no_narrower(scope: Scope, state: dict[str, Any]) -> Scope:
    """Properties once asked for with ``--properties all`` go on being read, so that none grows stale unseen."""
    known = {*scope.properties, *scope.left_out}
    kept = {name for name in state["properties"] if name in known}
    read = tuple(sorted(kept | set(scope.properties)))
    return Scope(scope.object_type, read, tuple(sorted(known - set(read))), scope.absent)


def _advance(ctx: Context, scope: Scope, state: dict[str, Any], options: PullOptions, report: StreamReport) -> None:
    """Fill or increment, sweep where counts disagree, save the cursor last: a kill in between repeats, never skips."""
    echo = _echo(state)
    if "since_ms" not in state or widened(state["properties"], scope) or options.full:
        report.full = True
        if options.full and "since_ms" in state:
            _begin_anew(ctx, scope, report)
        since = fill(ctx, scope, report)
    else:
        since = increment(ctx, scope, state["since_ms"], report, echo)
        faded = echo is not None and echo.until_ms <= since
        if scope.object_type == "contacts" and (report.moved or faded):
            settle(ctx, scope, report, everything=faded)
    kept: dict[str, Any] = {"since_ms": since, "properties": list(scope.properties)}
    counted = _counts_now(ctx, scope, state, report, force=options.full)
    kept["counted_ms"] = ctx.clock.now_ms() if counted else state.get("counted_ms", 0)
    kept["offset"] = state.get("offset", 0)
    if counted:
        kept["offset"] = _hold_against_count(ctx, scope, kept["offset"], report, force=options.full)
    if echo is not None and echo.until_ms > since:
        kept["echo"] = {"stamp_ms": echo.stamp_ms, "until_ms": echo.until_ms}
    with ctx.store.unit() as u:
        cursors.save(u, ctx.portal_id, scope.object_type, kept, ctx.clock.now_ms())


def _begin_anew(ctx: Context, scope: Scope, report: StreamReport) -> None:
    """A full pull reads everything as it is now; it goes on only from one that was cut off within the hour."""
    stream = f"fill/{scope.object_type}"
    with ctx.store.unit() as u:
        kept = next((row for row in cursors.every(u, ctx.portal_id) if row.stream == stream), None)
        if kept is None:
            return
        minutes = max(0, ctx.clock.now_ms() - kept.updated_ms) // 60_000
        young = minutes < 60 and set(kept.state["properties"]) == set(scope.properties)
        if not young:
            cursors.drop(u, ctx.portal_id, stream)
    what = "goes on where it was cut off" if young else "begins anew, not where it was cut off"
    report.extra["note"] = f"The full pull {what} {minutes} minutes ago."
    ctx.progress.note(f"{scope.object_type}: {report.extra['note']}")


def full_scope(ctx: Context, object_type: ObjectType) -> Scope:
    """What the last pull read of an object type: what is read of single records must be no less."""
    scope = scope_of(ctx, object_type)
    with ctx.store.view() as u:
        state = cursors.get(u, ctx.portal_id, object_type) or {}
    read = tuple(sorted({*scope.properties, *state.get("properties", ())}))
    return Scope(object_type, read, tuple(sorted(set(scope.left_out) - set(read))), scope.absent)


def catch_up(ctx: Context) -> None:
    """Mirror what others changed in contacts until now, before a large write-back moves the same contacts' times."""
    with ctx.store.view() as u:
        state = cursors.get(u, ctx.portal_id, "contacts") or {}
    if "since_ms" in state:
        report = StreamReport("contacts")
        increment(ctx, full_scope(ctx, "contacts"), state["since_ms"], report, _echo(state))


def _counts_now(ctx: Context, scope: Scope, state: Mapping[str, Any], report: StreamReport, *, force: bool) -> bool:
    """Contacts are counted at every increment, companies and deals every hour: a quiet pull has ten calls to spend.

    Where links are to be read again, that call takes the place of counting once; the next quiet pull counts.
    """
    if scope.object_type not in MIRRORED:
        return False
    age = ctx.clock.now_ms() - state.get("counted_ms", 0)
    if scope.object_type == "contacts" and age < LATELY_MS and not report.moved and rotation.due(ctx):
        return force or report.full
    return force or report.full or scope.object_type == "contacts" or age >= HOURLY_MS


def _hold_against_count(ctx: Context, scope: Scope, offset: int, report: StreamReport, *, force: bool) -> int:
    """Sweep when the portal counts more or fewer records than the mirror; returns the difference that then remains.

    A remaining difference (the search lags, or counts otherwise) is remembered so that it does not sweep each time.
    """
    counted = count_in_portal(ctx, scope.object_type)
    if force or counted is None or counted - _count(ctx, scope.object_type) != offset:
        sweep(ctx, scope, report)
    return 0 if counted is None else counted - _count(ctx, scope.object_type)


def _count(ctx: Context, object_type: ObjectType) -> int:
    with ctx.store.view() as u:
        return records.count(u, ctx.portal_id, object_type)


def _echo(state: dict[str, Any]) -> Echo | None:
    return Echo(**state["echo"]) if state.get("echo") else None


def count_in_portal(ctx: Context, object_type: ObjectType) -> int | None:
    """How many live records the portal's search counts."""
    try:
        page = ctx.portal.search(object_type, groups=(), sort="hs_object_id", properties=("hs_object_id",), limit=1)
    except SkippableError:
        return None
    return page.total


def _pull_engagement(ctx: Context, options: PullOptions, report: PullReport) -> None:
    """CRM engagement objects, then the event sources that are due."""
    for object_type in ENGAGEMENTS:
        _add(ctx, report, lambda t=object_type: _pull_engagements(ctx, t, options, report))
    moved = report.moved_contacts or options.full or "engagement" in options.only
    for source in (*ALWAYS, *WHEN_MOVED):
        if _due(ctx, source) or ((source in ALWAYS or moved) and not _off(ctx, source)):
            _add(ctx, report, lambda s=source: engagement.read_source(ctx, s))


def _pull_engagements(ctx: Context, object_type: ObjectType, options: PullOptions, whole: PullReport) -> StreamReport:
    """One kind of engagement; a full pull also forgets those that were deleted."""
    report = _pull_records(ctx, object_type, options, whole)
    if options.full and report.off is None:
        report.deleted = sweep_engagements(ctx, object_type)
    return report


def _off(ctx: Context, source: str) -> bool:
    """Whether the portal did not offer a source when it was last asked, within the hour."""
    with ctx.store.view() as u:
        return bool((cursors.get(u, ctx.portal_id, f"events/{source}") or {}).get("off"))


def _due(ctx: Context, source: str) -> bool:
    """Whether a source that follows the contacts' counters has not been read for an hour, or was cut off."""
    with ctx.store.view() as u:
        found = next((c for c in cursors.every(u, ctx.portal_id) if c.stream == f"events/{source}"), None)
    return found is None or bool(found.state.get("todo")) or ctx.clock.now_ms() - found.updated_ms >= HOURLY_MS


EVENT_SOURCE = {
    "email_events": "email_event",
    "forms": "form_submission",
    "page_views": "page_view",
    "marketing_events": "marketing_event",
    "subscriptions": "subscription",
}


def off_sources(ctx: Context) -> frozenset[str]:
    """Event sources that were never read or that this portal does not offer: their rules are unknown, not zero."""
    with ctx.store.view() as u:
        known = cursors.some(u, ctx.portal_id, {f"events/{stream}" for stream in EVENT_SOURCE})
    states = {source: known.get(f"events/{stream}") for stream, source in EVENT_SOURCE.items()}
    return frozenset(source for source, state in states.items() if state is None or state.get("off"))
