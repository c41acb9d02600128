"""W07, W08, W12: the door under pressure. The web process as it is served, on SQLite and on PostgreSQL."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import statistics
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from connector.model.records import PortalIdentity
from connector.store import deliveries, portals
from tests import databases
from tests.trials.harness import Count, Outcome, share
from tests.trials.house import PUBLIC, SECRET, House, beside, children, house, until
from tests.trials.signed import delivery, headers
from webhooks.receiver import PATH

HUB, EVENTS, LINES = 4711, 100, 40
PAUSE = 0.2  # of one connection between two deliveries
MIB = 1024 * 1024


def connected(at: House) -> None:
    """A portal whose notices are ours, without a portal."""
    identity = PortalIdentity(HUB, "Europe/Berlin", "EUR", "STANDARD", "app.hubspot.com", "v3")
    with at.watch.store.unit() as u:
        portals.add(u, "acme", "https://api.hubapi.com", b"", identity, 1)


def put(port: int, body: bytes) -> tuple[int, float]:
    """One good delivery on a connection of its own: status (0 when nobody answered), seconds."""
    line, began = http.client.HTTPConnection("127.0.0.1", port, timeout=20), time.monotonic()
    try:
        line.request("POST", PATH, body, {"Content-Type": "application/json", **headers(body, SECRET, PUBLIC)})
        return line.getresponse().status, time.monotonic() - began
    except (OSError, http.client.HTTPException):
        return 0, time.monotonic() - began
    finally:
        line.close()


def kept(at: House) -> set[int]:
    """The numbers of the deliveries in the store."""
    found: set[int] = set()
    with at.watch.front.view() as u:
        last = 0
        while page := deliveries.addressed(u, 1, 1000, last):
            found |= {int(one.body.split(b'"eventId":')[1].split(b",")[0]) // 1000 for one in page}
            last = page[-1].id
    return found


# W07 -----------------------------------------------------------------------------------------------------------------


def slow_store(scale: float, seed: int) -> Outcome:
    """Forty connections, 20,000 events a second together, in batches of a hundred; a backfill commits row by row."""
    count, seconds = Count(), max(2.5, 30 * scale)
    for kind in databases.KINDS:
        with house(kind) as at:
            connected(at)
            at.start("web")
            at.ready()
            with beside("rows", at.settings.database_url) as filling:
                try:
                    times, told = _sent(at, seconds)
                finally:
                    filling.kill()
            count.runs, count.faults = count.runs + 1, count.faults + len(times)
            p99 = statistics.quantiles(times, n=100)[-1]
            count.took(p99)
            count.most_here(f"seconds of the 99th hundredth on {kind}", round(p99, 3), 0.25)
            count.most_here(f"seconds of the slowest on {kind}", round(max(times), 3), 2.0)
            count.must(set(told) == {"204"}, f"answers on {kind}: {told}")
    return count.outcome()


def _sent(at: House, seconds: float) -> tuple[list[float], dict[str, int]]:
    with beside("send", str(at.port), str(seconds), str(LINES), str(PAUSE), SECRET, str(HUB)) as sender:
        told = json.loads(sender.communicate()[0])
    return told["times"][LINES:], told["told"]  # the first of each connection warms the process up


# W08 -----------------------------------------------------------------------------------------------------------------


def killed_receivers(scale: float, seed: int) -> Outcome:
    """The receiving process is killed again and again while deliveries come; whatever was answered yes is there."""
    count, chance = Count(), random.Random(seed)
    kills, batches = share(100, scale, 4), share(500, scale, 25)
    for kind, times in zip(databases.KINDS, (kills - kills // 2, kills // 2), strict=True):
        with house(kind) as at:
            connected(at)
            at.start("web")
            at.ready()
            answered = _killing(at, count, chance, times, batches * times // kills)
            at.stop()
            count.runs += len(answered)
            count.loses([f"{number}: answered yes on {kind}" for number in sorted(answered - kept(at))])
    return count.outcome()


def _killing(at: House, count: Count, chance: random.Random, kills: int, batches: int) -> set[int]:
    """Eight senders; each kill meets them at work. The numbers that were answered yes."""
    answered: set[int] = set()
    over = threading.Event()

    def send(number: int) -> None:
        while not over.is_set():
            if put(at.port, delivery(number, EVENTS, HUB))[0] == 204:
                answered.add(number)
            number += 8
            over.wait(0.02)

    senders = [threading.Thread(target=send, args=(first,)) for first in range(1, 9)]
    for one in senders:
        one.start()
    try:
        for _ in range(kills):
            goal = len(answered) + 8
            until(lambda goal=goal: len(answered) >= goal, "deliveries are taken after a kill", 30)
            time.sleep(chance.random() / 5)
            count.faults += _kill_one(at, chance)
        until(lambda: len(answered) >= batches, "all are taken")
    finally:
        over.set()
        for one in senders:
            one.join()
    return answered


def _kill_one(at: House, chance: random.Random) -> int:
    """One of gunicorn's workers, below the web process, below the tree."""
    assert at.running is not None
    receivers = [pid for web in children(at.running.pid) for pid in children(web)]
    if receivers:
        with suppress(ProcessLookupError):
            os.kill(chance.choice(receivers), signal.SIGKILL)
            return 1
    return 0


# W12 -----------------------------------------------------------------------------------------------------------------


def flooded(scale: float, seed: int) -> Outcome:
    """Unsigned requests, as fast as forty connections can; HubSpot's own deliveries come through meanwhile."""
    count, seconds = Count(runs=1), max(3.0, 60 * scale)
    with house() as at:
        connected(at)
        at.start("web")
        at.ready()
        before, log = _mirror_bytes(at), at.log.stat().st_size
        with beside("flood", str(at.port), str(seconds), str(LINES)) as flooding:
            taken = _good_ones(at, count, flooding)
            told = json.loads(flooding.communicate()[0])
        count.faults = told.get("401", 0)
        count.must(set(told) == {"401"}, f"unsigned requests were answered {told}")
        p99 = statistics.quantiles(taken, n=100)[-1]
        count.took(p99)
        count.most_here("seconds of the 99th hundredth of good ones", round(p99, 3), 0.5)
        with at.watch.front.view() as u:
            rows = sum(deliveries.counts(u).values())
        count.most("rows written for unsigned requests", rows - len(taken), 0)
        count.must(_mirror_bytes(at) == before, "the mirror was written to")
        count.most("MB of log", round((at.log.stat().st_size - log) / MIB, 3), 1)
        refused = sum(n for name, n in at.numbers().items() if name.startswith("webhooks_refused"))
        uncounted = count.faults - refused  # those on their way when the flood ended were counted, and nobody saw them
        count.must(-LINES <= uncounted <= 0, f"{refused:g} of {count.faults} refusals were counted")
    return count.outcome()


def _good_ones(at: House, count: Count, flooding: subprocess.Popen[str]) -> list[float]:
    """Twenty signed deliveries a second for as long as the flood lasts."""
    times: list[float] = []
    while flooding.poll() is None:
        status, seconds = put(at.port, delivery(len(times) + 1, EVENTS, HUB))
        count.must(status == 204, f"a good delivery was answered {status}")
        times.append(seconds)
        time.sleep(max(0.0, 0.05 - seconds))
    return times


def _mirror_bytes(at: House) -> int:
    """What lies in the main database's files, its log included."""
    file = Path(at.settings.database_url.removeprefix("sqlite:///"))
    return sum(one.stat().st_size for one in file.parent.glob(f"{file.name}*"))
