"""HubSpot's limits as it enforces them: burst per app, search per account, calls per day (hubspot-api.md 2)."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime
from zoneinfo import ZoneInfo

from connector.twin.dials import Dials
from connector.twin.errors import JSON, correlation

MESSAGES = {
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
    "DAILY": "You have reached your daily limit.",
}


class Window:
    """At most so many calls in any stretch of so many seconds."""

    def __init__(self) -> None:
        self._taken: deque[float] = deque()

    def take(self, now: float, most: int, seconds: float) -> float:
        """0 when the call may pass, else the seconds until one may."""
        while self._taken and self._taken[0] <= now - seconds:
            self._taken.popleft()
        if len(self._taken) >= most:
            return self._taken[0] + seconds - now
        self._taken.append(now)
        return 0.0

    def left(self, most: int) -> int:
        return max(0, most - len(self._taken))


class Bucket:
    """A bucket that refills evenly; starts full."""

    def __init__(self) -> None:
        self._level: float | None = None
        self._at = 0.0

    def take(self, now: float, most: int, seconds: float) -> float:
        rate = most / seconds
        level = float(most) if self._level is None else min(most, self._level + (now - self._at) * rate)
        self._at = now
        if level < 1:
            self._level = level
            return (1 - level) / rate
        self._level = level - 1
        return 0.0

    def left(self, most: int) -> int:
        return int(most if self._level is None else self._level)


class Limits:
    """The portal's counters; one burst limiter per app (token), one search limiter and one day for the account."""

    def __init__(self, dials: Dials, portal_id: int, zone: ZoneInfo) -> None:
        self._dials = dials
        self._portal_id = portal_id
        self.zone = zone
        self._burst: dict[tuple[str, str], Window | Bucket] = {}
        self._search = Window()
        self._day = ""
        self.used_today = 0
        self._lock = threading.Lock()

    def admit(self, app: str, now: datetime, *, searching: bool) -> tuple[str, float] | None:
        """None when the call may pass, else the policy it broke and the seconds to wait."""
        with self._lock:
            self._turn_day(now)
            stamp = now.timestamp()
            if self._dials.daily is not None and self.used_today >= self._dials.daily:
                return "DAILY", self._seconds_left(now)
            wait = self._take_search(stamp) if searching else self._take_burst(app, stamp)
            if wait > 0:
                return ("SECONDLY" if searching else "TEN_SECONDLY_ROLLING"), wait
            self.used_today += 1
            return None

    def _turn_day(self, now: datetime) -> None:
        today = now.astimezone(self.zone).date().isoformat()
        if today != self._day:
            self._day, self.used_today = today, 0

    def _seconds_left(self, now: datetime) -> float:
        local = now.astimezone(self.zone)
        return 86_400.0 - (local.hour * 3600 + local.minute * 60 + local.second)

    def _take_search(self, stamp: float) -> float:
        most = self._dials.search_per_second
        return 0.0 if most is None else self._search.take(stamp, most, 1.0)

    def _limiter(self, app: str) -> Window | Bucket:
        kind = self._dials.limiter
        return self._burst.setdefault((kind, app), Bucket() if kind == "bucket" else Window())

    def _take_burst(self, app: str, stamp: float) -> float:
        most = self._dials.burst
        return 0.0 if most is None else self._limiter(app).take(stamp, most, self._dials.burst_window)

    def headers(self, app: str, *, oauth: bool) -> dict[str, str]:
        """Rate headers of an ordinary answer; daily ones are absent for OAuth apps, all are on search."""
        found: dict[str, str] = {}
        burst, daily = self._dials.burst, self._dials.daily
        if burst is not None:
            left = self._limiter(app).left(burst)
            found["X-HubSpot-RateLimit-Interval-Milliseconds"] = str(int(self._dials.burst_window * 1000))
            found["X-HubSpot-RateLimit-Max"] = str(burst)
            found["X-HubSpot-RateLimit-Remaining"] = str(left)
            found["X-HubSpot-RateLimit-Secondly"] = str(max(1, burst // 10))
            found["X-HubSpot-RateLimit-Secondly-Remaining"] = str(min(max(1, burst // 10), left))
        if daily is not None and not oauth:
            found["X-HubSpot-RateLimit-Daily"] = str(daily)
            found["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(0, daily - self.used_today))
        return found

    def body(self, policy: str, app: str) -> JSON:
        body: JSON = {
            "status": "error",
            "message": MESSAGES[policy],
            "errorType": "RATE_LIMIT",
            "correlationId": correlation(),
            "policyName": policy,
            "requestId": correlation(),
        }
        if policy == "TEN_SECONDLY_ROLLING":
            body["groupName"] = f"publicapi:private_app-api-calls-ten-secondly:{app}:{self._portal_id}"
        return body
