"""Which properties a pull reads: what documents name, what the flows need, what the portal defines. Pure.

Only mapped and rule-used properties are read unless asked; what is left out is said (P7, P22).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.model.records import ObjectType, PropertyDefinition

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
    read = known if everything else wanted & known
    read |= set(CORE.get(object_type, ()))
    return Scope(
        object_type,
        properties=tuple(sorted(read)),
        left_out=tuple(sorted(known - read)),
        absent=tuple(sorted(set(used) - known)),
    )


def widened(before: tuple[str, ...] | list[str], now: Scope) -> bool:
    """Whether ``now`` reads properties that the last full read did not: then every record must be read again."""
    return bool(set(now.properties) - set(before))
