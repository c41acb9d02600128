"""How fast one token may call: a bucket of so many calls that fills again steadily. Each web process has its own."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

BURST, PER_SECOND = 120, 10.0


@dataclass
class Pace:
    """The buckets of all tokens that called. ``take`` gives 0, or the seconds until the next call is allowed."""

    burst: int = BURST
    per_second: float = PER_SECOND
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, token_id: str, now: float) -> float:
        with self._lock:
            left, at = self._left.get(token_id, (float(self.burst), now))
            left = min(float(self.burst), left + max(0.0, now - at) * self.per_second)
            if left < 1:
                self._left[token_id] = (left, now)
                return (1 - left) / self.per_second
            self._left[token_id] = (left - 1, now)
            return 0.0
