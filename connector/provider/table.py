"""The dry provider: a table of answers by domain, for trying an enrichment out. It asks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.errors import ConfigError
from connector.model.enrichment import Found, NotFound, Outcome


@dataclass(frozen=True, slots=True)
class TableProvider:
    """Answers out of a table: domain → what a provider would answer."""

    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def ask(self, domain: str) -> Outcome:
        found = self.answers.get(domain)
        return Found(found) if found else NotFound()


def table_of(data: object, name: str) -> TableProvider:
    """A table as it was read; ConfigError when it is none."""
    if not isinstance(data, dict) or not all(isinstance(one, dict) for one in data.values()):
        raise ConfigError(
            f'The table "{name}" holds no answers by domain.',
            remedy="Write one domain a key, and under it what a provider would answer.",
        )
    return TableProvider({str(domain).lower(): answer for domain, answer in data.items()})
