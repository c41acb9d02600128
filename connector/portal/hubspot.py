"""``HubSpotPortal``: the protocol of ``gateway`` spoken to a HubSpot portal. A face: the work is in its neighbours."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.clock import Clock
from connector.errors import ConfigError
from connector.model.records import (
    Association,
    ObjectType,
    Owner,
    Page,
    Pipeline,
    PortalIdentity,
    PropertyDefinition,
    Snapshot,
)
from connector.portal import account, automation, engagement, links, notes, objects, past, properties, writes
from connector.portal.caller import Caller
from connector.portal.gateway import (
    BatchRead,
    CallCounts,
    CallRecord,
    DailyUsage,
    EventPage,
    Filter,
    Form,
    Learned,
    ListHead,
    MarketingEvent,
    MemberPage,
    NewProperty,
    Note,
    Portal,
    PropertyGroup,
    ProvisionOutcome,
    Rates,
    ScopeReport,
    SubscriptionDefinition,
    Update,
    Workflow,
    WriteOutcome,
)
from connector.portal.transport import Transport
from connector.portal.versions import GENERATIONS

if TYPE_CHECKING:
    from connector.portal.typed import TypedClient


def connect(
    base_url: str,
    token: Callable[[], str] | str,
    *,
    clock: Clock,
    generation: str = "auto",
    rates: Rates | None = None,
    on_call: Callable[[CallRecord], None] | None = None,
) -> HubSpotPortal:
    """A portal to talk to; nothing is sent yet. ``token`` may be a function, asked anew for every request."""
    if generation not in {"auto", *GENERATIONS}:
        raise ConfigError(f"The generation is one of auto, {', '.join(GENERATIONS)}.")
    transport = Transport(base_url, token, clock=clock, rates=rates, on_call=on_call)
    caller = Caller(transport, generation)
    caller.marketing_events = rates.learned.marketing_events if rates else ""
    return HubSpotPortal(caller)


class HubSpotPortal:
    """One HubSpot portal. Safe to share between threads; limits and connections are per instance."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._transport = caller.transport
        self._lock = threading.Lock()
        self._client: TypedClient | None = None
        caller.settle = self.identity

    # -- who and what ------------------------------------------------------------------------------------------------

    def identity(self) -> PortalIdentity:
        return account.identity(self._caller)

    def definitions(self, object_type: ObjectType) -> tuple[PropertyDefinition, ...]:
        return objects.definitions(self._caller, object_type)

    def owners(self) -> tuple[Owner, ...]:
        return self._typed().owners()

    def pipelines(self, object_type: ObjectType) -> tuple[Pipeline, ...]:
        return self._typed().pipelines(object_type)

    # -- records -----------------------------------------------------------------------------------------------------

    def page(
        self,
        object_type: ObjectType,
        *,
        after: str | None,
        properties: Sequence[str],
        associations: Sequence[ObjectType] = (),
        archived: bool = False,
        limit: int = 100,
        live: bool = False,
    ) -> Page:
        return objects.page(
            self._caller,
            object_type,
            after=after,
            properties=properties,
            associations=associations,
            archived=archived,
            limit=limit,
            live=live,
        )

    def search(
        self,
        object_type: ObjectType,
        *,
        groups: Sequence[Sequence[Filter]],
        sort: str,
        properties: Sequence[str],
        limit: int = 200,
        after: str | None = None,
        live: bool = True,
    ) -> Page:
        return objects.search(
            self._caller,
            object_type,
            groups=groups,
            sort=sort,
            properties=properties,
            limit=limit,
            after=after,
            live=live,
        )

    def read(
        self,
        object_type: ObjectType,
        ids: Sequence[int],
        properties: Sequence[str],
        *,
        archived: bool = False,
        live: bool = False,
    ) -> BatchRead:
        return objects.read(self._caller, object_type, ids, properties, archived=archived, live=live)

    def read_one(self, object_type: ObjectType, record: int | str, properties: Sequence[str]) -> Snapshot:
        return objects.read_one(self._caller, object_type, record, properties)

    def history(self, object_type: ObjectType, record: int, name: str) -> tuple[tuple[int, str], ...]:
        return past.history(self._caller, object_type, record, name)

    def associations(
        self, from_type: ObjectType, to_type: ObjectType, ids: Sequence[int]
    ) -> dict[int, tuple[Association, ...]]:
        return links.associations(self._caller, from_type, to_type, ids)

    # -- engagement --------------------------------------------------------------------------------------------------

    def email_events(self, *, start_ms: int, end_ms: int, offset: str | None) -> EventPage:
        return engagement.email_events(self._caller, start_ms=start_ms, end_ms=end_ms, offset=offset)

    def subscription_changes(self, *, start_ms: int, end_ms: int, offset: str | None) -> EventPage:
        return engagement.subscription_changes(self._caller, start_ms=start_ms, end_ms=end_ms, offset=offset)

    def forms(self) -> tuple[Form, ...]:
        return engagement.forms(self._caller)

    def submissions(self, form: Form, *, after: str | None) -> EventPage:
        return engagement.submissions(self._caller, form, after=after)

    def page_views(self, contact_id: int, *, since_ms: int, after: str | None) -> EventPage:
        return engagement.page_views(self._caller, contact_id, since_ms=since_ms, after=after)

    def custom_events(self, contact_id: int, event_type: str, *, since_ms: int, after: str | None) -> EventPage:
        return engagement.custom_events(self._caller, contact_id, event_type, since_ms=since_ms, after=after)

    def marketing_events(self) -> tuple[MarketingEvent, ...]:
        return engagement.marketing_events(self._caller)

    def participations(self, event: MarketingEvent, *, after: str | None) -> EventPage:
        return engagement.participations(self._caller, event, after=after)

    def subscription_definitions(self) -> tuple[SubscriptionDefinition, ...]:
        return engagement.subscription_definitions(self._caller)

    # -- effects -----------------------------------------------------------------------------------------------------

    def workflows(self) -> tuple[Workflow, ...]:
        return automation.workflows(self._caller)

    def write(self, object_type: ObjectType, updates: Sequence[Update]) -> tuple[WriteOutcome, ...]:
        return writes.write(self._caller, object_type, updates)

    def enrol(self, workflow_id: str, email: str) -> None:
        automation.enrol(self._caller, workflow_id, email)

    def leave(self, workflow_id: str, email: str) -> None:
        automation.leave(self._caller, workflow_id, email)

    def change_list(self, list_id: str, contact_id: int, *, add: bool) -> None:
        automation.change_list(self._caller, list_id, contact_id, add=add)

    def lists(self, ids: Sequence[str]) -> tuple[ListHead, ...]:
        return automation.lists(self._caller, ids)

    def list_members(self, list_id: str, *, after: str | None) -> MemberPage:
        return automation.list_members(self._caller, list_id, after=after)

    def enrolments(self, contact_id: int) -> tuple[str, ...]:
        return automation.enrolments(self._caller, contact_id)

    def give_note(self, note: Note) -> int:
        return notes.give(self._caller, note)

    def create_properties(
        self, object_type: ObjectType, group: PropertyGroup, properties: Sequence[NewProperty]
    ) -> ProvisionOutcome:
        return self._typed().create_properties(object_type, group, properties)

    def requirements(self, object_type: ObjectType) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
        return properties.requirements(self._caller, object_type)

    def add_options(self, object_type: ObjectType, name: str, values: Sequence[str]) -> tuple[str, ...]:
        return properties.add_options(self._caller, object_type, name, values)

    # -- the doctor's questions --------------------------------------------------------------------------------------

    def scopes_check(self) -> tuple[ScopeReport, ...]:
        return account.scopes_check(self._caller, self._typed().first_owner)

    def daily_usage(self) -> DailyUsage | None:
        return account.daily_usage(self._caller)

    def now_ms(self) -> int:
        return self._transport.time.now_ms()

    def skew_ms(self) -> int:
        """The portal's clock minus ours, as far as its Date header tells."""
        return self._transport.time.skew_ms()

    def knock(self) -> None:
        self._caller.knock()

    def calls(self) -> CallCounts:
        return self._transport.governor.counts()

    def rates_learned(self) -> Learned:
        learned = self._transport.governor.learned(self.now_ms())
        return replace(learned, marketing_events=self._caller.marketing_events)

    @property
    def limiter(self) -> str:
        """How the portal's burst limit was found to work: ``learn`` (not yet), ``rolling`` or ``bucket``."""
        return self._transport.governor.model

    def close(self) -> None:
        self._transport.close()

    def _typed(self) -> TypedClient:
        with self._lock:
            if self._client is None:
                # The one late import of the house: the official client costs tens of MB and start-up time, and a
                # process that only mirrors or judges never needs it.
                module: Any = importlib.import_module("connector.portal.typed")
                client: TypedClient = module.TypedClient(self._caller)
                self._client = client
            return self._client


if TYPE_CHECKING:
    _keeps_the_protocol: type[Portal] = HubSpotPortal
