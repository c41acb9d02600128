"""One contact as it stands in the mirror this instant: its properties, its latest score, when it was judged."""

from __future__ import annotations

from typing import Any

from connector.store import Unit, receipts, records


def glance(u: Unit, portal_id: int, contact_id: int) -> dict[str, Any]:
    """Empty when the mirror holds no such contact."""
    record, receipt = records.get(u, portal_id, "contacts", contact_id), receipts.get(u, portal_id, contact_id)
    if record is None or record.archived:
        return {}
    judged = {"score": receipt.score, "stage": receipt.stage, "judged_ms": receipt.at_ms} if receipt else {}
    return {"contact": str(contact_id), "properties": dict(record.properties), **judged}
