"""Rows as JSON: one object a line, or one array for callers that want a single document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

import orjson


def write_lines(rows: Iterable[dict[str, Any]], out: BinaryIO) -> int:
    count = 0
    for row in rows:
        out.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        count += 1
    return count


def write_array(rows: Iterable[dict[str, Any]], out: BinaryIO) -> int:
    """A JSON array, still streamed: one row a line between the brackets."""
    count = 0
    out.write(b"[")
    for row in rows:
        out.write(b",\n" if count else b"\n")
        out.write(orjson.dumps(row))
        count += 1
    out.write(b"\n]\n")
    return count
