"""What the portal says of a hand-over → our books: who has whom since when, and what sales answered.

Booked when the write went out (``push``) and whenever the contact is judged, so that a crash between the two, a restore
or a change made by hand in HubSpot is seen all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connector.model.records import Properties
from connector.rules.documents.routing import RoutingDocument
from connector.rules.routing import pool_in
from connector.rules.sales import ANSWER, HANDED_OVER, REASON, ROUTING, WORKED
from connector.rules.transforms.base import Invalid
from connector.rules.transforms.machine import machine_instant
from connector.store import Unit, handoffs, records
from connector.store.handoffs import Handoff

OWNER = "hubspot_owner_id"


def handed_ms(properties: Properties) -> int | None:
    """When the portal says the contact was handed over."""
    told = properties.get(HANDED_OVER)
    found = machine_instant(told) if told else None
    return None if found is None or isinstance(found, Invalid) else int(found)


def owner_of(properties: Properties) -> int | None:
    told = properties.get(OWNER) or ""
    return int(told) if told.isascii() and told.isdecimal() else None


def book_written(u: Unit, portal_id: int, document: RoutingDocument, written: dict[int, dict[str, str]]) -> None:
    """Hand-overs that just went out: contact → the values written. Called before the mirror holds them."""
    fresh = {who: values for who, values in written.items() if values.get(HANDED_OVER)}
    if not fresh:
        return
    known = records.get_many(u, portal_id, "contacts", list(fresh))
    rows: list[Handoff] = []
    for who, values in fresh.items():
        now = {**(known[who].properties if who in known else {}), **values}
        rows += _begun(who, now, now.get("leadwright_stage") or "mql", document)
    handoffs.put(u, portal_id, rows)


def follow_up(
    u: Unit, portal_id: int, document: RoutingDocument, judged: Sequence[tuple[int, Properties, str]], now_ms: int
) -> None:
    """The books after a look at these contacts: id, what the portal holds, the stage they are in."""
    told = {who: (properties, stage) for who, properties, stage in judged if properties.get(HANDED_OVER)}
    known = handoffs.of(u, portal_id, [who for who, _, _ in judged])
    rows: list[Handoff] = []
    for who, (properties, stage) in told.items():
        at_ms = handed_ms(properties)
        if at_ms is not None and all(row.at_ms != at_ms for row in known.get(who, ())) and stage in WORKED:
            rows += _begun(who, properties, stage, document)
    for who, properties, stage in judged:
        latest = known.get(who, (None,))[-1]
        # Two contacts in hand were merged: one of the hand-overs goes on.
        rows += [replace(old, closed_ms=now_ms) for old in known.get(who, ())[:-1] if old.closed_ms is None]
        if latest is not None and latest.closed_ms is None:
            now = _now(latest, properties, stage, now_ms)
            rows += [now] if now != latest else []
    handoffs.put(u, portal_id, rows)


def _begun(who: int, properties: Properties, stage: str, document: RoutingDocument) -> Iterator[Handoff]:
    at_ms, owner_id = handed_ms(properties), owner_of(properties)
    if at_ms is not None and owner_id is not None:
        yield Handoff(who, at_ms, owner_id, pool_in(properties.get(ROUTING), document), stage)


def _now(row: Handoff, properties: Properties, stage: str, now_ms: int) -> Handoff:
    """An open hand-over as it stands: another owner took it, sales answered, sales is done, or it was taken back."""
    answer, reason = properties.get(ANSWER) or "", properties.get(REASON) or ""
    answered = row.answered_ms or (now_ms if answer else None)
    done = stage not in WORKED or not properties.get(HANDED_OVER)
    return replace(
        row,
        owner_id=owner_of(properties) or row.owner_id,
        answer=answer or row.answer,
        reason=reason or row.reason,
        answered_ms=answered,
        closed_ms=now_ms if done else None,
    )
