"""Figures, times and counts as people read them. Plain text only; how it is drawn lives in ``views``."""

from __future__ import annotations

from datetime import UTC, datetime

# C0 and C1 control characters: a contact's name must not move the cursor or colour the terminal.
CONTROL = dict.fromkeys([*range(32), *range(127, 160)], "·")


def clean(value: object) -> str:
    """Any value as one line of harmless text; None is a dash."""
    return "–" if value is None else str(value).translate(CONTROL)


def cut(value: str, longest: int) -> str:
    return value if len(value) <= longest else f"{value[: longest - 1].rstrip()}…"


def number(value: object) -> str:
    """``12,345``; what is no number stays as it is, unknown is a dash."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return clean(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def signed(points: int) -> str:
    return f"+{points}" if points > 0 else str(points).replace("-", "−")


def moment(value: object) -> str:
    """Epoch milliseconds or ISO text as ``2026-11-22 09:30 UTC``; nothing is a dash."""
    if isinstance(value, int):
        return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, str) and len(value) >= 16 and value[10] == "T":
        return f"{value[:10]} {value[11:16]}{' UTC' if value.endswith(('Z', '+00:00')) else ''}"
    return clean(value)


def many(count: int, one: str, more: str = "") -> str:
    """``1 contact``, ``3 contacts``, ``no contacts``."""
    word = one if count == 1 else more or f"{one}s"
    return f"{count:,} {word}" if count else f"no {word}"


def calls(counts: object) -> int:
    """How many calls a result names: a number, or counts by kind with or without a total."""
    if isinstance(counts, dict):
        total = counts.get("made", counts.get("total"))
        return int(total) if total is not None else sum(v for v in counts.values() if isinstance(v, int))
    return counts if isinstance(counts, int) else 0


def span(seconds: float) -> str:
    """``0.4 s``, ``20 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
