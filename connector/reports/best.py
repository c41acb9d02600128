"""The ten best leads: who to call first, and why in one line."""

from __future__ import annotations

from typing import Any

import orjson

from connector.store import Unit, receipts, records

SOLD = frozenset({"customer", "opportunity", "disqualified"})


def leads(u: Unit, portal_id: int, limit: int) -> list[dict[str, Any]]:
    """Highest scores among live contacts that sales does not have already."""
    rows = receipts.best(u, portal_id, limit, skip_stages=SOLD)
    people = {
        r.id: r.properties
        for page in records.stream(u, portal_id, "contacts", ids=[row.contact_id for row in rows])
        for r in page
    }
    return [_lead(row, people.get(row.contact_id, {})) for row in rows]


def _lead(row: receipts.ReceiptRow, person: Any) -> dict[str, Any]:
    # While a new model has restated the score, the reasons are still to come.
    body = orjson.loads(row.body) if row.body else {}
    lines = sorted(body.get("lines", []), key=lambda line: -line["points"])
    return {
        "contact": str(row.contact_id),
        "name": " ".join(part for part in (person.get("firstname"), person.get("lastname")) if part),
        "company": person.get("company") or "",
        "score": row.score,
        "grade": row.grade,
        "stage": row.stage,
        "why": "; ".join(line["reason"] for line in lines[:2]),
    }
