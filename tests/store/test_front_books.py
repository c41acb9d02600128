"""Small books: gaps of the mirror's portals, signs of life and counts of the front door."""

from __future__ import annotations

from connector.store import beats, gaps, tallies
from connector.store.beats import Beat
from connector.store.gaps import Gap
from tests.store.builders import T0

WHY, OTHER = "paused", "down"


class TestGaps:
    """A gap grows while it lasts, stands until a poll read past it, and is never healed by an older one."""

    def test_a_gap_stands_with_its_length(self, u, portal) -> None:
        gaps.open(u, portal, T0, T0 + 5, WHY)
        assert gaps.standing(u, portal) == (Gap(T0, T0 + 5, WHY),)

    def test_the_same_reason_grows_and_another_stands_beside_it(self, u, portal) -> None:
        gaps.open(u, portal, T0, T0 + 5, WHY)
        gaps.open(u, portal, T0 + 3, T0 + 9, WHY)
        gaps.open(u, portal, T0 + 4, T0 + 4, WHY)
        gaps.open(u, portal, T0 + 1, T0 + 2, OTHER)
        assert gaps.standing(u, portal) == (Gap(T0, T0 + 9, WHY), Gap(T0 + 1, T0 + 2, OTHER))

    def test_only_a_poll_that_began_after_its_end_heals_it(self, u, portal) -> None:
        gaps.open(u, portal, T0, T0 + 5, WHY)
        assert gaps.close(u, portal, T0 + 4, T0 + 20) == 0
        assert gaps.close(u, portal, T0 + 5, T0 + 20) == 1
        assert gaps.standing(u, portal) == ()

    def test_a_healed_gap_does_not_grow_again(self, u, portal) -> None:
        gaps.open(u, portal, T0, T0 + 5, WHY)
        gaps.close(u, portal, T0 + 5, T0 + 6)
        gaps.open(u, portal, T0 + 7, T0 + 8, WHY)
        assert gaps.standing(u, portal) == (Gap(T0 + 7, T0 + 8, WHY),)


class TestBeats:
    """Who was heard of, and when last."""

    def test_the_last_of_a_role(self, front) -> None:
        with front.unit() as u:
            assert beats.last(u, "web") is None
            for process, at in (("a", 5), ("b", 9), ("a", 7)):
                beats.beat(u, "web", process, T0 + at)
            beats.beat(u, "worker", "a/b", T0)
            assert beats.last(u, "web") == T0 + 9
            assert beats.every(u) == (Beat("web", "a", T0 + 7), Beat("web", "b", T0 + 9), Beat("worker", "a/b", T0))

    def test_old_processes_are_forgotten_but_the_newest_sign_of_a_role_stays(self, front) -> None:
        with front.unit() as u:
            beats.beat(u, "web", "a", T0)
            beats.beat(u, "web", "b", T0 + 1)
            beats.beat(u, "clock", "c", T0)
            assert beats.forget(u, T0 + 100) == 1
            assert beats.every(u) == (Beat("clock", "c", T0), Beat("web", "b", T0 + 1))


def test_counts_add_up(front) -> None:
    with front.unit() as u:
        tallies.add(u, {("refused", "mismatch"): 3, ("unknown", "5"): 1})
        tallies.add(u, {("refused", "mismatch"): 2, ("refused", "too_old"): 1})
        assert tallies.every(u) == {("refused", "mismatch"): 5, ("refused", "too_old"): 1, ("unknown", "5"): 1}
