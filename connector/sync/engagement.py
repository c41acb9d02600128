"""Engagement into the mirror: e-mail events, subscriptions, forms, page views, marketing events.

(Calls, meetings, notes, tasks and e-mails are CRM objects and go through ``fill`` and ``increment``.)
Each source keeps its own cursor and can be off: a portal without the tier or scope switches off that source alone,
with the reason, and rules that need it become unknown instead of zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from connector.errors import MissingScope, SkippableError
from connector.model.records import PortalEvent
from connector.portal.gateway import EventPage, Form
from connector.store import cursors, records
from connector.sync.context import Context, StreamReport
from connector.sync.keep import keep_events
from connector.sync.sweep import chunks
from connector.sync.visitors import views_of, visitors

DAY_MS = 24 * 60 * 60 * 1000
HISTORY_MS = 400 * DAY_MS
OVERLAP_MS = 10 * 60 * 1000
PAGE_VIEW_WINDOW_MS = 90 * DAY_MS
READERS = 8


def read_source(ctx: Context, source: str) -> StreamReport:
    """Read one source from its cursor on. A source the portal does not offer is reported off, never an error."""
    report = StreamReport(source)
    with ctx.store.view() as u:
        state = cursors.get(u, ctx.portal_id, f"events/{source}") or {}
    was_read = bool(state) and not state.get("off")
    try:
        SOURCES[source](ctx, state, report)
    except (SkippableError, MissingScope) as fault:
        report.off = fault.message
        _save(ctx, source, {**state, "off": fault.message})
    if was_read != (report.off is None):
        with ctx.store.unit() as u:
            records.mark_dirty(u, ctx.portal_id, None)  # what was unknown may be known now, or the other way round
    return report


def _save(ctx: Context, source: str, state: dict[str, Any]) -> None:
    with ctx.store.unit() as u:
        cursors.save(u, ctx.portal_id, f"events/{source}", state, ctx.clock.now_ms())


def _keep(
    ctx: Context, source: str, events: tuple[PortalEvent, ...], state: dict[str, Any], report: StreamReport
) -> None:
    """Events and checkpoint in one transaction."""
    with ctx.store.unit() as u:
        report.created += keep_events(ctx, u, events)
        cursors.save(u, ctx.portal_id, f"events/{source}", state, ctx.clock.now_ms())
    report.read += len(events)
    ctx.progress.advance(source, len(events))


def _read_window(
    read: Callable[..., EventPage], source: str
) -> Callable[[Context, dict[str, Any], StreamReport], None]:
    """A reader of a source that is asked for by a window of time and an offset (e-mail events v1, subscriptions)."""

    def reader(ctx: Context, state: dict[str, Any], report: StreamReport) -> None:
        now = ctx.portal.now_ms()
        window = state.get("window") or {
            "start": state.get("high", now - HISTORY_MS - OVERLAP_MS) - (OVERLAP_MS if state.get("high") else 0),
            "end": now,
            "offset": None,
        }
        ctx.progress.start(source, None)
        while True:
            page = read(ctx.portal, start_ms=window["start"], end_ms=window["end"], offset=window["offset"])
            done = page.after is None or page.after == window["offset"]
            window = {**window, "offset": page.after}
            after = {"high": window["end"]} if done else {**state, "window": window, "off": None}
            _keep(ctx, source, page.events, after, report)
            if done:
                ctx.progress.finish(source)
                return

    return reader


def _read_forms(ctx: Context, state: dict[str, Any], report: StreamReport) -> None:
    """Submissions of each form, newest first, down to the newest one known (HubSpot docs: form submissions)."""
    marks: dict[str, int] = dict(state.get("marks", {}))
    ctx.progress.start("forms", None)
    for form in ctx.portal.forms():
        if form.archived and form.id in marks:
            continue
        newest = marks.get(form.id, 0)
        floor = marks.get(form.id, ctx.portal.now_ms() - HISTORY_MS)
        for page in _submission_pages(ctx, form, floor):
            _keep(ctx, "forms", page, {"marks": marks}, report)
            newest = max([newest, *(event.at_ms for event in page)])
        if newest:
            marks[form.id] = newest
    _save(ctx, "forms", {"marks": marks})
    ctx.progress.finish("forms")


def _submission_pages(ctx: Context, form: Form, floor: int) -> Iterator[tuple[PortalEvent, ...]]:
    """Pages of events not older than ``floor``; the walk ends at the first page that reaches below it."""
    after: str | None = None
    while True:
        page = ctx.portal.submissions(form, after=after)
        yield tuple(event for event in page.events if event.at_ms >= floor)
        reached = any(event.at_ms < floor for event in page.events)
        if page.after is None or page.after == after or reached:
            return
        after = page.after


def _read_marketing_events(ctx: Context, state: dict[str, Any], report: StreamReport) -> None:
    """Who registered for, attended or missed each marketing event; past ones are settled after a month."""
    settled: set[str] = set(state.get("settled", ()))
    ctx.progress.start("marketing_events", None)
    for event in ctx.portal.marketing_events():
        if event.id in settled:
            continue
        after: str | None = None
        while True:
            page = ctx.portal.participations(event, after=after)
            _keep(ctx, "marketing_events", page.events, {"settled": sorted(settled)}, report)
            if page.after is None or page.after == after:
                break
            after = page.after
        if event.end_ms and event.end_ms < ctx.portal.now_ms() - 30 * DAY_MS:
            settled.add(event.id)
    _save(ctx, "marketing_events", {"settled": sorted(settled)})
    ctx.progress.finish("marketing_events")


def _read_page_views(ctx: Context, state: dict[str, Any], report: StreamReport) -> None:
    """Page views of contacts that visited since, by one call each (``visitors.py``)."""
    started = ctx.clock.now_ms()
    floor = ctx.portal.now_ms() - PAGE_VIEW_WINDOW_MS
    seen_ms, blind, todo = state.get("seen_ms"), bool(state.get("blind")), state.get("todo")
    if todo is None:
        todo, blind = visitors(ctx, seen_ms, floor, blind=blind)
    ctx.progress.start("page_views", len(todo))
    with ThreadPoolExecutor(READERS, thread_name_prefix="views") as pool:
        for chunk in chunks(todo, 10 * READERS):
            found = list(pool.map(lambda contact_id: views_of(ctx, contact_id, floor), chunk))
            todo = todo[len(chunk) :]
            kept = {"seen_ms": seen_ms, "next_ms": started, "todo": todo, "blind": blind}
            _keep(ctx, "page_views", tuple(event for events in found for event in events), kept, report)
    _save(ctx, "page_views", {"seen_ms": state.get("next_ms", started), **({"blind": True} if blind else {})})
    ctx.progress.finish("page_views")


SOURCES: dict[str, Callable[[Context, dict[str, Any], StreamReport], None]] = {
    "email_events": _read_window(lambda portal, **window: portal.email_events(**window), "email_events"),
    "subscriptions": _read_window(lambda portal, **window: portal.subscription_changes(**window), "subscriptions"),
    "forms": _read_forms,
    "marketing_events": _read_marketing_events,
    "page_views": _read_page_views,
}
