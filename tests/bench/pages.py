"""How long a page takes the server, warm, with many contacts: the median of five."""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from connector.admin.figures import KINDS
from tests.admin.conftest import House
from tests.bench.ground import Figure
from tests.rig import rig

READ = ("owners", "contacts", "companies", "deals")
PORTAL = "/portals/acme"
PAGES = (
    ("All portals", "/"), ("Tokens", "/tokens"), ("Connect", "/connect"), ("People", "/people"),
    ("Audit log", "/audit"), ("Overview", PORTAL), ("First steps", f"{PORTAL}/start"), ("Live", f"{PORTAL}/live"),
    ("Properties", f"{PORTAL}/properties"), ("Contacts", f"{PORTAL}/contacts"),
    ("Contacts, searched", f"{PORTAL}/contacts?q=wagner"),
    ("Contacts, filtered", f"{PORTAL}/contacts?stage=lead&grade=B&least=10"),
    ("One contact", f"{PORTAL}/contacts/{{best}}"), ("Field mapping", f"{PORTAL}/mapping"),
    ("Suggestions", f"{PORTAL}/mapping/suggestions"), ("Workbench", f"{PORTAL}/mapping/chain/0"),
    ("Documents", f"{PORTAL}/documents"), ("Scoring", f"{PORTAL}/documents/scoring"),
    ("Scoring, editor", f"{PORTAL}/documents/scoring/edit"), ("Plan", f"{PORTAL}/plan"), ("Held", f"{PORTAL}/held"),
    ("Runs", f"{PORTAL}/runs"), *((f"Report {one}", f"{PORTAL}/reports/{one}") for one in KINDS),
)  # fmt: skip
TURNS, MOST_MS = 5, 200


def pages(contacts: int) -> Iterator[Figure]:
    """One row: the slowest page, and all of them by name."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(prefix="leadwright-bench-") as folder, rig(Path(folder), contacts=contacts) as r:
        r.run("sync", only=READ)
        r.run("provision")
        r.run("plan")
        best = r.run("best", 1)[0]["contact"]
        with r.service(lasting=True) as service:
            house = House(r, service)
            times = {name: _median(house, path.format(best=best)) for name, path in PAGES}
    structlog.configure(**before)
    told = ", ".join(f"{name} {ms:.0f}" for name, ms in sorted(times.items(), key=lambda one: -one[1]))
    yield Figure(
        f"Pages at {contacts:,} contacts, server time",
        f"each ≤ {MOST_MS} ms",
        f"{told} ms",
        max(times.values()) <= MOST_MS,
    )


def _median(house: House, path: str) -> float:
    """Milliseconds; what is worked out in the background on the first look is waited for."""
    until = time.monotonic() + 120
    while 'http-equiv="refresh"' in house.get(path) and time.monotonic() < until:
        time.sleep(0.5)
    found = []
    for _ in range(TURNS):
        began = time.perf_counter()
        house.get(path)
        found.append(1000 * (time.perf_counter() - began))
    return statistics.median(found)
