"""Finding contacts among all that were judged: by name, company, address or id, filtered, sorted, a page at a time.

Pages go on after the last row of the page before (keyset), so the thousandth costs what the first does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from connector.store.records.graves import resolve
from connector.store.schema import CONTACTS, RECEIPTS
from connector.store.unit import Unit, check_portal, mine

_R = RECEIPTS.c
Order = Literal["score", "changed"]
# So many of one name are leafed through in the order of the page rather than gathered first.
COMMON = 5000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. ``words`` (folded) must all occur in what a contact is found by; ``ident`` is its id."""

    words: tuple[str, ...] = ()
    ident: int | None = None
    stage: str = ""
    grade: str = ""
    least: int | None = None
    most: int | None = None
    mql_since_ms: int | None = None
    order: Order = "score"


@dataclass(frozen=True, slots=True)
class Hit:
    """One contact found: its latest verdict, and when that last changed."""

    contact_id: int
    score: int
    grade: str
    stage: str
    changed_ms: int

    def key(self, order: Order) -> int:
        """What this page's order goes by."""
        return self.score if order == "score" else self.changed_ms


def named(u: Unit, portal_id: int, wanted: Wanted) -> tuple[int, ...] | None:
    """Who has all the words in its name, or that id: one look at an index of nothing but ids and names.

    None: nobody was named, or so many are called so that each is better looked at on the way.
    """
    check_portal(portal_id)
    if not wanted.words and wanted.ident is None:
        return None
    told = sa.select(_R.contact_id).where(mine(RECEIPTS, portal_id), *_all_words(_R.face, wanted)).limit(COMMON + 1)
    ids = [row[0] for row in u.rows(told)] if wanted.words else []
    if wanted.ident is not None:
        ids.append(resolve(u, portal_id, "contacts", [wanted.ident])[wanted.ident])
    return tuple(ids) if len(ids) <= COMMON else None


def find(
    u: Unit,
    portal_id: int,
    wanted: Wanted,
    limit: int,
    after: tuple[int, int] | None = None,
    *,
    among: tuple[int, ...] | None = None,
) -> tuple[Hit, ...]:
    """The next contacts, best or latest first; ``after`` is (key, id) of the last one shown, ``among`` is ``named``."""
    sort = _R.score if wanted.order == "score" else _R.changed_ms
    columns = (_R.contact_id, _R.score, _R.grade, _R.stage, _R.changed_ms)
    query = sa.select(*columns).where(*_which(u, portal_id, wanted, among))
    if after is not None:
        query = query.where(sa.tuple_(sort, _R.contact_id) < sa.tuple_(*map(sa.literal, after)))
    rows = u.rows(query.order_by(sort.desc(), _R.contact_id.desc()).limit(limit))
    return tuple(Hit(*row) for row in rows)


def count(u: Unit, portal_id: int, wanted: Wanted, most: int, *, among: tuple[int, ...] | None = None) -> int:
    """How many there are, counted no further than ``most``."""
    some = sa.select(_R.contact_id).where(*_which(u, portal_id, wanted, among)).limit(most).subquery()
    return u.number(sa.select(sa.func.count()).select_from(some))


def judged(u: Unit, portal_id: int) -> bool:
    """Whether anybody was judged yet."""
    return u.first(sa.select(_R.contact_id).where(mine(RECEIPTS, portal_id)).limit(1)) is not None


def _which(u: Unit, portal_id: int, wanted: Wanted, among: tuple[int, ...] | None) -> list[sa.ColumnElement[bool]]:
    check_portal(portal_id)
    graves = sa.select(CONTACTS.c.id).where(mine(CONTACTS, portal_id), CONTACTS.c.archived_ms.is_not(None))
    which: list[sa.ColumnElement[bool]] = [mine(RECEIPTS, portal_id), _R.contact_id.not_in(graves)]
    if wanted.stage:
        which.append(_R.stage == wanted.stage)
    if wanted.grade:
        which.append(_R.grade == wanted.grade)
    if wanted.least is not None:
        which.append(_R.score >= wanted.least)
    if wanted.most is not None:
        which.append(_R.score <= wanted.most)
    if wanted.mql_since_ms is not None:
        which += [_R.stage == "mql", _R.stage_ms >= wanted.mql_since_ms]
    if among is not None:
        which.append(u.among(_R.contact_id, among))
    elif wanted.words or wanted.ident is not None:
        which.append(_called(u, portal_id, wanted))
    return which


def _called(u: Unit, portal_id: int, wanted: Wanted) -> sa.ColumnElement[bool]:
    """Whether the contact at hand has all these words in its name, or that id."""
    told: list[sa.ColumnElement[bool]] = []
    if wanted.words:
        names: Any = RECEIPTS.alias("names").c
        same = sa.and_(names.portal_id == portal_id, names.contact_id == _R.contact_id)
        told.append(sa.exists().where(same, *_all_words(names.face, wanted)))
    if wanted.ident is not None:
        told.append(_R.contact_id == resolve(u, portal_id, "contacts", [wanted.ident])[wanted.ident])
    return sa.or_(*told)


def _all_words(face: Any, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    return [face.contains(word, autoescape=True) for word in wanted.words]
