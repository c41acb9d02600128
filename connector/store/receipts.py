"""The latest receipt of every contact, and the history of its score, grade and stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connector.store import bulk, erasures
from connector.store.schema import CONTACTS, RECEIPT_BODIES, RECEIPT_HISTORY, RECEIPTS
from connector.store.unit import AnyRow, Unit, check_portal, mine

_R = RECEIPTS.c
_B = RECEIPT_BODIES.c
_H = RECEIPT_HISTORY.c


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A contact's receipt. ``due_ms``: when time alone will change it; None: never. ``body`` is JSON text, empty while
    a new model has restated the score and the judgement is still to come. ``face``: what it is found by (``faces``).
    """

    contact_id: int
    at_ms: int
    model: str
    version: int
    score: int
    grade: str
    fit: int
    engagement: int
    stage: str
    due_ms: int | None
    body: str
    face: str = ""


def _whole(portal_id: int) -> sa.Select[Any]:
    """Receipts with their bodies; a body of another moment or model is of a judgement that no longer holds."""
    body = sa.func.coalesce(_B.body, "")
    told = (
        _R.contact_id, _R.at_ms, _R.model, _R.version, _R.score, _R.grade, _R.fit, _R.engagement, _R.stage, _R.due_ms,
        body, _R.face,
    )  # fmt: skip
    mark = ("contact_id", "at_ms", "model", "version")
    same = sa.and_(mine(RECEIPT_BODIES, portal_id), *(_B[name] == _R[name] for name in mark))
    return sa.select(*told).select_from(RECEIPTS.outerjoin(RECEIPT_BODIES, same)).where(mine(RECEIPTS, portal_id))


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """One step in the history of a contact's score, grade or stage, with what caused it."""

    contact_id: int
    at_ms: int
    score: int
    grade: str
    stage: str
    model: str
    version: int
    cause: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a contact stood when it was judged last."""

    score: int
    grade: str
    stage: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many live contacts stand where."""

    grades: dict[str, int]
    stages: dict[str, int]
    total: int


Restated = tuple[int, int, str, int, int]
"""A contact's id, and its score, grade, fit and engagement by a model that did not judge it yet."""


def of_other_models(u: Unit, portal_id: int, model: str, version: int) -> int:
    """How many latest receipts are of another model, or another version of it."""
    other = sa.or_(_R.model != model, _R.version != version)
    return u.number(sa.select(sa.func.count()).select_from(RECEIPTS).where(mine(RECEIPTS, portal_id), other))


def restate(u: Unit, portal_id: int, rows: Sequence[Restated], model: str, version: int, cause: str, at_ms: int) -> int:
    """Another score ahead of the judgement: the receipt keeps its stage, its body no longer holds; how many were other.

    The step enters the history as the judgement itself would book it, so that it is booked once. Who was never judged
    has no receipt to restate.
    """
    u.own(portal_id)
    if not rows:
        return 0
    changed = (_restate_each if u.sqlite else _restate_together)(u, portal_id, rows, (at_ms, model, version))
    ends = {"first": min(row[0] for row in rows), "last": max(row[0] for row in rows)}
    told = {"portal": portal_id, "at": at_ms, "model": model, "version": version, "cause": cause}
    u.run(_BOOK_STEPS, told | ends)
    return changed


_RESTATE_ONE = (
    "UPDATE receipts SET at_ms = ?1, model = ?2, version = ?3, score = ?6, grade = ?7, fit = ?8, engagement = ?9,"
    " changed_ms = CASE WHEN score <> ?6 OR grade <> ?7 THEN ?1 ELSE changed_ms END"
    " WHERE portal_id = ?4 AND contact_id = ?5 AND (score <> ?6 OR grade <> ?7 OR fit <> ?8)"
)


def _restate_each(u: Unit, portal_id: int, rows: Sequence[Restated], mark: tuple[int, str, int]) -> int:
    """On SQLite one statement over and over costs less than an update from another table (5 to 8 µs a contact)."""
    return bulk.change_many(u, _RESTATE_ONE, [(*mark, portal_id, *row) for row in rows])


