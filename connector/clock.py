"""Time as an argument: the only place that reads the system's clock or sleeps."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Protocol

# What can be written as a date: the years 1 to 9999. People type the oddest numbers into fields.
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999
_MILLIS = re.compile(r"-?[0-9]{1,15}")


class Clock(Protocol):
    """What the edges need of time. Rules never see a clock; they get ``now`` in epoch milliseconds."""

    def now_ms(self) -> int:
        """Wall-clock time as epoch milliseconds (UTC)."""

    def monotonic(self) -> float:
        """Seconds that never run backwards; only differences mean anything."""

    def sleep(self, seconds: float) -> None:
        """Wait; a virtual clock moves itself instead."""


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)


class VirtualClock:
    """A clock that stands still until it is told to move; ``sleep`` moves it. For tests and the laboratory."""

    def __init__(self, start_ms: int = 1_795_305_600_000) -> None:
        self._now = float(start_ms)

    def now_ms(self) -> int:
        return int(self._now)

    def monotonic(self) -> float:
        return self._now / 1000

    def sleep(self, seconds: float) -> None:
        self._now += max(0.0, seconds) * 1000

    def advance(self, seconds: float) -> None:
        self.sleep(seconds)


def iso(millis: int) -> str:
    """Epoch milliseconds as HubSpot writes them: ``2026-11-22T10:11:12.345Z``."""
    moment = datetime.fromtimestamp(millis // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{millis % 1000:03d}Z"


def instant(text: str | None) -> int | None:
    """Epoch milliseconds from what HubSpot writes for a time (ISO, or digits of milliseconds), None for all else."""
    if not text:
        return None
    try:
        at = int(text) if _MILLIS.fullmatch(text) else _stamp(datetime.fromisoformat(text))
    except ValueError:
        return None
    return at if FIRST_MS <= at <= LAST_MS else None


def _stamp(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)
