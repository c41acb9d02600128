"""Leaving a provider alone: when, for how long, and that one good answer ends it. Numbers only; nobody is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.enrichment import Failed, Found, NotFound, Outcome
from connector.sync.breaker import FAILURES, LONGEST_REST_MS, REST_MS, Breaker

NOW = 1_795_348_800_000
DOWN, REFUSED = Failed("it is down"), Failed("it refuses us", final=True)
GOOD = Found({"size": 1})


def after(*outcomes: Outcome, breaker: Breaker | None = None) -> Breaker:
    now = breaker or Breaker("firms")
    for outcome in outcomes:
        now = now.after(outcome, NOW)
    return now


def rest(breaker: Breaker) -> int:
    return breaker.until_ms - NOW if breaker.until_ms else 0


def test_two_failures_are_none():
    assert rest(after(DOWN)) == rest(after(DOWN, DOWN)) == 0
    assert after(DOWN, DOWN).failures == 2


def test_the_third_in_a_row_ends_it_for_ten_minutes():
    found = after(DOWN, DOWN, DOWN)
    assert (rest(found), found.why, found.since_ms) == (REST_MS, "it is down", NOW)


def test_each_further_one_doubles_the_rest_up_to_six_hours():
    rests = [rest(after(*[DOWN] * number)) for number in range(3, 12)]
    assert rests[:4] == [REST_MS, 2 * REST_MS, 4 * REST_MS, 8 * REST_MS]
    assert rests[-1] == LONGEST_REST_MS
    assert rests == sorted(rests)


def test_a_refusal_ends_it_at_once():
    assert rest(after(REFUSED)) == REST_MS
    assert after(REFUSED).failures == 1


@pytest.mark.parametrize("good", [GOOD, NotFound()])
def test_a_good_answer_forgets_everything(good):
    assert after(DOWN, DOWN, DOWN, DOWN, good) == Breaker("firms")
    assert rest(after(DOWN, DOWN, good, DOWN, DOWN)) == 0


@pytest.mark.parametrize(("said", "seconds"), [(7200.0, 7200), (5.0, 60), (0.0, 60), (86_400.0, 86_400)])
def test_what_it_asks_for_itself_counts_but_never_less_than_a_minute(said, seconds):
    assert rest(after(Failed("too many", final=True, wait_s=said))) == seconds * 1000


def test_how_long_it_has_been_so_is_remembered():
    first = Breaker("firms").after(DOWN, NOW - 1000)
    assert after(DOWN, DOWN, breaker=first).since_ms == NOW - 1000


@given(st.lists(st.sampled_from([DOWN, REFUSED, GOOD, NotFound()]), max_size=30))
def test_whatever_happens_it_is_only_left_alone_after_a_reason_and_never_for_good(outcomes):
    found = after(*outcomes)
    assert 0 <= rest(found) <= LONGEST_REST_MS
    if found.until_ms:
        assert found.failures >= FAILURES or any(one is REFUSED for one in outcomes)
        assert found.why
    if outcomes and not isinstance(outcomes[-1], Failed):
        assert found == Breaker("firms")
