"""HubSpot's limits are a budget (P11, O01, O02): kept where known, obeyed where met, never thrashed against."""

from __future__ import annotations

import pytest

from connector.errors import DailyLimitReached
from tests.journeys.steps import calls_of, people, written_back, wrong
from tests.rig import rig

DAY = 24 * 3600


@pytest.mark.parametrize("limiter", ["rolling", "bucket"])
def test_a_whole_day_at_the_limit_without_one_429(tmp_path, limiter):
    """190 calls in 10 s and 5 searches a second, enforced: first mirror, write-back, verify, cycles, no refusal."""
    with rig(tmp_path, contacts=200, burst=190, search_per_second=5, limiter=limiter, latency=0.05) as r:
        written_back(r)
        r.run("verify")
        r.run("cycle")
        assert r.twin.ledger.count(status=429) == 0
        assert r.twin.ledger.count() > 190
        assert wrong(r) == []


def test_an_app_that_others_use_too(tmp_path):
    """Somebody else spends half of every window: we step back instead of fighting."""
    with rig(tmp_path, burst=100, search_per_second=5, latency=0.05) as r:
        people(r, 1500)
        for _ in range(60):
            r.twin.limits.admit("static", r.clock.now(), searching=False)
        r.run("sync")
        refused = r.twin.ledger.count(status=429)
        assert refused <= 0.05 * r.twin.ledger.count() + 2
        assert wrong(r) == []


@pytest.mark.parametrize("retry_after", [True, False])
def test_a_429_storm(tmp_path, retry_after):
    """The portal refuses for a minute: nothing is lost, and few calls are thrown at the wall."""
    with rig(tmp_path, latency=0.02) as r:
        people(r, 900)
        r.run("sync", only=("owners",))
        storm = {"match": "/crm/v3/objects/contacts", "times": 12, "status": 429}
        r.twin.dials.faults = [{**storm, "retry_after": 5} if retry_after else storm]
        before = r.clock.now_ms()
        r.run("sync")
        assert wrong(r) == []
        assert r.twin.ledger.count(status=429) <= 12
        if retry_after:
            assert r.clock.now_ms() - before >= 5_000


def test_used_up_daily_calls_stop_the_day(tmp_path):
    """O02: a few further calls at most, and the error says when it goes on; what was read is kept."""
    with rig(tmp_path, latency=0.02) as r:
        people(r, 1200)
        r.run("sync", only=("owners",))
        r.twin.dials.daily = r.twin.limits.used_today + 9
        with pytest.raises(DailyLimitReached) as told:
            r.run("sync")
        assert r.twin.ledger.count(status=429) <= 8
        assert told.value.retry_after
        assert told.value.exit_code == 1
        assert "resume" in told.value.message
        held = set(r.mirrored())
        assert held

        for command in ("sync", "cycle", "verify"):
            before = r.twin.ledger.count()
            with pytest.raises(DailyLimitReached):
                r.run(command)
            assert len(calls_of(r, before)) <= 3  # whether it still is so
        assert held <= set(r.mirrored())

        r.twin.dials.daily = 100_000
        r.clock.advance(DAY)
        r.run("sync")
        assert wrong(r) == []


def test_the_end_of_a_daily_limit_is_told_in_the_portals_own_time(tmp_path):
    """The day ends at midnight in Berlin, not at ours and not in an hour."""
    with rig(tmp_path) as r:
        people(r, 10)
        r.run("sync", only=("owners",))
        r.twin.dials.daily = r.twin.limits.used_today
        with pytest.raises(DailyLimitReached) as told:
            r.run("sync")
        assert "2026-11-23 00:00 CET" in told.value.message


def test_background_work_leaves_a_reserve_of_the_day(tmp_path):
    """Promise 9: a reserve stays for others; a first mirror does not eat the client's last calls."""
    with rig(tmp_path, daily=1000, latency=0.01) as r:
        people(r, 300)
        r.twin.limits.used_today = 985
        with pytest.raises(DailyLimitReached):
            r.run("sync")
        assert r.twin.ledger.count(status=429) == 0
        assert r.twin.limits.used_today < 1000


def test_a_portal_with_two_searches_a_second_refuses_us_once_not_in_each_cycle(tmp_path):
    """What one process learned of the limits is kept for the next, with the portal."""
    with rig(tmp_path, search_per_second=2, latency=0.02) as r:
        people(r, 300)
        for _ in range(2):
            r.run("sync")
            r.clock.advance(60)
        assert r.twin.ledger.count(status=429) > 0
        for _ in range(3):
            before = r.twin.ledger.count(status=429)
            r.run("cycle")
            r.clock.advance(300)
            assert r.twin.ledger.count(status=429) == before


def test_a_day_that_is_used_up_is_not_knocked_at_by_the_next_process(tmp_path):
    with rig(tmp_path, latency=0.02) as r:
        people(r, 20)
        r.run("sync")
        r.twin.dials.daily = r.twin.limits.used_today
        for calls in (1, 0, 0):
            before = r.twin.ledger.count()
            with pytest.raises(DailyLimitReached):
                r.run("cycle")
            assert r.twin.ledger.count() - before <= calls
        r.twin.dials.daily = 625_000
        r.clock.advance(DAY)
        assert r.run("cycle")["ok"]
