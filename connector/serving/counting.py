"""Counts that cost nothing when they happen: kept in memory, added to the front store with the next sign of life.

A flood of unsigned requests must not write to the database; a count lost by a kill is the price.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

MOST_LABELS = 1_000
Counts = Counter[tuple[str, str]]


class Counting:
    """Called as ``counting(name, label)`` from any thread."""

    def __init__(self) -> None:
        self._counts: Counts = Counter()
        self._lock = threading.Lock()

    def __call__(self, name: str, label: str) -> None:
        with self._lock:
            # What is counted by a sender's own words must not grow without end.
            known = (name, label) in self._counts or len(self._counts) < MOST_LABELS
            self._counts[name, label if known else "others"] += 1

    def take(self) -> Counts:
        """All since the last time; they are the caller's now."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, counts: Mapping[tuple[str, str], int]) -> None:
        """They could not be kept; next time."""
        with self._lock:
            self._counts.update(counts)

    def peek(self) -> dict[tuple[str, str], int]:
        """What is not kept yet."""
        with self._lock:
            return dict(self._counts)