_MAKE_LANDING = sa.text(
    "CREATE TEMPORARY TABLE IF NOT EXISTS landing_scores"
    " (contact_id BIGINT PRIMARY KEY, score BIGINT, grade TEXT, fit BIGINT, engagement BIGINT) ON COMMIT DELETE ROWS"
)
_RESTATE_ALL = sa.text(
    "UPDATE receipts SET at_ms = :at, model = :model, version = :version,"
    " score = l.score, grade = l.grade, fit = l.fit, engagement = l.engagement,"
    " changed_ms = CASE WHEN receipts.score <> l.score OR receipts.grade <> l.grade THEN :at ELSE changed_ms END"
    " FROM landing_scores l WHERE receipts.portal_id = :portal AND receipts.contact_id = l.contact_id"
    " AND (receipts.score <> l.score OR receipts.grade <> l.grade OR receipts.fit <> l.fit)"
).execution_options(preserve_rowcount=True)


def _restate_together(u: Unit, portal_id: int, rows: Sequence[Restated], mark: tuple[int, str, int]) -> int:
    """PostgreSQL counts round trips: all in one statement, from a table of the transaction's own."""
    at_ms, model, version = mark
    u.run(_MAKE_LANDING)
    bulk.copy(u, "landing_scores", rows)
    told = {"portal": portal_id, "at": at_ms, "model": model, "version": version}
    return max(0, u.run(_RESTATE_ALL, told).rowcount)


# Who has another score or grade is known by ``changed_ms`` from then on.
_BOOK_STEPS = sa.text(
    "INSERT INTO receipt_history (portal_id, contact_id, at_ms, score, grade, stage, model, version, cause)"
    " SELECT portal_id, contact_id, at_ms, score, grade, stage, model, version, :cause FROM receipts"
    " WHERE portal_id = :portal AND contact_id BETWEEN :first AND :last"
    " AND changed_ms = :at AND at_ms = :at AND model = :model AND version = :version"
    " ON CONFLICT DO NOTHING"
)


def save_many(u: Unit, portal_id: int, rows: Sequence[ReceiptRow], cause: str) -> int:
    """Keep these receipts as the latest; how many changed a score, a grade or a stage and so entered the history."""
    check_portal(portal_id)
    u.own(portal_id)
    gone = erasures.standing(u, portal_id, [row.contact_id for row in rows])
    rows = [row for row in rows if row.contact_id not in gone] if gone else rows
    known = [_R.contact_id, _R.score, _R.grade, _R.stage, _R.changed_ms, _R.stage_ms]
    query = sa.select(*known).where(mine(RECEIPTS, portal_id))
    asked = query.where(u.among(_R.contact_id, [row.contact_id for row in rows]))
    before = {row[0]: row[1:] for row in u.rows(asked)} if rows else {}
    latest = {row.contact_id: row for row in rows}
    steps = [
        (r.contact_id, r.at_ms, r.score, r.grade, r.stage, r.model, r.version, cause)
        for r in latest.values()
        if before.get(r.contact_id, ())[:3] != (r.score, r.grade, r.stage)
    ]
    bulk.put(u, portal_id, RECEIPTS, [_row(row, before.get(row.contact_id)) for row in latest.values()])
    bodies = [(row.contact_id, row.at_ms, row.model, row.version, row.body) for row in latest.values()]
    bulk.put(u, portal_id, RECEIPT_BODIES, bodies)
    bulk.put(u, portal_id, RECEIPT_HISTORY, steps)
    return len(steps)


def _row(r: ReceiptRow, before: Sequence[Any] | None) -> tuple[Any, ...]:
    head = (r.contact_id, r.at_ms, r.model, r.version, r.score, r.grade)
    return (*head, r.fit, r.engagement, r.stage, r.due_ms, r.face, *_since(r, before))


def _since(r: ReceiptRow, before: Sequence[Any] | None) -> tuple[int, int]:
    """When score, grade or stage last changed, and since when the stage is this one; 0: since before we looked."""
    if before is None:
        return r.at_ms, 0
    score, grade, stage, changed_ms, stage_ms = before
    same = (score, grade, stage) == (r.score, r.grade, r.stage)
    return changed_ms if same else r.at_ms, stage_ms if stage == r.stage else r.at_ms


def _receipt(row: AnyRow) -> ReceiptRow:
    return ReceiptRow(*row)


def get(u: Unit, portal_id: int, contact_id: int) -> ReceiptRow | None:
    row = u.first(_whole(portal_id).where(_R.contact_id == contact_id))
    return _receipt(row) if row is not None else None


