"""The numbers for Prometheus, read from the database when they are asked for, so that every web process says the same.

A registry of our own: the library's default one would tell about this process alone. Portals are named by their number.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from connector.clock import Clock
from connector.serving.counting import Counting
from connector.store import Store, beats, cursors, deliveries, gaps, outbox, portals, tallies
from connector.store.front import Front
from connector.sync import subscribing

Family = CounterMetricFamily | GaugeMetricFamily


class Numbers(Collector):
    """Reads everything in two short views, one of each store."""

    def __init__(self, store: Store, front: Front, counting: Counting, clock: Clock) -> None:
        self._store = store
        self._front = front
        self._counting = counting
        self._clock = clock

    def collect(self) -> Iterator[Family]:
        now = self._clock.now_ms()
        yield from self._front_door(now)
        yield from self._portals()

    def _front_door(self, now: int) -> Iterator[Family]:
        with self._front.view() as u:
            states, waiting, heard = deliveries.counts(u), deliveries.waiting(u), beats.every(u)
            counted = tallies.every(u)
        for key, n in self._counting.peek().items():
            counted[key] = counted.get(key, 0) + n
        yield _gauge("deliveries", "Webhook deliveries by state.", "state", {k: float(v) for k, v in states.items()})
        oldest = min((since for _, since in waiting.values()), default=now)
        words = "Age of the oldest delivery that no inbox holds yet."
        yield GaugeMetricFamily("leadwright_oldest_undrained_seconds", words, value=_age(now, oldest))
        yield _gauge("portal_deliveries_waiting", "Deliveries that wait to be drained.", "portal", _first(waiting))
        lags = {str(portal): _age(now, since) for portal, (_, since) in waiting.items()}
        yield _gauge("portal_lag_seconds", "Age of the oldest delivery that waits for the portal.", "portal", lags)
        ages = {role: max(one.at_ms for one in heard if one.role == role) for role in {one.role for one in heard}}
        yield _gauge(
            "role_silent_seconds", "Since a process of the role was heard of.", "role",
            {role: _age(now, at) for role, at in ages.items()},
        )  # fmt: skip
        yield from _counted(counted)

    def _portals(self) -> Iterator[Family]:
        with self._store.view() as u:
            rows = portals.every(u)
            waiting = {str(row.id): float(outbox.waiting(u, row.id)) for row in rows}
            missed = {str(row.id): sum(gap.to_ms - gap.from_ms for gap in gaps.standing(u, row.id)) for row in rows}
            found = subscribing.last(u)
            held = {str(row.id): float(cursors.get(u, row.id, "held_back") is not None) for row in rows if row.live}
        modes = dict.fromkeys(("observe", "live", "paused"), 0.0)
        for row in rows:
            modes["paused" if row.paused_ms is not None else "live" if row.live else "observe"] += 1
        yield _gauge("portals", "Connected portals by mode.", "mode", modes)
        yield _gauge("held_back", "1 where a storm or a limit keeps a live portal from being written.", "portal", held)
        if found is not None and found["mode"] == "api":
            words = "Webhook subscriptions that are missing, paused or aimed elsewhere, when last compared."
            yield GaugeMetricFamily("leadwright_subscriptions_differing", words, value=found["differing"])
        yield _gauge("outbox_waiting", "Effects that wait to be sent.", "portal", waiting)
        seconds = {portal: length / 1000 for portal, length in missed.items() if length}
        yield _gauge("gap_seconds", "Length of the gaps that no poll healed yet.", "portal", seconds)


def exposition(registry: CollectorRegistry) -> bytes:
    return generate_latest(registry)


def registry(store: Store, front: Front, counting: Counting, clock: Clock) -> CollectorRegistry:
    made = CollectorRegistry(auto_describe=False)
    made.register(Numbers(store, front, counting, clock))
    return made


def _counted(counted: tallies.Tallies) -> Iterator[Family]:
    yield _by_label(counted, "webhooks_refused", "Refused webhooks by reason.", "reason")
    yield _by_label(counted, "actions_answered", "Workflow actions answered, by outcome.", "outcome")
    for name, words in (
        ("portals_unknown", "Deliveries for portals that are not connected."),
        ("portals_resting", "Deliveries for portals that are paused."),
        ("deliveries_unreadable", "Signed bodies that could not be read."),
        ("webhooks_failed", "Requests that met a fault of ours."),
    ):
        total = sum(n for (known, _), n in counted.items() if known == name)
        yield CounterMetricFamily(f"leadwright_{name}", words, value=total)


def _by_label(counted: tallies.Tallies, wanted: str, words: str, label: str) -> CounterMetricFamily:
    family = CounterMetricFamily(f"leadwright_{wanted}", words, labels=[label])
    for (name, value), n in sorted(counted.items()):
        if name == wanted:
            family.add_metric([value], n)
    return family


def _gauge(name: str, words: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"leadwright_{name}", words, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def _first(waiting: dict[int, tuple[int, int]]) -> dict[str, float]:
    return {str(portal): float(count) for portal, (count, _) in waiting.items()}


def _age(now: int, then: int) -> float:
    return max(0, now - then) / 1000
