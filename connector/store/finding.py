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


def find(u: Unit, portal_id: int, wanted: Wanted, limit: int, after: tuple[int, int] | None = None) -> tuple[Hit, ...]:
    """The next contacts, best or latest first; ``after`` is (key, id) of the last one shown."""
    sort = _R.score if wanted.order == "score" else _R.changed_ms
    columns = (_R.contact_id, _R.score, _R.grade, _R.stage, _R.changed_ms)
    query = sa.select(*columns).where(*_which(u, portal_id, wanted))
    if after is not None:
        query = query.where(sa.tuple_(sort, _R.contact_id) < sa.tuple_(*map(sa.literal, after)))
    rows = u.rows(query.order_by(sort.desc(), _R.contact_id.desc()).limit(limit))
    return tuple(Hit(*row) for row in rows)


def count(u: Unit, portal_id: int, wanted: Wanted, most: int) -> int:
    """How many there are, counted no further than ``most``."""
    some = sa.select(_R.contact_id).where(*_which(u, portal_id, wanted)).limit(most).subquery()
    return u.number(sa.select(sa.func.count()).select_from(some))


def judged(u: Unit, portal_id: int) -> bool:
    """Whether anybody was judged yet."""
    return u.first(sa.select(_R.contact_id).where(mine(RECEIPTS, portal_id)).limit(1)) is not None


def _which(u: Unit, portal_id: int, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
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
        since = wanted.mql_since_ms
        which += [_R.changed_ms >= since, _R.stage == "mql", _R.stage_ms >= since]
    return which + ([_named(u, portal_id, wanted)] if wanted.words or wanted.ident is not None else [])


def _named(u: Unit, portal_id: int, wanted: Wanted) -> sa.ColumnElement[bool]:
    """Who has all these words in its name; an index of nothing but ids and names answers. Or who has that id."""
    told: list[sa.ColumnElement[bool]] = []
    if wanted.words:
        names: Any = RECEIPTS.alias("names").c
        all_words = [names.face.contains(word, autoescape=True) for word in wanted.words]
        told.append(_R.contact_id.in_(sa.select(names.contact_id).where(names.portal_id == portal_id, *all_words)))
    if wanted.ident is not None:
        told.append(_R.contact_id == resolve(u, portal_id, "contacts", [wanted.ident])[wanted.ident])
    return sa.or_(*told)
