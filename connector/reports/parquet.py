"""Rows as Parquet, in row groups of ten thousand. The only module that imports pyarrow; loaded by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from connector.reports.spool import Flat, Spool, as_text

ROW_GROUP = 10_000


def write(rows: Iterable[dict[str, Any]], out: BinaryIO) -> int:
    with Spool(rows) as spool:
        types = {name: _type(spool.columns[name]) for name in spool.names()}
        schema = pa.schema(list(types.items()))
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for group in _groups(spool):
                columns = {name: [_fit(row.get(name), kind) for row in group] for name, kind in types.items()}
                writer.write_table(pa.table(columns, schema=schema))
        return spool.count


def _groups(rows: Iterable[Flat]) -> Iterator[list[Flat]]:
    walk = iter(rows)
    while group := list(islice(walk, ROW_GROUP)):
        yield group


def _type(kinds: set[type]) -> pa.DataType:
    """One kind of value gives its own type, whole and broken numbers give float, anything mixed is text."""
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    if kinds and kinds <= {int, float}:
        return pa.float64()
    return pa.list_(pa.string()) if kinds and kinds <= {list, tuple} else pa.string()


def _fit(value: object, kind: pa.DataType) -> object:
    if value is None:
        return None
    if pa.types.is_list(kind) and isinstance(value, list):
        return [None if item is None else as_text(item) for item in value]
    return as_text(value) if pa.types.is_string(kind) else value
