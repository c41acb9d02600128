"""The portal's calls of one day: counted, corrected by headers, ended at its midnight. No waiting here.

A day ends at midnight in the account's time zone (HubSpot docs: usage guidelines).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.errors import DailyLimitReached
from connector.portal.gateway import DailyUsage

# Without knowing the portal's zone its midnight is unknown too: ask again once an hour.
_BLIND_PAUSE_MS = 3_600_000


def zone_of(name: str) -> tzinfo | None:
    """The zone of an IANA name, None when empty or unknown here."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def next_midnight_ms(now_ms: int, zone: tzinfo) -> int:
    """The next midnight in a zone, across daylight saving too."""
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    midnight = datetime.combine(today + timedelta(days=1), datetime.min.time(), zone)
    return int(midnight.astimezone(UTC).timestamp() * 1000)


class DailyBudget:
    """How many calls are left today and for whom: background work stops at the reserve, live traffic at nothing."""

    def __init__(self, limit: int | None, *, reserve_share: float, used: int, zone: tzinfo | None) -> None:
        self.limit = limit
        self.used = used
        self._fixed = limit is not None
        self._reserve_share = reserve_share
        self._zone = zone
        self._ends_ms: int | None = None
        self._exhausted_until_ms: int | None = None

    def resume(self, limit: int | None, used: int, ends_ms: int, closed_until_ms: int, now_ms: int) -> None:
        """Go on from what an earlier process knew of the same day."""
        if limit is not None and not self._fixed:
            self.limit = limit
        if ends_ms > now_ms:
            self.used, self._ends_ms = max(self.used, used), ends_ms
        if closed_until_ms > now_ms:
            self._exhausted_until_ms = closed_until_ms

    def standing(self) -> tuple[int | None, int, int, int]:
        """(limit, used, when the day ends, until when the portal is closed), for ``resume``."""
        return self.limit, self.used, self._ends_ms or 0, self._exhausted_until_ms or 0

    def set_zone(self, zone: tzinfo) -> None:
        if zone != self._zone:
            self._zone, self._ends_ms = zone, None

    def claim(self, live: bool, now_ms: int) -> None:
        """Count one call, or raise ``DailyLimitReached`` before it is sent."""
        self._turn(now_ms)
        if self._exhausted_until_ms is not None:
            raise self.error(now_ms, "The portal's daily calls are used up")
        if self.limit is not None:
            allowed = self.limit if live else int(self.limit * (1 - self._reserve_share))
            if self.used >= allowed:
                kept = "" if live else ", the rest is kept for live traffic and other tools"
                raise self.error(now_ms, f"{self.used} of the portal's {self.limit} daily calls are used{kept}")
        self.used += 1

    def correct(self, limit: int, remaining: int) -> None:
        """What the portal's headers say counts, for others use the same calls; a configured limit may be lower."""
        self.limit = min(self.limit, limit) if self._fixed and self.limit is not None else limit
        self.used = max(0, limit - remaining)

    def exhausted(self, now_ms: int) -> None:
        """The portal answered 429 DAILY."""
        self._turn(now_ms)
        self._exhausted_until_ms = self.resumes_ms(now_ms)

    def resumes_ms(self, now_ms: int) -> int:
        return next_midnight_ms(now_ms, self._zone) if self._zone else now_ms + _BLIND_PAUSE_MS

    def error(self, now_ms: int, why: str) -> DailyLimitReached:
        """The refusal, with the moment it ends: in the portal's own time where known."""
        resumes = self._exhausted_until_ms or self.resumes_ms(now_ms)
        moment = datetime.fromtimestamp(resumes / 1000, self._zone or UTC)
        text = f"{why}; calls resume at {moment:%Y-%m-%d %H:%M} {moment.tzname()}."
        return DailyLimitReached(text, retry_after=max(1.0, (resumes - now_ms) / 1000))

    def usage(self, now_ms: int) -> DailyUsage | None:
        if self.limit is None:
            return None
        resets = next_midnight_ms(now_ms, self._zone) if self._zone else None
        return DailyUsage(self.limit, self.used, resets)

    def _turn(self, now_ms: int) -> None:
        """Start a new count when the portal's day has turned, and open again when a refusal has run out."""
        if self._exhausted_until_ms is not None and now_ms >= self._exhausted_until_ms:
            self._exhausted_until_ms = None
            self.used = 0
        zone = self._zone or UTC
        if self._ends_ms is None:
            self._ends_ms = next_midnight_ms(now_ms, zone)
        elif now_ms >= self._ends_ms:
            self._ends_ms = next_midnight_ms(now_ms, zone)
            self.used = 0
