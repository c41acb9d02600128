"""Counts of what happened at the front door, by name and label: refused signatures, portals nobody knows."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connector.store.front_schema import TALLIES
from connector.store.unit import Unit
from connector.store.values import clean

_T = TALLIES.c
Tallies = dict[tuple[str, str], int]


def add(u: Unit, counted: Mapping[tuple[str, str], int]) -> None:
    """Count on."""
    insert = sqlite.insert(TALLIES) if u.sqlite else postgresql.insert(TALLIES)
    for (name, label), n in sorted(counted.items()):  # in one order everywhere, see ``group_commit``
        row = insert.values(name=clean(name), label=clean(label), n=n)
        u.run(row.on_conflict_do_update(index_elements=["name", "label"], set_={"n": _T.n + n}))


def every(u: Unit) -> Tallies:
    return {(row[0], row[1]): row[2] for row in u.rows(sa.select(_T.name, _T.label, _T.n).order_by(_T.name, _T.label))}
