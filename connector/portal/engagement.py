"""Reading engagement sources: e-mail events, subscriptions, forms, page views, marketing events.

All of them are optional: a missing endpoint, tier or scope is ``FeatureOff``. Engagement *objects* (calls, meetings …)
are records and are read by ``objects``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from connector.clock import iso
from connector.errors import FeatureOff, NotFound, ProtocolBroken
from connector.model.records import PortalEvent
from connector.portal.bodies import objects, text
from connector.portal.caller import Caller, Query
from connector.portal.gateway import EventPage, Form, MarketingEvent, SubscriptionDefinition
from connector.portal.translate import Json, after_of, results_of
from connector.portal.translate_events import (
    behaviour_of,
    email_event_of,
    form_of,
    marketing_event_of,
    participation_of,
    submission_of,
    subscription_definition_of,
    subscription_events_of,
)
from connector.portal.versions import OLD

T = TypeVar("T")
PAGE_VIEW = "e_visited_page"
_ADDRESSES = ("marketing_events.list", "marketing_events.list_other")
_V1_PAGE = 1_000
_PAGE = 100
# HubSpot docs: forms, "Get submissions": at most 50 a page.
_SUBMISSIONS_PAGE = 50


def email_events(caller: Caller, *, start_ms: int, end_ms: int, offset: str | None) -> EventPage:
    """Marketing e-mail events of a span, in pages of 1,000."""
    data = _v1(caller, "email.events", start_ms, end_ms, offset)
    events = (email_event_of(raw) for raw in objects(data.get("events")))
    return EventPage(_known(events), _v1_next(data, offset))


def subscription_changes(caller: Caller, *, start_ms: int, end_ms: int, offset: str | None) -> EventPage:
    """Changes of subscriptions in a span, in pages of 1,000 entries."""
    data = _v1(caller, "email.subscriptions", start_ms, end_ms, offset)
    events = [event for raw in objects(data.get("timeline")) for event in subscription_events_of(raw)]
    return EventPage(tuple(events), _v1_next(data, offset))


def _v1(caller: Caller, operation: str, start_ms: int, end_ms: int, offset: str | None) -> dict[str, Any]:
    query: Query = {"startTimestamp": start_ms, "endTimestamp": end_ms, "limit": _V1_PAGE, "offset": offset}
    data = caller.ask(operation, query=query)
    return data if isinstance(data, dict) else {}


def _v1_next(data: Json, offset: str | None) -> str | None:
    following = text(data.get("offset"))
    if not data.get("hasMore") or not following:
        return None
    return moved(following, offset)


def forms(caller: Caller) -> tuple[Form, ...]:
    """All forms, of every kind, archived ones too: their submissions still count."""
    found: dict[str, Form] = {}
    for archived in (True, False):
        query: Query = {"limit": _PAGE, "archived": archived or None, "formTypes": "all"}
        found |= {form.id: form for form in (form_of(raw) for raw in _all(caller, "forms.list", query)) if form.id}
    return tuple(found.values())


def submissions(caller: Caller, form: Form, *, after: str | None) -> EventPage:
    """Submissions of one form, newest first; a form that is gone has none."""
    query: Query = {"limit": _SUBMISSIONS_PAGE, "after": after}
    try:
        data = caller.ask("forms.submissions", path={"form": form.id}, query=query)
    except NotFound:
        return EventPage(())
    return EventPage(_known(submission_of(form, raw) for raw in results_of(data)), moved(after_of(data), after))


def page_views(caller: Caller, contact_id: int, *, since_ms: int, after: str | None) -> EventPage:
    return _behaviour(caller, "page_view", contact_id, PAGE_VIEW, since_ms, after)


def custom_events(caller: Caller, contact_id: int, event_type: str, *, since_ms: int, after: str | None) -> EventPage:
    return _behaviour(caller, "custom_event", contact_id, event_type, since_ms, after)


def _behaviour(
    caller: Caller, source: str, contact_id: int, event_type: str, since_ms: int, after: str | None
) -> EventPage:
    """Occurrences of one contact; needs an Enterprise hub (HubSpot docs: events API)."""
    query: Query = {
        "objectType": "contact",
        "objectId": contact_id,
        "eventType": event_type,
        "occurredAfter": iso(since_ms),
        "limit": _PAGE,
        "after": after,
    }
    try:
        data = caller.ask("events.occurrences", query=query)
    except NotFound:
        # No such contact, or no such interface? The list of event types tells: FeatureOff when it is missing too.
        caller.ask("events.types")
        return EventPage(())
    events = (behaviour_of(source, raw, contact_id) for raw in results_of(data))
    return EventPage(_known(events), moved(after_of(data), after))


def marketing_events(caller: Caller) -> tuple[MarketingEvent, ...]:
    """All marketing events, under whichever of their two addresses the portal answers; remembered once found."""
    found = at_either(caller, lambda operation: list(_all(caller, operation, {"limit": _PAGE})))
    return tuple(event for event in map(marketing_event_of, found) if event.id)


def at_either(caller: Caller, call: Callable[[str], T]) -> T:
    """A call at the address of marketing events that answers: the remembered one first, then the other."""
    first = caller.marketing_events or _ADDRESSES[0]
    try:
        return call(first)
    except FeatureOff as off:
        if off.scopes or caller.generation != OLD:
            raise
        other = _ADDRESSES[1] if first == _ADDRESSES[0] else _ADDRESSES[0]
        try:
            done = call(other)
        except FeatureOff:
            raise off from None
        caller.marketing_events = other
        return done


def participations(caller: Caller, event: MarketingEvent, *, after: str | None) -> EventPage:
    """Who took part in one marketing event; one that is gone has no participants."""
    query: Query = {"limit": _PAGE, "after": after}
    try:
        data = caller.ask("marketing_events.participations", path={"event": event.id}, query=query)
    except NotFound:
        return EventPage(())
    events = (participation_of(event, raw) for raw in results_of(data))
    return EventPage(_known(events), moved(after_of(data), after))


def subscription_definitions(caller: Caller) -> tuple[SubscriptionDefinition, ...]:
    data = caller.ask("subscriptions.definitions")
    listed = data.get("subscriptionDefinitions") if isinstance(data, dict) else None
    raws = objects(listed) if listed is not None else results_of(data)
    return tuple(subscription_definition_of(raw) for raw in raws)


def _all(caller: Caller, operation: str, query: Query) -> Iterator[Json]:
    """Every entry of a small listing, page by page."""
    yield from walk(lambda after: caller.ask(operation, query={**query, "after": after}))


def walk(fetch: Callable[[str | None], Any]) -> Iterator[Json]:
    """Entries of all pages; a token that repeats ends in an error instead of an endless loop."""
    after: str | None = None
    while True:
        data = fetch(after)
        yield from results_of(data)
        after = moved(after_of(data), after)
        if after is None:
            return


def moved(following: str | None, after: str | None) -> str | None:
    """The next page's token, which must be another than this page's."""
    if following is not None and following == after:
        raise ProtocolBroken("The portal's listing does not move on: its page token repeats.")
    return following


def _known(events: Iterator[PortalEvent | None]) -> tuple[PortalEvent, ...]:
    return tuple(event for event in events if event is not None)
