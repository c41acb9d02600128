"""The plan that stands: what was made of it last, and how many contacts wait to be looked at in the next one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from connector.reports.contacts import name_of
from connector.store import Unit, cursors, plans, records
from connector.store.plans import PlanRow


@dataclass(frozen=True, slots=True)
class StandingPlan:
    """``waiting`` contacts have something open or are to be judged; ``workflows``: id → name in HubSpot."""

    row: PlanRow | None
    waiting: int
    workflows: Mapping[str, str]


def standing_plan(u: Unit, portal_id: int) -> StandingPlan:
    """The newest plan that was made of the whole portal."""
    listed = (cursors.get(u, portal_id, "workflows") or {}).get("workflows", {})
    return StandingPlan(
        plans.latest(u, portal_id),
        records.dirty_count(u, portal_id),
        {ident: str(name) for ident, (name, _) in listed.items()},
    )


def names_of(u: Unit, portal_id: int, ids: Collection[int]) -> dict[int, str]:
    """Names of contacts by id; those without one are left out."""
    found = records.get_many(u, portal_id, "contacts", ids) if ids else {}
    return {ident: name for ident, record in found.items() if (name := name_of(record.properties))}
