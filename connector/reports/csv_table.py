"""Rows as CSV (RFC 4180, UTF-8) that a spreadsheet may open: no cell can run as a formula.

A text that begins with ``= + - @``, a tab or a carriage return gets a leading ``'`` (OWASP: CSV injection).
Plain numbers such as -15 stay numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any, BinaryIO

from connector.reports.spool import Spool, as_text

STARTERS = ("=", "+", "-", "@", "\t", "\r")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


def safe(cell: str) -> str:
    """The cell, disarmed where a spreadsheet would take it for a formula."""
    if cell.startswith(STARTERS) and not PLAIN_NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def write(rows: Iterable[dict[str, Any]], out: BinaryIO) -> int:
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    try:
        with Spool(rows) as spool:
            names = spool.names()
            table = csv.writer(text)
            if names:
                table.writerow([safe(name) for name in names])
            table.writerows([safe(as_text(row.get(name))) for name in names] for row in spool)
            return spool.count
    finally:
        text.detach()
