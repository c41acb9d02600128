"""The arithmetic of lanes: whatever the ids look like, lanes together read each record, and edges that lie are seen."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from hypothesis import given
from hypothesis import strategies as st

from connector.sync import lanes as laning
from connector.sync.lanes import Lane

ids_lists = st.lists(st.integers(1, 10**12), min_size=1, max_size=400, unique=True).map(sorted)


def listing(ids: list[int], after: str | None, *, inclusive: bool, page: int) -> tuple[list[int], str | None]:
    """A portal's list endpoint whose cursor is an id, counted inclusively or not."""
    edge = int(after or 0)
    start = bisect_left(ids, edge) if inclusive else bisect_right(ids, edge)
    found = ids[start : start + page]
    more = start + page < len(ids)
    if not more:
        return found, None
    return found, str(ids[start + page] if inclusive else found[-1])


@given(ids=ids_lists, inclusive=st.booleans(), lanes=st.integers(1, 12), page=st.integers(2, 100))
def test_lanes_together_read_every_record_however_the_cursor_counts_its_edge(ids, inclusive, lanes, page) -> None:
    work = laning.spread(1, ids[-1] + 1, lanes)
    read: set[int] = set()
    while any(not lane.done for lane in work):
        index, lane = next((i, lane) for i, lane in enumerate(work) if not lane.done)
        found, after = listing(ids, lane.at, inclusive=inclusive, page=page)
        read.update(found)
        work[index] = laning.advanced(lane, found, after)
        halves = laning.split(work[index], ids[-1])
        if halves:
            work[index : index + 1] = halves
    assert read == set(ids)
    assert all(laning_seam(work, lane) for lane in work)


def laning_seam(work: list[Lane], lane: Lane) -> bool:
    firsts = {other.first for other in work}
    return lane.beyond is None or lane.beyond in firsts


@given(ids=ids_lists.filter(lambda ids: len(ids) >= 2), inclusive=st.booleans())
def test_a_portal_whose_cursor_is_an_id_passes_the_probe(ids, inclusive) -> None:
    first = ids[:100]
    probe = laning.probe_after(first)
    if probe[0] == probe[1] and not inclusive:
        return  # no gap to ask between: such a cursor cannot prove itself, and one lane is used
    answered, _ = listing(ids, str(probe[0]), inclusive=inclusive, page=100)
    assert laning.honours(probe, answered)


def test_a_cursor_that_is_an_offset_fails_the_probe() -> None:
    ids = list(range(10, 5000, 7))
    probe = laning.probe_after(ids[:100])
    offset = probe[0] % len(ids)
    assert not laning.honours(probe, ids[offset : offset + 100])


def test_a_cursor_that_is_ignored_fails_the_probe() -> None:
    ids = list(range(10, 5000, 7))
    assert not laning.honours(laning.probe_after(ids[:100]), ids[:100])


def test_the_probe_asks_between_the_last_two_ids_with_a_gap() -> None:
    assert laning.probe_after([5, 6, 20, 21]) == (7, 20)


def test_a_lane_ends_at_the_first_id_beyond_its_edge() -> None:
    lane = laning.advanced(Lane(lo=10, hi=20, at="9"), [12, 18, 23], "30")
    assert lane.done
    assert lane.beyond == 23
    assert lane.read == 2


def test_unevenly_spread_ids_split_the_lane_that_holds_most() -> None:
    dense = Lane(lo=0, hi=10_000, at="1000", read=1000, last=999)
    halves = laning.split(dense, 10_000)
    assert halves is not None
    assert halves[0].hi == halves[1].lo
    assert halves[1].hi == 10_000


def test_a_nearly_finished_lane_is_not_split() -> None:
    assert laning.split(Lane(lo=0, hi=1000, at="900", read=900, last=899), 1000) is None


def test_a_lane_survives_its_checkpoint() -> None:
    lane = Lane(lo=1, hi=None, at="77", read=3, last=70, first=5)
    assert Lane.from_state(lane.as_state()) == lane
