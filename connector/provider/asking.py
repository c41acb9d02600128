"""Asking about many domains within a time: a few at once, nobody waited for beyond it, and it can be stopped."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connector.clock import SystemClock
from connector.model.enrichment import Failed, Outcome, Provider

AT_ONCE = 4
LATE = Failed("it did not answer in time")
BROKEN = Failed("asking it failed in an unforeseen way")
Answer = tuple[str, Outcome]


@dataclass(slots=True)
class Round:
    """One round of questions; iterate ``answers`` and call ``stop`` when the rest is not worth asking.

    A further question begins only once an answer was looked at, so that little is under way when it is stopped.
    """

    provider: Provider
    domains: Sequence[str]
    patience_s: float
    at_once: int = AT_ONCE
    _came: queue.SimpleQueue[Answer] = field(default_factory=queue.SimpleQueue)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looked_at: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _next: int = 0
    _stopped: bool = False

    def stop(self) -> None:
        """Begin no further question."""
        with self._lock:
            self._stopped = True

    def answers(self) -> Iterator[Answer]:
        """Each answer as it comes; who was asked and did not answer in time comes last, as late.

        Whoever was not asked at all is missing. The threads are left to end by themselves: they hold nothing.
        """
        clock = SystemClock()
        ends = clock.monotonic() + self.patience_s
        workers = min(self.at_once, len(self.domains))
        for _ in range(workers):
            threading.Thread(target=self._work, args=(ends,), name="enrich", daemon=True).start()
        answered: set[str] = set()
        while workers:
            try:
                domain, outcome = self._came.get(timeout=max(0.0, ends - clock.monotonic()))
            except queue.Empty:
                break
            if domain:
                answered.add(domain)
                yield domain, outcome
                self._looked_at.release()
            else:
                workers -= 1
        self.stop()
        with self._lock:
            under_way = set(self.domains[: self._next]) - answered
        yield from ((domain, LATE) for domain in sorted(under_way))

    def _work(self, ends: float) -> None:
        """A fault that nobody foresaw ends this thread and is reported by it; the round goes on."""
        try:
            while (domain := self._take(ends)) is not None:
                outcome: Outcome = BROKEN
                try:
                    outcome = self.provider.ask(domain)
                finally:
                    self._came.put((domain, outcome))
                self._looked_at.acquire(timeout=max(0.0, ends - SystemClock().monotonic()))
        finally:
            self._came.put(("", LATE))

    def _take(self, ends: float) -> str | None:
        with self._lock:
            if self._stopped or self._next >= len(self.domains) or SystemClock().monotonic() >= ends:
                return None
            self._next += 1
            return self.domains[self._next - 1]
