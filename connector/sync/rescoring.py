"""A workflow asks for one contact's score: a fresh judgement within a few hundred milliseconds, and nothing written.

The contact is read again from the portal where that is quick and the portal can spare the call; otherwise what the
mirror holds is judged. Neither is kept: the webhook of the same change brings it into the mirror, and its drain writes
back. One whom only the portal knows yet is judged by its properties alone; what it did is unknown, not nothing.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from typing import Final

from connector.errors import SyncError, UnknownContact
from connector.model.judgement import Facts, Judgement, MoveStage
from connector.model.records import Snapshot
from connector.rules.derived import with_derived
from connector.rules.lifecycle import UNKNOWN_STAGE
from connector.rules.mapping import to_fields
from connector.store import Unit, erasures, records
from connector.store.records import Record
from connector.sync.context import Context
from connector.sync.facts import Case, cases
from connector.sync.holding import Holding, frozen, taken_back, verdict
from connector.sync.pull import EVENT_SOURCE, full_scope, off_sources
from connector.sync.react import portal_view, refuse_half_a_mirror
from connector.sync.told import told_of

PATIENCE_S: Final = 0.4
AT_ONCE: Final = 4
# A workflow that takes in thousands of contacts asks thousands of times: the portal's limits are not for this alone.
MOST_READS: Final = 20
WINDOW_S: Final = 10.0
EVERY_SOURCE: Final = frozenset(EVENT_SOURCE.values())


@dataclass(frozen=True, slots=True)
class Score:
    """What the workflow gets. ``fresh``: the portal itself was asked, not only the mirror."""

    score: int
    grade: str
    stage: str
    fresh: bool


class Reader:
    """Reads single contacts beside the request: a few at once, a few in ten seconds of each portal, none for long."""

    def __init__(self, patience_s: float = PATIENCE_S, most: int = MOST_READS) -> None:
        self._patience_s = patience_s
        self._most = most
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="rescore")
        self._under_way = threading.BoundedSemaphore(AT_ONCE)
        self._lately: dict[int, deque[float]] = {}
        self._lock = threading.Lock()

    def read(self, ctx: Context, contact_id: int) -> Snapshot | None:
        """The contact as the portal has it now; None when it could not be read in time. UnknownContact: it is gone."""
        if not self._may(ctx) or not self._under_way.acquire(blocking=False):
            return None
        try:
            reading = self._pool.submit(_read, ctx, contact_id)
        except RuntimeError:  # closed meanwhile
            self._under_way.release()
            return None
        reading.add_done_callback(lambda _: self._under_way.release())
        return self._waited(reading, contact_id)

    def _waited(self, reading: Future[tuple[Snapshot | None, bool]], contact_id: int) -> Snapshot | None:
        try:
            found, gone = reading.result(timeout=self._patience_s)
        except (SyncError, TooLate):
            return None
        if gone:
            raise UnknownContact(f"The portal holds no contact {contact_id}.", remedy="It was deleted in HubSpot.")
        return found

    def _may(self, ctx: Context) -> bool:
        now = ctx.clock.monotonic()
        with self._lock:
            lately = self._lately.setdefault(ctx.portal_id, deque())
            while lately and now - lately[0] >= WINDOW_S:
                lately.popleft()
            if len(lately) >= self._most:
                return False
            lately.append(now)
            return True

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _read(ctx: Context, contact_id: int) -> tuple[Snapshot | None, bool]:
    """(what the portal holds under that id, whether it holds nothing)."""
    batch = ctx.portal.read("contacts", [contact_id], full_scope(ctx, "contacts").properties, live=True)
    return (batch.records[0] if batch.records else None), bool(batch.missing)


def rescore(ctx: Context, contact_id: int, reader: Reader | None) -> Score:
    """Judge this contact now; without ``reader`` from the mirror alone.

    UnknownContact for who is gone, erased or known to nobody; ConfigError before the portal is mirrored.
    """
    refuse_half_a_mirror(ctx)
    found = reader.read(ctx, contact_id) if reader else None
    with ctx.store.view() as u:
        if erasures.of(u, ctx.portal_id, {contact_id} | ({found.id} if found else set())):
            raise UnknownContact("This person was erased here.", remedy="Nothing of it is kept.")
        known = records.get(u, ctx.portal_id, "contacts", found.id) if found else None
        known = known or records.get(u, ctx.portal_id, "contacts", contact_id)
        case = _case(ctx, u, known, found)
        judged = _judged(ctx, u, case)
    return Score(judged.receipt.score, judged.receipt.grade, _stage(judged), found is not None)


def _case(ctx: Context, u: Unit, known: Record | None, found: Snapshot | None) -> Case:
    now = ctx.clock.now_ms()
    if known is not None and (not known.archived or found is not None):
        case = next(iter(cases(ctx, u, [known.id], now, off_sources(ctx), _newer(known, found))), None)
        if case is not None:
            return case
    if found is None:
        raise UnknownContact(
            f"{ctx.row.name}'s mirror holds no such contact, and the portal could not be asked in time.",
            remedy="Its webhook or the next cycle brings it.",
        )
    told = told_of(u, ctx.portal_id, ctx.rulebook.mapping, [(found.id, found.properties, None)])
    mapped = to_fields(ctx.rulebook.mapping, found.properties, None, told=told.get(found.id))
    fields = with_derived(mapped.fields, found.properties, (), EVERY_SOURCE, ctx.rulebook.rules.basis)
    facts = Facts(found.id, now, fields, found.properties, missing_sources=EVERY_SOURCE)
    return Case(_record(found, now), facts, mapped.faults)


def _newer(known: Record, found: Snapshot | None) -> Mapping[int, Mapping[str, str | None]]:
    """What was read just now, unless the mirror holds something later already."""
    if found is None or found.modified_ms < known.modified_ms:
        return {}
    return {known.id: found.properties}


def _record(found: Snapshot, now_ms: int) -> Record:
    return Record(
        object_type="contacts", id=found.id, properties=found.properties, created_ms=found.created_ms,
        modified_ms=found.modified_ms, read_ms=now_ms, archived=False, archived_ms=None, merged_into=None,
        email=found.properties.get("email"), first_seen_ms=now_ms,
    )  # fmt: skip


def _judged(ctx: Context, u: Unit, case: Case) -> Judgement:
    """As everybody is judged, with what people took back and what is frozen for this one."""
    view, mine = portal_view(ctx), [case.record.id]
    holding = Holding(ctx.row.name, view, taken_back=taken_back(ctx, u, mine), frozen=frozen(ctx, u, mine))
    return verdict(ctx, case, holding)


def _stage(judged: Judgement) -> str:
    """The stage that follows from the judgement, as it would be written; '' where it cannot be told."""
    moved = next((d.to_stage for d in judged.decisions if isinstance(d, MoveStage)), judged.receipt.stage)
    return "" if moved == UNKNOWN_STAGE else moved
