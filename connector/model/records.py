"""What a portal says and what the mirror keeps: snapshots, associations, activities, definitions.

Times are epoch milliseconds (``…_ms``); record ids are ints (HubSpot sends them as digits in a string);
property values are kept exactly as HubSpot sends them: text or None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ObjectType = Literal["contacts", "companies", "deals", "calls", "emails", "meetings", "notes", "tasks"]
Properties = Mapping[str, str | None]

MIRRORED: tuple[ObjectType, ...] = ("contacts", "companies", "deals")
# When a contact entered a lifecycle stage; between or behind these stands the stage's value (HubSpot reference).
ENTERED = "hs_v2_date_entered_"
BECAME = ("hs_lifecyclestage_", "_date")
ENGAGEMENTS: tuple[ObjectType, ...] = ("calls", "emails", "meetings", "notes", "tasks")


def modified_property(object_type: ObjectType) -> str:
    """The property that carries a record's modification time (HubSpot reference)."""
    return "lastmodifieddate" if object_type == "contacts" else "hs_lastmodifieddate"


@dataclass(frozen=True, slots=True)
class Association:
    """One link between two records as the portal reports it. ``label`` is '' for the unlabelled kind."""

    to_type: ObjectType
    to_id: int
    type_id: int | None = None
    label: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the portal says now about one record.

    ``associations`` is None when they were not asked for (unknown, not "none"). ``id`` may differ from the id asked
    for: the record was merged away and ``id`` is the survivor's.
    """

    object_type: ObjectType
    id: int
    properties: Properties
    created_ms: int | None
    modified_ms: int
    archived: bool = False
    archived_ms: int | None = None
    associations: tuple[Association, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing or search. ``after`` is None on the last page; ``total`` only from searches."""

    records: tuple[Snapshot, ...]
    after: str | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class PropertyOption:
    """One option of an enumeration; ``order`` gives the sequence (lifecycle stages depend on it)."""

    value: str
    label: str
    order: int = 0
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """One property as the portal defines it. ``read_only`` is ``modificationMetadata.readOnlyValue``."""

    object_type: ObjectType
    name: str
    label: str
    type: str
    field_type: str
    group: str = ""
    options: tuple[PropertyOption, ...] = ()
    read_only: bool = False
    calculated: bool = False
    hubspot_defined: bool = False
    has_unique_value: bool = False
    external_options: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Owner:
    """A HubSpot user or queue that can own records. ``active`` is the opposite of archived."""

    id: int
    email: str
    first_name: str
    last_name: str
    user_id: int | None
    active: bool
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pipeline, or one option of ``lifecyclestage`` (pipeline ``contacts-lifecycle-pipeline``)."""

    id: str
    label: str
    order: int
    closed: bool = False
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline of an object type with its stages in order."""

    object_type: ObjectType
    id: str
    label: str
    stages: tuple[Stage, ...]
    archived: bool = False


@dataclass(frozen=True, slots=True)
class PortalEvent:
    """One raw engagement event, before the ``activities`` document says which kind of activity it is.

    source: ``email_event``, ``form_submission``, ``page_view``, ``custom_event``, ``marketing_event``, ``call``,
    ``meeting``, ``note``, ``task``, ``email``, ``subscription``. ``type`` is the portal's word (``OPEN``,
    ``ATTENDED``, ``e_visited_page`` …); ``ref`` the portal's id of what it is about (form GUID, campaign id …);
    ``title`` its name; ``url`` where one exists. ``contact_id`` or ``email`` says whose it is; ``id`` is unique
    within ``source``. ``detail`` holds small extras as text (``user_agent``, ``duration_ms``, ``filtered`` …).
    """

    source: str
    id: str
    at_ms: int
    type: str
    contact_id: int | None = None
    email: str | None = None
    ref: str = ""
    title: str = ""
    url: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)


Verdict = Literal["human", "machine", "unsure"]


@dataclass(frozen=True, slots=True)
class Activity:
    """A portal event of one contact with its kind (``white_paper``, ``site_visit`` …; '' when no rule names it)."""

    contact_id: int
    at_ms: int
    id: str
    kind: str
    source: str
    type: str
    ref: str = ""
    title: str = ""
    url: str = ""
    asset: str = ""
    verdict: Verdict = "human"
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PortalIdentity:
    """Who the portal is (account-info details). ``time_zone`` is an IANA name; ``generation`` the path family."""

    hub_id: int
    time_zone: str
    currency: str
    account_type: str
    ui_domain: str
    generation: str
