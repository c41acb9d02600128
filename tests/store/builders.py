"""Short words for what a portal says, so that tests speak of contacts and not of constructors."""

from __future__ import annotations

from connector.model.records import Activity, Association, ObjectType, PortalEvent, PortalIdentity, Snapshot
from connector.store.receipts import ReceiptRow

T0 = 1_795_305_600_000
IDENTITY = PortalIdentity(4711, "Europe/Berlin", "EUR", "STANDARD", "app-eu1.hubspot.com", "v3")


def snapshot(
    record: int,
    modified: int = 0,
    *,
    object_type: ObjectType = "contacts",
    created: int | None = -1000,
    archived: bool = False,
    archived_at: int | None = None,
    **properties: str | None,
) -> Snapshot:
    """A record as the portal says it is; times are milliseconds after T0."""
    return Snapshot(
        object_type,
        record,
        properties,
        T0 + created if created is not None else None,
        T0 + modified,
        archived,
        T0 + archived_at if archived_at is not None else None,
    )


def activity(contact: int, at: int, ident: str, kind: str = "white_paper", **more: str) -> Activity:
    return Activity(contact, T0 + at, ident, kind, more.pop("source", "form_submission"), "SUBMITTED", **more)


def event(email: str | None, at: int, ident: str, source: str = "form_submission") -> PortalEvent:
    return PortalEvent(source, ident, T0 + at, "SUBMITTED", email=email, ref="form-1", title="White paper")


def company_link(company: int, *, primary: bool = False, label: str = "", type_id: int | None = 279) -> Association:
    return Association("companies", company, type_id, label, primary)


def receipt(contact: int, score: int = 10, *, at: int = 0, due: int | None = None, **more: str) -> ReceiptRow:
    return ReceiptRow(
        contact_id=contact,
        at_ms=T0 + at,
        model="standard",
        version=1,
        score=score,
        grade=more.get("grade", "C"),
        fit=score,
        engagement=0,
        stage=more.get("stage", "lead"),
        due_ms=T0 + due if due is not None else None,
        body='{"lines":[]}',
    )
