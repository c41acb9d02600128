"""``python -m tests.webhooks.timing``: W02's second half, does the time of a refusal tell how much of it was right?

20,000 refusals, by turns with none and with 31 of the signature's first bytes right, compared by Welch's t. It is no
test, because a busy machine may say anything; |t| below 4.5 is what the trial asks for.
"""

from __future__ import annotations

import random
import statistics
import time

from tests.webhooks.test_signature import NOW, judged, signed
from webhooks.signature import Request


def welch(rounds: int = 20_000) -> float:
    right = signed()
    told = right.signature_v3 or ""
    near = Request("POST", right.target, right.body, told[:31] + "A" * (len(told) - 31), right.timestamp)
    far = Request("POST", right.target, right.body, "A" * len(told), right.timestamp)
    spent: dict[bool, list[int]] = {True: [], False: []}
    turns = [True, False] * (rounds // 2)
    random.Random(1).shuffle(turns)
    for turn in turns:
        request = near if turn else far
        began = time.perf_counter_ns()
        judged(request, NOW)
        spent[turn].append(time.perf_counter_ns() - began)
    # The slowest twentieth is the machine's, not the function's.
    kept = {turn: sorted(times)[: len(times) * 19 // 20] for turn, times in spent.items()}
    error = sum(statistics.variance(times) / len(times) for times in kept.values()) ** 0.5
    return (statistics.fmean(kept[True]) - statistics.fmean(kept[False])) / error


if __name__ == "__main__":
    found = welch()
    print(f"t = {found:+.2f} over 20,000 refusals: {'nothing leaks' if abs(found) < 4.5 else 'LOOK AT THIS'}")
