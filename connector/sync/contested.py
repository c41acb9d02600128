"""Between plan and write: what a person changed in the meantime is never overwritten unseen (O14).

``leadwright_*`` properties are ours alone and cost no look. Every other property is contested: its present value is
read just before the batch goes out and held against the value the plan was made for. Who wins where they differ is the
mapping row's ``conflict`` (default: the newer). Whatever lost is dropped whole, read again and judged anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from connector.model.judgement import OutboxEntry
from connector.model.records import Snapshot, modified_property
from connector.rules.decide import same_value
from connector.rules.documents.mapping import Row
from connector.rules.gate import PREFIX
from connector.store import definitions, outbox, records
from connector.sync.context import Context, PushReport, StreamReport
from connector.sync.keep import keep
from connector.sync.pull import full_scope

STAGES = frozenset({"lifecyclestage", "hs_lead_status"})


def contested(entry: OutboxEntry) -> tuple[str, ...]:
    """The properties of a write that people edit too."""
    return tuple(name for name in entry.payload["properties"] if not name.startswith(PREFIX))


class Referee:
    """Decides, batch by batch, between what was planned and what people did since."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        rows = ctx.rulebook.mapping.document.rows
        self._rows: Mapping[str, Row] = {r.property: r for r in rows if r.writes() and r.where() == "contact"}

    @cached_property
    def _types(self) -> Mapping[str, str]:
        with self._ctx.store.view() as u:
            known = definitions.properties(u, self._ctx.portal_id, "contacts")
        return {name: definition.type for name, definition in known.items()}

    def still_ours(self, entries: Sequence[OutboxEntry], report: PushReport) -> list[OutboxEntry]:
        """The entries that may be written. One read for a batch that holds contested properties, none for others."""
        asked = {entry.contact_id: contested(entry) for entry in entries if contested(entry)}
        if not asked:
            return list(entries)
        names = sorted({name for some in asked.values() for name in some} | {modified_property("contacts")})
        told = {s.id: s for s in self._ctx.portal.read("contacts", sorted(asked), names, live=True).records}
        lost = self._lost([e for e in entries if e.contact_id in told and e.contact_id in asked], told)
        if lost:
            self._drop([e for e in entries if e.id in lost], lost, report)
        return [entry for entry in entries if entry.id not in lost]

    def _lost(self, entries: Sequence[OutboxEntry], told: Mapping[int, Snapshot]) -> dict[int, str]:
        """Writes that lost: entry → reason."""
        differing = [e for e in entries if any(self._changed(e, n, told[e.contact_id]) for n in contested(e))]
        with self._ctx.store.view() as u:
            mirrored = records.get_many(u, self._ctx.portal_id, "contacts", [e.contact_id for e in differing])
        lost: dict[int, str] = {}
        for entry in differing:
            theirs, ours = told[entry.contact_id], mirrored.get(entry.contact_id)
            newer = ours is None or theirs.modified_ms >= ours.modified_ms
            names = [n for n in contested(entry) if self._changed(entry, n, theirs) and self._theirs_wins(n, newer)]
            if names:
                lost[entry.id] = "; ".join(self._why(name, theirs) for name in names)
        return lost

    def _changed(self, entry: OutboxEntry, name: str, theirs: Snapshot) -> bool:
        """Whether the portal holds neither what the plan was made for nor what it wants."""
        now = theirs.properties.get(name)
        wanted = (entry.before.get(name), entry.payload["properties"][name])
        return not any(same_value(name, now, value, self._types) for value in wanted)

    def _theirs_wins(self, name: str, newer: bool) -> bool:
        row = self._rows.get(name)
        if row is None or row.conflict == "newer":
            return newer
        return row.conflict == "theirs" or row.mode == "fill_if_empty"

    @staticmethod
    def _why(name: str, theirs: Snapshot) -> str:
        """In words, without what may be personal: only stages are named."""
        value = theirs.properties.get(name)
        into = f" to {value}" if value and name in STAGES else ""
        return f"{name} was changed in HubSpot{into} since the plan"

    def _drop(self, entries: Sequence[OutboxEntry], reasons: Mapping[int, str], report: PushReport) -> None:
        """Book each with its reason and mirror these contacts as they are now: that judges them anew."""
        ctx, ids = self._ctx, sorted(entry.contact_id for entry in entries)
        now = ctx.portal.read("contacts", ids, full_scope(ctx, "contacts").properties, live=True)
        with ctx.store.unit() as u:
            for entry in entries:
                outbox.mark_dropped(u, ctx.portal_id, [entry.id], reasons[entry.id])
            keep(ctx, u, "contacts", now.records, StreamReport("contacts"))
            records.mark_dirty(u, ctx.portal_id, ids)
        report.overtaken += [(entry.contact_id, reasons[entry.id]) for entry in entries]
