"""``python -m tests.bench [--small]``: run each figure, print the table the README quotes, keep it in ``var/bench.md``.

Leadwright runs as its users run it: a process of its own for each command. Wall time and peak memory are the operating
system's. The twin runs in this process, with HubSpot's limits (190 calls in 10 s) and latencies (80 ms a list call).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from connector.twin import Dials, Twin, TwinClock, serve_twin
from connector.vault import Vault
from tests.bench.plain import PlainPortal, serve

LATENCY = {"list": 0.08, "search": 0.12, "batch": 0.15, "other": 0.06}
LEADWRIGHT = str(Path(sys.executable).with_name("leadwright"))

LAUNCHER = """
import os, sys
pid = os.fork()
if pid == 0:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
sys.stderr.write(f"\\n{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}")
"""


@dataclass
class Ran:
    """One finished command: wall seconds, peak memory in MiB, its JSON document."""

    seconds: float
    peak: float
    document: dict[str, Any]


@dataclass
class Home:
    """An installation in a scratch folder."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def run(self, *args: str, stdin: str = "", ok: tuple[int, ...] = (0,)) -> Ran:
        """One command through a small launcher: a child's peak memory counts what its parent had when it forked."""
        began = time.monotonic()
        ended = subprocess.run(
            [sys.executable, "-S", "-c", LAUNCHER, LEADWRIGHT, *args, "--json"],
            cwd=self.folder,
            env={**os.environ, **self.env},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        code, peak = ended.stderr.rsplit("\n", 1)[-1].split()
        if int(code) not in ok:
            raise SystemExit(f"leadwright {' '.join(args)} ended with {code}: {ended.stdout[:500]}")
        return Ran(time.monotonic() - began, int(peak) / 1024, json.loads(ended.stdout))


@contextmanager
def home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="leadwright-bench-") as folder:
        place = Home(Path(folder), {"LEADWRIGHT_SECRET_KEY": Vault.new_key()})
        place.run("init")
        yield place


@dataclass
class Figure:
    """One row of the table."""

    name: str
    reach: str
    measured: str
    met: bool


def grown(contacts: int, **dials: Any) -> Twin:
    return Twin.from_seed(7, contacts, clock=TwinClock(), dials=Dials(latency=LATENCY, daily=None, **dials))


def defined(twin: Twin, url: str) -> int:
    """How many contact properties the twin defines."""
    answer = requests.get(
        f"{url}/crm/v3/properties/contacts", headers={"Authorization": f"Bearer {twin.token}"}, timeout=9
    )
    return len(answer.json()["results"])


