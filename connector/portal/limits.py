"""The governor: who may send now. One per portal; several limits at once; live traffic before background work.

Separate lanes for the burst and for searches (HubSpot docs: usage guidelines: searches have their own five a second),
and one daily budget. The arithmetic is in ``windows`` and ``daily``; here are the lock, the order and the waiting.

    open ──429──▶ paused ──time──▶ probing ──any other answer──▶ open
                     ▲                │
                     └──────429───────┘      (one call goes ahead alone; the others wait for its answer)
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

from connector.clock import Clock
from connector.errors import DailyLimitReached, RateLimited
from connector.portal.daily import DailyBudget, zone_of
from connector.portal.gateway import KINDS, CallCounts, DailyUsage, Kind, Learned, Rates
from connector.portal.pace import Pace
from connector.portal.retry import LONGEST_WAIT, wait_of
from connector.portal.windows import Learner, RollingWindow, TokenBucket, Verdict

DEFAULT_BURST = 100
# Before the first answer has named the portal's figures only a few calls go out.
_FIRST_CALLS = 4
# The last calls of the first window are spaced out: what Remaining shows between them tells the limiter's kind.
_HELD_BACK = 5
_HELD_GAP = 0.3
_HELD_TOKENS = 1.5
_LEARNABLE = 20
# While live calls have been seen lately, background work leaves them room, so that none waits for a whole window.
_LIVE_MEMORY = 60.0
_LONGEST_NAP = 0.05
_DOUBT_ROLLING_MS = 7 * 24 * 60 * 60 * 1000
_LONGEST_CALM_NAP = 0.25


@dataclass(slots=True)
class Permit:
    """Leave to send one request, to be handed back with its outcome."""

    kind: Kind
    live: bool
    sent: float
    released: int
    probe: bool


class Lane:
    """One limit with its state; every method is called under the governor's lock."""

    def __init__(self, window: RollingWindow, learner: Learner, now: float, *, known: bool) -> None:
        self.window = window
        self.learner = learner
        self.bucket = TokenBucket(window.limit, window.window, now)
        self.known = known
        self.sized = False
        self.live_waiting = 0
        self._paused_until = now
        self._probing = False
        self._probe_out = False
        self._last_sent = now - 3600.0
        self._live_seen: deque[float] = deque()

    def delay(self, live: bool, now: float) -> float:
        """0 when a call may go now, else for how long to look away at most."""
        if now < self._paused_until:
            return self._paused_until - now
        if self._probe_out:
            return _LONGEST_NAP
        if self.live_waiting and not live:
            return 0.01
        if not self.known and self.window.in_flight >= _FIRST_CALLS:
            return _LONGEST_NAP
        spare = 0 if live else self._kept_for_live(now)
        return self._bucket_delay(spare, now) if self.learner.verdict == "bucket" else self._delay(live, spare, now)

    def send(self, live: bool, now: float) -> bool:
        """Book one call as sent; True when it is the probe after a pause."""
        self.window.send()
        self.bucket.take(now)
        self._last_sent = now
        self._probe_out = self._probing
        if live:
            self._live_seen.append(now)
        return self._probing

    def back(self, permit: Permit, now: float, *, answered: bool) -> None:
        """A call is over. Without an answer nobody knows whether the portal counted it: assume so."""
        self.window.answer(permit.sent, now)
        if permit.probe:
            self._probe_out = False
            self._probing = self._probing and not answered

    def pause(self, seconds: float, now: float) -> None:
        """The portal said 429: nothing for a while, then one call alone."""
        self._paused_until = max(self._paused_until, now + seconds)
        self._probing = True
        self.bucket.level(now)
        self.bucket.tokens = 0.0
        if self.learner.verdict == "bucket":
            self.learner.distrust()

    def refuse_long_pause(self, name: str, now: float) -> None:
        """A worker is not held for minutes: its job comes back instead."""
        rest = self._paused_until - now
        if rest > LONGEST_WAIT:
            raise RateLimited(f"The portal asked for a pause of its {name} calls.", policy=name, retry_after=rest)

    def resize(self, limit: int, window: float) -> None:
        self.known = self.sized = True
        if (limit, window) != (self.window.limit, self.window.window):
            self.window.limit, self.window.window = limit, window
            self.bucket.resize(limit, window)

    def hear(self, remaining: int, permit: Permit, now: float) -> None:
        """What the portal says is left: others' calls, the limiter's kind, the bucket's level."""
        window = self.window
        refilled = (now - permit.sent) * self.bucket.rate
        if self.learner.verdict == "learn":
            self.learner.observe(
                remaining,
                rolling_most=window.limit - 1 - window.surely_counted(permit.sent, now),
                level=self.bucket.level(now),
                refilled=refilled,
                later=window.after(permit.sent),
            )
        if self.learner.verdict == "bucket":
            later = window.after(permit.sent)
            self.bucket.correct(remaining, later=later, in_flight=window.in_flight, refilled=refilled, now=now)
        else:
            window.others(remaining, permit.released, now)

    def _delay(self, live: bool, spare: int, now: float) -> float:
        used = self.window.used(now)
        if used >= max(1, self.window.limit - spare):
            return self._nap(self.window.frees_in(now))
        learning = self.learner.verdict == "learn" and self.window.limit >= _LEARNABLE
        if learning and not live and used >= self.window.limit - _HELD_BACK:
            rest = self._last_sent + max(_HELD_GAP, _HELD_TOKENS / self.bucket.rate) - now
            return max(rest, 0.0) or (0.01 if self.window.in_flight else 0.0)
        return 0.0

    def _bucket_delay(self, spare: int, now: float) -> float:
        short = 1.0 + spare - self.bucket.level(now)
        return self._nap(short / self.bucket.rate) if short > 1e-9 else 0.0

    def _nap(self, seconds: float | None) -> float:
        longest = _LONGEST_NAP if self.window.in_flight else _LONGEST_CALM_NAP
        return longest if seconds is None else max(0.0005, min(seconds, longest))

    def _kept_for_live(self, now: float) -> int:
        while self._live_seen and self._live_seen[0] < now - _LIVE_MEMORY:
            self._live_seen.popleft()
        if not self._live_seen:
            return 0
        lately = sum(1 for moment in self._live_seen if moment > now - self.window.window)
        return min(max(2, lately), max(1, self.window.limit // 10))


class Governor:
    """Gives leave to send, one portal's limits in mind. Thread-safe; waiting is the clock's ``sleep``."""

    def __init__(self, clock: Clock, rates: Rates) -> None:
        self._clock = clock
        self._rates = rates
        self._lock = threading.Lock()
        # One waiter per lane and urgency watches the clock, the others queue behind it.
        self._turnstiles = {(lane, live): threading.Lock() for lane in ("burst", "search") for live in (True, False)}
        now = clock.monotonic()
        known = rates.learned
        window = rates.window_seconds if rates.burst else known.window_seconds or rates.window_seconds
        burst = RollingWindow(rates.burst or known.burst or DEFAULT_BURST, window)
        self._pace = Pace(rates.search_per_second, known.searches, known.search_quiet_ms, known.search_patience_ms)
        search = RollingWindow(self._pace.rate, 1.0)
        refill = _refill(rates, clock.now_ms())
        self._lanes = {
            "burst": Lane(burst, Learner(refill), now, known=rates.burst is not None),
            "search": Lane(search, Learner("rolling"), now, known=True),
        }
        self._daily = DailyBudget(
            rates.daily, reserve_share=rates.reserve_share, used=rates.daily_used, zone=zone_of(rates.time_zone)
        )
        self._daily.resume(known.daily, known.daily_used, known.daily_ends_ms, known.closed_until_ms, clock.now_ms())
        self._made: Counter[str] = Counter()
        self._other: Counter[str] = Counter()

    @property
    def model(self) -> str:
        """How the portal's burst limit is taken to work: ``learn``, ``rolling`` or ``bucket``."""
        return self._lanes["burst"].learner.verdict

    @property
    def burst(self) -> int:
        return self._lanes["burst"].window.limit

    def learned(self, now_ms: int) -> Learned:
        """What the next process may begin with. A refused day that is over is not kept."""
        with self._lock:
            lane, pace, known = self._lanes["burst"], self._pace, self._rates.learned
            limit, used, ends_ms, closed = self._daily.standing()
            return Learned(
                burst=lane.window.limit if lane.sized else None,
                window_seconds=lane.window.window if lane.sized else None,
                refill=lane.learner.verdict,
                refill_ms=known.refill_ms if known.refill == lane.learner.verdict else now_ms,
                searches=pace.rate if pace.rate < pace.most else None,
                search_quiet_ms=pace.quiet_ms,
                search_patience_ms=pace.patience_ms,
                daily=limit,
                daily_used=used,
                daily_ends_ms=ends_ms,
                closed_until_ms=closed if closed > now_ms else 0,
            )

    def set_zone(self, name: str) -> None:
        """The portal's time zone: where its day ends."""
        zone = zone_of(name)
        if zone is not None:
            with self._lock:
                self._daily.set_zone(zone)

    def acquire(self, kind: Kind, *, live: bool, now_ms: int) -> Permit:
        """Wait for leave to send; raises ``DailyLimitReached`` or ``RateLimited`` rather than wait for very long."""
        name = "search" if kind == "search" else "burst"
        lane = self._lanes[name]
        with self._turn_of(lane, live), self._turnstiles[name, live]:
            while True:
                with self._lock:
                    now = self._clock.monotonic()
                    lane.refuse_long_pause(name, now)
                    delay = lane.delay(live, now)
                    if delay <= 0:
                        self._daily.claim(live, now_ms)
                        return self._let_go(lane, kind, live, now)
                self._clock.sleep(min(delay, _LONGEST_CALM_NAP))

    def settle(
        self, permit: Permit, headers: Mapping[str, str], refused: RateLimited | DailyLimitReached | None, now_ms: int
    ) -> None:
        """Hand a permit back with the answer's headers and, for a 429, what it means."""
        with self._lock:
            now = self._clock.monotonic()
            own = self._lane(permit.kind)
            own.back(permit, now, answered=refused is None)
            if permit.kind != "search":
                self._learn(headers, permit, now)
            elif not isinstance(refused, DailyLimitReached):
                self._keep_pace(refused, now_ms)
            if isinstance(refused, RateLimited):
                self._other["refused"] += 1
                lane = own if refused.policy.upper() == "SECONDLY" else self._named(refused, own)
                lane.pause(wait_of(refused) or 0.0, now)
            elif refused is not None:
                self._other["refused"] += 1
                self._daily.exhausted(now_ms)

    def lost(self, permit: Permit) -> None:
        """Hand a permit back without an answer."""
        with self._lock:
            self._lane(permit.kind).back(permit, self._clock.monotonic(), answered=False)

    def daily_error(self, now_ms: int) -> DailyLimitReached:
        with self._lock:
            return self._daily.error(now_ms, "The portal's daily calls are used up")

    def count(self, what: str) -> None:
        """Count a ``retried`` or ``wasted`` request."""
        with self._lock:
            self._other[what] += 1

    def counts(self) -> CallCounts:
        with self._lock:
            by_kind: dict[str, int] = {kind: self._made[kind] for kind in KINDS}
            other = self._other
            return CallCounts(sum(by_kind.values()), by_kind, other["refused"], other["retried"], other["wasted"])

    def usage(self, now_ms: int) -> DailyUsage | None:
        with self._lock:
            return self._daily.usage(now_ms)

    def _turn_of(self, lane: Lane, live: bool) -> _Waiting:
        return _Waiting(self._lock, lane, live)

    def _let_go(self, lane: Lane, kind: Kind, live: bool, now: float) -> Permit:
        self._made[kind] += 1
        probe = lane.send(live, now)
        return Permit(kind, live, now, lane.window.released, probe)

    def _keep_pace(self, refused: RateLimited | None, now_ms: int) -> None:
        """Searches have no headers: only refusals tell what the portal allows."""
        secondly = refused is not None and refused.policy.upper() == "SECONDLY"
        if refused is None or secondly:
            rate = self._pace.refused(now_ms) if secondly else self._pace.passed(now_ms)
            self._lanes["search"].resize(rate, 1.0)

    def _lane(self, kind: Kind) -> Lane:
        return self._lanes["search" if kind == "search" else "burst"]

    def _named(self, refused: RateLimited, own: Lane) -> Lane:
        """A ten-secondly refusal concerns the burst, whoever met it."""
        return self._lanes["burst"] if refused.policy.upper().startswith("TEN_SECONDLY") else own

    def _learn(self, headers: Mapping[str, str], permit: Permit, now: float) -> None:
        lane = self._lanes["burst"]
        lane.known = True
        limit, remaining = (
            _number(headers, "x-hubspot-ratelimit-max"),
            _number(headers, "x-hubspot-ratelimit-remaining"),
        )
        if limit:
            interval = _number(headers, "x-hubspot-ratelimit-interval-milliseconds")
            fixed = self._rates.burst
            window = interval / 1000 if interval else lane.window.window
            lane.resize(limit if fixed is None else min(fixed, limit), window)
            if remaining is not None:
                lane.hear(remaining - (limit - lane.window.limit), permit, now)
        self._hear_daily(headers)

    def _hear_daily(self, headers: Mapping[str, str]) -> None:
        limit = _number(headers, "x-hubspot-ratelimit-daily")
        left = _number(headers, "x-hubspot-ratelimit-daily-remaining")
        if limit and left is not None:
            self._daily.correct(limit, left)


def _refill(rates: Rates, now_ms: int) -> Verdict:
    """The limiter's kind as far as it is known. That it is the slow one is found out anew after a while."""
    known = rates.learned
    if rates.refill != "learn" or (known.refill == "rolling" and now_ms - known.refill_ms > _DOUBT_ROLLING_MS):
        return rates.refill
    return known.refill


class _Waiting:
    """Counts a live call as waiting while it waits, so that background work steps back."""

    def __init__(self, lock: threading.Lock, lane: Lane, live: bool) -> None:
        self._lock, self._lane, self._live = lock, lane, live

    def __enter__(self) -> None:
        if self._live:
            with self._lock:
                self._lane.live_waiting += 1

    def __exit__(self, *_: object) -> None:
        if self._live:
            with self._lock:
                self._lane.live_waiting -= 1


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if value.isdigit() else None
