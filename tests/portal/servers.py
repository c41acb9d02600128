"""Rate limiters as portals keep them, and a small world that sends calls through a lane at them. No real time."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable

from connector.portal.limits import Lane, Permit
from connector.portal.windows import Learner, RollingWindow


class RollingServer:
    """At most ``limit`` calls in any ``window`` seconds."""

    def __init__(self, limit: int = 190, window: float = 10.0) -> None:
        self.limit, self.window = limit, window
        self.hits: deque[float] = deque()

    def hit(self, now: float) -> tuple[bool, int]:
        while self.hits and self.hits[0] <= now - self.window:
            self.hits.popleft()
        if len(self.hits) >= self.limit:
            return False, 0
        self.hits.append(now)
        return True, self.limit - len(self.hits)


class BucketServer:
    """Refills continuously; its Remaining is cut to whole calls."""

    def __init__(self, limit: int = 190, window: float = 10.0) -> None:
        self.limit, self.window = limit, window
        self.tokens, self.stamp = float(limit), 0.0

    def hit(self, now: float) -> tuple[bool, int]:
        self.tokens = min(float(self.limit), self.tokens + (now - self.stamp) * self.limit / self.window)
        self.stamp = now
        if self.tokens < 1.0:
            return False, 0
        self.tokens -= 1.0
        return True, int(self.tokens)


class FixedServer:
    """Counts anew at fixed moments."""

    def __init__(self, limit: int = 190, window: float = 10.0, offset: float = 0.0) -> None:
        self.limit, self.window, self.offset = limit, window, offset
        self.period, self.used = -1, 0

    def hit(self, now: float) -> tuple[bool, int]:
        period = int((now + self.offset) // self.window)
        if period != self.period:
            self.period, self.used = period, 0
        if self.used >= self.limit:
            return False, 0
        self.used += 1
        return True, self.limit - self.used


class Shared:
    """A server of which another tool takes a call now and then."""

    def __init__(self, server: RollingServer | BucketServer | FixedServer, every: float) -> None:
        self.server, self.every, self.next = server, every, 0.0
        self.limit, self.window = server.limit, server.window

    def hit(self, now: float) -> tuple[bool, int]:
        while self.next <= now:
            self.server.hit(self.next)
            self.next += self.every
        return self.server.hit(now)


def new_lane(limit: int = 100, window: float = 10.0, verdict: str = "learn", *, known: bool = False) -> Lane:
    return Lane(RollingWindow(limit, window), Learner(verdict), 0.0, known=known)


class World:
    """Workers that always have another call to make, an event queue, and one lane between them and a server."""

    def __init__(self, server, lane: Lane, *, workers: int, way: Callable[[], float], headers: bool = True) -> None:
        self.server, self.lane, self.way, self.headers = server, lane, way, headers
        self.free = workers
        self.made = self.refused = 0
        self.arrivals: list[float] = []
        self._events: list[tuple[float, int, str, Permit | None, tuple[bool, int]]] = []
        self._order = itertools.count()
        self.now = self._wake = 0.0

    def run(self, seconds: float) -> World:
        end = self.now + seconds
        while self.now < end:
            self._send_all()
            when, _, kind, permit, result = heapq.heappop(self._events)
            self.now = when
            if kind == "arrive":
                self._arrive(permit)
            elif kind == "answer":
                self._answer(permit, result)
        return self

    def _send_all(self) -> None:
        while self.free:
            delay = self.lane.delay(False, self.now)
            if delay > 0:
                if self._wake <= self.now or self.now + delay < self._wake:
                    self._wake = self.now + delay
                    self._push(self._wake, "wake", None)
                return
            probe = self.lane.send(False, self.now)
            self.free -= 1
            self.made += 1
            permit = Permit("list", False, self.now, self.lane.window.released, probe)
            self._push(self.now + self.way(), "arrive", permit)
        if not self._events:
            self._push(self.now + 0.1, "wake", None)

    def _arrive(self, permit: Permit) -> None:
        result = self.server.hit(self.now)
        if result[0]:
            self.arrivals.append(self.now)
        self._push(self.now + self.way(), "answer", permit, result)

    def _answer(self, permit: Permit, result: tuple[bool, int]) -> None:
        self.free += 1
        accepted, remaining = result
        self.lane.known = True
        self.lane.back(permit, self.now, answered=accepted)
        if self.headers:
            self.lane.resize(self.server.limit, self.server.window)
            self.lane.hear(remaining, permit, self.now)
        if not accepted:
            self.refused += 1
            self.lane.pause(10.0, self.now)

    def _push(self, when: float, kind: str, permit: Permit | None, result: tuple[bool, int] = (True, 0)) -> None:
        heapq.heappush(self._events, (when, next(self._order), kind, permit, result))


def busiest(arrivals: list[float], window: float) -> int:
    """The most calls in any window."""
    most, start = 0, 0
    for end, moment in enumerate(arrivals):
        while arrivals[start] <= moment - window:
            start += 1
        most = max(most, end - start + 1)
    return most
