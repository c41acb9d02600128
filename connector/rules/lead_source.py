"""Where a lead came from: HubSpot's source in our words, and what only other mirrored facts tell. Pure.

HubSpot calls whoever did not come by the website OFFLINE: people met at an event, lists, customers whom sales entered.
Who took part in an event within days of being created came from it; who was a customer that very day was one before.
What HubSpot saw on the website is never overruled. Not here: the words (``documents/sources.py``, the mapping).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.model.judgement import Field, Known, Unknown
from connector.model.records import BECAME, ENTERED, Activity
from connector.rules import values
from connector.rules.documents.sources import LEAD_SOURCE, SOURCES
from connector.rules.view import DAY

OPEN = frozenset({"offline", "imported", "other"})
SILENT = frozenset({"empty", "dropped"})
EVENT_KINDS = ("webinar_registered", "webinar_attended")
EVENT_WITHIN_DAYS = 3
CREATED = "createdate"


def customer_since(stage: str) -> tuple[str, ...]:
    """The properties that say since when a contact is a customer, by the value that stage has in the portal."""
    return (f"{ENTERED}{stage}", f"{BECAME[0]}{stage}{BECAME[1]}") if stage else ()


def read(stage: str) -> tuple[str, ...]:
    """The properties that a source is worked out of, in a portal whose customers are in that stage."""
    return (CREATED, *customer_since(stage))


def lead_source(mapped: Field, properties: Mapping[str, str | None], acts: Iterable[Activity], stage: str) -> Field:
    """The source, from what the mapping says of HubSpot's and the facts beside it. Unknown stays unknown.

    ``stage`` is the portal's own value of the stage customer (``portal_values`` of the ``lifecycle`` document).
    """
    if isinstance(mapped, Known) and str(mapped.value) not in SOURCES:
        return Unknown("no such source", str(mapped.value))
    silent = isinstance(mapped, Unknown) and mapped.why in SILENT
    if not silent and not (isinstance(mapped, Known) and mapped.value in OPEN):
        return mapped
    created = values.day(properties.get(CREATED) or "")
    if created is None:
        return mapped
    for name in customer_since(stage):
        since = values.day(properties.get(name) or "")
        if since is not None and since <= created:
            return Known("existing_customer", name)
    until = (created + EVENT_WITHIN_DAYS + 1) * DAY
    met = any(act.kind in EVENT_KINDS and act.verdict == "human" and act.at_ms < until for act in acts)
    return Known("event", "marketing_event") if met else mapped


__all__ = ["EVENT_KINDS", "LEAD_SOURCE", "customer_since", "lead_source", "read"]
