"""The twin's time: a real clock, a virtual one, and the two shapes of time HubSpot sends (milliseconds, ISO)."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000


class Clock(Protocol):
    """Whatever tells the time and can wait."""

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


class TwinClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class VirtualTwinClock:
    """A clock that moves only when told to; sleeping moves it and returns at once."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch; a time without a zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(milliseconds=1)


def from_ms(millis: int) -> datetime:
    return EPOCH + timedelta(milliseconds=millis)


def iso(millis: int) -> str:
    """``2026-11-22T10:11:12.345Z``, the read shape of a datetime property."""
    seconds, rest = divmod(millis, 1000)
    moment = time.gmtime(seconds)
    return f"{moment[0]}-{moment[1]:02d}-{moment[2]:02d}T{moment[3]:02d}:{moment[4]:02d}:{moment[5]:02d}.{rest:03d}Z"


def parse_moment(text: str) -> int:
    """Milliseconds from a number of milliseconds or an ISO text; raises ValueError."""
    if text.lstrip("-").isdigit():
        return int(text)
    return to_ms(datetime.fromisoformat(text))
