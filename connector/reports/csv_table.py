"""Rows as CSV (RFC 4180, UTF-8) that a spreadsheet may open: no cell can run as a formula (``connector/sheet.py``)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, BinaryIO

from connector.reports.spool import Spool, as_text
from connector.sheet import safe


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
