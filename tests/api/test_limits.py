"""The pace of a token: a burst, then a steady rate, each token on its own."""

from __future__ import annotations

from connector.api.limits import Pace


def test_a_burst_then_a_steady_rate():
    pace = Pace(burst=3, per_second=2.0)
    assert [pace.take("a", 100.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert pace.take("a", 100.25) == 0.25
    assert pace.take("a", 100.5) == 0
    assert pace.take("a", 100.5) == 0.5


def test_each_token_has_its_own():
    pace = Pace(burst=1, per_second=1.0)
    assert [pace.take(token, 0.0) for token in ("a", "b", "a")] == [0, 0, 1.0]


def test_it_never_saves_up_more_than_a_burst():
    pace = Pace(burst=2, per_second=1.0)
    assert pace.take("a", 0.0) == 0
    assert [pace.take("a", 10_000.0) for _ in range(3)] == [0, 0, 1.0]


def test_a_clock_that_goes_back_takes_nothing_away():
    pace = Pace(burst=2, per_second=1.0)
    assert [pace.take("a", at) for at in (10.0, 5.0)] == [0, 0]
    assert pace.take("a", 6.0) == 0
