"""``python -m tests.bench.live [seconds]``: from a change in HubSpot to the score written back; and one contact judged.

The service runs as its users run it, with real webhooks over a socket and real processes. The twin answers as HubSpot
does: 80 to 150 ms a read, 150 ms a write, 190 calls in ten seconds. On a busy machine look at the load beside the
figure: a core that is not free is waited for.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connector.rules.decide import STAMP
from connector.store import records
from connector.sync.facts import cases
from connector.sync.holding import frozen, taken_back, verdict, whole
from connector.sync.pull import off_sources
from connector.sync.react import portal_view
from connector.twin import Dials, Twin, TwinClock
from tests import databases
from tests.bench.ground import Figure
from tests.serving.trees import NAME, Grounds, grounds, until
from tests.trials.quiet import quiet

LATENCY = {"list": 0.08, "search": 0.12, "batch": 0.15, "other": 0.1}
TITLES = ("Werkstudent", "Geschäftsführer")
STEADY, BURST = 50, 20
EVERY_S, BURST_EVERY_S = 0.5, 15.0


@dataclass
class Row:
    """One line of the table."""

    name: str
    changes: int
    unwritten: int
    p50: float
    p95: float
    p99: float
    calls: float
    load: float

    def __str__(self) -> str:
        return (
            f"  {self.name:28} {self.changes:4} changes   p50 {self.p50:5.2f} s   p95 {self.p95:5.2f} s   "
            f"p99 {self.p99:5.2f} s   {self.calls:.1f} calls each   {self.unwritten} unwritten   load {self.load:.1f}"
        )


@dataclass
class Change:
    """A title that a person changed, so that the score is another one."""

    contact: int
    at: datetime
    kind: str
    written: datetime | None = None


def shares(times: list[float]) -> tuple[float, float, float]:
    """p50, p95, p99."""
    ordered = sorted(times)
    return tuple(ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99))  # type: ignore[return-value]


# webhook → written back -------------------------------------------------------------------------------------------


def changing(twin: Twin, seconds: float) -> list[Change]:
    """Two changes a second, each of another contact, and now and then twenty at once."""
    ids = twin.ids("contacts")
    made: list[Change] = []

    def change(contact: int, kind: str) -> None:
        now = (twin.get("contacts", contact) or {})["jobtitle"]
        made.append(Change(contact, twin.clock.now(), kind))
        twin.edit("contacts", contact, {"jobtitle": TITLES[1 - TITLES.index(now)]})

    began, number, burst = time.monotonic(), 0, BURST_EVERY_S / 2
    while (now := time.monotonic() - began) < seconds:
        change(ids[number % STEADY], "steady")
        if now >= burst:
            burst += BURST_EVERY_S
            for contact in ids[STEADY : STEADY + BURST]:
                change(contact, "burst")
        number += 1
        time.sleep(max(0.0, number * EVERY_S - (time.monotonic() - began)))
    return made


def answered(twin: Twin, made: list[Change]) -> None:
    """When each change's write arrived: the first of that contact after it."""
    writes: dict[int, list[datetime]] = {}
    for effect in list(twin.ledger.effects):
        if effect.name == STAMP:
            writes.setdefault(effect.object_id, []).append(effect.at)
    for change in made:
        change.written = next((at for at in writes.get(change.contact, ()) if at >= change.at), None)


def followed(made: list[Change], twin: Twin) -> bool:
    answered(twin, made)
    return all(change.written for change in made)


def written_back(g: Grounds, kind: str, seconds: float) -> Iterator[Row]:
    """One installation under a steady stream of changes with bursts."""
    (tree,) = g.serve("web,clock,worker")
    g.call_back(tree)
    warm = changing(g.twin, 3)
    until(lambda: followed(warm, g.twin), 60, "the first write")
    time.sleep(3)
    calls = g.twin.ledger.count()
    made = changing(g.twin, seconds)
    load = os.getloadavg()[0]
    end = time.monotonic() + 20
    while not followed(made, g.twin) and time.monotonic() < end:
        time.sleep(0.2)
    each = (g.twin.ledger.count() - calls) / len(made)
    for name in ("steady", "burst"):
        chosen = [one for one in made if one.kind == name]
        times = [(one.written - one.at).total_seconds() for one in chosen if one.written]
        if times:
            yield Row(f"{kind}, {name}", len(chosen), len(chosen) - len(times), *shares(times), each, load)


# one contact judged -----------------------------------------------------------------------------------------------


def judged_alone(g: Grounds, times: int = 500) -> float:
    """Milliseconds of CPU to read and judge one contact, warm: the median. (Nothing is waited for but the database.)"""
    with g.service() as service, service._desk.context(NAME) as ctx:
        view, now, off = portal_view(ctx), ctx.clock.now_ms(), off_sources(ctx)
        with ctx.store.view() as u:
            holding = whole(ctx, u, view, now, patient=True)
            ids = [row[0] for row in records.stamps(u, ctx.portal_id, "contacts", 0, 200)]
        took = []
        for number in range(times):
            contact = ids[number % len(ids)]
            began = time.thread_time()
            with ctx.store.view() as u:
                taken_back(ctx, u, [contact])
                frozen(ctx, u, [contact])
                for case in cases(ctx, u, [contact], now, off):
                    verdict(ctx, case, holding)
            took.append(time.thread_time() - began)
    return statistics.median(took[times // 5 :]) * 1000


def measure(seconds: float, contacts: int = 1_000) -> Iterator[tuple[str, float, list[Row]]]:
    """For each database: its name, milliseconds to judge one contact, and the rows."""
    for kind in databases.KINDS:
        twin = Twin.empty(clock=TwinClock(), dials=Dials(burst=None, daily=None, search_per_second=None))
        for number in range(contacts):
            person = {"email": f"p{number}@kunde{number % 40}.example", "lastname": f"Müller {number}"}
            twin.create_contact({**person, "jobtitle": TITLES[0]})
        with tempfile.TemporaryDirectory(prefix="leadwright-bench-") as place:
            folder = Path(place)
            url = f"sqlite:///{folder}/bench.db" if kind == "sqlite" else databases.empty_url(kind)
            with grounds(url, folder, twin) as g:
                alone = judged_alone(g)
                twin.dials.turn({"latency": LATENCY, "burst": 190, "search_per_second": 5})
                yield kind, alone, list(written_back(g, kind, seconds))


def figures(seconds: float) -> Iterator[Figure]:
    """The rows of the table."""
    with quiet():
        for kind, alone, rows in measure(seconds):
            for row in rows:
                yield Figure(
                    f"Webhook received → property written back ({row.name})",
                    "p95 ≤ 2 s",
                    f"p50 {row.p50:.2f} s, p95 {row.p95:.2f} s, p99 {row.p99:.2f} s; {row.calls:.1f} calls a change; "
                    f"{row.changes} changes, {row.unwritten} unwritten; load {row.load:.1f}",
                    row.p95 <= 2 and not row.unwritten,
                )
            judged = f"One contact judged after a webhook, reads included ({kind})"
            yield Figure(judged, "≤ 1 ms", f"{alone:.2f} ms of CPU", alone <= 1)


def main(seconds: float) -> None:
    with quiet():
        _tell(seconds)


def _tell(seconds: float) -> None:
    for kind, alone, rows in measure(seconds):
        print(f"  {kind:28} one contact judged, reads included: {alone:.2f} ms of CPU", flush=True)
        for row in rows:
            print(row, flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
