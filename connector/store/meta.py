"""A few facts about the installation itself, by name. They belong to no portal."""

from __future__ import annotations

import sqlalchemy as sa

from connector.store.schema import META
from connector.store.unit import Unit
from connector.store.values import clean


def get(u: Unit, key: str) -> str | None:
    found = u.scalar(sa.select(META.c.value).where(META.c.key == key))
    return str(found) if found is not None else None


def put(u: Unit, key: str, value: str) -> None:
    if not u.change(sa.update(META).where(META.c.key == key).values(value=clean(value))):
        u.run(sa.insert(META).values(key=key, value=clean(value)))
