"""What becomes of a notice on its way: lost, late, doubled, wrongly signed. Decided by seed and number, never by time.

Each decision is drawn for its own subject, so that a run repeats whatever the threads do.
"""

from __future__ import annotations

from hashlib import blake2b

from connector.twin.dials import Dials
from connector.twin.errors import JSON

WIDE = float(1 << 64)


class Fates:
    """Draws with the dials as they stand."""

    def __init__(self, dials: Dials, seed: int) -> None:
        self._dials = dials
        self._seed = seed

    def chance(self, *subject: object) -> float:
        """A number in [0, 1) that belongs to this subject."""
        text = ":".join(map(str, (self._seed, *subject)))
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) / WIDE

    # -- of a notice ---------------------------------------------------------------------------------------------

    def lost(self, item: JSON) -> bool:
        share = self._dials.webhook_drop
        return share > 0 and self.chance("drop", item["eventId"], item["subscriptionId"]) < share

    def due(self, item: JSON, now: float) -> float:
        """Seconds since the epoch at which the notice sets out."""
        return now + self._dials.webhook_delay + self._strewn("due", item["eventId"], item["subscriptionId"])

    def _strewn(self, *subject: object) -> float:
        window = self._dials.webhook_shuffle
        return window * self.chance(*subject) if window > 0 else 0.0

    # -- of a delivery -------------------------------------------------------------------------------------------

    def cut(self, delivery: str, items: int) -> int:
        """Where to cut it in two; 0 for not at all."""
        if items < 2 or self.chance("split", delivery) >= self._dials.webhook_split:
            return 0
        return 1 + int(self.chance("place", delivery) * (items - 1))

    def copies(self, delivery: str) -> int:
        """How often more than once."""
        whole, rest = divmod(self._dials.webhook_doubles, 1)
        return int(whole) + (1 if self.chance("double", delivery) < rest else 0)

    def copy_due(self, delivery: str, copy: int, now: float) -> float:
        return now + self._strewn("copy", delivery, copy)

    # -- of an attempt -------------------------------------------------------------------------------------------

    def forged(self, delivery: str, attempt: int) -> bool:
        return self.chance("forged", delivery, attempt) < self._dials.webhook_bad_signature

    def stale(self, delivery: str, attempt: int) -> bool:
        return self.chance("stale", delivery, attempt) < self._dials.webhook_stale

    def pause(self, delivery: str, attempt: int) -> float:
        """Seconds until the next attempt: doubling, by a third more or less."""
        wide = 0.7 + 0.6 * self.chance("pause", delivery, attempt)
        return self._dials.webhook_attempt_spacing * float(1 << attempt) * wide
