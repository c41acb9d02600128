"""The arithmetic of limits, without locks and waiting: a rolling window, a bucket, and which of them a portal keeps.

HubSpot calls its burst limit ten-secondly *rolling*: at most Max calls in any ten seconds. Other portals refill
continuously. Assuming rolling can never provoke a 429; where the portal's Remaining header shows that it refills, the
bucket lets more through.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

# A slot is free again a little after the window: clocks tick in steps, and a tie must not be ours.
MARGIN = 0.005


class RollingWindow:
    """Calls that may still count at the portal.

    The portal counts a call when it arrives, which is some time between our sending and its answering. So a call in
    flight holds its slot, and an answered one until ``window`` seconds after the *answer*.
    """

    def __init__(self, limit: int, window: float) -> None:
        self.limit = limit
        self.window = window
        self.in_flight = 0
        self.released = 0
        self._answered: deque[tuple[float, float]] = deque()
        # (seen at, how many), falling: the most of others' calls seen within one window stands in front.
        self._foreign: deque[tuple[float, int]] = deque()

    def used(self, now: float) -> int:
        """Slots taken at this moment, those that others are likely to take (seen through Remaining) included."""
        self._expire(now)
        return self._ours() + (self._foreign[0][1] if self._foreign else 0)

    def send(self) -> None:
        self.in_flight += 1

    def answer(self, sent: float, now: float) -> None:
        self.in_flight -= 1
        self._answered.append((sent, now))

    def frees_in(self, now: float) -> float | None:
        """Seconds until the next slot is free; None while all slots are in flight."""
        ends = [self._foreign[0][0] + self.window] if self._foreign else []
        if self._answered:
            ends.append(self._answered[0][1] + self.window + MARGIN)
        return max(0.0, min(ends) - now) if ends else None

    def surely_counted(self, sent: float, now: float) -> int:
        """Calls a rolling portal must have counted when it answered one that was sent at ``sent``."""
        oldest = now - self.window
        return sum(1 for mine, answered in self._answered if mine > oldest and answered <= sent)

    def others(self, remaining: int, released_before: int, now: float) -> None:
        """Note calls that are not ours: the portal has fewer left than we can have used. What others took in one window
        they are expected to take in the next."""
        self._expire(now)
        ours_at_most = self._ours() + self.released - released_before
        foreign = self.limit - remaining - ours_at_most
        if foreign > 0:
            while self._foreign and self._foreign[-1][1] <= foreign:
                self._foreign.pop()
            self._foreign.append((now, foreign))

    def after(self, sent: float) -> int:
        """Calls of ours that may have arrived after one that was sent at ``sent``."""
        return self.in_flight + sum(1 for _, answered in self._answered if answered > sent)

    def _ours(self) -> int:
        return self.in_flight + len(self._answered)

    def _expire(self, now: float) -> None:
        ended = now - self.window - MARGIN
        while self._answered and self._answered[0][1] <= ended:
            self._answered.popleft()
            self.released += 1
        while self._foreign and self._foreign[0][0] <= now - self.window:
            self._foreign.popleft()


class TokenBucket:
    """``capacity`` tokens that refill continuously; the portal's headers have the last word."""

    # Two clocks never run alike: a hundredth less than the portal refills keeps us on the right side.
    SHARE = 0.99

    def __init__(self, capacity: int, window: float, now: float) -> None:
        self.capacity = capacity
        self.window = window
        self.tokens = float(capacity)
        self._stamp = now

    @property
    def rate(self) -> float:
        return self.capacity / self.window * self.SHARE

    def resize(self, capacity: int, window: float) -> None:
        self.tokens = max(0.0, min(self.tokens + capacity - self.capacity, float(capacity)))
        self.capacity, self.window = capacity, window

    def level(self, now: float) -> float:
        self.tokens = min(float(self.capacity), self.tokens + max(0.0, now - self._stamp) * self.rate)
        self._stamp = now
        return self.tokens

    def take(self, now: float) -> None:
        self.tokens = max(0.0, self.level(now) - 1.0)

    def correct(self, remaining: int, *, later: int, in_flight: int, refilled: float, now: float) -> None:
        """Between what is certainly there (calls that may have arrived later taken off) and what can be at most."""
        least = float(remaining - later)
        most = remaining + refilled - in_flight
        self.tokens = max(0.0, min(max(self.level(now), least), most))


Verdict = Literal["learn", "rolling", "bucket"]


class Learner:
    """Tells a rolling portal from a refilling one by its Remaining header.

    A rolling portal can never show more left than Max minus the calls it must have counted. A refilling one does, and
    what it shows fits the bucket's own arithmetic. A counter that jumps back at fixed times, or one that others use
    too, fits neither for long and is treated as rolling, which is safe for all. Three answers in a row decide, and only
    answers count where the two cannot be mistaken for each other.
    """

    NEEDED = 3
    GAP = 3.0
    TOLERANCE = 2.0

    def __init__(self, verdict: Verdict) -> None:
        self.verdict: Verdict = verdict
        self._rolling = 0
        self._bucket = 0

    def observe(self, remaining: int, *, rolling_most: int, level: float, refilled: float, later: int) -> None:
        """One answer while nothing is decided yet. ``level`` is the bucket's now, of which ``refilled`` may have come
        and ``later`` calls may have gone after the portal counted."""
        if self.verdict != "learn":
            return
        least = level - refilled - self.TOLERANCE
        if least - rolling_most < self.GAP:
            return
        if remaining <= rolling_most + 1:
            self._rolling, self._bucket = self._rolling + 1, 0
        elif least <= remaining <= level + later + self.TOLERANCE:
            self._rolling, self._bucket = 0, self._bucket + 1
        else:
            self.verdict = "rolling"
        if self._rolling >= self.NEEDED:
            self.verdict = "rolling"
        elif self._bucket >= self.NEEDED:
            self.verdict = "bucket"

    def distrust(self) -> None:
        """The portal answered 429 although the bucket said yes: never assume refilling again."""
        self.verdict = "rolling"
