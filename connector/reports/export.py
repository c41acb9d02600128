"""Exports: which writer serves which format.

Memory stays flat however many rows come: each writer streams, and those that must know all columns first
(CSV, Parquet) spool the rows to a temporary file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, BinaryIO

from connector.files import whole

Row = dict[str, Any]
Writer = Callable[[Iterable[Row], BinaryIO], int]

# Resolved by name: pyarrow takes longer to import than most exports take to run.
WRITERS = {
    "jsonl": "connector.reports.jsonl:write_lines",
    "json": "connector.reports.jsonl:write_array",
    "csv": "connector.reports.csv_table:write",
    "parquet": "connector.reports.parquet:write",
}


def stream(rows: Iterable[Row], kind: str, out: BinaryIO) -> int:
    """Write all rows to ``out``; gives how many there were."""
    writer: Writer = resolve_name(WRITERS[kind])
    count = writer(rows, out)
    out.flush()
    return count


def save(rows: Iterable[Row], kind: str, file: Path) -> int:
    """All rows into a file, whole or not at all; how many there were."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole(file) as out:
        return stream(rows, kind, out)