def get_many(u: Unit, portal_id: int, contact_ids: Collection[int]) -> dict[int, ReceiptRow]:
    """The latest receipts of these contacts; those without one are left out."""
    query = _whole(portal_id).where(u.among(_R.contact_id, contact_ids))
    return {row.contact_id: row for row in map(_receipt, u.rows(query))} if contact_ids else {}


def standings(u: Unit, portal_id: int, contact_ids: Collection[int]) -> dict[int, Standing]:
    """Score, grade and stage of these contacts, without the receipts themselves; those never judged are left out."""
    query = sa.select(_R.contact_id, _R.score, _R.grade, _R.stage).where(mine(RECEIPTS, portal_id))
    found = u.rows(query.where(u.among(_R.contact_id, contact_ids))) if contact_ids else ()
    return {row[0]: Standing(*row[1:]) for row in found}


def best(u: Unit, portal_id: int, limit: int, *, skip_stages: Collection[str] = ()) -> tuple[ReceiptRow, ...]:
    """The highest scores of live contacts, without those in the stages named (customers, say)."""
    query = _whole(portal_id).join(CONTACTS, _living(portal_id))
    if skip_stages:
        query = query.where(_R.stage.not_in(list(skip_stages)))
    return tuple(map(_receipt, u.rows(query.order_by(_R.score.desc(), _R.contact_id.desc()).limit(limit))))


def _living(portal_id: int) -> sa.ColumnElement[bool]:
    same = CONTACTS.c.id == _R.contact_id
    return sa.and_(mine(CONTACTS, portal_id), same, CONTACTS.c.archived.is_(False))


def distribution(u: Unit, portal_id: int) -> Distribution:
    """Live contacts by grade and by stage: all receipts, from an index alone, without the few of the dead."""
    query = sa.select(_R.grade, _R.stage, sa.func.count()).where(mine(RECEIPTS, portal_id))
    graves = sa.select(CONTACTS.c.id).where(mine(CONTACTS, portal_id), CONTACTS.c.archived_ms.is_not(None))
    everyone = Counter({(row[0], row[1]): row[2] for row in u.rows(query.group_by(_R.grade, _R.stage))})
    of_dead = query.where(_R.contact_id.in_(graves)).group_by(_R.grade, _R.stage)
    everyone.subtract({(row[0], row[1]): row[2] for row in u.rows(of_dead)})
    grades: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    for (grade, stage), number in (+everyone).items():
        grades[grade] += number
        stages[stage] += number
    return Distribution(dict(grades), dict(stages), grades.total())


def history(u: Unit, portal_id: int, contact_id: int) -> tuple[ScoreChange, ...]:
    """The steps of a contact, oldest first."""
    query = sa.select(RECEIPT_HISTORY).where(mine(RECEIPT_HISTORY, portal_id, contact_id=contact_id))
    return tuple(ScoreChange(*row[1:]) for row in u.rows(query.order_by(_H.at_ms)))


def changes_between(u: Unit, portal_id: int, from_ms: int, to_ms: int) -> Iterator[list[ScoreChange]]:
    """All steps of a span of time, up to but without ``to_ms``, by contact and time."""
    check_portal(portal_id)
    inside = [mine(RECEIPT_HISTORY, portal_id), _H.at_ms >= from_ms, _H.at_ms < to_ms]
    query = sa.select(RECEIPT_HISTORY).where(*inside).order_by(_H.contact_id, _H.at_ms)
    return ([ScoreChange(*row[1:]) for row in rows] for rows in u.run(query).partitions(5000))


def stream(u: Unit, portal_id: int, *, chunk: int = 1000, after_id: int = 0) -> Iterator[list[ReceiptRow]]:
    """All latest receipts in contact order, a chunk at a time."""
    check_portal(portal_id)
    return _pages(u, portal_id, chunk, after_id)


def _pages(u: Unit, portal_id: int, chunk: int, after_id: int) -> Iterator[list[ReceiptRow]]:
    query = _whole(portal_id).order_by(_R.contact_id).limit(chunk)
    while True:
        rows = [_receipt(row) for row in u.rows(query.where(_R.contact_id > after_id))]
        if rows:
            yield rows
        if len(rows) < chunk:
            return
        after_id = rows[-1].contact_id
