"""What the journeys do again and again, in the trade's words."""

from __future__ import annotations

from typing import Any

from connector.store import portals, records
from connector.twin.ledger import Call
from tests.rig import Rig, differences

MIRRORED = {"email", "firstname", "lastname", "company", "jobtitle", "lifecyclestage", "hubspot_owner_id", "city"}
OURS = {
    "leadwright_score", "leadwright_grade", "leadwright_fit", "leadwright_engagement", "leadwright_reasons",
    "leadwright_stage", "leadwright_next_step", "leadwright_next_field",
}  # fmt: skip


def people(rig: Rig, count: int, **properties: Any) -> list[int]:
    """So many new contacts of one kind, and nothing else."""
    return [
        rig.twin.create_contact({"email": f"p{i}@kunde{i % 40}.example", "lastname": f"Müller {i}", **properties})
        for i in range(1, count + 1)
    ]


def go_live(rig: Rig) -> None:
    """Mirrored, provisioned, live: ready for a first plan."""
    rig.run("sync")
    rig.run("provision")
    rig.run("live")


def written_back(rig: Rig) -> dict[str, Any]:
    """Go live and carry the first plan out."""
    go_live(rig)
    return rig.run("apply", plan_hash=rig.run("plan")["hash"])


def mirrored(rig: Rig) -> dict[int, dict[str, str | None]]:
    """Live contacts as the mirror holds them, without the work of an export."""
    with rig.service() as service, service.store.view() as u:
        portal = portals.by_name(u, rig.name)
        return {r.id: r.properties for page in records.stream(u, portal.id, "contacts") for r in page if not r.archived}


def wrong(rig: Rig, names: set[str] | None = None) -> list[str]:
    """Where the mirror's live contacts differ from the portal's; by default in every property the mirror holds."""
    mirror = mirrored(rig)
    held = {name for properties in mirror.values() for name in properties}
    return differences(mirror, rig.twin.truth("contacts"), held if names is None else names)


def stream(result: dict[str, Any], name: str) -> dict[str, Any]:
    """One stream of a sync's report."""
    return next(row for row in result["streams"] if row["stream"] == name)


def calls_of(rig: Rig, since: int) -> list[Call]:
    """The calls the portal saw after ``since`` of them."""
    return rig.twin.ledger.calls[since:]


def scores(rig: Rig) -> dict[int, str | None]:
    """What the portal itself shows as score."""
    return {i: p.get("leadwright_score") for i, p in rig.twin.truth("contacts").items()}
