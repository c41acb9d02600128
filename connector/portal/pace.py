"""How many searches a second a portal lets through, learned from its refusals: down fast, up slowly."""

from __future__ import annotations

# Two refusals this close together are no accident of others using the portal too.
_REPEATED_MS = 60_000
_FIRST_PATIENCE_MS = 60 * 60 * 1000
_LONGEST_PATIENCE_MS = 24 * 60 * 60 * 1000


class Pace:
    """A rate between one and ``most``. Halved when refused repeatedly; one more after each stretch without refusal.

    A raise that is refused is taken back at once, and the next one waits twice as long: a portal that allows two
    searches a second is tried with three once a day, not once an hour.
    """

    def __init__(self, most: int, now: int | None = None, quiet_ms: int = 0, patience_ms: int = 0) -> None:
        self.most = most
        self.rate = most if now is None else max(1, min(now, most))
        self.quiet_ms = quiet_ms
        self.patience_ms = patience_ms or _FIRST_PATIENCE_MS
        self._refused_ms: int | None = None
        self._raised = False

    def refused(self, now_ms: int) -> int:
        """A search was answered with 429; the rate from now on."""
        before, self._refused_ms, self.quiet_ms = self._refused_ms, now_ms, now_ms
        if self._raised:
            self.rate, self._raised = max(1, self.rate - 1), False
            self.patience_ms = min(_LONGEST_PATIENCE_MS, self.patience_ms * 2)
        elif before is not None and now_ms - before < _REPEATED_MS:
            self.rate, self._refused_ms = max(1, self.rate // 2), None
        return self.rate

    def passed(self, now_ms: int) -> int:
        """A search went through; the rate from now on."""
        if self.rate < self.most and now_ms - self.quiet_ms >= self.patience_ms:
            self.rate, self.quiet_ms, self._raised = self.rate + 1, now_ms, True
        return self.rate
