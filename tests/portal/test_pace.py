"""Searches a second, learned from refusals: down fast, up slowly, kept for the next process."""

from __future__ import annotations

from connector.clock import VirtualClock
from connector.errors import RateLimited
from connector.portal.gateway import Learned, Rates
from connector.portal.limits import Governor
from connector.portal.pace import Pace

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


def test_one_refusal_alone_is_an_accident():
    pace = Pace(5)
    assert pace.refused(0) == 5
    assert pace.refused(10 * MINUTE) == 5


def test_repeated_refusals_halve_down_to_one():
    pace = Pace(5)
    found = [pace.refused(n * SECOND) for n in range(8)]
    assert found == [5, 2, 2, 1, 1, 1, 1, 1]


def test_it_rises_by_one_after_an_hour_of_quiet():
    pace = Pace(5, 2)
    assert pace.passed(HOUR - 1) == 2
    assert pace.passed(HOUR) == 3
    assert pace.passed(HOUR + 1) == 3
    assert pace.passed(2 * HOUR) == 4
    assert [pace.passed(n * HOUR) for n in (3, 4, 5)] == [5, 5, 5]


def test_a_raise_that_is_refused_is_taken_back_and_the_next_waits_longer():
    pace = Pace(5, 2)
    assert pace.passed(HOUR) == 3
    assert pace.refused(HOUR) == 2
    assert pace.passed(2 * HOUR) == 2
    assert pace.passed(3 * HOUR) == 3
    for _ in range(20):
        pace.refused(pace.quiet_ms)
        pace.passed(pace.quiet_ms + DAY)
    assert pace.patience_ms <= DAY


def test_what_is_configured_is_never_exceeded():
    assert Pace(2, 5).rate == 2
    assert Pace(2, 2).passed(DAY) == 2


def governor(clock: VirtualClock, **rates: object) -> Governor:
    return Governor(clock, Rates(**rates))


def search(one: Governor, clock: VirtualClock, *, refused: bool = False) -> None:
    permit = one.acquire("search", live=True, now_ms=clock.now_ms())
    error = RateLimited("no", policy="SECONDLY") if refused else None
    one.settle(permit, {}, error, clock.now_ms())


def test_what_one_process_learned_the_next_begins_with():
    clock = VirtualClock()
    first = governor(clock)
    for _ in range(2):
        search(first, clock, refused=True)
    headers = {"x-hubspot-ratelimit-max": "150", "x-hubspot-ratelimit-interval-milliseconds": "10000",
               "x-hubspot-ratelimit-daily": "1000", "x-hubspot-ratelimit-daily-remaining": "400"}  # fmt: skip
    permit = first.acquire("list", live=False, now_ms=clock.now_ms())
    first.settle(permit, headers, None, clock.now_ms())
    learned = first.learned(clock.now_ms())
    assert (learned.searches, learned.burst, learned.window_seconds, learned.daily, learned.daily_used) == (
        2, 150, 10.0, 1000, 600
    )  # fmt: skip
    second = governor(clock, learned=learned)
    assert second.burst == 150
    usage = second.usage(clock.now_ms())
    assert usage is not None
    assert (usage.limit, usage.used) == (1000, 600)
    began = clock.monotonic()
    for _ in range(3):
        search(second, clock)
    assert clock.monotonic() - began >= 1.0


def test_a_day_that_is_over_counts_no_more():
    clock = VirtualClock()
    learned = Learned(daily=1000, daily_used=1000, daily_ends_ms=clock.now_ms() - 1, closed_until_ms=clock.now_ms() - 1)
    usage = governor(clock, learned=learned).usage(clock.now_ms())
    assert usage is not None
    assert usage.used == 0


def test_what_is_configured_goes_before_what_was_learned():
    clock = VirtualClock()
    one = governor(clock, burst=50, daily=100, refill="bucket", learned=Learned(burst=190, daily=999, refill="rolling"))
    usage = one.usage(clock.now_ms())
    assert usage is not None
    assert (one.burst, one.model, usage.limit) == (50, "bucket", 100)


def test_that_a_limiter_is_the_slow_kind_is_doubted_after_a_week():
    clock = VirtualClock()
    young = Learned(refill="rolling", refill_ms=clock.now_ms() - DAY)
    old = Learned(refill="rolling", refill_ms=clock.now_ms() - 8 * DAY)
    assert governor(clock, learned=young).model == "rolling"
    assert governor(clock, learned=old).model == "learn"
