"""What a property of one record was: the portal's own history of it, newest first."""

from __future__ import annotations

from connector.model.records import ObjectType
from connector.portal.bodies import objects, text
from connector.portal.caller import Caller, Query
from connector.portal.translate import Json, millis


def history(caller: Caller, object_type: ObjectType, record: int, name: str) -> tuple[tuple[int, str], ...]:
    """(since when, value) of one property, newest first, '' for cleared; () where the portal keeps none.

    HubSpot docs: CRM objects, ``propertiesWithHistory``: newest first. Entries without a time are left out.
    """
    path = {"object_type": object_type, "record": record}
    query: Query = {"properties": "hs_object_id", "propertiesWithHistory": name}
    data = caller.ask("objects.read_one", path=path, query=query, live=True, object_type=object_type)
    kept = data.get("propertiesWithHistory") if isinstance(data, dict) else None
    entries = objects(kept.get(name)) if isinstance(kept, dict) else []
    found = [(at, text(entry.get("value"))) for entry in entries if (at := _at(entry)) is not None]
    return tuple(sorted(found, key=lambda one: -one[0]))


def _at(entry: Json) -> int | None:
    return millis(entry.get("timestamp"))
