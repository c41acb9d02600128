"""The truth ledger: every call made, every enrolment received, every value the API changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call as it was answered."""

    method: str
    path: str
    template: str
    status: int
    at: datetime
    kind: str = "other"
    token: str = ""
    writing: bool = False


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One accepted workflow enrolment; ``again`` when the contact was already enrolled (no second effect)."""

    workflow_id: int
    contact_id: int
    at: datetime
    again: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """One value that an API call changed, or one thing it did (``created``, ``archived``, ``member-added`` …)."""

    what: str
    object_type: str
    object_id: int
    name: str
    before: str | None
    after: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST to the app's target: ``status`` 0 when no answer came in time; ``number`` counts retries from 0."""

    delivery: str
    number: int
    items: int
    status: int
    ms: float
    outcome: str  # "delivered", "again" (will be retried), "given up"
    at: datetime


class Ledger:
    """Grows as the portal is used; read by tests and ``GET /__twin__/ledger``."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.enrolments: list[Enrolment] = []
        self.effects: list[Effect] = []
        self.attempts: list[Attempt] = []

    def count(self, prefix: str | None = None, status: int | None = None, method: str | None = None) -> int:
        """Calls whose path (or template) starts so, with that status and method."""
        return len(self.matching(prefix, status, method))

    def matching(self, prefix: str | None = None, status: int | None = None, method: str | None = None) -> list[Call]:
        return [
            call
            for call in self.calls
            if (prefix is None or call.path.startswith(prefix) or call.template.startswith(prefix))
            and (status is None or call.status == status)
            and (method is None or call.method == method)
        ]

    def writes(self) -> list[Call]:
        """Calls that changed or tried to change the portal's state."""
        return [call for call in self.calls if call.writing]

    def clear(self) -> None:
        self.calls.clear()
        self.enrolments.clear()
        self.effects.clear()
        self.attempts.clear()

    def as_json(self, last: int = 1000) -> dict[str, Any]:
        """Totals and the last entries of each kind."""

        def plain(entries: list[Any]) -> list[dict[str, Any]]:
            return [{**asdict(entry), "at": entry.at.isoformat()} for entry in entries[-last:]]

        return {
            "counts": {
                "calls": len(self.calls), "enrolments": len(self.enrolments), "effects": len(self.effects),
                "writes": len(self.writes()), "throttled": self.count(status=429), "attempts": len(self.attempts),
            },
            "calls": plain(self.calls), "enrolments": plain(self.enrolments), "effects": plain(self.effects),
            "attempts": plain(self.attempts),
        }  # fmt: skip
