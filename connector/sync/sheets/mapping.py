"""The columns of a mapping's sheet: one line a row, in the words of the mapping editor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.rules.documents.mapping import Row
from connector.sync.sheets.table import ABSENT, Column, column

_KINDS = {
    "field": "word", "property": "word", "object": "word", "direction": "word", "mode": "word", "clear": "word",
    "conflict": "word", "transforms": "steps", "values": "pairs", "unknown": "word", "fallbacks": "names",
}  # fmt: skip


class MappingTable:
    """Rows of a mapping. A row is known by what lies between what, else by its field or its property alone."""

    columns: Mapping[str, Column] = {name: column(name, kind) for name, kind in _KINDS.items()}
    marks: Sequence[tuple[str, ...]] = (
        ("field", "property", "object", "direction"), ("field", "property"), ("field",), ("property",),
    )  # fmt: skip

    def default(self, row: Mapping[str, Any], name: str) -> Any:  # noqa: ARG002 - all rows have the same
        info = Row.model_fields[name]
        return ABSENT if info.is_required() else info.default


MAPPING = MappingTable()
