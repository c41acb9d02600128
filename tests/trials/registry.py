"""All trials, in the order of their ids."""

from __future__ import annotations

from tests.trials import limits
from tests.trials.harness import Trial

TRIALS: list[Trial] = [
    Trial("O01", "Everything is refused (429) for a minute, with and without `Retry-After`", limits.storms),
    Trial("O02", "The day's calls are used up in mid-mirror", limits.used_up),
    Trial("O03", "423, 477 for hours, 502–504, 521–526; refusals of our own making", limits.statuses),
    Trial("O07", "401 although the token is fresh, for an hour", limits.rejected),
    Trial("O18", "The portal is down for two hours with every write queued", limits.down),
]
