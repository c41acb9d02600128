"""Rows read as columns, many contacts at a time: for scoring everybody at once.

Acts come packed into whole numbers and joined into one text per contact by the database itself: a row for each act
would cost more than everything that is done with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import orjson
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects.postgresql import aggregate_order_by

from connector.store.records.rows import read_set
from connector.store.schema import ACTIVITIES, COMPANIES, CONTACTS, RECEIPTS
from connector.store.stretches import Reach
from connector.store.unit import Unit, check_portal, mine

Ints = NDArray[np.int64]
SURE = ("human", "unsure", "machine")
_C = ACTIVITIES.c
_R = RECEIPTS.c
_IN_TIME = (_C.at_ms, _C.source, _C.id)


class People(NamedTuple):
    """Living contacts in the order of their ids: the properties that were ever read of each, and those with a value."""

    ids: list[int]
    read: list[Sequence[str]]
    values: list[Mapping[str, str]]


class Packed(NamedTuple):
    """Acts of a stretch of contacts, contact by contact in time order: ``counts[i]`` of them are of ``ids[i]``.

    ``kind`` is a place in ``kinds``, ``verdict`` one in ``SURE``. ``said`` has, in the same order, what the acts of the
    worded kinds say: reference, title, address, asset and detail (JSON text).
    """

    kinds: tuple[str, ...]
    ids: Ints
    counts: Ints
    at_ms: Ints
    kind: Ints
    verdict: Ints
    said: list[list[str]]


@dataclass(frozen=True, slots=True)
class Standings:
    """Standings of a stretch of contacts as columns. ``grade`` is a place in ``DCBA``."""

    ids: Ints
    score: Ints
    fit: Ints
    grade: Ints

    def only(self, those: NDArray[np.bool_]) -> Standings:
        """The same, of some of them."""
        return Standings(self.ids[those], self.score[those], self.fit[those], self.grade[those])


Whom = Reach | Collection[int]
"""A stretch of contacts, or some by id."""


def _whom(u: Unit, column: sa.ColumnElement[int], whom: Whom) -> sa.ColumnElement[bool]:
    if isinstance(whom, Reach):
        return sa.and_(column > whom.after_id, column <= whom.last_id)
    return u.among(column, whom)


def people(u: Unit, portal_id: int, whom: Whom) -> People:
    """The living ones of these contacts."""
    c = CONTACTS.c
    query = sa.select(c.id, c.read_set, c.props).where(mine(CONTACTS, portal_id), c.archived.is_(False))
    rows = u.run(query.where(_whom(u, c.id, whom)).order_by(c.id)).all()
    sets = {number: read_set(u, portal_id, number) for number in {row[1] for row in rows}}
    values = orjson.loads(f"[{','.join([row[2] for row in rows])}]")
    return People([row[0] for row in rows], [sets[row[1]] for row in rows], values)


def companies(u: Unit, portal_id: int, ids: Collection[int]) -> dict[int, Mapping[str, str]]:
    """What these companies have a value for."""
    c = COMPANIES.c
    query = sa.select(c.id, c.props).where(mine(COMPANIES, portal_id), u.among(c.id, ids), c.archived.is_(False))
    rows = u.run(query).all() if ids else []
    return dict(zip([row[0] for row in rows], orjson.loads(f"[{','.join([row[1] for row in rows])}]"), strict=True))


def acts(u: Unit, portal_id: int, whom: Whom, worded: Collection[str]) -> Packed:
    """All that these contacts ever did, with the words of these kinds."""
    check_portal(portal_id)
    which = (mine(ACTIVITIES, portal_id), _whom(u, _C.contact_id, whom))
    kinds = tuple(sorted(row[0] for row in u.rows(sa.select(_C.kind).distinct().where(*which))))
    if not kinds:
        nothing = np.zeros(0, np.int64)
        return Packed((), nothing, nothing, nothing, nothing, nothing, [])
    step = len(kinds) * len(SURE)
    columns = [_C.contact_id, sa.func.count(), _joined(u.sqlite, kinds)]
    columns += [_told(u.sqlite, worded)] if worded else []
    rows = u.run(sa.select(*columns).where(*which).group_by(_C.contact_id).order_by(_C.contact_id)).all()
    packed = np.fromstring(" ".join([row[2] for row in rows]), dtype=np.int64, sep=" ") if rows else np.zeros(0, int)
    at_ms, rest = np.divmod(packed, step)
    kind, verdict = np.divmod(rest, len(SURE))
    told = orjson.loads(f"[{','.join([row[3] for row in rows if row[3]])}]") if worded else []
    said = [one for theirs in told for one in theirs]
    return Packed(kinds, _ints([row[0] for row in rows]), _ints([row[1] for row in rows]), at_ms, kind, verdict, said)


def _joined(sqlite: bool, kinds: Sequence[str]) -> sa.ColumnElement[str]:
    """Time, kind and verdict of each act of a contact as one number, the numbers as one text."""
    kind = sa.case({name: place for place, name in enumerate(kinds)}, value=_C.kind)
    sure = sa.case({name: place for place, name in enumerate(SURE)}, value=_C.verdict)
    number = sa.cast((_C.at_ms * len(kinds) + kind) * len(SURE) + sure, sa.Text)
    if sqlite:  # in the order of the primary key, in which the rows are read anyway
        return sa.func.group_concat(number, " ")
    return sa.func.string_agg(number, aggregate_order_by(sa.literal(" "), *_IN_TIME))


def _told(sqlite: bool, worded: Collection[str]) -> sa.ColumnElement[str]:
    """What a contact's acts of these kinds say, as one JSON text."""
    words = (_C.ref, _C.title, _C.url, _C.asset, _C.detail)
    these = _C.kind.in_(list(worded))
    if sqlite:
        return sa.func.json_group_array(sa.func.json_array(*words), type_=sa.Text()).filter(these)
    each = sa.func.json_build_array(*words)
    return sa.cast(sa.func.json_agg(aggregate_order_by(each, *_IN_TIME)).filter(these), sa.Text)


def standings(u: Unit, portal_id: int, first_id: int, last_id: int) -> Standings:
    """Where everybody between two ids stood when judged last."""
    grade = sa.case({letter: place for place, letter in enumerate("DCBA")}, value=_R.grade, else_=-1)
    query = sa.select(_R.contact_id, _R.score, _R.fit, grade).where(mine(RECEIPTS, portal_id))
    rows = u.run(query.where(_R.contact_id.between(first_id, last_id)).order_by(_R.contact_id)).all()
    table = np.array([tuple(row) for row in rows], np.int64).reshape(-1, 4)
    return Standings(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, np.int64)
