"""Which properties a pull reads: what documents name, what the flows need, what the portal defines. Pure.

Only mapped and rule-used properties are read unless asked; what is left out is said (P7, P22).
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from connector.model.records import BECAME, ENTERED, ObjectType, PropertyDefinition

CORE: dict[str, tuple[str, ...]] = {
    "contacts": (
        "email",
        "firstname",
        "lastname",
        "company",
        "lifecyclestage",
        "hubspot_owner_id",
        "createdate",
        "lastmodifieddate",
        "hs_object_id",
        "hs_additional_emails",
        "hs_merged_object_ids",
        "hs_analytics_last_timestamp",
        "hs_analytics_num_page_views",
        "num_conversion_events",
        "recent_conversion_date",
        "notes_last_updated",
    ),
    "companies": ("name", "domain", "createdate", "hs_lastmodifieddate", "hs_object_id", "hubspot_owner_id"),
    "deals": (
        "dealname",
        "dealstage",
        "pipeline",
        "amount",
        "closedate",
        "createdate",
        "hs_lastmodifieddate",
        "hs_object_id",
        "hubspot_owner_id",
    ),
}
ENGAGEMENT_PROPERTIES: dict[str, tuple[str, ...]] = {
    "calls": ("hs_timestamp", "hs_call_title", "hs_call_status", "hs_call_duration", "hs_call_direction"),
    "emails": ("hs_timestamp", "hs_email_subject", "hs_email_direction", "hs_email_status"),
    "meetings": ("hs_timestamp", "hs_meeting_title", "hs_meeting_outcome", "hs_meeting_start_time"),
    "notes": ("hs_timestamp",),
    "tasks": ("hs_timestamp", "hs_task_subject", "hs_task_status", "hs_task_type"),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The properties to read of one object type, those left out, and those asked for that the portal lacks."""

    object_type: ObjectType
    properties: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def reading_scope(
    object_type: ObjectType,
    used: frozenset[str],
    definitions: Mapping[str, PropertyDefinition],
    *,
    everything: bool = False,
) -> Scope:
    """What to read of ``object_type``. Without definitions (no schema scope) every used name is asked for."""
    wanted = set(CORE.get(object_type, ())) | set(used)
    if not definitions:
        return Scope(object_type, tuple(sorted(wanted)))
    known = {name for name, definition in definitions.items() if not definition.archived}
    read = known if everything else (wanted & known) | _dated(object_type, known)
    read |= set(CORE.get(object_type, ()))
    return Scope(
        object_type,
        properties=tuple(sorted(read)),
        left_out=tuple(sorted(known - read)),
        absent=tuple(sorted(set(used) - known)),
    )


def _dated(object_type: ObjectType, known: AbstractSet[str]) -> set[str]:
    """When each lifecycle stage was entered, for the stages this portal has: what reports and the backtest date by.

    HubSpot writes both families; the older one is read only where the newer lacks the stage.
    """
    if object_type != "contacts":
        return set()
    newer = {name for name in known if name.startswith(ENTERED)}
    stages = {name.removeprefix(ENTERED) for name in newer}
    older = {name for name in known if name.startswith(BECAME[0]) and name.endswith(BECAME[1])}
    return newer | {name for name in older if name[len(BECAME[0]) : -len(BECAME[1])] not in stages}


def widened(before: tuple[str, ...] | list[str], now: Scope) -> bool:
    """Whether ``now`` reads properties that the last full read did not: then every record must be read again."""
    return bool(set(now.properties) - set(before))
