"""What became of contacts: accepted by sales, won, or known as a buyer from elsewhere; each with its instant, if dated.

Not here: what a model would have said of them (``walk.py``).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.clock import instant
from connector.errors import ConfigError

ACCEPTED, WON, KNOWN = "accepted", "won", "known"


@dataclass
class Outcome:
    """Who came to it, and when; None: at a time nobody knows."""

    name: str
    at: dict[int, int | None] = field(default_factory=dict)

    def of(self, contact_id: int, at_ms: int | None) -> None:
        """Book it, the first time only."""
        known = self.at.get(contact_id)
        if contact_id not in self.at or (at_ms is not None and (known is None or at_ms < known)):
            self.at[contact_id] = at_ms

    def before(self, contact_id: int, at_ms: int) -> bool:
        """Whether it had happened by then; what has no date counts as not yet."""
        found = self.at.get(contact_id)
        return found is not None and found <= at_ms

    def within(self, contact_id: int, from_ms: int, to_ms: int) -> bool:
        """Whether it happened after ``from_ms`` up to and with ``to_ms``; what has no date always does."""
        if contact_id not in self.at:
            return False
        found = self.at[contact_id]
        return found is None or from_ms < found <= to_ms


def read_buyers(text: str, file: str) -> list[tuple[str, int | None]]:
    """Buyers known from elsewhere: a JSON list of ids or addresses (or an object id → day), or CSV lines ``who,day``.

    The day may be missing. A first line without a digit or an @ is taken for the names of the columns.
    """
    stripped = text.lstrip("\ufeff \t\r\n")
    if stripped[:1] in ("[", "{"):
        return _from_json(stripped, file)
    rows = [row for row in csv.reader(io.StringIO(stripped)) if row and row[0].strip()]
    if rows and "@" not in rows[0][0] and not any(sign.isdigit() for sign in rows[0][0]):
        rows = rows[1:]
    return [(row[0].strip(), _day(row[1] if len(row) > 1 else "", file, at)) for at, row in enumerate(rows, 1)]


def _from_json(text: str, file: str) -> list[tuple[str, int | None]]:
    try:
        found: Any = json.loads(text)
    except ValueError:
        raise ConfigError(
            f"{file} is neither JSON nor CSV.", remedy="One id or address a line, perhaps a day."
        ) from None
    pairs = found.items() if isinstance(found, dict) else ((one, "") for one in found)
    return [(str(who).strip(), _day(str(day or ""), file, at)) for at, (who, day) in enumerate(pairs, 1)]


def _day(text: str, file: str, line: int) -> int | None:
    if not text.strip():
        return None
    at = instant(text.strip())
    if at is None:
        raise ConfigError(
            f"{file}, entry {line}: {text!r} is no day.", remedy="Write it like 2026-11-22, or leave it out."
        )
    return at


def known(
    buyers: Iterable[tuple[str, int | None]], emails: Mapping[str, int], ids: set[int]
) -> tuple[Outcome, list[str]]:
    """The buyers that are mirrored, and the names of those that are not."""
    outcome, missing = Outcome(KNOWN), []
    for who, at in buyers:
        ident = int(who) if who.isascii() and who.isdecimal() else emails.get(who.lower(), 0)
        if ident in ids:
            outcome.of(ident, at)
        else:
            missing.append(who)
    return outcome, missing
