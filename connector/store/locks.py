"""A fair lock: whoever asks first gets it first. SQLite has one writer at a time and no queue of its own."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType

from connector.errors import StoreError


class FairLock:
    """First come, first served, between the threads of this process; refuses the thread that holds it already."""

    def __init__(self) -> None:
        self._inner = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._owner: int | None = None

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._inner:
            if self._owner == me:
                raise StoreError("A unit is open in this thread already; a second one inside it would wait for ever.")
            if self._owner is None and not self._waiting:
                self._owner = me
                return
            turn = threading.Event()
            self._waiting.append(turn)
        try:
            turn.wait()
        except BaseException:
            self._give_up(turn)
            raise
        self._owner = me

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._inner:
            self._pass_on()

    def _give_up(self, turn: threading.Event) -> None:
        """Interrupted while waiting: leave the queue, or hand on what was handed over just then."""
        with self._inner:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:
                self._pass_on()

    def _pass_on(self) -> None:
        if self._waiting:
            # Handed over under the lock: the owner stays set, so that no newcomer slips in before the next in line.
            self._owner = -1
            self._waiting.popleft().set()
        else:
            self._owner = None


_LOCKS: dict[str, FairLock] = {}
_REGISTRY = threading.Lock()


def writer_lock(database: str) -> FairLock:
    """The one lock of this process for that database file, whoever opened it."""
    with _REGISTRY:
        return _LOCKS.setdefault(database, FairLock())
