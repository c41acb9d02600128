"""Whether a backtest carries a threshold: calibrated, or uncalibrated with the reason. Pure; the bounds stand here."""

from __future__ import annotations

from typing import Any

LEAST_DECIDED, LEAST_HITS = 30, 10


def verdict(own: dict[str, Any], base: dict[str, Any], threshold: int) -> dict[str, Any]:
    """``calibrated`` with ``verdict`` in words and its ``reason``: few, no_better or carried.

    Carried: at least thirty decided cases and ten hits at the threshold, and the lower end of its precision above the
    rate that anybody has.
    """
    if own["decided"] < LEAST_DECIDED or own["hits"] < LEAST_HITS:
        text = (
            f"Uncalibrated: {own['hits']} hits among {own['decided']} decided cases at {threshold} points; it takes "
            f"{LEAST_HITS} among {LEAST_DECIDED}."
        )
        return {"calibrated": False, "reason": "few", "verdict": text}
    rate = base["rate"] or 0.0
    if own["precision_band"][0] <= rate:
        text = (
            f"Uncalibrated: at {threshold} points the model is not surely better than chance "
            f"({100 * own['precision_band'][0]:.0f}–{100 * own['precision_band'][1]:.0f} % against {100 * rate:.1f} %)."
        )
        return {"calibrated": False, "reason": "no_better", "verdict": text}
    text = (
        f"The past carries {threshold} points: {100 * own['precision_band'][0]:.0f}–"
        f"{100 * own['precision_band'][1]:.0f} % against {100 * rate:.1f} % of anybody. You may say `calibrated: true`."
    )
    return {"calibrated": True, "reason": "carried", "verdict": text}
