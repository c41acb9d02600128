"""One portal at a glance: is it fine, how far behind is it, what waits, what was done lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.model.records import ObjectType
from connector.reports.home import DAY_MS, Budget, budget, last_sync_ms
from connector.reports.overview import Rest, State, provider_rest, state_of
from connector.reports.progress import Progress, first_sync
from connector.rules.decide import provisioned_properties
from connector.store import (
    Unit,
    certificates,
    cursors,
    definitions,
    flips,
    gaps,
    inbox,
    outbox,
    plans,
    records,
    runs,
)
from connector.store.certificates import CertificateRow
from connector.store.gaps import Gap
from connector.store.plans import PlanRow
from connector.store.portals import PortalRow
from connector.store.runs import RunRow

LATEST = 10
OTHERS: tuple[ObjectType, ...] = ("companies", "deals")


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits, and for whom: notices for the worker, effects for the next run, the rest for a person."""

    notices: int
    oldest_ms: int | None
    effects: int
    to_judge: int
    held_notices: int
    frozen: int
    refused_today: int
    held_back: str
    held_back_since_ms: int | None


@dataclass(frozen=True, slots=True)
class Cockpit:
    """Everything the overview of one portal shows."""

    row: PortalRow
    state: State
    counts: Mapping[str, int]
    first: Progress | None
    synced_ms: int | None
    budget: Budget
    runs: tuple[RunRow, ...]
    waits: Waits
    certificate: CertificateRow | None
    gaps: tuple[Gap, ...]
    lacking: tuple[str, ...]
    plan: PlanRow | None
    provider: Rest | None


def cockpit(u: Unit, row: PortalRow, now_ms: int) -> Cockpit:
    """The overview, in one consistent look."""
    state = state_of(u, row)
    others: dict[str, int] = {kind: records.count(u, row.id, kind) for kind in OTHERS}
    return Cockpit(
        row=row,
        state=state,
        counts={"contacts": state.contacts, **others},
        first=first_sync(u, row.id, now_ms),
        synced_ms=last_sync_ms(u, row.id),
        budget=budget(u, row, now_ms),
        runs=runs.recent(u, row.id, LATEST),
        waits=waits(u, row.id, now_ms),
        certificate=certificates.latest(u, row.id),
        gaps=gaps.standing(u, row.id),
        lacking=tuple(str(one["label"]) for one in properties(u, row.id) if not one["there"]),
        plan=plans.latest(u, row.id),
        provider=provider_rest(u, row.id),
    )


def waits(u: Unit, portal_id: int, now_ms: int) -> Waits:
    """What waits now."""
    told, back = inbox.counts(u, portal_id), cursors.get(u, portal_id, "held_back") or {}
    return Waits(
        notices=told.get("new", 0),
        oldest_ms=inbox.oldest_new_ms(u, portal_id),
        effects=outbox.waiting(u, portal_id),
        to_judge=records.dirty_count(u, portal_id),
        held_notices=told.get("held", 0),
        frozen=len(flips.frozen(u, portal_id)),
        refused_today=len(outbox.refused_since(u, portal_id, now_ms - DAY_MS)),
        held_back=back.get("why", ""),
        held_back_since_ms=back.get("since_ms"),
    )


def properties(u: Unit, portal_id: int) -> list[dict[str, object]]:
    """What write-back needs, and whether the portal had it when its definitions were read last."""
    known = definitions.properties(u, portal_id, "contacts")
    _, wanted = provisioned_properties()
    return [{"name": p["name"], "label": p["label"], "type": p["type"], "there": p["name"] in known} for p in wanted]
