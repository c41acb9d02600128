"""Whatever comes in whatever order, the mirror equals a small model of what ought to be known."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connector.model.records import Snapshot
from connector.store import Store, activities, records
from tests import databases
from tests.store.builders import T0, activity

IDS = st.integers(1, 6)
NAMES = ("email", "hs_additional_emails", "jobtitle", "city")
MAILS = st.sampled_from(["a@x.com", "b@x.com", "c@x.com", None])
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "email": MAILS,
        "hs_additional_emails": st.sampled_from(["b@x.com", "c@x.com;a@x.com", None]),
        "jobtitle": st.sampled_from(["CTO", "CEO", "", None]),
        "city": st.sampled_from(["Köln", None]),
    },
)


@dataclass
class Row:
    """What ought to be known of one contact."""

    values: dict = field(default_factory=dict)
    modified: int = -T0
    read: int = 0
    dead: int | None = None


@dataclass
class Model:
    """The rules of the mirror once more, without a database and without speed."""

    rows: dict[int, Row] = field(default_factory=dict)
    alias: dict[int, int] = field(default_factory=dict)
    mails: dict[tuple[str, int], int] = field(default_factory=dict)
    acts: dict[int, set[tuple[int, str]]] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)

    def live(self, record: int) -> int:
        return self.alias.get(record, record)

    def take(self, record: int, modified: int, read: int, archived: bool, values: dict, refresh: bool) -> None:
        row = self.rows.get(record)
        if record in self.alias or (row is not None and not refresh and not self.newer(row, modified, read, archived)):
            return
        fresh = row is None
        row = self.rows.setdefault(record, Row())
        after = row.values | values
        moved = {k: v for k, v in after.items() if v is not None} != {
            k: v for k, v in row.values.items() if v is not None
        }
        changed = fresh or moved or archived != (row.dead is not None) or row.modified == -T0
        wrote = changed or after.keys() != row.values.keys() or modified != row.modified
        row.values, row.modified = after, modified
        row.read = read if wrote else row.read
        row.dead = (row.dead or read) if archived else None
        if changed:
            self.claim(record, keep_merged=not archived)
            (self.waiting.discard if archived else self.waiting.add)(record)

    @staticmethod
    def newer(row: Row, modified: int, read: int, archived: bool) -> bool:
        if modified < row.modified:
            return False
        if row.dead is not None and not archived:
            return read > row.dead
        if row.dead is None and archived and modified == row.modified:
            return read >= row.read
        return True

    def claim(self, record: int, *, keep_merged: bool) -> None:
        row = self.rows[record]
        for key in [key for key, place in self.mails.items() if key[1] == record and not (place == 2 and keep_merged)]:
            del self.mails[key]
        if row.dead is None:
            extra = (row.values.get("hs_additional_emails") or "").split(";")
            for mail in filter(None, extra):
                self.mails[mail, record] = 1
            if row.values.get("email"):
                self.mails[row.values["email"], record] = 0

    def bury(self, record: int, at: int) -> None:
        row = self.rows.setdefault(record, Row(read=at, dead=at))
        if row.dead is None:
            row.dead = at
            self.claim(record, keep_merged=False)
            self.waiting.discard(record)

    def merge(self, loser: int, winner: int, at: int) -> None:
        target = self.live(winner)
        if target == loser:
            return
        self.alias = {old: target if new == loser else new for old, new in self.alias.items()} | {loser: target}
        row = self.rows.setdefault(loser, Row(read=at, dead=at))
        row.dead = at if row.dead is None else row.dead
        for mail, record in [key for key in self.mails if key[1] == loser]:
            del self.mails[mail, record]
            self.mails.setdefault((mail, target), 2)
        theirs = self.acts.setdefault(target, set())
        idents = {ident for _, ident in theirs}
        theirs.update(one for one in self.acts.pop(loser, set()) if one[1] not in idents)
        self.waiting.discard(loser)
        if target in self.rows and self.rows[target].dead is None:
            self.waiting.add(target)

    def act(self, record: int, at: int, ident: str) -> None:
        home = self.acts.setdefault(self.live(record), set())
        if (at, ident) not in home:
            home.difference_update({one for one in home if one[1] == ident})
            home.add((at, ident))
            if self.live(record) in self.rows and self.rows[self.live(record)].dead is None:
                self.waiting.add(self.live(record))

    def by_mail(self, mail: str) -> int | None:
        found = [
            (place, -self.rows[record].modified, -record)
            for (known, record), place in self.mails.items()
            if known == mail and record in self.rows and self.rows[record].dead is None
        ]
        return -min(found)[2] if found else None


@cache
def shared_store(kind: str) -> Store:
    return Store.open(databases.fresh_url(kind))


class MirrorMachine(RuleBasedStateMachine):
    """A portal's contacts are read late, doubled and out of order, deleted, restored and merged."""

    kind = "sqlite"
    portals = iter(range(1, 1 << 30))

    @initialize()
    def connect(self) -> None:
        self.store = shared_store(self.kind)
        self.portal = next(MirrorMachine.portals)
        self.model = Model()
        self.now = 100

    def write(self):
        return self.store.unit()

    @rule(ticks=st.integers(1, 5))
    def time_passes(self, ticks):
        self.now += ticks

    @rule(
        batch=st.lists(st.tuples(IDS, st.integers(0, 4), st.booleans(), VALUES), min_size=1, max_size=4),
        delay=st.integers(0, 4),
        refresh=st.booleans(),
        packed=st.booleans(),
    )
    def a_page_arrives(self, batch, delay, refresh, packed):
        """Read ``delay`` ago; modified at one of five times, so that many are stale or equal."""
        read = self.now - delay
        page = [Snapshot("contacts", i, values, None, T0 + m, archived) for i, m, archived, values in batch]
        page = [records.packed(one) for one in page] if packed else page
        for record, modified, archived, values in batch:
            self.model.take(record, modified, read, archived, values, refresh)
        with self.write() as u:
            records.upsert(u, self.portal, "contacts", page, T0 + read, refresh=refresh)

    @rule(ids=st.lists(IDS, min_size=1, max_size=3, unique=True))
    def some_are_deleted(self, ids):
        for record in ids:
            self.model.bury(record, self.now)
        with self.write() as u:
            records.bury(u, self.portal, "contacts", ids, T0 + self.now)

    @rule(loser=IDS, winner=IDS)
    def two_are_merged(self, loser, winner):
        self.model.merge(loser, winner, self.now)
        with self.write() as u:
            records.merge(u, self.portal, "contacts", loser, winner, T0 + self.now)

    @rule(survivor_of=st.dictionaries(IDS, IDS, min_size=1, max_size=4))
    def a_page_names_several_merges(self, survivor_of):
        for loser in sorted(survivor_of):
            self.model.merge(loser, survivor_of[loser], self.now)
        with self.write() as u:
            records.merge_many(u, self.portal, "contacts", survivor_of, T0 + self.now)

    @rule(record=IDS, at=st.integers(0, 3), ident=st.sampled_from(["x", "y"]))
    def somebody_acts(self, record, at, ident):
        self.model.act(record, at, ident)
        with self.write() as u:
            activities.add(u, self.portal, [activity(record, at, ident)])

    @precondition(lambda self: self.model.waiting)
    @rule()
    def the_waiting_are_judged(self):
        self.model.waiting.clear()
        with self.write() as u:
            records.clear_dirty(u, self.portal, records.dirty_or_due(u, self.portal, T0))

    @invariant()
    def the_mirror_is_as_it_ought_to_be(self):
        if not hasattr(self, "store"):
            return
        with self.store.view() as u:
            self.same_records(u)
            self.same_lookups(u)

    def same_records(self, u) -> None:
        found = records.get_many(u, self.portal, "contacts", range(1, 7))
        for record in range(1, 7):
            row, kept = self.model.rows.get(self.model.live(record)), found.get(record)
            assert (row is None) == (kept is None)
            if row is not None:
                assert (dict(kept.properties), kept.archived) == (row.values, row.dead is not None)
                assert kept.modified_ms == T0 + row.modified
        alive = [record for record, row in self.model.rows.items() if row.dead is None]
        assert [r.id for page in records.stream(u, self.portal, "contacts", chunk=2) for r in page] == sorted(alive)
        assert records.count(u, self.portal, "contacts") == len(alive)

    def same_lookups(self, u) -> None:
        for mail in ("a@x.com", "b@x.com", "c@x.com"):
            found = records.by_email(u, self.portal, mail)
            assert (found.id if found else None) == self.model.by_mail(mail)
        assert records.resolve(u, self.portal, "contacts", range(1, 7)) == {n: self.model.live(n) for n in range(1, 7)}
        kept = activities.of(u, self.portal, range(1, 7))
        told = {n: {(act.at_ms - T0, act.id) for act in theirs} for n, theirs in kept.items()}
        assert told == {n: theirs for n, theirs in self.model.acts.items() if theirs}
        assert set(records.dirty_or_due(u, self.portal, T0)) == self.model.waiting


@pytest.mark.parametrize("kind", databases.KINDS)
def test_the_mirror_equals_the_model(kind):
    machine = type(f"{kind.title()}Machine", (MirrorMachine,), {"kind": kind})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    examples = 60 if kind == "sqlite" else 25
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=checks,
        ),
    )
