"""How sure a share is: Wilson's interval, the honest band when there are few cases. Pure."""

from __future__ import annotations

from math import sqrt

Z95 = 1.959963984540054


def wilson(hits: int, of: int, z: float = Z95) -> tuple[float, float] | None:
    """The band that holds the true share in 95 of 100 such samples; None where nothing was counted.

    Wilson (1927): unlike the usual ± it never leaves 0 … 1 and stays wide when cases are few.
    """
    if of <= 0:
        return None
    share, square = hits / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    # At the ends rounding would leave a trace of 1e-17 where the formula says 0 and 1.
    return (0.0 if hits == 0 else max(0.0, middle - half)), (1.0 if hits == of else min(1.0, middle + half))
