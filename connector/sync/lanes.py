"""Lanes over an object type's id range: the pure arithmetic of a parallel first fill. No calls, no store.

A portal's list cursor is in practice a record id, though not by promise, so lanes are earned (``probe_after`` and
``honours``), checked where they meet (``seam_holds``) and given up for one lane that follows the portal's own cursor.

    lane:  lo ──────── at ▶ ──────── hi      lo/hi: half-open id range; at: the cursor of the next page; hi None: open
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

PAGE = 100
WORTH_SPLITTING = 8 * PAGE
MOST = 8

# Where two lanes meet, half a page is read twice on average; eight pages a lane keep that below a sixteenth.
PAGES_A_LANE = 8


@dataclass(frozen=True, slots=True)
class Lane:
    """One id range being read. ``first`` is the first id it saw, ``beyond`` the first id at or past ``hi``."""

    lo: int
    hi: int | None
    at: str | None
    read: int = 0
    last: int = 0
    first: int | None = None
    beyond: int | None = None
    done: bool = False

    def as_state(self) -> dict[str, Any]:
        """The lane as the checkpoint keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Lane:
        """The lane a checkpoint kept."""
        return cls(**state)


def probe_after(ids: Sequence[int]) -> tuple[int, int]:
    """A cursor *between* two known ids and the id its page must begin with.

    The latest gap in the page is taken so that almost all of the probe's page is new. Without any gap the last id
    itself is asked for, which a cursor of ids answers with that id.
    """
    for left, right in zip(reversed(ids[:-1]), reversed(ids[1:]), strict=True):
        if right - left > 1:
            return left + 1, right
    return ids[-1], ids[-1]


def honours(probe: tuple[int, int], answered: Sequence[int]) -> bool:
    """Whether a page asked for at ``probe`` begins where it should and ascends."""
    return bool(answered) and answered[0] == probe[1] and ascends(answered)


def ascends(ids: Sequence[int]) -> bool:
    """Whether ids rise strictly."""
    return all(left < right for left, right in pairwise(ids))


def moves_on(at: str | None, after: str | None) -> bool:
    """Whether the cursor after a lane's page is an id beyond the one asked for; None ends the lane."""
    if after is None:
        return True
    return after.isascii() and after.isdecimal() and int(after) > int(at or 0)


def worth(total: int) -> int:
    """How many lanes ``total`` records are worth; 1 where overlaps would cost more than waiting."""
    return max(1, min(MOST, total // (PAGES_A_LANE * PAGE)))


def spread(lo: int, hi: int, lanes: int) -> list[Lane]:
    """``lanes`` even pieces of the id range [lo, hi]; the last one is open, since new records get higher ids."""
    lanes = max(1, min(lanes, hi - lo))
    step = (hi - lo) / lanes
    edges = [lo + round(step * i) for i in range(lanes)]
    uppers: list[int | None] = [*edges[1:], None]
    return [fresh(edge, upper) for edge, upper in zip(edges, uppers, strict=True)]


def fresh(lo: int, hi: int | None) -> Lane:
    """A lane not yet begun. It asks for ``lo - 1`` so that ``lo`` itself is met however the cursor counts its edge."""
    return Lane(lo=lo, hi=hi, at=str(lo - 1))


def advanced(lane: Lane, ids: Sequence[int], after: str | None) -> Lane:
    """The lane after one page with ``ids`` and the portal's next cursor."""
    inside = [i for i in ids if i >= lane.lo and (lane.hi is None or i < lane.hi)]
    beyond = next((i for i in ids if lane.hi is not None and i >= lane.hi), None)
    return replace(
        lane,
        at=after,
        read=lane.read + len(inside),
        last=inside[-1] if inside else lane.last,
        first=lane.first if lane.first is not None else (inside[0] if inside else None),
        beyond=beyond,
        done=after is None or beyond is not None,
    )


def left_in(lane: Lane, top: int) -> float:
    """Records the lane probably still holds, from how densely it met them so far. 0 when it has met none."""
    if lane.done or not lane.read or lane.last <= lane.lo:
        return 0.0
    end = lane.hi if lane.hi is not None else top
    return lane.read / (lane.last - lane.lo + 1) * max(0, end - lane.last)


def split(lane: Lane, top: int) -> tuple[Lane, Lane] | None:
    """The lane cut in the middle of what it has not read, or None when that is not worth a call."""
    if left_in(lane, top) < WORTH_SPLITTING:
        return None
    end = lane.hi if lane.hi is not None else top
    middle = (lane.last + end) // 2
    if not lane.last + 1 < middle < end:
        return None
    return replace(lane, hi=middle), fresh(middle, lane.hi)


def seam_holds(left: Lane, right: Lane) -> bool:
    """Whether ``left`` ended where ``right`` began: the first id past its edge is the first the neighbour saw.

    A record made or deleted between the two looks may move either by one; then the count decides.
    """
    if left.beyond is None:
        return right.first is None
    return right.first == left.beyond
