"""A record's values coded for their row by the thread that read them: the write transaction only has to put them in.

A packed record takes a fifth of the memory of its dict and says the same; what it is asked for beyond a few names is
decoded again. Not here: the coding itself (``rows``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from connector.model.records import ObjectType, Properties, Snapshot
from connector.store.records.rows import LIFTED, encode, values_of
from connector.store.values import digest

# Beside what is lifted into columns: who was merged into a record is asked of every one.
_AT_HAND = {object_type: (*names, "hs_merged_object_ids") for object_type, names in LIFTED.items()}


class Packed(Mapping[str, str | None]):
    """The properties of one record as text, with their names and the hash of their content."""

    __slots__ = ("_few", "_values", "hash", "names", "text")

    def __init__(self, object_type: ObjectType, values: Properties) -> None:
        content, self.text = encode(object_type, values)
        self.hash = digest(content)
        self.names = _shared(tuple(values))
        self._few = {name: values.get(name) for name in _AT_HAND[object_type]}
        self._values: dict[str, str | None] | None = None

    def _all(self) -> dict[str, str | None]:
        if self._values is None:
            self._values = values_of(self.names, self.text)
        return self._values

    def __getitem__(self, name: str) -> str | None:
        return self._all()[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Without decoding for the few names that every record is asked for."""
        if default is None and name in self._few:
            return self._few[name]
        return self._all().get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@lru_cache(maxsize=64)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same tuple for the same names: the records of a listing have them in common."""
    return names


def coded(object_type: ObjectType, values: Properties) -> tuple[bytes, str]:
    """(hash of the content, text to keep)."""
    if isinstance(values, Packed):
        return values.hash, values.text
    content, text = encode(object_type, values)
    return digest(content), text


def names_of(values: Properties) -> tuple[str, ...]:
    return values.names if isinstance(values, Packed) else tuple(values)


def packed(snapshot: Snapshot) -> Snapshot:
    """The snapshot with its properties packed, where its kind is mirrored."""
    if snapshot.object_type not in LIFTED:
        return snapshot
    s = snapshot
    kept = Packed(s.object_type, s.properties)
    return Snapshot(s.object_type, s.id, kept, s.created_ms, s.modified_ms, s.archived, s.archived_ms, s.associations)
