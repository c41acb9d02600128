"""The mirrored contacts, companies and deals: taking in what the portal says, graves, merges, reading, what to judge.

Only what a portal says now gets in here. Order is settled by the portal's modification time, ties by the later read.
"""

from connector.store.records.dirty import clear_dirty, dirty_count, dirty_or_due, mark_colleagues, mark_dirty, tokens
from connector.store.records.graves import bury, merge, merge_many, resolve
from connector.store.records.packed import packed
from connector.store.records.reading import (
    by_email,
    count,
    get,
    get_many,
    live_ids,
    newcomers,
    newest,
    sample,
    spread,
    stamps,
    stream,
    stream_raw,
    window_count,
)
from connector.store.records.rows import Record
from connector.store.records.upsert import Upserted, upsert

__all__ = [
    "Record",
    "Upserted",
    "bury",
    "by_email",
    "clear_dirty",
    "count",
    "dirty_count",
    "dirty_or_due",
    "get",
    "get_many",
    "live_ids",
    "mark_colleagues",
    "mark_dirty",
    "merge",
    "merge_many",
    "newcomers",
    "newest",
    "packed",
    "resolve",
    "sample",
    "spread",
    "stamps",
    "stream",
    "stream_raw",
    "tokens",
    "upsert",
    "window_count",
]
