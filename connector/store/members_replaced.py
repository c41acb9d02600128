"""A list has exactly these members from now on. Works on columns, which take longer to load than most commands run.

So it is loaded by name, where a list was read (``connector/sync/listing.py``).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from connector.store import bulk, erasures
from connector.store.memberships import UNTOLD, ListRow, settle
from connector.store.records.graves import led_away
from connector.store.schema import LIST_MEMBERSHIPS
from connector.store.unit import Unit, mine

Ints = NDArray[np.int64]
CHUNK = 10_000
_M = LIST_MEMBERSHIPS.c


def replace(u: Unit, portal_id: int, row: ListRow, members: array[int], joined: array[int]) -> tuple[int, int]:
    """The list has exactly these members, each since when (``UNTOLD``: not told); how many came and how many left.

    Whoever came or left is to be judged; everybody is, when nothing was known of the list until now.
    """
    u.own(portal_id)
    ids, since = _living(u, portal_id, np.array(members, np.int64), np.array(joined, np.int64))
    before, before_since = _members(u, portal_id, row.list_id)
    came = ~np.isin(ids, before, assume_unique=True)
    gone = before[~np.isin(before, ids, assume_unique=True)]
    for some in _chunks(gone):
        which = mine(LIST_MEMBERSHIPS, portal_id, list_id=row.list_id)
        u.change(sa.delete(LIST_MEMBERSHIPS).where(which, u.among(_M.contact_id, some)))
    told = came.copy()
    told[~came] = since[~came] != before_since[np.isin(before, ids, assume_unique=True)]
    rows = zip(ids[told].tolist(), since[told].tolist(), strict=True)
    bulk.put(u, portal_id, LIST_MEMBERSHIPS, [(one, row.list_id, None if at == UNTOLD else at) for one, at in rows])
    settle(u, portal_id, row, [*ids[came].tolist(), *gone.tolist()])
    return int(came.sum()), len(gone)


def _members(u: Unit, portal_id: int, list_id: str) -> tuple[Ints, Ints]:
    query = sa.select(_M.contact_id, _M.since_ms).where(mine(LIST_MEMBERSHIPS, portal_id, list_id=list_id))
    ids, since = array("q"), array("q")
    for contact, at in u.run(query.order_by(_M.contact_id)):
        ids.append(contact)
        since.append(UNTOLD if at is None else at)
    return np.array(ids, np.int64), np.array(since, np.int64)


def _living(u: Unit, portal_id: int, ids: Ints, since: Ints) -> tuple[Ints, Ints]:
    """In the order of ids, each once: merged ones as their survivors, erased people not at all."""
    led: dict[int, int] = {}
    erased: set[int] = set()
    for some in _chunks(ids):
        led |= led_away(u, portal_id, "contacts", some)
    lives = np.array([led.get(one, one) for one in ids.tolist()], np.int64) if led else ids
    for some in _chunks(lives):
        erased |= erasures.standing(u, portal_id, some)
    unique, first = np.unique(lives, return_index=True)
    stays = ~np.isin(unique, np.fromiter(erased, np.int64))
    return unique[stays], since[first[stays]]


def _chunks(ids: Ints) -> Iterator[list[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK].tolist()
