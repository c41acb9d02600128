"""The seam between Leadwright and a portal: the protocol ``Portal`` and the values that cross it. Nothing else.

Values of records (snapshots, definitions, events …) live in ``connector/model/records.py``; here is only what belongs
to the act of asking: filters, updates, outcomes, pages of events, limits and counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from connector.model.records import (
    Association,
    ObjectType,
    Owner,
    Page,
    Pipeline,
    PortalEvent,
    PortalIdentity,
    PropertyDefinition,
    PropertyOption,
    Snapshot,
)

Kind = Literal["list", "search", "batch_read", "write", "other"]
KINDS: tuple[Kind, ...] = ("list", "search", "batch_read", "write", "other")
# Reasons of a ``RetryableError`` after which a call may have been carried out all the same.
OUTCOME_OPEN = frozenset({"outcome_unknown", "unreadable"})


@dataclass(frozen=True, slots=True)
class Learned:
    """What a portal's limits were found to be, to be kept for the next process. None and 0: not found out.

    ``refill_ms`` is when ``refill`` was found out. ``searches`` are a second; one more is tried
    ``search_patience_ms`` after ``search_quiet_ms``. ``daily_used`` counts until ``daily_ends_ms``;
    ``closed_until_ms`` is when the portal's used-up day ends. ``marketing_events``: which of two addresses answers.
    """

    burst: int | None = None
    window_seconds: float | None = None
    refill: Literal["learn", "rolling", "bucket"] = "learn"
    refill_ms: int = 0
    searches: int | None = None
    search_quiet_ms: int = 0
    search_patience_ms: int = 0
    daily: int | None = None
    daily_used: int = 0
    daily_ends_ms: int = 0
    closed_until_ms: int = 0
    marketing_events: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """Limits fixed by configuration; None means "as the portal's headers say, else the default".

    ``burst`` calls in ``window_seconds`` (never more than the portal's own figure); ``search_per_second`` has its own
    bucket; ``daily`` with ``reserve_share`` of it kept for live traffic and other tools of the portal. ``daily_used``
    seeds the calls already made since the portal's midnight in ``time_zone``. ``refill`` names the limiter's model
    when it is known: ``rolling``, ``bucket``, or ``learn``. ``learned`` is what an earlier process found out; what is
    configured goes first.
    """

    burst: int | None = None
    window_seconds: float = 10.0
    search_per_second: int = 5
    daily: int | None = None
    reserve_share: float = 0.10
    daily_used: int = 0
    time_zone: str = ""
    refill: Literal["learn", "rolling", "bucket"] = "learn"
    learned: Learned = Learned()


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One HTTP request as it happened: no values, no query, no e-mail; ``path`` is the template."""

    operation: str
    method: str
    path: str
    kind: Kind
    live: bool
    status: int | None
    ms: int
    attempt: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class CallCounts:
    """Requests sent so far. ``wasted`` had to be sent again or gave nothing (429, 5xx, connection faults)."""

    made: int
    by_kind: Mapping[str, int]
    refused_429: int
    retried: int
    wasted: int

    def since(self, before: CallCounts) -> CallCounts:
        """What was sent after ``before`` was counted."""
        by_kind = {kind: n - before.by_kind.get(kind, 0) for kind, n in self.by_kind.items()}
        return CallCounts(
            self.made - before.made,
            by_kind,
            self.refused_429 - before.refused_429,
            self.retried - before.retried,
            self.wasted - before.wasted,
        )


NO_CALLS = CallCounts(0, {}, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """The portal's daily calls: allowed, used, and when the count starts anew (epoch ms, if the portal says so)."""

    limit: int
    used: int
    resets_ms: int | None = None

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition of a search; ``value``/``high`` for BETWEEN, ``values`` for IN and NOT_IN."""

    property: str
    operator: str
    value: str | None = None
    high: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchRead:
    """What a read by ids gave. ``survivors`` maps an asked id that was merged away to the id that lives on."""

    records: tuple[Snapshot, ...]
    missing: tuple[int, ...] = ()
    survivors: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page of events; ``after`` is None on the last one."""

    events: tuple[PortalEvent, ...]
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Properties to write to one record; ``''`` clears."""

    id: int
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WriteOutcome:
    """What became of one update. ``gone``: the portal no longer has the id (deleted or merged away)."""

    id: int
    state: Literal["written", "refused", "gone"]
    modified_ms: int | None = None
    properties: Mapping[str, str | None] = field(default_factory=dict)
    reason: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """A note or a task on a contact, for an owner. ``at_ms``: when it is of, a task when it is due; ``body`` is HTML,
    at most 65,536 characters."""

    kind: Literal["notes", "tasks"]
    contact_id: int
    at_ms: int
    owner_id: int | None
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Form:
    """A HubSpot form; ``id`` is its GUID."""

    id: str
    name: str
    archived: bool = False
    updated_ms: int | None = None


@dataclass(frozen=True, slots=True)
class MarketingEvent:
    """A marketing event (webinar, trade fair …)."""

    id: str
    name: str
    type: str = ""
    start_ms: int | None = None
    end_ms: int | None = None
    url: str = ""
    external_id: str = ""
    updated_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionDefinition:
    """One kind of communication a person can subscribe to."""

    id: str
    name: str
    purpose: str = ""
    method: str = ""
    active: bool = True
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Workflow:
    """A contact workflow; ``id`` is the one that enrolment takes (not the ``flow_id`` of the newer listing)."""

    id: str
    name: str
    enabled: bool
    type: str = ""
    flow_id: str = ""


@dataclass(frozen=True, slots=True)
class ListHead:
    """What a list (segment) says of itself. ``of_contacts``: False for a list of companies or anything else.

    ``size`` is None where it is not told; ``settled``: False while HubSpot still works out who belongs on it.
    """

    id: str
    name: str
    size: int | None = None
    of_contacts: bool = True
    settled: bool = True


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Members of a list: (contact, since when it is on it, where that is told); ``after`` is None on the last page."""

    members: tuple[tuple[int, int | None], ...]
    after: str | None = None


@dataclass(frozen=True, slots=True)
class PropertyGroup:
    """A group of properties to be there before properties are created in it."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class NewProperty:
    """A property Leadwright wants to exist (HubSpot docs: properties, "Create properties")."""

    name: str
    label: str
    type: str
    field_type: str
    description: str = ""
    options: tuple[PropertyOption, ...] = ()


@dataclass(frozen=True, slots=True)
class ProvisionOutcome:
    """What provisioning found and did. ``differing`` exist with another type; ``failed`` were refused; both by name."""

    group_created: bool
    created: tuple[str, ...]
    existing: tuple[str, ...]
    differing: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScopeReport:
    """Whether a feature works with this token: True, False (``why`` says what is missing) or None (not found out).

    ``absent``: the portal has no such endpoint, whatever is granted.
    """

    feature: str
    scope: str
    ok: bool | None
    why: str = ""
    absent: bool = False


class Portal(Protocol):
    """What the rest of Leadwright may ask of a portal. Every method may raise ``SyncError``s of connector/errors.py.

    A missing endpoint, tier or scope of an *optional* source raises ``FeatureOff``; contacts are never optional.
    """

    def identity(self) -> PortalIdentity: ...

    def definitions(self, object_type: ObjectType) -> tuple[PropertyDefinition, ...]: ...

    def owners(self) -> tuple[Owner, ...]:
        """Active and archived."""

    def pipelines(self, object_type: ObjectType) -> tuple[Pipeline, ...]: ...

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
    ) -> Page: ...

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
        """``groups`` are OR-ed, the filters of a group AND-ed; ``sort`` is a property, with ``-`` for descending."""

    def read(
        self,
        object_type: ObjectType,
        ids: Sequence[int],
        properties: Sequence[str],
        *,
        archived: bool = False,
        live: bool = False,
    ) -> BatchRead: ...

    def read_one(self, object_type: ObjectType, record: int | str, properties: Sequence[str]) -> Snapshot:
        """``record`` is an id or an e-mail; the snapshot's id may be the survivor's; raises ``NotFound``."""

    def history(self, object_type: ObjectType, record: int, name: str) -> tuple[tuple[int, str], ...]:
        """(since when, value) of one property, newest first, as the portal remembers it."""

    def associations(
        self, from_type: ObjectType, to_type: ObjectType, ids: Sequence[int]
    ) -> dict[int, tuple[Association, ...]]:
        """An id the portal could not answer for is left out: unknown, not "none"."""

    def email_events(self, *, start_ms: int, end_ms: int, offset: str | None) -> EventPage: ...

    def subscription_changes(self, *, start_ms: int, end_ms: int, offset: str | None) -> EventPage: ...

    def forms(self) -> tuple[Form, ...]: ...

    def submissions(self, form: Form, *, after: str | None) -> EventPage:
        """Newest first."""

    def page_views(self, contact_id: int, *, since_ms: int, after: str | None) -> EventPage: ...

    def custom_events(self, contact_id: int, event_type: str, *, since_ms: int, after: str | None) -> EventPage: ...

    def marketing_events(self) -> tuple[MarketingEvent, ...]: ...

    def participations(self, event: MarketingEvent, *, after: str | None) -> EventPage: ...

    def subscription_definitions(self) -> tuple[SubscriptionDefinition, ...]: ...

    def workflows(self) -> tuple[Workflow, ...]: ...

    def write(self, object_type: ObjectType, updates: Sequence[Update]) -> tuple[WriteOutcome, ...]:
        """One batch of at most 100 distinct ids; ``Refused`` when the portal turns the whole batch down."""

    def enrol(self, workflow_id: str, email: str) -> None:
        """204 means accepted, not enrolled. ``PortalUnavailable`` with reason ``outcome_unknown`` may have worked."""

    def leave(self, workflow_id: str, email: str) -> None:
        """Idempotent, as far as it was accepted."""

    def change_list(self, list_id: str, contact_id: int, *, add: bool) -> None:
        """Idempotent. Only lists with members of their own; the portal refuses for those that compute them."""

    def lists(self, ids: Sequence[str]) -> tuple[ListHead, ...]:
        """Those of these lists that the portal has."""

    def list_members(self, list_id: str, *, after: str | None) -> MemberPage:
        """By record id, at most 250 a page; raises ``NotFound`` for a list that is gone."""

    def enrolments(self, contact_id: int) -> tuple[str, ...]: ...

    def give_note(self, note: Note) -> int:
        """The id of what was made. A ``RetryableError`` with reason ``outcome_unknown`` may have worked."""

    def create_properties(
        self, object_type: ObjectType, group: PropertyGroup, properties: Sequence[NewProperty]
    ) -> ProvisionOutcome:
        """Idempotent: looks first, creates only what is missing."""

    def requirements(self, object_type: ObjectType) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
        """What the portal requires of values: property → (kind of rule, arguments)."""

    def add_options(self, object_type: ObjectType, name: str, values: Sequence[str]) -> tuple[str, ...]:
        """Idempotent: adds what is missing of these options to a drop-down; those that were added."""

    def scopes_check(self) -> tuple[ScopeReport, ...]:
        """One cheap call per feature: what a missing scope or tier switches off."""

    def daily_usage(self) -> DailyUsage | None: ...

    def now_ms(self) -> int:
        """The portal's clock: ours, corrected by its Date header."""

    def knock(self) -> None:
        """One call, tried once: raises the ``RetryableError`` of a portal that is still down."""

    def calls(self) -> CallCounts: ...

    def rates_learned(self) -> Learned:
        """What the limits were found to be, for the next process."""

    def close(self) -> None: ...
