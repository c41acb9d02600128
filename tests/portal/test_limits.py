"""The governor: never too much, all that is allowed, live before background, the day's reserve."""

from __future__ import annotations

import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.clock import SystemClock, VirtualClock
from connector.errors import DailyLimitReached, RateLimited
from connector.portal.daily import DailyBudget, next_midnight_ms, zone_of
from connector.portal.gateway import Rates
from connector.portal.limits import Governor
from connector.portal.windows import Learner, TokenBucket
from tests.portal.conftest import START_MS
from tests.portal.servers import BucketServer, FixedServer, RollingServer, Shared, World, busiest, new_lane

seeds = st.integers(0, 999)
latencies = st.tuples(st.floats(0.0, 0.5), st.floats(0.0, 3.0))


def ways(seed: int, span: tuple[float, float]):
    chance = random.Random(seed)
    return lambda: span[0] + chance.random() * span[1]


class TestNeverTooMuch:
    @settings(max_examples=40, deadline=None)
    @given(st.integers(1, 250), st.integers(1, 48), latencies, st.integers(0, 999))
    def test_a_rolling_portal_never_refuses_whatever_the_latencies(self, limit, workers, span, seed):
        server = RollingServer(limit)
        world = World(server, new_lane(10), workers=workers, way=ways(seed, span)).run(60)
        assert world.refused <= max(0, 4 - limit)
        assert busiest(world.arrivals, 10.0) <= limit

    @settings(max_examples=30, deadline=None)
    @given(
        st.integers(50, 250),
        st.integers(1, 48),
        st.tuples(st.floats(0, 0.2), st.floats(0, 0.5)),
        st.floats(0, 10),
        seeds,
    )
    def test_one_that_counts_anew_at_fixed_moments_hardly_ever_does(self, limit, workers, span, offset, seed):
        world = World(FixedServer(limit, offset=offset), new_lane(10), workers=workers, way=ways(seed, span)).run(60)
        assert world.refused <= max(5, 0.05 * world.made)

    @settings(max_examples=30, deadline=None)
    @given(st.integers(100, 1000), st.integers(1, 48), latencies, st.integers(0, 999))
    def test_nor_does_one_that_refills(self, limit, workers, span, seed):
        """A hundred in ten seconds is the least that HubSpot gives (usage guidelines)."""
        assert World(BucketServer(limit), new_lane(10), workers=workers, way=ways(seed, span)).run(60).refused == 0

    @settings(max_examples=20, deadline=None)
    @given(st.integers(20, 99), st.integers(1, 48), latencies, st.integers(0, 999))
    def test_one_that_gives_less_than_hubspot_refuses_once_at_most(self, limit, workers, span, seed):
        assert World(BucketServer(limit), new_lane(10), workers=workers, way=ways(seed, span)).run(60).refused <= 1

    def test_nor_without_headers_at_the_configured_rate(self):
        server = RollingServer(50)
        world = World(server, new_lane(50), workers=40, way=ways(1, (0.04, 0.04)), headers=False).run(60)
        assert world.refused == 0
        assert world.made >= 290

    @pytest.mark.parametrize("kind", [RollingServer, BucketServer, FixedServer])
    def test_another_tool_on_the_same_calls_costs_at_most_a_few(self, kind):
        world = World(Shared(kind(), 0.5), new_lane(), workers=40, way=ways(1, (0.02, 0.04))).run(120)
        assert world.refused <= world.made * 0.05


class TestAllThatIsAllowed:
    @pytest.mark.parametrize("workers", [8, 40])
    def test_a_rolling_window_is_used_up(self, workers):
        world = World(RollingServer(190), new_lane(), workers=workers, way=ways(1, (0.03, 0.02))).run(60)
        assert world.made >= 6 * 190
        assert world.lane.learner.verdict == "rolling"

    @pytest.mark.parametrize("workers", [8, 40])
    def test_a_bucket_is_learned_and_used_from_the_first_seconds(self, workers):
        world = World(BucketServer(190), new_lane(), workers=workers, way=ways(1, (0.03, 0.02))).run(10)
        assert world.lane.learner.verdict == "bucket"
        assert world.made >= 0.97 * (190 + 19 * 10)
        world.run(50)
        assert world.made >= 0.97 * (190 + 19 * 60)
        assert world.refused == 0

    def test_a_portal_of_a_hundred_needs_no_learning_longer_than_a_second(self):
        world = World(BucketServer(100), new_lane(), workers=40, way=ways(1, (0.03, 0.02))).run(2)
        assert world.lane.learner.verdict == "bucket"

    def test_a_fixed_counter_is_taken_for_rolling_which_is_safe(self):
        world = World(FixedServer(190, offset=7), new_lane(), workers=40, way=ways(1, (0.03, 0.02))).run(60)
        assert world.lane.learner.verdict == "rolling"
        assert world.made >= 6 * 190

    def test_a_bucket_that_refuses_after_all_is_never_trusted_again(self):
        world = World(BucketServer(190), new_lane(), workers=40, way=ways(1, (0.03, 0.02))).run(20)
        world.server.tokens = -500.0
        world.run(60)
        assert world.lane.learner.verdict == "rolling"


