"""Our own writes coming back as notices: recognised by the outbox and ended here; and who keeps turning our values.

A write is booked with its values before its echo can arrive (one job of a portal at a time), so a notice that says
what we wrote is ours. One that says something else after we wrote is another writer's: counted, and when a property
was turned more than three times in ten minutes, frozen with both writers named (P24).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connector.model.plan import PortalView
from connector.rules.decide import STAMP, same_value
from connector.store import Unit, flips, outbox
from connector.store.flips import Frozen
from connector.store.inbox import InboxEntry
from connector.store.outbox import Written
from connector.sync.context import Context
from webhooks.notice import Notice

ECHO_MS = 24 * 60 * 60 * 1000
FLIP_MS = 10 * 60 * 1000
MOST_TURNS = 3


@dataclass(slots=True)
class Echoes:
    """What was found: inbox ids of echoes, outbox ids they confirm, others' overwriting, what is frozen by now."""

    entries: list[int] = field(default_factory=list)
    confirmed: set[int] = field(default_factory=set)
    flips: list[tuple[int, str, int, str]] = field(default_factory=list)
    frozen: list[Frozen] = field(default_factory=list)


def recognise(ctx: Context, taken: Sequence[tuple[InboxEntry, Notice]], view: PortalView) -> Echoes:
    """Hold property changes of contacts against what we wrote in the last day."""
    changes = [(e, n) for e, n in taken if n.event == "propertyChange" and n.object_type == "contacts"]
    ids = {n.object_id for _, n in changes if n.object_id}
    now = ctx.clock.now_ms()
    found = Echoes()
    with ctx.store.view() as u:
        written: dict[int, list[Written]] = {}
        for write in outbox.written_since(u, ctx.portal_id, ids, now - ECHO_MS):
            written.setdefault(write.contact_id, []).append(write)
        for entry, notice in changes:
            _weigh(found, entry, notice, written.get(notice.object_id or 0, []), view)
        found.frozen = _to_freeze(ctx, u, found, written, now)
    return found


def _weigh(found: Echoes, entry: InboxEntry, notice: Notice, written: Sequence[Written], view: PortalView) -> None:
    ours = [write for write in written if notice.property in write.properties]
    echo = _echoed(notice, ours, view)
    if notice.property == STAMP:  # nobody else writes it, and its value is the moment of writing
        found.entries.append(entry.id)
    elif echo is not None:
        found.entries.append(entry.id)
        if not echo.confirmed:
            found.confirmed.add(echo.entry_id)
    elif ours and 0 <= notice.occurred_ms - ours[-1].sent_ms <= FLIP_MS:
        found.flips.append((ours[-1].contact_id, notice.property, notice.occurred_ms, _who(notice)))


def _echoed(notice: Notice, ours: Sequence[Written], view: PortalView) -> Written | None:
    """The write that this notice tells back, the newest first."""
    for write in reversed(ours):
        if same_value(notice.property, notice.value, write.properties[notice.property], view.property_types):
            return write
    return None


def _who(notice: Notice) -> str:
    return f"{notice.source or 'somebody'} {notice.source_id}".strip()


def _to_freeze(ctx: Context, u: Unit, found: Echoes, written: dict[int, list[Written]], now: int) -> list[Frozen]:
    """Properties turned too often in ten minutes, others' changes and our own writes counted together."""
    if not found.flips:
        return []
    since = now - FLIP_MS
    turned = flips.since(u, ctx.portal_id, {contact for contact, *_ in found.flips}, since)
    for contact, name, _, writer in found.flips:
        turned.setdefault((contact, name), []).append(writer)
    frozen = []
    for (contact, name), writers in turned.items():
        own = sum(name in write.properties and write.sent_ms >= since for write in written.get(contact, ()))
        if len(writers) + own > MOST_TURNS:
            frozen.append(Frozen(contact, name, now, f"Leadwright and {', '.join(sorted(set(writers)))}"))
    return frozen


def book(ctx: Context, u: Unit, found: Echoes) -> None:
    """Keep what was found."""
    now = ctx.clock.now_ms()
    outbox.mark_confirmed(u, ctx.portal_id, found.confirmed, now)
    flips.add(u, ctx.portal_id, found.flips)
    flips.freeze(u, ctx.portal_id, found.frozen)
