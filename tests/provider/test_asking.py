"""Many questions at once: none is lost, none holds the others up, and nobody waits longer than was said."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest

from connector.errors import ConfigError
from connector.model.enrichment import Failed, Found, NotFound
from connector.provider.asking import LATE, Round
from connector.provider.table import table_of

DOMAINS = [f"d{number}.example" for number in range(20)]


@dataclass
class Counter:
    """Answers with the domain, after its pause; counts who asks at once."""

    pauses: dict[str, float] = field(default_factory=dict)
    timeout_s: float = 1.0
    asked: list[str] = field(default_factory=list)
    now: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, domain: str) -> Found:
        with self.lock:
            self.asked.append(domain)
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(self.pauses.get(domain, 0.002))
        with self.lock:
            self.now -= 1
        if domain == "breaks.example":
            raise RuntimeError(domain)
        return Found({"name": domain})


def test_everybody_is_asked_once_and_a_few_at_a_time():
    provider = Counter()
    found = dict(Round(provider, DOMAINS, 5).answers())
    assert found == {domain: Found({"name": domain}) for domain in DOMAINS}
    assert sorted(provider.asked) == sorted(DOMAINS)
    assert 1 < provider.most <= 4


def test_nobody_to_ask():
    assert list(Round(Counter(), [], 5).answers()) == []


def test_when_the_time_is_over_the_slow_ones_are_late_and_the_rest_was_never_asked():
    provider = Counter(dict.fromkeys(DOMAINS, 2.0) | {"d0.example": 0.0})
    began = time.monotonic()
    found = dict(Round(provider, DOMAINS, 0.3).answers())
    assert time.monotonic() - began < 1
    assert found.pop("d0.example") == Found({"name": "d0.example"})
    assert set(found.values()) == {LATE}
    assert len(found) == 4


def test_stopped_it_begins_nothing_more():
    provider = Counter()
    going = Round(provider, DOMAINS, 5, at_once=1)
    for _ in going.answers():
        going.stop()
    assert len(provider.asked) == 1


def test_little_is_under_way_when_it_is_stopped():
    provider = Counter(dict.fromkeys(DOMAINS, 0.0))
    going = Round(provider, DOMAINS, 5)
    for number, _ in enumerate(going.answers(), 1):
        time.sleep(0.02)  # the others go on meanwhile
        if number == 3:
            going.stop()
    assert len(provider.asked) <= 6


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_provider_that_breaks_is_a_failure_and_the_others_go_on():
    found = dict(Round(Counter(), ["breaks.example", *DOMAINS], 5).answers())
    broken = found.pop("breaks.example")
    assert isinstance(broken, Failed)
    assert "breaks.example" not in broken.why
    assert len(found) == len(DOMAINS)


def test_a_table_answers_without_asking_anybody():
    table = table_of({"Works.example": {"size": 200}}, "mine")
    assert table.ask("works.example") == Found({"size": 200})
    assert table.ask("nobody.example") == NotFound()


@pytest.mark.parametrize("data", [None, [], "x", {"works.example": 5}])
def test_a_table_that_is_none(data):
    with pytest.raises(ConfigError, match="holds no answers by domain"):
        table_of(data, "mine")