def first_mirror(contacts: int, limiter: str) -> Iterator[Figure]:
    """First mirror with every property, then an increment of 500 on the same mirror."""
    twin = grown(contacts, limiter=limiter)
    with serve_twin(twin) as url, home() as place:
        place.run("portal", "add", "bench", "--token-stdin", "--base-url", url, stdin=twin.token)
        time.sleep(10)  # the window that connecting used is over: the figure is of the mirror alone
        twin.reset_ledger()
        ran = place.run("sync", "bench", "--only", "contacts", "--properties", "all")
        stream = next(s for s in ran.document["streams"] if s["stream"] == "contacts")
        made, refused = twin.ledger.count(), twin.ledger.count(status=429)
        pages = -(-len(twin.ids("contacts")) // 100)
        ideal = (pages - 190) / 19 if limiter == "bucket" else 10.0 * ((pages - 1) // 190)
        share = ideal / stream["seconds"] if ideal > 1 else 1.0
        yield Figure(
            f"First mirror of {contacts:,} contacts × {defined(twin, url)} properties, "
            + ("limit refills all the time" if limiter == "bucket" else "limit is a rolling window"),
            "≥ 90 % of the allowed rate" + ("; ≤ 18 s" if limiter == "bucket" else "") + "; ≤ 150 MB",
            f"{stream['seconds']:.1f} s (the limit alone: {ideal:.1f} s, {share:.0%}); {made} calls for {pages} pages, "
            f"{refused} refused; {ran.peak:.0f} MB",
            share >= 0.9 and ran.peak <= 150 and refused == 0,
        )


def increment(contacts: int) -> Iterator[Figure]:
    """The properties that the shipped documents use, as a portal is read by default."""
    twin = grown(contacts)
    with serve_twin(twin) as url, home() as place:
        place.run("portal", "add", "bench", "--token-stdin", "--base-url", url, stdin=twin.token)
        place.run("sync", "bench", "--only", "contacts")
        yield changed(twin, place, contacts)


def changed(twin: Twin, place: Home, contacts: int) -> Figure:
    twin.bulk_touch(sorted(twin.ids("contacts"))[:: max(1, contacts // 500)][:500], {"jobtitle": "Leiter Einkauf"})
    time.sleep(10)  # the burst window of the first mirror is over
    ran = place.run("sync", "bench", "--only", "contacts")
    stream = next(s for s in ran.document["streams"] if s["stream"] == "contacts")
    return Figure(
        f"Increment of 500 changed contacts of {contacts:,}",
        "≤ 5 calls, ≤ 1 s",
        f"{stream['calls']} calls, {stream['seconds']:.2f} s ({stream['changed']} changed; "
        f"whole command {ran.seconds:.2f} s)",
        stream["calls"] <= 5 and stream["seconds"] <= 1,
    )


def write_back(contacts: int) -> Iterator[Figure]:
    twin = grown(contacts)
    with serve_twin(twin) as url, home() as place:
        place.run("portal", "add", "bench", "--token-stdin", "--base-url", url, stdin=twin.token)
        place.run("sync", "bench")
        place.run("portal", "provision", "bench", "--yes")
        plan = place.run("plan", "bench").document
        place.run("portal", "live", "bench", "--yes")
        twin.reset_ledger()
        applied = place.run("apply", "bench", "--hash", plan["hash"]).document
        writes = len(twin.ledger.writes())
        due = -(-plan["contacts"] // 100)
        yield Figure(
            f"Write-back of {plan['contacts']:,} changed contacts",
            "⌈N/100⌉ calls, 0 that change nothing",
            f"{writes} writing calls for {due} batches, {applied['written']:,} written, {applied['seconds']:.1f} s",
            writes == due,
        )
        twin.reset_ledger()
        cycle = place.run("cycle", "bench")
        yield Figure(
            "A second cycle with nothing changed",
            "≤ 10 calls, nothing written",
            f"{twin.ledger.count()} calls, {len(twin.ledger.writes())} writes, {cycle.seconds:.1f} s",
            twin.ledger.count() <= 10 and not twin.ledger.writes(),
        )


def memory(contacts: int) -> Iterator[Figure]:
    peaks = {}
    for size in (contacts // 10, contacts):
        application = PlainPortal(size, 110)
        with serve(application) as url, home() as place:
            place.run("portal", "add", "bench", "--token-stdin", "--base-url", url, stdin="plain")
            place.env["LEADWRIGHT_CALLS_PER_10S"] = "100000"
            ran = place.run("sync", "bench", "--only", "contacts", "--properties", "all")
            peaks[size] = ran.peak
    yield Figure(
        f"Memory while mirroring {contacts:,} contacts",
        "≤ 300 MB, flat",
        f"{peaks[contacts]:.0f} MB ({peaks[contacts // 10]:.0f} MB at {contacts // 10:,}); "
        f"{contacts / ran.seconds:,.0f} contacts/s without a limit",
        peaks[contacts] <= 300 and peaks[contacts] <= 1.1 * peaks[contacts // 10],
    )


def help_time() -> Iterator[Figure]:
    times = []
    for _ in range(11):
        began = time.monotonic()
        subprocess.run([LEADWRIGHT, "--help"], check=True, stdout=subprocess.DEVNULL)
        times.append(time.monotonic() - began)
    median = statistics.median(times[1:])
    yield Figure("`leadwright --help`", "≤ 0.3 s", f"{median:.2f} s (median of 10)", median <= 0.3)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="a tenth of each size")
    parser.add_argument("--only", default="", help="names of figures, comma-separated")
    options = parser.parse_args()
    scale = 10 if options.small else 1
    runs = {
        "help": help_time,
        "increment": lambda: increment(50_000 // scale),
        "mirror": lambda: first_mirror(50_000 // scale, "bucket"),
        "rolling": lambda: first_mirror(50_000 // scale, "rolling"),
        "write": lambda: write_back(5_000 // scale),
        "memory": lambda: memory(1_000_000 // scale),
    }
    chosen = options.only.split(",") if options.only else list(runs)
    rows = ["| Figure | To reach | Measured | |", "|---|---|---|---|"]
    for name in chosen:
        for figure in runs[name]():
            rows.append(f"| {figure.name} | {figure.reach} | {figure.measured} | {'✓' if figure.met else '✗'} |")
            print(rows[-1], flush=True)
    Path("var").mkdir(exist_ok=True)
    Path("var/bench.md").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
