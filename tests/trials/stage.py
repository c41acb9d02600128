"""What trials need to be set on: a scratch folder, a calendar of faults on the virtual clock, meddled constants."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.rig import Rig, SharedClock, rig

MIB = 1024 * 1024


def resident() -> int:
    """This process's resident memory, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


class Calendar(SharedClock):
    """A clock on which things are due: ``at(seconds from now, act)`` happens when time passes it."""

    def __init__(self) -> None:
        super().__init__()
        self._due: list[tuple[float, Callable[[], None]]] = []

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        self._due.append((self.monotonic() + seconds, act))

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._happen()

    def _happen(self) -> None:
        """Whatever is due by now."""
        now = self.monotonic()
        with self._lock:
            due = [act for moment, act in self._due if moment <= now]
            self._due = [(moment, act) for moment, act in self._due if moment > now]
        for act in due:
            act()

    advance = sleep


class FastClock(Calendar):
    """The machine's time, so many times as fast: several threads wait side by side, as they would in real time."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed, self._start, self._zero = speed, self._now, time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._zero) * self._speed)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / self._speed)
        self._happen()

    advance = sleep


@contextmanager
def folder() -> Iterator[Path]:
    """A scratch folder, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="leadwright-trial-") as name:
        yield Path(name)


@contextmanager
def installed(**options: Any) -> Iterator[Rig]:
    """A rig on a calendar in a scratch folder; ``r.clock.at`` is there."""
    with folder() as place, rig(place, **{"clock": Calendar(), **options}) as made:
        yield made


@contextmanager
def patched(room: Any, **values: Any) -> Iterator[None]:
    """A room's constants scaled down for the length of a trial."""
    before = {name: getattr(room, name) for name in values}
    for name, value in values.items():
        setattr(room, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(room, name, value)
