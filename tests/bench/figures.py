"""Each figure: what is run, what is read off, and when it is met. One function, one or two rows."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from connector.twin import Twin, serve_twin
from tests.bench.ground import LEADWRIGHT, Figure, Home, defined, grown, home, let_the_window_pass
from tests.bench.plain import PlainPortal, serve

PROPERTIES = 110
# HubSpot lets a portal make 190 calls in ten seconds.
FULL_SPEED = 19
PAGE = 100


def first_mirror(contacts: int, limiter: str) -> Iterator[Figure]:
    """Every property of every contact; the limit alone is the time the portal's limiter would take by itself."""
    twin = grown(contacts, limiter=limiter)
    with serve_twin(twin) as url, home() as place:
        place.connect(url, twin.token)
        idle = place.starting_costs()
        let_the_window_pass()
        twin.reset_ledger()
        ran = place.run("sync", "bench", "--only", "contacts", "--properties", "all")
        seconds = ran.stream("contacts")["seconds"]
        made, refused = twin.ledger.count(), twin.ledger.count(status=429)
        pages = -(-len(twin.ids("contacts")) // PAGE)
        bucket = limiter == "bucket"
        ideal = (pages - 190) / FULL_SPEED if bucket else 10.0 * ((pages - 1) // 190)
        share = ideal / seconds if ideal > 1 else 1.0
        yield Figure(
            f"First mirror of {contacts:,} contacts × {defined(twin, url)} properties, "
            + ("limit refills all the time" if bucket else "limit is a rolling window"),
            "≥ 90 % of the allowed rate" + ("; ≤ 18 s" if bucket else "") + "; ≤ 150 MB",
            f"{seconds:.1f} s (the limit alone: {ideal:.1f} s, {share:.0%}); {made} calls for {pages} pages, "
            f"{refused} refused; {1000 * (ran.cpu - idle) / pages:.1f} ms of CPU a page; {ran.peak:.0f} MB",
            share >= 0.9 and ran.peak <= 150 and refused == 0,
        )


def increment(contacts: int) -> Iterator[Figure]:
    """The properties that the shipped documents use, as a portal is read by default."""
    twin = grown(contacts)
    with serve_twin(twin) as url, home() as place:
        place.connect(url, twin.token)
        place.run("sync", "bench", "--only", "contacts")
        twin.bulk_touch(sorted(twin.ids("contacts"))[:: max(1, contacts // 500)][:500], {"jobtitle": "Leiter Einkauf"})
        let_the_window_pass()
        ran = place.run("sync", "bench", "--only", "contacts")
        stream = ran.stream("contacts")
        yield Figure(
            f"Increment of 500 changed contacts of {contacts:,}",
            "≤ 5 calls, ≤ 1 s",
            f"{stream['calls']} calls, {stream['seconds']:.2f} s ({stream['changed']} changed; "
            f"whole command {ran.seconds:.2f} s)",
            stream["calls"] <= 5 and stream["seconds"] <= 1,
        )


def write_back(contacts: int) -> Iterator[Figure]:
    """The whole journey once: mirrored with its engagement, judged, written; then a cycle that finds nothing new."""
    twin = grown(contacts)
    with serve_twin(twin) as url, home() as place:
        place.connect(url, twin.token)
        place.run("sync", "bench")
        place.run("portal", "provision", "bench", "--yes")
        plan = place.run("plan", "bench").document
        place.run("portal", "live", "bench", "--yes")
        let_the_window_pass()
        twin.reset_ledger()
        applied = place.run("apply", "bench", "--hash", plan["hash"]).document
        writes = len(twin.ledger.writes())
        due = -(-plan["contacts"] // PAGE)
        yield Figure(
            f"Write-back of {plan['contacts']:,} changed contacts, 150 ms a batch",
            "⌈N/100⌉ calls, 0 that change nothing",
            f"{writes} writing calls for {due} batches, {applied['written']:,} written, {applied['seconds']:.1f} s",
            writes == due,
        )
        yield quiet_cycle(twin, place)


def quiet_cycle(twin: Twin, place: Home) -> Figure:
    """A cycle after which nothing is other than before."""
    let_the_window_pass()
    twin.reset_ledger()
    cycle = place.run("cycle", "bench")
    made, writes = twin.ledger.count(), len(twin.ledger.writes())
    return Figure(
        "A second cycle with nothing changed",
        "≤ 10 calls, nothing written",
        f"{made} calls, {writes} writes, {cycle.seconds:.1f} s",
        made <= 10 and not writes,
    )


def memory(contacts: int) -> Iterator[Figure]:
    """Two sizes against a portal that costs no memory itself; the larger may take no more than the smaller."""
    peaks, rate = {}, 0.0
    for size in (contacts // 10, contacts):
        with serve(PlainPortal(size, PROPERTIES)) as url, home() as place:
            place.connect(url, "plain")
            place.env["LEADWRIGHT_CALLS_PER_10S"] = "100000"
            ran = place.run("sync", "bench", "--only", "contacts", "--properties", "all")
            peaks[size], rate = ran.peak, size / ran.seconds
    yield Figure(
        f"Memory while mirroring {contacts:,} contacts × {PROPERTIES} properties",
        "≤ 300 MB, flat",
        f"{peaks[contacts]:.0f} MB ({peaks[contacts // 10]:.0f} MB at {contacts // 10:,}); "
        f"{rate:,.0f} contacts/s without a limit",
        peaks[contacts] <= 300 and peaks[contacts] <= 1.1 * peaks[contacts // 10],
    )


def crowd(contacts: int, portals: int = 4) -> Iterator[Figure]:
    """Several first mirrors at once, each a process with a database of its own, as fast as this machine can.

    No limit holds them back; how many portals at 19 calls a second that is, is computed from the pages they read.
    """
    pages = -(-contacts // PAGE)
    with serve(PlainPortal(contacts, PROPERTIES)) as url, ExitStack() as stack:
        places = [stack.enter_context(home()) for _ in range(portals)]
        for place in places:
            place.connect(url, "plain")
            place.env["LEADWRIGHT_CALLS_PER_10S"] = "100000"
        idle = places[0].starting_costs()
        with ThreadPoolExecutor(portals) as pool:
            syncs = [pool.submit(p.run, "sync", "bench", "--only", "contacts", "--properties", "all") for p in places]
        ran = [sync.result() for sync in syncs]
    rate = portals * pages / max(one.stream("contacts")["seconds"] for one in ran)
    cost = sum(one.cpu - idle for one in ran) / (portals * pages)
    cores = os.cpu_count() or 1
    yield Figure(
        "Portals in full-speed first mirror at once",
        "≥ 20 on 2 cores",
        f"{rate / FULL_SPEED:.0f} on {cores} cores: {portals} at once, unlimited, a process and a database each, read "
        f"{rate:.0f} pages/s beside the portal that served them, and a portal takes {FULL_SPEED}; by CPU time alone "
        f"({1000 * cost:.1f} ms a page) {cores / (cost * FULL_SPEED):.0f} (computed)",
        rate / FULL_SPEED >= 20,
    )


def help_time() -> Iterator[Figure]:
    """The overview, as often as a median needs."""
    times = []
    for _ in range(11):
        began = time.monotonic()
        subprocess.run([LEADWRIGHT, "--help"], check=True, stdout=subprocess.DEVNULL)
        times.append(time.monotonic() - began)
    median = statistics.median(times[1:])
    yield Figure("`leadwright --help`", "≤ 0.3 s", f"{median:.2f} s (median of 10)", median <= 0.3)
