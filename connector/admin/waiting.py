"""Work that takes longer than a page may: done once in the background, looked at again until it is there.

    asked ──▶ running (done of total) ──▶ done (result) | failed (fault)

What was worked out is remembered for a while under what it depends on, in this process alone; another process works it
out again. Nothing here is kept or changes anything.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakKeyDictionary

from connector.errors import ConnectorError
from connector.progress import Silent
from connector.store import Store

PATIENCE = 1.5
"""Seconds a page waits before it says how far the work is."""
REMEMBERED = 24


class Task(Silent):
    """One piece of work and how far it is. ``first``: what is known before the rest, for work that has such a thing."""

    def __init__(self) -> None:
        self.done = 0
        self.total: int | None = None
        self.first: Any = None
        self.result: Any = None
        self.fault: ConnectorError | None = None
        self.over = threading.Event()

    def start(self, task: str, total: int | None) -> None:  # noqa: ARG002 - the shape of a progress
        self.done, self.total = 0, total

    def advance(self, task: str, by: int = 1) -> None:  # noqa: ARG002 - the shape of a progress
        self.done = min(self.done + by, self.total) if self.total is not None else self.done + by


class Waiting:
    """The tasks of one installation, one at work at a time."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[Hashable, Task] = OrderedDict()
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def ask(self, key: Hashable, work: Callable[[Task], Any], *, patience: float = PATIENCE) -> Task:
        """The task of that key, begun if nobody did; waits a little for its end. A failed one is tried again."""
        with self._lock:
            task = self._tasks.get(key)
            if task is None or task.fault is not None:
                task = self._tasks[key] = Task()
                threading.Thread(target=self._run, args=(task, work), daemon=True).start()
            self._tasks.move_to_end(key)
            while len(self._tasks) > REMEMBERED:
                self._tasks.popitem(last=False)
        task.over.wait(patience)
        return task

    def known(self, key: Hashable) -> Task | None:
        """The task of that key, if it is over and went well."""
        with self._lock:
            task = self._tasks.get(key)
        return task if task is not None and task.over.is_set() and task.fault is None else None

    def _run(self, task: Task, work: Callable[[Task], Any]) -> None:
        with self._turn:
            try:
                task.result = work(task)
            except ConnectorError as fault:
                task.fault = fault
            finally:
                if task.result is None and task.fault is None:  # something broke: told here, and where threads end
                    task.fault = ConnectorError("It could not be worked out.", remedy="Try again; the log says more.")
                task.over.set()


_ROOMS: WeakKeyDictionary[Store, Waiting] = WeakKeyDictionary()
_DOOR = threading.Lock()


def waiting(store: Store) -> Waiting:
    """The tasks that belong to this store."""
    with _DOOR:
        return _ROOMS.setdefault(store, Waiting())
