"""The different values of one property in the mirror, and how many living records hold each. One grouping statement."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from connector.model.records import ObjectType
from connector.store.records.rows import table_of
from connector.store.unit import Unit, mine


class Distinct(NamedTuple):
    """``values``: the most frequent first, an empty text for records without one. ``capped``: there are more."""

    values: tuple[tuple[str, int], ...]
    capped: bool


def distinct(u: Unit, portal_id: int, object_type: ObjectType, name: str, most: int) -> Distinct:
    """At most ``most`` different values. A name no property can have gives none."""
    if '"' in name or "\\" in name:
        return Distinct((), capped=False)
    table = table_of(object_type)
    value = sa.func.coalesce(_value(table, name, sqlite=u.sqlite), "").label("value")
    holders = sa.func.count().label("holders")
    query = (
        sa.select(value, holders)
        .where(mine(table, portal_id), table.c.archived.is_(False))
        .group_by(value)
        .order_by(holders.desc(), value)
        .limit(most + 1)
    )
    found = tuple((str(row[0]), int(row[1])) for row in u.rows(query))
    return Distinct(found[:most], capped=len(found) > most)


def _value(table: sa.Table, name: str, *, sqlite: bool) -> sa.ColumnElement[Any]:
    if sqlite:
        return sa.func.json_extract(table.c.props, f'$."{name}"')
    return sa.func.json_extract_path_text(sa.cast(table.c.props, sa.JSON), name)
