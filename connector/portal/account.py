"""Who the portal is, what it allows today, and what its token may do: all that `portal check` asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connector.errors import FeatureOff, MissingScope, NotFound, PortalUnavailable, Refused, SkippableError, SyncError
from connector.model.records import PortalIdentity
from connector.portal.bodies import JsonValue, text
from connector.portal.caller import Caller, Query
from connector.portal.engagement import at_either
from connector.portal.gateway import DailyUsage, ScopeReport
from connector.portal.properties import requirements
from connector.portal.translate import millis, results_of, whole
from connector.portal.versions import GENERATIONS

UNKNOWN_ZONE = "UTC"


def identity(caller: Caller) -> PortalIdentity:
    """The portal's own account of itself; settles which generation of paths it is spoken to in."""
    generations = (caller.generation,) if caller.settled else GENERATIONS
    for generation in generations:
        caller.generation = generation
        try:
            return _settled(caller, caller.ask("account.details"))
        except NotFound:
            continue
        except (MissingScope, FeatureOff):
            # The token may do other things: connected, but nobody says where and when midnight is.
            return _settled(caller, {})
    caller.generation = generations[0]
    host = caller.transport.host
    raise PortalUnavailable(
        f"{host} answers, but not like HubSpot: no account details under any known path.",
        remedy="Check the portal's base address.",
    )


def _settled(caller: Caller, data: JsonValue) -> PortalIdentity:
    caller.settled = True
    data = data if isinstance(data, dict) else {}
    zone = text(data.get("timeZone")) or UNKNOWN_ZONE
    caller.transport.governor.set_zone(zone)
    return PortalIdentity(
        hub_id=whole(data.get("portalId")) or 0,
        time_zone=zone,
        currency=text(data.get("companyCurrency")),
        account_type=text(data.get("accountType")),
        ui_domain=text(data.get("uiDomain")),
        generation=caller.generation,
    )


def daily_usage(caller: Caller) -> DailyUsage | None:
    """The portal's own count where it tells, else what its headers said, else nothing."""
    known = caller.transport.governor.usage(caller.transport.time.now_ms())
    try:
        data = caller.ask("account.daily_usage")
    except (SkippableError, MissingScope):
        return known
    for raw in results_of(data):
        limit, used = whole(raw.get("usageLimit")), whole(raw.get("currentUsage"))
        if limit is not None and used is not None and text(raw.get("fetchStatus")) in {"", "SUCCESS", "CACHED"}:
            return DailyUsage(limit, used, millis(raw.get("resetsAt")) or (known.resets_ms if known else None))
    return known


@dataclass(frozen=True, slots=True)
class _Probe:
    """One feature, the scope it needs, and a cheap call that shows whether it is there."""

    feature: str
    scope: str
    ask: Callable[[Caller], object]


def _listing(object_type: str) -> Callable[[Caller], object]:
    return lambda caller: caller.ask("objects.list", query={"limit": 1}, object_type=object_type)


def _first(operation: str) -> Callable[[Caller], object]:
    return lambda caller: caller.ask(operation, query={"limit": 1})


def _marketing_events(caller: Caller) -> object:
    return at_either(caller, lambda operation: caller.ask(operation, query={"limit": 1}))


def _events(caller: Caller) -> object:
    query: Query = {"objectType": "contact", "objectId": 1, "eventType": "e_visited_page", "limit": 1}
    return caller.ask("events.occurrences", query=query)


def _email_events(caller: Caller) -> object:
    now = caller.transport.time.now_ms()
    return caller.ask("email.events", query={"limit": 1, "startTimestamp": now - 60_000, "endTimestamp": now})


def probes(owners: Callable[[], object]) -> Sequence[_Probe]:
    """Features and their scopes (HubSpot docs: scopes), contacts first: without them nothing works."""
    return (
        _Probe("contacts", "crm.objects.contacts.read", _listing("contacts")),
        _Probe("companies", "crm.objects.companies.read", _listing("companies")),
        _Probe("deals", "crm.objects.deals.read", _listing("deals")),
        _Probe("owners", "crm.objects.owners.read", lambda _caller: owners()),
        _Probe("properties", "crm.schemas.contacts.read", lambda caller: caller.ask("properties.list")),
        _Probe("forms", "forms", _first("forms.list")),
        _Probe("email events", "content", _email_events),
        _Probe("marketing events", "crm.objects.marketing_events.read", _marketing_events),
        _Probe("page views and custom events", "oauth (Enterprise)", _events),
        _Probe("subscriptions", "communication_preferences.read", _first("subscriptions.definitions")),
        _Probe("lists", "crm.lists.read", lambda caller: caller.ask("lists.heads", query={"listIds": "1"})),
        _Probe("workflows", "automation", lambda caller: caller.ask("workflows.list")),
        _Probe("sales e-mails", "sales-email-read", _listing("emails")),
        *(
            _Probe(kind, "crm.objects.contacts.read", _listing(kind))
            for kind in ("calls", "meetings", "notes", "tasks")
        ),
        _Probe("property rules", "crm.schemas.contacts.read", lambda caller: requirements(caller, "contacts")),
    )


def scopes_check(caller: Caller, owners: Callable[[], object]) -> tuple[ScopeReport, ...]:
    """One cheap call per feature."""
    return tuple(_report(caller, probe) for probe in probes(owners))


def _report(caller: Caller, probe: _Probe) -> ScopeReport:
    try:
        probe.ask(caller)
    except MissingScope as lacking:
        return ScopeReport(probe.feature, ", ".join(lacking.scopes) or probe.scope, ok=False, why=lacking.message)
    except FeatureOff as off:
        scope = ", ".join(off.scopes) or probe.scope
        return ScopeReport(probe.feature, scope, ok=False, why=off.message, absent=off.absent)
    except (NotFound, Refused):
        # The portal looked at the request itself, so the token may ask.
        return ScopeReport(probe.feature, probe.scope, ok=True)
    except SyncError as error:
        return ScopeReport(probe.feature, probe.scope, ok=None, why=error.message)
    return ScopeReport(probe.feature, probe.scope, ok=True)
