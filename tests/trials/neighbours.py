"""S16, and the second half of O04: what one portal's trouble costs the others. The service as it is served."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import orjson

from connector.engine.opening import open_engine
from connector.engine.port import Job
from connector.store import deliveries
from connector.store.deliveries import Incoming
from connector.store.front import front_url
from connector.sync.waking import request
from connector.twin import Dials, Twin, serve_twin
from tests.faults.proxy import FaultyProxy
from tests.rig import OFF, differences
from tests.trials.harness import Count, Outcome, share
from tests.trials.house import House, house, until
from tests.trials.killed import many_people

OTHER = 990_001
PAUSE = 0.25


def neighbour(people: int = 20) -> Twin:
    """A second portal of the same app."""
    twin = Twin.empty(dials=Dials(**{**OFF, "webhook_attempt_spacing": 0.5}), portal_id=OTHER)
    many_people(twin, people)
    return twin


def visible(at: House, twin: Twin, portal_id: int, seconds: float, most: int) -> list[float]:
    """Edits in the portal, one after another: seconds until each is in the mirror; its webhook is all that tells."""
    times, contact, end = [], twin.ids("contacts")[0], time.monotonic() + seconds
    while len(times) < most and (time.monotonic() < end or len(times) < 4):
        value = f"Ort {len(times)} {time.monotonic()}"
        twin.edit("contacts", contact, {"city": value})
        shown: Callable[[], bool] = lambda value=value: at.value(contact, "city", portal_id) == value  # noqa: E731
        times.append(until(shown, "the edit is mirrored", 60))
        time.sleep(PAUSE)
    return times


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


# S16 -----------------------------------------------------------------------------------------------------------------


def noisy(scale: float, seed: int) -> Outcome:
    """A million notices of one portal wait, and its whole mirror is compared meanwhile; its neighbour lives on."""
    count, waiting = Count(runs=1), share(10_000, scale, 300)
    with ExitStack() as stack:
        loud, quiet = Twin.empty(dials=Dials(**{**OFF, "latency": 0.02})), neighbour()
        many_people(loud, share(5_000, scale, 500))
        urls = [stack.enter_context(serve_twin(twin)) for twin in (loud, quiet)]
        at = stack.enter_context(house(secret=quiet.access.client_secret))
        first, second = at.connect("loud", loud, urls[0]), at.connect("quiet", quiet, urls[1])
        for name in ("loud", "quiet"):
            at.watch.sync(name, only=("contacts",))
        at.hears(quiet)
        count.faults = 100 * _heap_up(at, loud, first, waiting)
        at.start("web,worker")
        at.ready()
        times = visible(at, quiet, second, max(6.0, 120 * scale), 400)
        count.took(p95(times))
        count.most_here("seconds until a neighbour's change is seen, 95th hundredth", round(p95(times), 2), 5)
        count.most_here("seconds of the longest", round(max(times), 2), 15)
        with at.watch.front.view() as u:
            left = deliveries.waiting(u).get(first, (0, 0))[0]
        count.must(left > 0 or scale < 0.5, "the loud portal was done before: nothing was tried")
        count.loses(differences(at.mirrored(second), quiet.truth("contacts"), {"email", "city"}))
        at.stop()
    return count.outcome()


def _heap_up(at: House, twin: Twin, portal_id: int, waiting: int) -> int:
    """Deliveries of a hundred changes each, stored as the receiver stores them, and the job that drains them."""
    ids, now = twin.ids("contacts"), time.time_ns() // 1_000_000
    twin.bulk_touch(ids, {"city": "Ulm"})
    engine = open_engine(front_url(at.settings.database_url))
    for start in range(0, waiting, 500):
        incoming = [
            Incoming(_changes(twin.portal_id, ids, number, now), now, (portal_id,))
            for number in range(start, min(waiting, start + 500))
        ]
        with at.watch.front.unit() as u:
            deliveries.add(u, incoming)
            request(u, engine, Job(portal_id, "drain"), now)
    engine.enqueue(Job(portal_id, "verify"))
    engine.close()
    return waiting


def _changes(hub: int, ids: list[int], number: int, now: int) -> bytes:
    return orjson.dumps([
        {"eventId": number * 100 + one, "subscriptionId": 2, "portalId": hub, "appId": 3, "occurredAt": now - one,
         "subscriptionType": "contact.propertyChange", "attemptNumber": 0, "changeSource": "CRM_UI",
         "objectId": ids[(number * 100 + one) % len(ids)], "propertyName": "city", "propertyValue": f"Ort {number}"}
        for one in range(100)
    ])  # fmt: skip


# O04 -----------------------------------------------------------------------------------------------------------------


def beside_silence(count: Count, edits: int) -> None:
    """One portal stops answering in mid-life of the service: how many jobs it holds, what its neighbour feels."""
    with ExitStack() as stack:
        mute, quiet = Twin.empty(dials=Dials(**OFF)), neighbour()
        many_people(mute, 50)
        urls = [stack.enter_context(serve_twin(twin)) for twin in (mute, quiet)]
        proxy = stack.enter_context(FaultyProxy(int(urls[0].rpartition(":")[2])))
        at = stack.enter_context(house(secret=quiet.access.client_secret))
        first, second = at.connect("mute", mute, proxy.url), at.connect("quiet", quiet, urls[1])
        for name in ("mute", "quiet"):
            at.watch.sync(name, only=("contacts",))
        at.hears(quiet)
        at.hears(mute)
        at.start("web,worker")
        at.ready()
        visible(at, quiet, second, 0, 2)  # warm
        before = visible(at, quiet, second, 60, edits)
        proxy.fault("half_open")
        held, over = _watched(at, first, mute)
        during = visible(at, quiet, second, 60, edits)
        over()
        count.runs, count.faults = count.runs + 1, count.faults + len(proxy.seen)
        count.least("jobs of the silent portal that were held", max(held, default=0), 1)
        count.most("jobs that a silent portal holds at once", max(held, default=0), 2)
        # A job waits for the worker's next look, up to 0.2 s: that much is chance.
        slower = p95(during) - 1.1 * p95(before)
        count.most_here("seconds slower a neighbour's changes are seen", round(slower, 2), 0.2)
        at.kill()


def _watched(at: House, portal_id: int, twin: Twin) -> tuple[list[int], Callable[[], None]]:
    """Changes in the silent portal, and how many of its jobs are running, looked at again and again."""
    held: list[int] = []
    over = threading.Event()
    engine = open_engine(front_url(at.settings.database_url))

    def look() -> None:
        while not over.wait(0.2):
            twin.edit("contacts", twin.ids("contacts")[len(held) % 50], {"city": f"Ort {len(held)}"})
            held.append(sum(turn.ticket.job.portal_id == portal_id for turn in engine.running()))

    thread = threading.Thread(target=look)
    thread.start()

    def end() -> None:
        over.set()
        thread.join()
        engine.close()

    return held, end
