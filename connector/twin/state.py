"""The portal's records and every way they change: written, archived, restored, merged, erased.

Each change bumps the record's own modification time, is put on the change feed in webhook shape, and leaves the old
state behind for the search index, which lags. What a write *may* carry is decided in ``writes``; no HTTP here.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from connector.twin.clock import Clock, from_ms, iso, to_ms
from connector.twin.definitions import OBJECTS, Definitions
from connector.twin.dials import Dials
from connector.twin.errors import JSON
from connector.twin.feed import MERGE, PERSON, SYSTEM, Feed, Source, app_source
from connector.twin.ledger import Effect, Ledger
from connector.twin.links import Links
from connector.twin.records import Record, Table, emails_of
from connector.twin.values import as_text, notice_value

__all__ = ["PERSON", "SYSTEM", "Source", "State", "plain_props"]
KEEP_INDEX_MS = 600_000


@dataclass(frozen=True)
class Past:
    """A record as it was before a change; ``state`` is None when it did not exist."""

    at: int
    kind: str
    record_id: int
    state: Record | None


class State:
    """Tables, associations, definitions, the change feed and the undo log behind the lagging index."""

    def __init__(self, clock: Clock, dials: Dials, portal_id: int, seed: int = 0) -> None:
        self.clock = clock
        self.dials = dials
        self.portal_id = portal_id
        self.definitions = Definitions()
        self.tables = {kind: Table(kind) for kind in OBJECTS}
        self.links = Links()
        self.ledger = Ledger()
        self.past: deque[Past] = deque()
        self.blocked_emails: set[str] = set()
        self.seed = seed
        self.rng = random.Random(seed)
        self.feed = Feed(portal_id, 1_000_000 + self.rng.randrange(1_000_000))
        self.tell = self.feed.tell
        self.caller = app_source()  # whose API call is being carried out; the gate says so

    @property
    def changes(self) -> list[JSON]:
        """Every change in webhook shape, oldest first."""
        return self.feed.changes

    def now_ms(self) -> int:
        return to_ms(self.clock.now())

    def table(self, kind: str) -> Table:
        return self.tables[kind]

    # -- what is left behind -------------------------------------------------------------------------------------

    def remember(self, kind: str, record_id: int, state: Record | None, at: int) -> None:
        """Keep the state before a change for the lagging index."""
        if self.dials.search_lag > 0:
            self.past.append(Past(at, kind, record_id, state.snapshot() if state else None))
            oldest = at - max(KEEP_INDEX_MS, int(self.dials.search_lag * 1000))
            while self.past and self.past[0].at < oldest:
                self.past.popleft()

    def effect(self, what: str, kind: str, record_id: int, source: Source, at: int, **detail: str | None) -> None:
        if source.by_api:
            entry = Effect(
                what, kind, record_id, detail.get("name") or "", detail.get("before"), detail.get("after"), from_ms(at)
            )
            self.ledger.effects.append(entry)

    def _keep_history(self, record: Record, name: str, before: str | None, after: str, at: int, source: Source) -> None:
        if record.history is None:
            record.history = {}
        entries = record.history.setdefault(name, [])
        if not entries and before is not None:
            entries.append((before, record.created, "IMPORT", ""))
        entries.append((after, at, source.history, source.ident))

    # -- changes -------------------------------------------------------------------------------------------------

    def create(self, kind: str, values: dict[str, str], source: Source, at: int | None = None) -> Record:
        """A new record with already checked values."""
        at = self.now_ms() if at is None else at
        table = self.tables[kind]
        record = Record(table.next_id(self.rng.choice((1, 3, 8, 51, 250, 1204))), dict(values), at, at)
        self.remember(kind, record.id, None, at)
        table.add(record)
        self.tell("creation", kind, record.id, at, source, changeFlag="CREATED")
        self._stage_dates(kind, record, values.get("lifecyclestage"), at)
        self._name_domain(kind, record, at)
        self.effect("created", kind, record.id, source, at)
        for name, value in values.items():
            self._tell_property(kind, record.id, name, value, at, source)
        return record

    def _tell_property(self, kind: str, record_id: int, name: str, value: str | None, at: int, source: Source) -> None:
        shown = notice_value(self.definitions.properties[kind].get(name), value)
        extra = {"propertyName": name, "propertyValue": shown, "isSensitive": False}
        self.tell("propertyChange", kind, record_id, at, source, **extra)

    def write(
        self, kind: str, record: Record, values: dict[str, str | None], source: Source, at: int | None = None
    ) -> list[str]:
        """Set what differs; nothing differing bumps nothing. Returns the names that changed."""
        changed = {name: value for name, value in values.items() if record.props.get(name) != value}
        if not changed:
            return []
        at = self.now_ms() if at is None else at
        self.remember(kind, record.id, record, at)
        table = self.tables[kind]
        readdressed = "email" in changed or "hs_additional_emails" in changed
        if readdressed:
            table.unindex(record)
        for name, value in changed.items():
            self._set(kind, record, name, value, at, source)
        if readdressed:
            self._name_domain(kind, record, at)
            table.index(record)
        self.touch(kind, record, at)
        return list(changed)

    def _set(self, kind: str, record: Record, name: str, value: str | None, at: int, source: Source) -> None:
        before = record.props.get(name)
        self._keep_history(record, name, before, value or "", at, source)
        if value is None:
            record.props.pop(name, None)
        else:
            record.props[name] = value
        if name == "lifecyclestage":
            self._stage_dates(kind, record, value, at)
        self._tell_property(kind, record.id, name, value, at, source)
        self.effect("set", kind, record.id, source, at, name=name, before=before, after=value)

    def touch(self, kind: str, record: Record, at: int) -> None:
        record.updated = max(at, record.updated)
        record.props[self.tables[kind].modified_name] = iso(record.updated)

    def _stage_dates(self, kind: str, record: Record, stage: str | None, at: int) -> None:
        """Became-a dates: set for the stage entered, gone for the stages after it."""
        if kind != "contacts" or stage is None:
            return
        stages = self.definitions.stages()
        later = stages[stages.index(stage) + 1 :] if stage in stages else []
        for name in later:
            if record.props.pop(f"hs_lifecyclestage_{name}_date", None) is not None:
                self._tell_property(kind, record.id, f"hs_lifecyclestage_{name}_date", None, at, SYSTEM)
        for name in (f"hs_lifecyclestage_{stage}_date", f"hs_v2_date_entered_{stage}"):
            if name in self.definitions.properties["contacts"]:
                record.props[name] = iso(at)
                self._tell_property(kind, record.id, name, iso(at), at, SYSTEM)

    def _name_domain(self, kind: str, record: Record, at: int) -> None:
        if kind == "contacts":
            domain = record.props.get("email", "").rpartition("@")[2].lower()
            self._derive(record, "hs_email_domain", domain or None, at)

    def name_company(self, contact: Record, company_id: int | None) -> None:
        """The contact's primary company as HubSpot writes it on the contact; its modification time stays."""
        value = None if company_id is None else str(company_id)
        self._derive(contact, "associatedcompanyid", value, self.now_ms())

    def _derive(self, contact: Record, name: str, value: str | None, at: int) -> None:
        """What HubSpot itself keeps on a contact."""
        if contact.props.get(name) == value:
            return
        if value is None:
            del contact.props[name]
        else:
            contact.props[name] = value
        self._tell_property("contacts", contact.id, name, value, at, SYSTEM)

    def archive(self, kind: str, record: Record, source: Source) -> None:
        """Into the recycle bin."""
        at = self.now_ms()
        self.remember(kind, record.id, record, at)
        record.archived = at
        self.tables[kind].unindex(record)
        self.touch(kind, record, at)
        self.tell("deletion", kind, record.id, at, source, changeFlag="DELETED")
        self.effect("archived", kind, record.id, source, at)

    def restore(self, kind: str, record: Record, source: Source) -> None:
        """Out of the recycle bin."""
        at = self.now_ms()
        self.remember(kind, record.id, record, at)
        record.archived = None
        self.tables[kind].index(record)
        self.touch(kind, record, at)
        self.tell("restore", kind, record.id, at, source, changeFlag="RESTORED")

    def erase(self, record: Record, source: Source) -> None:
        """GDPR deletion of a contact: gone everywhere, its addresses blocked."""
        at = self.now_ms()
        self.remember("contacts", record.id, record, at)
        self.blocked_emails |= set(emails_of(record))
        table = self.tables["contacts"]
        table.drop(record.id)
        table.erased.add(record.id)
        self.links.drop("contacts", record.id)
        events = [("privacyDeletion", {}), ("deletion", {"changeFlag": "DELETED"})]
        self.rng.shuffle(events)
        for event, extra in events:
            self.tell(event, "contacts", record.id, at, source, **extra)
        self.effect("erased", "contacts", record.id, source, at)

    def merge(self, kind: str, primary: Record, loser: Record, source: Source) -> Record:
        """One record out of two; the dial says whether it keeps the primary's id (hubspot-api.md 3.8)."""
        at = self.now_ms()
        table = self.tables[kind]
        self.remember(kind, primary.id, primary, at)
        self.remember(kind, loser.id, loser, at)
        moved = {name: value for name, value in loser.props.items() if name not in primary.props}
        props = {**moved, **primary.props, **self._merged_marks(kind, primary, loser, at)}
        new_id = self.dials.survivor == "new" and kind in ("contacts", "companies")
        table.drop(primary.id)
        table.drop(loser.id)
        survivor_id = table.next_id(self.rng.choice((1, 3, 51))) if new_id else primary.id
        survivor = Record(survivor_id, props, min(primary.created, loser.created), at)
        survivor.history = {**(loser.history or {}), **(primary.history or {})} or None
        self.remember(kind, survivor_id, None, at)
        self._settle_merge(table, survivor, (primary.id, loser.id))
        gone = sorted({primary.id, loser.id} - {survivor_id})
        extra = {
            "primaryObjectId": primary.id, "mergedObjectIds": gone,
            "newObjectId": survivor_id, "numberOfPropertiesMoved": len(moved),
        }  # fmt: skip
        self.tell("merge", kind, survivor_id, at, Source(MERGE.name, source.ident), **extra)
        for old in gone if self.dials.merge_tells_deletion else ():
            self.tell("deletion", kind, old, at, Source(MERGE.name, source.ident), changeFlag="DELETED")
        self.effect("merged", kind, survivor_id, source, at, before=f"{primary.id}+{loser.id}")
        return survivor

    def _settle_merge(self, table: Table, survivor: Record, old_ids: tuple[int, int]) -> None:
        table.add(survivor)
        table.order.sort()
        for old in old_ids:
            if old != survivor.id:
                table.aliases[old] = survivor.id
                self.links.move(table.kind, old, survivor.id)
        company = self.links.primary_company(survivor.id) if table.kind == "contacts" else None
        if company is not None:
            survivor.props["associatedcompanyid"] = str(company)

    def _merged_marks(self, kind: str, primary: Record, loser: Record, at: int) -> dict[str, str]:
        """What a merged record remembers of the two."""
        new_id = self.dials.survivor == "new" and kind in ("contacts", "companies")
        older = [r.props.get("hs_merged_object_ids", "") for r in (primary, loser)]
        merged = [*older, str(loser.id), *([str(primary.id)] if new_id else [])]
        marks = {"hs_merged_object_ids": ";".join(part for part in merged if part)}
        if kind != "contacts":
            return marks
        own = primary.props.get("email", "").lower()
        extra = [e for e in dict.fromkeys((*emails_of(primary), *emails_of(loser))) if e != own]
        if own and extra:
            marks["hs_additional_emails"] = ";".join(extra)
        vids = [r.props.get("hs_calculated_merged_vids", "") for r in (primary, loser)]
        marks["hs_calculated_merged_vids"] = ";".join(v for v in (*vids, f"{loser.id}:{at}") if v)
        return marks

    # -- the change feed for associations ------------------------------------------------------------------------

    def tell_link(
        self, kind: str, left: int, other: str, right: int, source: Source, *, removed: bool, primary: bool = False
    ) -> None:
        """Two events, one for each side."""
        at = self.now_ms()
        self.feed.tell_link((kind, left), (other, right), at, source, removed=removed, primary=primary)
        self.effect("dissociated" if removed else "associated", kind, left, source, at, after=f"{other}:{right}")


def plain_props(props: Mapping[str, object]) -> dict[str, str | None]:
    """Values as a test writes them (numbers, bools, datetimes) in HubSpot's read shape, unchecked."""
    return {name: as_text(value) or None for name, value in props.items()}
