"""What a data provider said of a company: the answer as it is kept, and how asking ended.

Of a person nothing is asked and nothing is kept: the key is a company's domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

PLACE = "{domain}"
"""Where a provider's address takes the domain."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one domain from one provider, in force since ``at_ms``. ``values``: by path of the answer.

    ``names`` are the paths that were looked for: one that is missing in ``values`` was asked for and not told.
    """

    provider: str
    domain: str
    at_ms: int
    values: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    checked_ms: int = 0
    until_ms: int = 0

    @property
    def said(self) -> str:
        """Where a value of it comes from, as receipts say it."""
        return f"provider {self.provider}, {datetime.fromtimestamp(self.at_ms / 1000, UTC):%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Found:
    """The provider knows the company; ``body`` is its answer as it came, nothing of it kept yet."""

    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NotFound:
    """The provider says that it does not know the company."""


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer that can be used: ``why`` as a plain sentence without the domain that was asked for.

    ``final``: asking anything else would fail the same way (the secret is refused, the address points inward).
    ``wait_s``: for how long the provider itself wants to be left alone.
    """

    why: str
    final: bool = False
    wait_s: float | None = None


Outcome = Found | NotFound | Failed


class Provider(Protocol):
    """Whoever can be asked about a domain. ``ask`` tells every failure, within the time it was made with."""

    def ask(self, domain: str) -> Outcome: ...
