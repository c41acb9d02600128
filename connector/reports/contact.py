"""One contact's head: who that is, where it stands, and where HubSpot shows it; erased and unknown ones told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.reports.contacts import name_of
from connector.store import Unit, erasures, receipts, records
from connector.store.portals import PortalRow
from connector.store.values import id_or_none


@dataclass(frozen=True, slots=True)
class Head:
    """Who a page is about. ``due_ms``: when time alone will change the verdict."""

    id: int
    name: str
    email: str
    phone: str
    company: str
    title: str
    link: str
    asked_as: str
    created_ms: int | None
    judged_ms: int | None
    due_ms: int | None


def head(u: Unit, row: PortalRow, contact: str) -> Head | None:
    """The contact of that id, old ids of merged ones included; None for whom the mirror does not hold."""
    number = id_or_none(contact)
    record = records.get(u, row.id, "contacts", number) if number is not None else None
    if record is None or record.archived:
        return None
    receipt = receipts.get(u, row.id, record.id)
    values: Mapping[str, str | None] = record.properties
    return Head(
        id=record.id,
        name=name_of(values),
        email=values.get("email") or "",
        phone=values.get("phone") or values.get("mobilephone") or "",
        company=values.get("company") or "",
        title=values.get("jobtitle") or "",
        link=record_link(row, record.id),
        asked_as=contact if str(record.id) != contact else "",
        created_ms=record.created_ms,
        judged_ms=receipt.at_ms if receipt else None,
        due_ms=receipt.due_ms if receipt else None,
    )


def record_link(row: PortalRow, contact_id: int) -> str:
    """Where HubSpot shows the record (HubSpot docs: record URLs); empty where the portal told no host."""
    host = row.ui_domain
    plain = host and all(one.isalnum() or one in ".-" for one in host)
    return f"https://{host}/contacts/{row.hub_id}/record/0-1/{contact_id}" if plain and row.hub_id else ""


def erased_ms(u: Unit, row: PortalRow, contact: str) -> int | None:
    """When the person of that id was erased here; None for whom nothing is known of."""
    number = id_or_none(contact)
    found = erasures.of(u, row.id, [number]) if number is not None else ()
    return found[0].at_ms if found else None
