"""Rows on their way into a table: flattened, parked in a temporary file, and counted by column and kind.

A table needs all its columns before its first row, and rows need not agree on them. Two passes over a spool give
the columns of all rows in memory that does not grow with their number.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import orjson

Flat = dict[str, Any]


def flatten(row: Mapping[str, Any], prefix: str = "") -> Flat:
    """``{"properties": {"email": …}}`` as ``{"properties.email": …}``; lists stay lists."""
    flat: Flat = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


class Spool:
    """All rows of one export. ``columns`` maps a name to the kinds of values seen in it, None not counted."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.columns: dict[str, set[type]] = {}
        self.count = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        with ExitStack() as unless_whole:
            unless_whole.callback(self._file.close)
            for row in rows:
                self._add(flatten(row))
            unless_whole.pop_all()

    def _add(self, row: Flat) -> None:
        for name, value in row.items():
            kinds = self.columns.setdefault(name, set())
            if value is not None:
                kinds.add(type(value))
        self._file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        self.count += 1

    def names(self) -> list[str]:
        """Columns in a steady order: single ones as they came, nested ones sorted behind them."""
        single = [name for name in self.columns if "." not in name]
        return single + sorted(name for name in self.columns if "." in name)

    def __iter__(self) -> Iterator[Flat]:
        self._file.seek(0)
        for line in self._file:
            yield orjson.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def as_text(value: object) -> str:
    """A value as a cell: booleans as HubSpot writes them, lists with semicolons (HubSpot's own way), None empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return ";".join(as_text(item) for item in value)
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else str(value)