class TestLearner:
    def test_three_answers_in_a_row_decide(self):
        learner = Learner("learn")
        for _ in range(2):
            learner.observe(30, rolling_most=5, level=31.0, refilled=0.5, later=0)
        learner.observe(5, rolling_most=5, level=31.0, refilled=0.5, later=0)
        assert learner.verdict == "learn"
        for _ in range(3):
            learner.observe(30, rolling_most=5, level=31.0, refilled=0.5, later=0)
        assert learner.verdict == "bucket"

    def test_what_fits_neither_is_rolling(self):
        learner = Learner("learn")
        learner.observe(15, rolling_most=5, level=31.0, refilled=0.5, later=0)
        assert learner.verdict == "rolling"

    def test_nothing_is_learned_where_both_say_the_same(self):
        learner = Learner("learn")
        for _ in range(9):
            learner.observe(100, rolling_most=100, level=101.0, refilled=0.0, later=0)
        assert learner.verdict == "learn"


def test_a_bucket_follows_a_portal_that_has_less():
    bucket = TokenBucket(190, 10.0, 0.0)
    bucket.correct(3, later=0, in_flight=0, refilled=1.9, now=0.0)
    assert 3.0 <= bucket.tokens <= 5.0
    assert bucket.level(1000.0) == 190.0


HEADERS = {
    "x-hubspot-ratelimit-max": "190",
    "x-hubspot-ratelimit-remaining": "189",
    "x-hubspot-ratelimit-interval-milliseconds": "10000",
}


def send(governor: Governor, clock, *, kind="list", live=False, headers=None, refused=None):
    permit = governor.acquire(kind, live=live, now_ms=clock.now_ms())
    governor.settle(permit, headers or {}, refused, clock.now_ms())


class TestGovernor:
    def test_the_first_answer_sets_the_rate_at_once(self, clock):
        governor = Governor(clock, Rates(refill="rolling"))
        server = RollingServer(190)
        started = clock.monotonic()
        for _ in range(190):
            remaining = server.hit(clock.monotonic())[1]
            send(governor, clock, headers={**HEADERS, "x-hubspot-ratelimit-remaining": str(remaining)})
        assert governor.burst == 190
        assert clock.monotonic() == started

    def test_before_it_only_a_few_go_out(self, clock):
        governor = Governor(clock, Rates())
        lane = governor._lanes["burst"]
        for _ in range(4):
            governor.acquire("list", live=False, now_ms=clock.now_ms())
        assert lane.delay(False, clock.monotonic()) > 0

    def test_without_headers_the_default_holds(self, clock):
        governor = Governor(clock, Rates())
        started = clock.monotonic()
        for _ in range(101):
            send(governor, clock)
        assert clock.monotonic() - started >= 10.0

    def test_a_configured_rate_is_never_raised_by_headers(self, clock):
        governor = Governor(clock, Rates(burst=20, refill="rolling"))
        started = clock.monotonic()
        for _ in range(21):
            send(governor, clock, headers=HEADERS)
        assert governor.burst == 20
        assert clock.monotonic() - started >= 10.0

    def test_searches_have_their_own_five_a_second(self, clock):
        governor = Governor(clock, Rates())
        started = clock.monotonic()
        for _ in range(10):
            send(governor, clock, kind="search", live=True)
        assert 1.0 <= clock.monotonic() - started <= 1.1
        for _ in range(90):
            send(governor, clock)
        assert clock.monotonic() - started <= 1.1

    def test_a_refused_search_does_not_stop_the_rest(self, clock):
        governor = Governor(clock, Rates())
        send(governor, clock, kind="search", refused=RateLimited("x", policy="SECONDLY"))
        started = clock.monotonic()
        send(governor, clock)
        assert clock.monotonic() == started
        send(governor, clock, kind="search")
        assert clock.monotonic() - started >= 1.0

    def test_after_a_refusal_one_goes_ahead_alone(self, clock):
        governor = Governor(clock, Rates())
        send(governor, clock, refused=RateLimited("x", policy="TEN_SECONDLY_ROLLING"))
        probe = governor.acquire("list", live=False, now_ms=clock.now_ms())
        lane = governor._lanes["burst"]
        assert lane.delay(True, clock.monotonic()) > 0
        governor.settle(probe, HEADERS, None, clock.now_ms())
        assert lane.delay(False, clock.monotonic()) <= 0

    def test_a_probe_without_an_answer_makes_room_for_the_next_probe(self, clock):
        governor = Governor(clock, Rates())
        send(governor, clock, refused=RateLimited("x", policy="TEN_SECONDLY_ROLLING"))
        governor.lost(governor.acquire("list", live=False, now_ms=clock.now_ms()))
        again = governor.acquire("list", live=False, now_ms=clock.now_ms())
        assert again.probe

    def test_counts(self, clock):
        governor = Governor(clock, Rates())
        send(governor, clock)
        send(governor, clock, kind="write", refused=RateLimited("x", policy="TEN_SECONDLY_ROLLING"))
        counts = governor.counts()
        assert (counts.made, counts.by_kind["list"], counts.by_kind["write"], counts.refused_429) == (2, 1, 1, 1)


