"""Exports: which writer serves which format, and how a file appears whole or not at all.

Memory stays flat however many rows come: each writer streams, and those that must know all columns first
(CSV, Parquet) spool the rows to a temporary file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, BinaryIO

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
    """Write ``FILE.part`` and rename it when it is whole; a fault leaves what was there before."""
    if file.exists() and not file.is_file():  # a device or a pipe is written to, never replaced
        with file.open("wb") as out:
            return stream(rows, kind, out)
    part = file.with_name(f"{file.name}.part")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as out:
            count = stream(rows, kind, out)
            os.fsync(out.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return count
