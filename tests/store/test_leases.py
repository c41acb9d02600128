"""What one of all processes may do at a time, and what is good once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from connector.store import leases, spent


def taken(front, holder: str, now: int, until: int, portal: int = 1) -> bool:
    with front.unit() as u:
        return leases.take(u, portal, "refresh", holder, now, until)


class TestLeases:
    """Taken with one statement, given back, or run out."""

    def test_one_at_a_time_for_each_portal(self, front) -> None:
        assert taken(front, "a", 10, 20)
        assert not taken(front, "b", 11, 21)
        assert taken(front, "b", 11, 21, portal=2)

    def test_of_many_at_once_one_has_it(self, front) -> None:
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda number: taken(front, f"p{number}", 10, 20), range(8)))
        assert sum(got) == 1

    def test_given_back_it_is_free(self, front) -> None:
        taken(front, "a", 10, 20)
        with front.unit() as u:
            leases.give_back(u, 1, "refresh", "a")
        assert taken(front, "b", 11, 21)

    def test_it_runs_out_by_itself_and_is_not_given_back_by_who_lost_it(self, front) -> None:
        taken(front, "a", 10, 20)
        assert taken(front, "b", 20, 30)
        with front.unit() as u:
            leases.give_back(u, 1, "refresh", "a")
        assert not taken(front, "c", 21, 31)

    def test_what_was_forced_is_remembered_until_it_is_forgotten(self, front) -> None:
        taken(front, "a", 10, 20)
        with front.unit() as u:
            assert leases.forced_ms(u, 1, "refresh") == 0
            leases.book_forced(u, 1, "refresh", 15)
        with front.unit() as u:
            assert leases.forced_ms(u, 1, "refresh") == 15
            assert leases.forget(u, 1, "refresh") == 1
            assert leases.forced_ms(u, 1, "refresh") == 0


class TestSpent:
    """Good once."""

    def test_the_first_has_it(self, front) -> None:
        def spend(_number: int) -> bool:
            with front.unit() as u:
                return spent.spend(u, "link-1", 10, 20)

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(spend, range(8))) == 1

    def test_it_is_kept_until_its_age_alone_refuses_it(self, front) -> None:
        with front.unit() as u:
            assert spent.spend(u, "link-1", 10, 20)
            assert not spent.spend(u, "link-1", 20, 20)
            assert spent.spend(u, "link-2", 21, 40)
            assert spent.spend(u, "link-1", 22, 40)