class TestLive:
    def test_background_leaves_room_once_live_calls_were_seen(self, clock):
        governor = Governor(clock, Rates(burst=100, refill="rolling"))
        send(governor, clock, live=True)
        started = clock.monotonic()
        for _ in range(97):
            send(governor, clock)
        lane = governor._lanes["burst"]
        assert lane.delay(False, started) > 0
        assert lane.delay(True, started) <= 0

    def test_all_is_for_background_while_nothing_is_live(self, clock):
        governor = Governor(clock, Rates(burst=100, refill="rolling"))
        started = clock.monotonic()
        for _ in range(100):
            send(governor, clock)
        assert clock.monotonic() == started

    def test_live_goes_before_background_that_waits(self):
        clock = SystemClock()
        governor = Governor(clock, Rates(burst=2, window_seconds=0.4, refill="rolling"))
        order: list[str] = []

        def one(name: str, live: bool) -> None:
            send(governor, clock, live=live)
            order.append(name)

        for _ in range(2):
            one("first", live=False)
        waiting = [threading.Thread(target=one, args=("background", False)) for _ in range(4)]
        for thread in waiting:
            thread.start()
        urgent = threading.Thread(target=one, args=("live", True))
        urgent.start()
        for thread in [*waiting, urgent]:
            thread.join(10)
        assert "live" in order[2:4]

    def test_many_threads_stay_within_a_rolling_limit(self):
        clock = SystemClock()
        governor = Governor(clock, Rates(burst=20, window_seconds=0.3, refill="rolling"))
        server, lock = RollingServer(20, 0.3), threading.Lock()
        refused: list[int] = []

        def work() -> None:
            for _ in range(10):
                permit = governor.acquire("list", live=False, now_ms=clock.now_ms())
                with lock:
                    accepted, _ = server.hit(clock.monotonic())
                refused.extend([] if accepted else [1])
                governor.settle(permit, {}, None, clock.now_ms())

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert refused == []


class TestDaily:
    def test_background_stops_at_the_reserve_and_live_goes_on(self, clock):
        governor = Governor(clock, Rates(daily=100, daily_used=85, time_zone="Europe/Berlin"))
        for _ in range(5):
            send(governor, clock)
        with pytest.raises(DailyLimitReached) as caught:
            send(governor, clock)
        assert "2026-11-23 00:00 CET" in caught.value.message
        assert caught.value.retry_after == 14 * 3600
        for _ in range(10):
            send(governor, clock, live=True)
        with pytest.raises(DailyLimitReached):
            send(governor, clock, live=True)

    def test_headers_count_what_others_used(self, clock):
        governor = Governor(clock, Rates())
        left = {"x-hubspot-ratelimit-daily": "1000", "x-hubspot-ratelimit-daily-remaining": "99"}
        send(governor, clock, headers=left)
        with pytest.raises(DailyLimitReached):
            send(governor, clock)
        assert governor.usage(clock.now_ms()).used == 901

    def test_a_new_day_starts_a_new_count(self, clock):
        governor = Governor(clock, Rates(daily=10, daily_used=9, time_zone="UTC"))
        with pytest.raises(DailyLimitReached):
            send(governor, clock)
        clock.advance(15 * 3600)
        send(governor, clock)

    def test_without_a_zone_it_asks_again_after_an_hour(self, clock):
        budget = DailyBudget(None, reserve_share=0.1, used=0, zone=None)
        budget.exhausted(clock.now_ms())
        with pytest.raises(DailyLimitReached):
            budget.claim(True, clock.now_ms() + 3_599_000)
        budget.claim(True, clock.now_ms() + 3_600_000)

    def test_no_limit_no_stop(self, clock):
        budget = DailyBudget(None, reserve_share=0.1, used=0, zone=None)
        for _ in range(1000):
            budget.claim(False, clock.now_ms())
        assert budget.usage(clock.now_ms()) is None

    @given(
        st.integers(0, 4_000_000_000_000), st.sampled_from(["Europe/Berlin", "Pacific/Tongatapu", "America/New_York"])
    )
    def test_midnight_comes_within_a_day_and_daylight_saving(self, now_ms, name):
        ahead = next_midnight_ms(now_ms, zone_of(name)) - now_ms
        assert 0 < ahead <= 25 * 3_600_000

    def test_unknown_zones_are_no_crash(self):
        assert zone_of("Mars/Olympus") is None
        assert zone_of("") is None


def test_a_virtual_clock_never_waits_for_real():
    clock = VirtualClock(START_MS)
    governor = Governor(clock, Rates(burst=1))
    for _ in range(20):
        send(governor, clock)
    assert clock.monotonic() * 1000 - START_MS >= 190_000
